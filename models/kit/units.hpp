// SPDX-License-Identifier: MIT
// Time as integer picoseconds and the few other quantities that parameters carry a unit for. No SystemC here.
#pragma once

#include <cstdint>
#include <cmath>
#include <limits>
#include <string>

namespace ahcisim::kit {

/// A span of simulated time, or a point in it counted from the start of the simulation, in integer picoseconds.
/// Range: ±106 days; arithmetic is exact, and only the factories taking a double round (once, to nearest).
class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration from_ps(std::int64_t value) { return Duration{value}; }
  static constexpr Duration from_ns(double value) { return rounded(value * 1e3); }
  static constexpr Duration from_us(double value) { return rounded(value * 1e6); }
  static constexpr Duration from_ms(double value) { return rounded(value * 1e9); }
  static constexpr Duration from_seconds(double value) { return rounded(value * 1e12); }
  /// The largest point in time: "never".
  static constexpr Duration never() { return Duration{std::numeric_limits<std::int64_t>::max()}; }

  constexpr std::int64_t ps() const { return ps_; }
  constexpr double ns() const { return static_cast<double>(ps_) * 1e-3; }
  constexpr double us() const { return static_cast<double>(ps_) * 1e-6; }
  constexpr double ms() const { return static_cast<double>(ps_) * 1e-9; }
  constexpr double seconds() const { return static_cast<double>(ps_) * 1e-12; }

  constexpr Duration& operator+=(Duration other) { ps_ += other.ps_; return *this; }
  constexpr Duration& operator-=(Duration other) { ps_ -= other.ps_; return *this; }
  friend constexpr Duration operator+(Duration a, Duration b) { return Duration{a.ps_ + b.ps_}; }
  friend constexpr Duration operator-(Duration a, Duration b) { return Duration{a.ps_ - b.ps_}; }
  friend constexpr Duration operator*(Duration a, std::int64_t n) { return Duration{a.ps_ * n}; }
  friend constexpr Duration operator*(std::int64_t n, Duration a) { return Duration{a.ps_ * n}; }
  friend constexpr Duration operator/(Duration a, std::int64_t n) { return Duration{a.ps_ / n}; }
  friend constexpr std::int64_t operator/(Duration a, Duration b) { return a.ps_ / b.ps_; }
  friend constexpr Duration operator%(Duration a, Duration b) { return Duration{a.ps_ % b.ps_}; }
  friend constexpr bool operator==(Duration a, Duration b) { return a.ps_ == b.ps_; }
  friend constexpr bool operator!=(Duration a, Duration b) { return a.ps_ != b.ps_; }
  friend constexpr bool operator<(Duration a, Duration b) { return a.ps_ < b.ps_; }
  friend constexpr bool operator<=(Duration a, Duration b) { return a.ps_ <= b.ps_; }
  friend constexpr bool operator>(Duration a, Duration b) { return a.ps_ > b.ps_; }
  friend constexpr bool operator>=(Duration a, Duration b) { return a.ps_ >= b.ps_; }

 private:
  constexpr explicit Duration(std::int64_t ps) : ps_{ps} {}
  static constexpr Duration rounded(double ps) {
    return Duration{static_cast<std::int64_t>(ps < 0 ? ps - 0.5 : ps + 0.5)};
  }
  std::int64_t ps_ = 0;
};

constexpr Duration max(Duration a, Duration b) { return a < b ? b : a; }
constexpr Duration min(Duration a, Duration b) { return b < a ? b : a; }

/// A number of bytes. Range: 0 … 2⁶³−1.
struct Bytes {
  std::int64_t value = 0;
  friend constexpr bool operator==(Bytes a, Bytes b) { return a.value == b.value; }
  friend constexpr bool operator<(Bytes a, Bytes b) { return a.value < b.value; }
};

/// A data rate in bytes per second. Range: above 0.
struct Rate {
  double bytes_per_second = 0;
  /// Time to move `bytes` at this rate, computed whole and rounded once to a picosecond.
  constexpr Duration time_for(std::int64_t bytes) const {
    return Duration::from_seconds(static_cast<double>(bytes) / bytes_per_second);
  }
  friend constexpr bool operator==(Rate a, Rate b) { return a.bytes_per_second == b.bytes_per_second; }
  friend constexpr bool operator<(Rate a, Rate b) { return a.bytes_per_second < b.bytes_per_second; }
};

/// A rotation speed in revolutions per minute. Range: above 0.
struct Rpm {
  double value = 0;
  /// Time of one revolution.
  constexpr Duration revolution() const { return Duration::from_seconds(60.0 / value); }
  friend constexpr bool operator==(Rpm a, Rpm b) { return a.value == b.value; }
  friend constexpr bool operator<(Rpm a, Rpm b) { return a.value < b.value; }
};

/// A dimensionless fraction, written "7%" or "0.07x" from outside.
struct Ratio {
  double value = 0;
  friend constexpr bool operator==(Ratio a, Ratio b) { return a.value == b.value; }
  friend constexpr bool operator<(Ratio a, Ratio b) { return a.value < b.value; }
};

inline namespace literals {
constexpr Duration operator""_ps(unsigned long long v) { return Duration::from_ps(static_cast<std::int64_t>(v)); }
constexpr Duration operator""_ns(unsigned long long v) { return Duration::from_ps(static_cast<std::int64_t>(v) * 1'000); }
constexpr Duration operator""_us(unsigned long long v) { return Duration::from_ps(static_cast<std::int64_t>(v) * 1'000'000); }
constexpr Duration operator""_ms(unsigned long long v) { return Duration::from_ps(static_cast<std::int64_t>(v) * 1'000'000'000); }
constexpr Duration operator""_s(unsigned long long v) { return Duration::from_ps(static_cast<std::int64_t>(v) * 1'000'000'000'000); }
constexpr Duration operator""_ns(long double v) { return Duration::from_ns(static_cast<double>(v)); }
constexpr Duration operator""_us(long double v) { return Duration::from_us(static_cast<double>(v)); }
constexpr Duration operator""_ms(long double v) { return Duration::from_ms(static_cast<double>(v)); }
constexpr Bytes operator""_B(unsigned long long v) { return Bytes{static_cast<std::int64_t>(v)}; }
constexpr Bytes operator""_KiB(unsigned long long v) { return Bytes{static_cast<std::int64_t>(v) << 10}; }
constexpr Bytes operator""_MiB(unsigned long long v) { return Bytes{static_cast<std::int64_t>(v) << 20}; }
constexpr Bytes operator""_GiB(unsigned long long v) { return Bytes{static_cast<std::int64_t>(v) << 30}; }
constexpr Bytes operator""_GB(unsigned long long v) { return Bytes{static_cast<std::int64_t>(v) * 1'000'000'000}; }
constexpr Rate operator""_MBps(unsigned long long v) { return Rate{static_cast<double>(v) * 1e6}; }
constexpr Rpm operator""_rpm(unsigned long long v) { return Rpm{static_cast<double>(v)}; }
constexpr Ratio operator""_percent(unsigned long long v) { return Ratio{static_cast<double>(v) * 1e-2}; }
}  // namespace literals

/// Text forms with a unit, exact enough to be parsed back to the same value ("600 us" is printed as "600us").
std::string to_text(Duration value);
std::string to_text(Bytes value);
std::string to_text(Rate value);
std::string to_text(Rpm value);
std::string to_text(Ratio value);

}  // namespace ahcisim::kit
