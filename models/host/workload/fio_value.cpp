// SPDX-License-Identifier: MIT
// fio's number formats.
#include <fmt/format.h>

#include <ahcisim/models/host/workload/fio_value.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

namespace ahcisim::host {
namespace {

[[noreturn]] void expected(const char* what) { throw kit::ConfigError{fmt::format("expected {}", what)}; }

/// Splits "12abc" into a number and a lower-case suffix.
std::uint64_t leading_number(std::string_view text, std::string& suffix, const char* what) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) expected(what);
  suffix.assign(end, text.data() + text.size());
  for (char& c : suffix) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return value;
}

template <class Parse>
std::array<double, 3> three(std::string_view text, Parse parse) {
  std::array<double, 3> rates{};
  std::size_t part = 0;
  for (std::size_t begin = 0; begin <= text.size(); ++part) {
    if (part == 3) expected("at most three rates: reads, writes, trims");
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string_view one = text.substr(begin, comma - begin);
    if (!one.empty()) rates[part] = static_cast<double>(parse(one));
    begin = comma + 1;
  }
  if (part == 1) rates[1] = rates[2] = rates[0];
  if (rates[0] + rates[1] + rates[2] == 0) expected("a rate above 0");
  return rates;
}

}  // namespace

std::uint64_t parse_fio_count(std::string_view text, std::uint64_t low, std::uint64_t high) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high)
    throw kit::ConfigError{fmt::format("expected a whole number from {} to {}", low, high)};
  return value;
}

std::uint64_t parse_fio_bytes(std::string_view text) {
  constexpr const char* what = "a size such as 4k, 1m or 512";
  std::string suffix;
  const std::uint64_t value = leading_number(text, suffix, what);
  if (suffix.size() >= 2 && suffix[1] == 'i')
    expected("a size such as 4k (fio takes 4KiB for 4000 bytes unless kb_base=1000, so it is refused here)");
  if (!suffix.empty() && suffix.back() == 'b') suffix.pop_back();
  constexpr std::string_view powers = "kmgtp";
  unsigned shift = 0;
  if (!suffix.empty()) {
    const std::size_t power = powers.find(suffix[0]);
    if (suffix.size() != 1 || power == std::string_view::npos) expected(what);
    shift = 10 * (static_cast<unsigned>(power) + 1);
  }
  if (value > (static_cast<std::uint64_t>(INT64_MAX) >> shift)) expected("a size below 8 EiB");
  return value << shift;
}

FioSize parse_fio_size(std::string_view text) {
  if (!text.empty() && text.back() == '%')
    return {0, static_cast<unsigned>(parse_fio_count(text.substr(0, text.size() - 1), 1, 100))};
  return {parse_fio_bytes(text), 0};
}

kit::Duration parse_fio_time(std::string_view text, kit::Duration bare) {
  constexpr const char* what = "a time such as 30s, 5m, 200ms or 50us";
  struct Unit {
    std::string_view name;
    std::int64_t us;
  };
  constexpr Unit units[] = {{"us", 1},
                            {"usec", 1},
                            {"ms", 1'000},
                            {"msec", 1'000},
                            {"s", 1'000'000},
                            {"sec", 1'000'000},
                            {"m", 60'000'000},
                            {"min", 60'000'000},
                            {"h", 3'600'000'000},
                            {"d", 86'400'000'000}};
  std::string suffix;
  const std::uint64_t value = leading_number(text, suffix, what);
  std::int64_t unit = suffix.empty() ? bare.ps() / 1'000'000 : 0;
  for (const Unit& known : units)
    if (suffix == known.name) unit = known.us;
  if (unit == 0) expected(what);
  if (value > static_cast<std::uint64_t>(9'000'000'000'000 / unit)) expected("a time of at most 104 days");
  return kit::Duration::from_ps(static_cast<std::int64_t>(value) * unit * 1'000'000);
}

std::array<double, 3> parse_fio_rates(std::string_view text) { return three(text, parse_fio_bytes); }

std::array<double, 3> parse_fio_request_rates(std::string_view text) {
  return three(text, [](std::string_view one) { return parse_fio_count(one, 1, 1'000'000'000); });
}

bool parse_fio_flag(std::string_view text) { return text.empty() || parse_fio_count(text, 0, 1) == 1; }

}  // namespace ahcisim::host
