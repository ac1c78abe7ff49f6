// SPDX-License-Identifier: MIT
// The log of trapped accesses: how much of them was over when, in whichever part of an access that falls.
#include <gtest/gtest.h>

#include <ahcisim/models/host/trap_log.hpp>

namespace ahcisim::host {
namespace {

using kit::Duration;
using wire::TrapTime;

Duration ps(std::int64_t count) { return Duration::from_ps(count); }
const TrapTime one{{10, 20, 30, 40, 50}};

void expect(const TrapTime& time, const TrapTime& wanted) {
  for (std::size_t i = 0; i < wire::trap_count; ++i) EXPECT_EQ(time.ps[i], wanted.ps[i]) << i;
}

TEST(TrapLog, AccessIsCutWhereTheTimeFalls) {
  TrapLog log;
  log.add(ps(1000), one);
  log.add(ps(2000), one);
  expect(log.total(), {{20, 40, 60, 80, 100}});
  expect(log.until(ps(999)), {});
  expect(log.until(ps(1000)), {});
  expect(log.until(ps(1009)), {{9, 0, 0, 0, 0}});
  expect(log.until(ps(1035)), {{10, 20, 5, 0, 0}});
  expect(log.until(ps(1149)), {{10, 20, 30, 40, 49}});
  expect(log.until(ps(1150)), one);
  expect(log.until(ps(2000)), one);
  expect(log.until(ps(2105)), {{20, 40, 60, 80, 55}});
  expect(log.until(ps(5000)), log.total());
}

TEST(TrapLog, DeviceCodeThatTakesLongerPutsTheWayBackOff) {
  TrapLog log;
  log.add(ps(1000), one);
  log.lengthen(wire::Trap::device, ps(60));
  expect(log.total(), {{10, 20, 30, 100, 50}});
  expect(log.until(ps(1155)), {{10, 20, 30, 95, 0}});
  expect(log.until(ps(1165)), {{10, 20, 30, 100, 5}});
}

TEST(TrapLog, WhatIsNoLongerKeptCountsAsOver) {
  TrapLog log;
  const int count = static_cast<int>(TrapLog::kept) + 3;
  for (int i = 0; i < count; ++i) log.add(ps(1000 * i), one);
  EXPECT_EQ(log.total().sum(), 150 * count);
  EXPECT_EQ(log.until(ps(0)).sum(), 150 * 3);
  EXPECT_EQ(log.until(ps(1000 * 3)).sum(), 150 * 3);
  EXPECT_EQ(log.until(ps(1000 * 3 + 7)).sum(), 150 * 3 + 7);
}

}  // namespace
}  // namespace ahcisim::host
