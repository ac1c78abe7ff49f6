// SPDX-License-Identifier: MIT
// Statistics: the counter is the statistic. Each has a name, a unit and a meaning; a latency names its two end points.
//
//     struct LinkStatistics : kit::StatSet {
//       kit::Counter frames{*this, "frames", "frames", "FISes delivered in either direction"};
//       kit::Latency occupancy{*this, "occupancy", "X_RDY to SYNC", "time one frame holds the link"};
//     };
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <boost/histogram/histogram.hpp>
#include <boost/histogram/make_histogram.hpp>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::kit {

class StatSet;

/// The type-independent face of a statistic.
class Stat {
 public:
  Stat(const Stat&) = delete;
  Stat& operator=(const Stat&) = delete;
  const std::string& name() const { return name_; }
  /// "requests", "B", "ps" … the unit of every number it yields.
  const std::string& unit() const { return unit_; }
  const std::string& meaning() const { return meaning_; }
  /// The numbers it stands for: one with an empty key for a counter, "count", "mean", "p50" … for a latency.
  virtual std::vector<std::pair<std::string, double>> values() const = 0;
  virtual void reset() = 0;

 protected:
  Stat(StatSet& owner, std::string name, std::string unit, std::string meaning);
  ~Stat() = default;

 private:
  std::string name_, unit_, meaning_;
};

/// The statistics of one block in the order of declaration. Not copied.
class StatSet {
 public:
  StatSet() = default;
  StatSet(const StatSet&) = delete;
  StatSet& operator=(const StatSet&) = delete;
  const std::vector<Stat*>& all() const { return all_; }
  void reset() {
    for (Stat* stat : all_) stat->reset();
  }

 private:
  friend class Stat;
  std::vector<Stat*> all_;
};

/// A count of events, bytes …
class Counter final : public Stat {
 public:
  Counter(StatSet& owner, std::string name, std::string unit, std::string meaning)
      : Stat{owner, std::move(name), std::move(unit), std::move(meaning)} {}
  void add(std::uint64_t n = 1) { value_ += n; }
  std::uint64_t value() const { return value_; }
  std::vector<std::pair<std::string, double>> values() const override { return {{"", static_cast<double>(value_)}}; }
  void reset() override { value_ = 0; }

 private:
  std::uint64_t value_ = 0;
};

/// A sum of time (busy time, seek time), printed in picoseconds.
class TimeSum final : public Stat {
 public:
  TimeSum(StatSet& owner, std::string name, std::string meaning) : Stat{owner, std::move(name), "ps", std::move(meaning)} {}
  void add(Duration time) { value_ += time; }
  Duration value() const { return value_; }
  std::vector<std::pair<std::string, double>> values() const override { return {{"", static_cast<double>(value_.ps())}}; }
  void reset() override { value_ = Duration{}; }

 private:
  Duration value_;
};

/// Bins of a latency: exact below 256 ps, then 128 to each doubling, so a percentile is within 0.8 %.
struct LatencyAxis {
  static constexpr int per_octave_bits = 7;
  static int bin_of(std::int64_t ps) {
    const auto value = static_cast<std::uint64_t>(ps < 0 ? 0 : ps);
    if (value < (2u << per_octave_bits)) return static_cast<int>(value);
    const int shift = 63 - __builtin_clzll(value) - per_octave_bits;
    return (shift << per_octave_bits) + static_cast<int>(value >> shift);
  }
  /// The lowest value that falls into a bin.
  static std::int64_t low_edge(int bin) {
    if (bin < (2 << per_octave_bits)) return bin;
    const int shift = (bin >> per_octave_bits) - 1;
    return static_cast<std::int64_t>((bin & 127) + 128) << shift;
  }
  int index(std::int64_t ps) const { return bin_of(ps); }
  int size() const { return (63 - per_octave_bits + 1) << per_octave_bits; }
};

/// The distribution of a time between two named points.
class Latency final : public Stat {
 public:
  Latency(StatSet& owner, std::string name, std::string end_points, const std::string& meaning)
      : Stat{owner, std::move(name), "ps", meaning + " (" + end_points + ")"},
        bins_{boost::histogram::make_histogram_with(std::vector<std::uint64_t>{}, LatencyAxis{})} {}
  void add(Duration time) {
    const std::int64_t ps = time.ps();
    bins_(ps);
    ++count_;
    sum_ += static_cast<double>(ps);
    if (time < low_) low_ = time;
    if (high_ < time) high_ = time;
  }
  std::uint64_t count() const { return count_; }
  Duration mean() const { return Duration::from_ps(count_ ? static_cast<std::int64_t>(sum_ / static_cast<double>(count_) + 0.5) : 0); }
  Duration lowest() const { return count_ ? low_ : Duration{}; }
  Duration highest() const { return high_; }
  /// The value below which a fraction `p` (0 … 1) of the samples lies, interpolated within its bin.
  Duration percentile(double p) const;
  std::vector<std::pair<std::string, double>> values() const override;
  void reset() override;

 private:
  decltype(boost::histogram::make_histogram_with(std::vector<std::uint64_t>{}, LatencyAxis{})) bins_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
  Duration low_ = Duration::never();
  Duration high_;
};

}  // namespace ahcisim::kit
