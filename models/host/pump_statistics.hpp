// SPDX-License-Identifier: MIT
// The statistics of a pump: what the programs saw, and the account of the stages.
#pragma once

#include <array>
#include <optional>
#include <string>

#include <ahcisim/models/kit/stat.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::host {

/// The time the measurement covers: from the first measured submission to the last completion.
struct MeasuredTime {
  kit::Duration begin = kit::Duration::never(), end;
  kit::Duration length() const { return begin < end ? end - begin : kit::Duration{}; }
};

/// A count divided by the measured time.
class PerSecond final : public kit::Stat {
 public:
  PerSecond(kit::StatSet& owner, std::string name, std::string unit, std::string meaning, const MeasuredTime& time)
      : Stat{owner, std::move(name), std::move(unit), std::move(meaning)}, time_{time} {}
  void add(std::uint64_t n) { sum_ += n; }
  std::uint64_t sum() const { return sum_; }
  double value() const {
    const double seconds = time_.length().seconds();
    return seconds > 0 ? static_cast<double>(sum_) / seconds : 0;
  }
  std::vector<std::pair<std::string, double>> values() const override { return {{"", value()}}; }
  void reset() override { sum_ = 0; }

 private:
  const MeasuredTime& time_;
  std::uint64_t sum_ = 0;
};

/// A sum of times divided by the measured time: by Little's law the mean number of requests outstanding.
class MeanDepth final : public kit::Stat {
 public:
  MeanDepth(kit::StatSet& owner, std::string name, std::string meaning, const MeasuredTime& time)
      : Stat{owner, std::move(name), "requests", std::move(meaning)}, time_{time} {}
  void add(kit::Duration time) { sum_ += time.seconds(); }
  double value() const {
    const double seconds = time_.length().seconds();
    return seconds > 0 ? sum_ / seconds : 0;
  }
  std::vector<std::pair<std::string, double>> values() const override { return {{"", value()}}; }
  void reset() override { sum_ = 0; }

 private:
  const MeasuredTime& time_;
  double sum_ = 0;
};

/// A time of which only sum and mean are kept.
class MeanTime final : public kit::Stat {
 public:
  MeanTime(kit::StatSet& owner, std::string name, std::string meaning) : Stat{owner, std::move(name), "ps", std::move(meaning)} {}
  void add(std::int64_t ps) { ++count_, sum_ += ps; }
  std::uint64_t count() const { return count_; }
  kit::Duration sum() const { return kit::Duration::from_ps(sum_); }
  kit::Duration mean() const { return kit::Duration::from_ps(count_ ? sum_ / static_cast<std::int64_t>(count_) : 0); }
  std::vector<std::pair<std::string, double>> values() const override {
    return {{"count", static_cast<double>(count_)}, {"mean", static_cast<double>(mean().ps())}, {"sum", static_cast<double>(sum_)}};
  }
  void reset() override { count_ = 0, sum_ = 0; }

 private:
  std::uint64_t count_ = 0;
  std::int64_t sum_ = 0;  // 106 days of waiting in all
};

/// One entry for each stage of the account: the time from the point stamped before, or that of accesses. The sums add up to that
/// of the latencies.
struct StageStatistics : kit::StatSet {
  StageStatistics() {
    for (std::size_t i = 1; i < wire::account_count; ++i) {
      const char* name = wire::name_of(static_cast<wire::Stage>(i));
      stages[i - 1].emplace(*this, name, i < wire::stage_count ? point_meaning(name) : access_meaning(i - wire::stage_count));
    }
  }
  /// Entry 0 is that of Stage::entered.
  std::array<std::optional<MeanTime>, wire::account_count - 1> stages;
  MeanTime& of(wire::Stage stage) { return *stages[static_cast<std::size_t>(stage) - 1]; }
  /// False where the request's points are out of their order.
  bool add(const wire::RequestTag& tag) {
    bool ordered = true;
    tag.account([&](wire::Stage stage, std::int64_t ps) {
      of(stage).add(ps);
      ordered = ordered && ps >= 0;
    });
    return ordered;
  }

 private:
  static std::string point_meaning(const char* name) {
    return std::string{"time up to \""} + name + "\" from the point that the request passed before, less that of trapped accesses told apart";
  }
  static std::string access_meaning(std::size_t index) {
    constexpr const char* when[] = {"before the command is issued", "for its data", "once it has ended"};
    constexpr const char* part[] = {"leaving the guest", "exit to the emulator", "dispatch", "device code", "entering the guest"};
    return std::string{"trapped accesses "} + when[index / wire::trap_count] + ": " + part[index % wire::trap_count];
  }
};

struct PumpStatistics : kit::StatSet {
  MeasuredTime time;
  kit::Latency latency{*this, "latency", "submitted to completed", "time of a request, of any kind"};
  kit::Latency read_latency{*this, "read.latency", "submitted to completed", "time of a read"};
  kit::Latency write_latency{*this, "write.latency", "submitted to completed", "time of a write"};
  kit::Latency flush_latency{*this, "flush.latency", "submitted to completed", "time of a flush"};
  kit::Latency trim_latency{*this, "trim.latency", "submitted to completed", "time of a trim"};
  PerSecond iops{*this, "iops", "requests/s", "requests completed per second, of any kind", time};
  PerSecond read_iops{*this, "read.iops", "requests/s", "reads completed per second", time};
  PerSecond write_iops{*this, "write.iops", "requests/s", "writes completed per second", time};
  PerSecond read_rate{*this, "read.rate", "B/s", "bytes read per second", time};
  PerSecond write_rate{*this, "write.rate", "B/s", "bytes written per second", time};
  kit::Counter requests{*this, "requests", "requests", "requests completed in the measured time"};
  kit::Counter warm_up{*this, "requests.warm_up", "requests", "requests completed before the measured time"};
  kit::Counter errors{*this, "errors", "requests", "requests that failed"};
  MeanDepth depth{*this, "depth", "requests outstanding, on average over the measured time", time};
};

}  // namespace ahcisim::host
