// SPDX-License-Identifier: MIT
// Reservations with gaps: never two at a time, and always the first gap that fits.
#include <iostream>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/disk/ssd/timeline.hpp>

namespace ahcisim::disk::ssd {
namespace {

using kit::Duration;

TEST(SsdTimeline, ALaterUseSlipsIntoAGap) {
  Timeline line;
  EXPECT_EQ(line.reserve(Duration::from_ps(100), Duration::from_ps(50), {}).ps(), 100);
  EXPECT_EQ(line.reserve(Duration::from_ps(10), Duration::from_ps(50), {}).ps(), 10);
  EXPECT_EQ(line.reserve(Duration::from_ps(10), Duration::from_ps(50), {}).ps(), 150) << "40 ps are no gap for 50";
  EXPECT_EQ(line.reserve(Duration::from_ps(10), Duration::from_ps(40), {}).ps(), 60) << "but for 40";
  EXPECT_EQ(line.reserve(Duration::from_ps(0), Duration::from_ps(10), {}).ps(), 0);
  EXPECT_EQ(line.reserve(Duration::from_ps(0), Duration::from_ps(1), {}).ps(), 200);
}

TEST(SsdTimeline, AgreesWithACalendarOfPicoseconds) {
  const unsigned seed = 41;
  std::cout << "seed " << seed << "\n";
  std::mt19937 random{seed};
  Timeline line;
  std::vector<bool> taken(3'000'000);
  std::int64_t now = 0;
  for (unsigned i = 0; i < 30'000; ++i) {
    now += random() % 60;  // about the length of one: the resource is nearly always busy
    const std::int64_t earliest = now + random() % (i % 5 == 0 ? 1000 : 40), length = 1 + random() % 50;
    std::int64_t expected = earliest;
    for (std::int64_t run = 0; run != length;) {
      if (taken[expected + run])
        expected += run + 1, run = 0;
      else
        ++run;
    }
    for (std::int64_t at = 0; at != length; ++at) taken[expected + at] = true;
    ASSERT_EQ(line.reserve(Duration::from_ps(earliest), Duration::from_ps(length), Duration::from_ps(now)).ps(), expected)
        << "reservation " << i;
  }
}

TEST(SsdTimeline, FarMoreThanItKeepsStillGetTheirTime) {
  Timeline line;
  for (std::int64_t i = 0; i < 1000; ++i) {
    const Duration earliest = Duration::from_ps(i * 100);
    EXPECT_EQ(line.reserve(earliest, Duration::from_ps(50), {}), earliest);
  }
  EXPECT_EQ(line.reserve(Duration::from_ps(0), Duration::from_ps(50), {}).ps(), 50);
}

}  // namespace
}  // namespace ahcisim::disk::ssd
