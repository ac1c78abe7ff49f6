// SPDX-License-Identifier: MIT
// Percentiles of a latency, and registration of a statistic with its set.
#include <ahcisim/models/kit/stat.hpp>

#include <algorithm>

namespace ahcisim::kit {

Stat::Stat(StatSet& owner, std::string name, std::string unit, std::string meaning)
    : name_{std::move(name)}, unit_{std::move(unit)}, meaning_{std::move(meaning)} {
  owner.all_.push_back(this);
}

Duration Latency::percentile(double p) const {
  if (count_ == 0) return Duration{};
  const double rank = std::clamp(p, 0.0, 1.0) * static_cast<double>(count_);
  double below = 0;
  const int bins = LatencyAxis{}.size();
  for (int bin = LatencyAxis::bin_of(low_.ps()); bin < bins; ++bin) {
    const auto in_bin = static_cast<double>(bins_.at(bin));
    if (in_bin > 0 && below + in_bin >= rank) {
      const double low = static_cast<double>(LatencyAxis::low_edge(bin));
      const double width = static_cast<double>(LatencyAxis::low_edge(bin + 1)) - low;
      const auto value = Duration::from_ps(static_cast<std::int64_t>(low + width * (rank - below) / in_bin));
      return std::clamp(value, low_, high_);
    }
    below += in_bin;
  }
  return high_;
}

std::vector<std::pair<std::string, double>> Latency::values() const {
  const auto ps = [](Duration d) { return static_cast<double>(d.ps()); };
  return {{"count", static_cast<double>(count_)}, {"mean", ps(mean())},           {"min", ps(lowest())},
          {"p50", ps(percentile(0.50))},          {"p90", ps(percentile(0.90))},  {"p95", ps(percentile(0.95))},
          {"p99", ps(percentile(0.99))},          {"p99_9", ps(percentile(0.999))}, {"max", ps(high_)}};
}

void Latency::reset() {
  bins_.reset();
  count_ = 0;
  sum_ = 0;
  low_ = Duration::never();
  high_ = Duration{};
}

}  // namespace ahcisim::kit
