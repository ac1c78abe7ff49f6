// SPDX-License-Identifier: MIT
// Statistics: percentiles are within the bin width, bins cover the whole range without gaps.
#include <gtest/gtest.h>

#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::kit {
namespace {

struct Example : StatSet {
  Counter hits{*this, "hits", "requests", "an example"};
  Latency latency{*this, "latency", "begin to end", "an example"};
};

TEST(Latency, BinsCoverTheRangeWithoutGaps) {
  for (int bin = 0; bin + 2 < LatencyAxis{}.size(); ++bin) {
    ASSERT_EQ(LatencyAxis::bin_of(LatencyAxis::low_edge(bin)), bin);
    ASSERT_EQ(LatencyAxis::bin_of(LatencyAxis::low_edge(bin + 1) - 1), bin);
  }
}

TEST(Latency, PercentilesLieWithinABin) {
  Example stats;
  for (int us = 1; us <= 1000; ++us) stats.latency.add(Duration::from_us(us));
  EXPECT_EQ(stats.latency.count(), 1000u);
  EXPECT_NEAR(stats.latency.mean().us(), 500.5, 0.001);
  EXPECT_NEAR(stats.latency.percentile(0.5).us(), 500, 5);
  EXPECT_NEAR(stats.latency.percentile(0.99).us(), 990, 9);
  EXPECT_EQ(stats.latency.percentile(1.0), 1000_us);
  EXPECT_EQ(stats.latency.percentile(0.0), 1_us);
}

TEST(StatSet, ListsItsStatisticsInOrderAndResets) {
  Example stats;
  stats.hits.add(3);
  ASSERT_EQ(stats.all().size(), 2u);
  EXPECT_EQ(stats.all()[0]->values().front().second, 3);
  stats.reset();
  EXPECT_EQ(stats.hits.value(), 0u);
  EXPECT_EQ(stats.latency.percentile(0.5), Duration{});
}

}  // namespace
}  // namespace ahcisim::kit
