// SPDX-License-Identifier: MIT
// Parsing and printing of parameter values with their units, and look-up by name.
#include <ahcisim/models/kit/param.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ahcisim::kit {
namespace {

struct Unit {
  const char* name;
  double factor;  // in the base unit of its family
};

constexpr Unit time_units[] = {{"ps", 1}, {"ns", 1e3}, {"us", 1e6}, {"µs", 1e6}, {"ms", 1e9}, {"s", 1e12}};
constexpr Unit size_units[] = {{"B", 1},     {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0},
                               {"TiB", 1099511627776.0},      {"kB", 1e3},        {"KB", 1e3},
                               {"MB", 1e6},  {"GB", 1e9},     {"TB", 1e12}};
constexpr Unit rate_units[] = {{"B/s", 1},     {"kB/s", 1e3},      {"MB/s", 1e6},    {"GB/s", 1e9},
                               {"MiB/s", 1048576.0}, {"GiB/s", 1073741824.0},  {"Mb/s", 1.25e5}, {"Gb/s", 1.25e8}};
constexpr Unit rpm_units[] = {{"rpm", 1}};
constexpr Unit ratio_units[] = {{"%", 0.01}, {"x", 1}};

template <std::size_t N> double parse_with_unit(std::string_view text, const Unit (&units)[N], const char* example) {
  std::string copy{text};
  char* rest = nullptr;
  const double number = std::strtod(copy.c_str(), &rest);
  std::string_view suffix{rest};
  while (!suffix.empty() && suffix.front() == ' ') suffix.remove_prefix(1);
  const bool has_number = rest != copy.c_str();
  std::string accepted;
  for (const Unit& unit : units) {
    if (has_number && suffix == unit.name && std::isfinite(number) && number >= 0) return number * unit.factor;
    accepted += accepted.empty() ? "" : ", ";
    accepted += unit.name;
  }
  if (has_number && suffix.empty())
    throw ConfigError{fmt::format("has no unit; write for example \"{}\" (units: {})", example, accepted)};
  throw ConfigError{fmt::format("is not a value with a unit; write for example \"{}\" (units: {})", example, accepted)};
}

/// The largest unit that prints the value without losing any of it, else the one that keeps it readable.
template <std::size_t N> std::string print_with_unit(double value, const Unit (&units)[N], std::initializer_list<int> order) {
  const Unit* chosen = &units[*order.begin()];
  for (int index : order)
    if (value >= units[index].factor) chosen = &units[index];
  return fmt::format("{:.15g}{}", value / chosen->factor, chosen->name);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::string to_text(Duration v) {
  return v.ps() < 0 ? "-" + to_text(Duration{} - v)
                    : print_with_unit(static_cast<double>(v.ps()), time_units, {0, 1, 2, 4, 5});
}
std::string to_text(Bytes v) {
  int unit = 0;
  for (int candidate : {1, 2, 3, 4})
    if (v.value != 0 && v.value % static_cast<std::int64_t>(size_units[candidate].factor) == 0) unit = candidate;
  return fmt::format("{}{}", v.value / static_cast<std::int64_t>(size_units[unit].factor), size_units[unit].name);
}
std::string to_text(Rate v) { return print_with_unit(v.bytes_per_second, rate_units, {0, 1, 2}); }
std::string to_text(Rpm v) { return fmt::format("{:.15g}rpm", v.value); }
std::string to_text(Ratio v) { return fmt::format("{:.15g}%", v.value * 100); }

Duration TextOf<Duration>::parse(std::string_view text) {
  const double ps = parse_with_unit(text, time_units, "0.6ms");
  if (ps > 9.2e18) throw ConfigError{"is longer than 106 days"};
  return Duration::from_ps(static_cast<std::int64_t>(ps + 0.5));
}
Bytes TextOf<Bytes>::parse(std::string_view text) {
  const double bytes = parse_with_unit(text, size_units, "4KiB");
  if (bytes > 9.2e18) throw ConfigError{"is more than 8 EiB"};
  return Bytes{static_cast<std::int64_t>(bytes + 0.5)};
}
Rate TextOf<Rate>::parse(std::string_view text) {
  const Rate rate{parse_with_unit(text, rate_units, "300MB/s")};
  if (!(rate.bytes_per_second > 0)) throw ConfigError{"a rate must be above 0"};
  return rate;
}
Rpm TextOf<Rpm>::parse(std::string_view text) {
  const Rpm rpm{parse_with_unit(text, rpm_units, "7200rpm")};
  if (!(rpm.value > 0)) throw ConfigError{"a rotation speed must be above 0"};
  return rpm;
}
Ratio TextOf<Ratio>::parse(std::string_view text) { return Ratio{parse_with_unit(text, ratio_units, "7%")}; }
std::int64_t TextOf<std::int64_t>::parse(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw ConfigError{"is not a whole number without a unit, such as \"32\""};
  return value;
}
bool TextOf<bool>::parse(std::string_view text) {
  if (text == "true" || text == "on" || text == "yes") return true;
  if (text == "false" || text == "off" || text == "no") return false;
  throw ConfigError{"is neither \"true\" nor \"false\""};
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 2) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

ParameterBase* ParameterSet::find(std::string_view name) const {
  for (ParameterBase* parameter : all_)
    if (parameter->name() == name) return parameter;
  return nullptr;
}

void ParameterSet::set(std::string_view name, std::string_view text) {
  if (ParameterBase* parameter = find(name)) return parameter->set_text(text);
  std::vector<std::string> names;
  for (const ParameterBase* parameter : all_) names.push_back(parameter->name());
  const std::string hint = nearest(name, names);
  throw ConfigError{fmt::format("unknown key \"{}\"{}", name,
                                hint.empty() ? std::string{"; `ahcisim params` lists the known ones"}
                                             : fmt::format("; did you mean \"{}\"?", hint))};
}

Choice::Choice(ParameterSet& owner, std::string name, std::string value, std::vector<std::string> words, Source source,
               std::string meaning)
    : ParameterBase{std::move(name), std::move(source), std::move(meaning)}, value_{value},
      default_{value}, words_{std::move(words)} {
  owner.all_.push_back(this);
}
std::size_t Choice::index() const {
  return static_cast<std::size_t>(std::find(words_.begin(), words_.end(), value_) - words_.begin());
}
std::string Choice::kind() const { return fmt::format("{}", fmt::join(words_, "|")); }
void Choice::set_text(std::string_view text) {
  if (std::find(words_.begin(), words_.end(), text) == words_.end())
    throw ConfigError{fmt::format("{} = \"{}\": is not one of {}", name(), text, kind())};
  value_ = std::string{text};
}

}  // namespace ahcisim::kit
