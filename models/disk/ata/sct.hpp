// SPDX-License-Identifier: MIT
// What SCT Command Transport (ACS-3, clause 8) keeps: the last command's outcome, what its features are set to.
#pragma once

#include <cstdint>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::disk {

/// Logs through which SCT passes (ACS-3, 8.1).
namespace sct_log {
constexpr std::uint8_t command = 0xe0;  ///< write: a command; read: SCT Status
constexpr std::uint8_t data = 0xe1;     ///< the data of the command
}  // namespace sct_log

/// ACS-3, table "SCT Extended Status codes".
enum class SctStatus : std::uint16_t {
  done = 0x0000,
  invalid_function = 0x0001,
  recovery_function = 0x0004,
  recovery_selection = 0x0005,
  data_without_command = 0x000b,
  feature_function = 0x000c,
  feature_code = 0x000d,
  feature_state = 0x000e,
  feature_options = 0x000f,
  invalid_action = 0x0010,
  invalid_table = 0x0011,
  recovery_timer_expired = 0x0015,
};

struct Sct {
  /// A feature of SCT Feature Control (ACS-3, 8.3.4): its state, and whether a reset keeps it.
  struct Feature {
    std::uint16_t state = 1;
    bool preserved = false;
  };
  enum WriteCache : std::uint16_t { by_set_features = 1, forced_on = 2, forced_off = 3 };

  SctStatus status = SctStatus::done;      ///< of the last command
  std::uint16_t action = 0, function = 0;  ///< … and what it was
  bool table_ready = false;                ///< a Data Tables command waits for log E1h to be read
  Feature write_cache{by_set_features};
  Feature logging_interval{1};             ///< minutes between entries of the temperature history
  kit::Duration logging_since{};           ///< when the present history began
  std::uint16_t read_timer = 0, write_timer = 0;  ///< Error Recovery Control, in 100 ms; 0 = as long as it takes
};

}  // namespace ahcisim::disk
