// SPDX-License-Identifier: MIT
// Values as fio's job files write them: sizes, times, rates and percentages.
#pragma once

#include <ahcisim/models/kit/units.hpp>
#include <array>
#include <cstdint>
#include <string_view>

namespace ahcisim::host {

/// A size, or a percentage of one.
struct FioSize {
  std::uint64_t bytes = 0;
  /// 0 where `bytes` counts; else 1 … 100.
  unsigned percent = 0;
};

/// All throw kit::ConfigError with the fault alone; the caller knows file, line and key.

/// A whole number from `low` to `high`.
std::uint64_t parse_fio_count(std::string_view text, std::uint64_t low, std::uint64_t high);
/// "4k", "1m", "512", "10g": powers of 1024, as fio reads them by default; B may follow. "4KiB" is refused,
/// because fio takes it for 4000 bytes unless kb_base says otherwise.
std::uint64_t parse_fio_bytes(std::string_view text);
/// The same, or "10%".
FioSize parse_fio_size(std::string_view text);
/// "30s", "5m", "200ms"; a bare number counts `bare` each.
kit::Duration parse_fio_time(std::string_view text, kit::Duration bare);
/// "10m" for reads, writes and trims alike, or "10m,5m,": one each, empty for no bound (0). Bytes a second.
std::array<double, 3> parse_fio_rates(std::string_view text);
/// The same in requests a second.
std::array<double, 3> parse_fio_request_rates(std::string_view text);
/// "1", "0", or nothing at all, which is 1.
bool parse_fio_flag(std::string_view text);

}  // namespace ahcisim::host
