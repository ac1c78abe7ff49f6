// SPDX-License-Identifier: MIT
// Seek curves, rotation in phase with absolute time, and who gets the arm next.
#include <gtest/gtest.h>

#include <ahcisim/models/disk/hdd/elevator_order.hpp>
#include <ahcisim/models/disk/hdd/fifo_order.hpp>
#include <ahcisim/models/disk/hdd/mechanics.hpp>
#include <ahcisim/models/disk/hdd/sptf_order.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace {

using namespace ahcisim::disk::hdd;
using ahcisim::kit::ConfigError;
using ahcisim::kit::Duration;
using ahcisim::kit::Ratio;

TEST(HddSeekCurve, ThroughMeasuredPoints) {
  const SeekCurve curve = SeekCurve::through(
      {{1, Duration::from_ms(0.8)}, {2, Duration::from_ms(1.0)}, {10, Duration::from_ms(1.8)}, {100, Duration::from_ms(3.6)}}, 301);
  EXPECT_EQ(curve.picoseconds(0), 0);
  EXPECT_NEAR(curve.time(1).ms(), 0.8, 1e-7);
  EXPECT_NEAR(curve.time(2).ms(), 1.0, 1e-7);
  EXPECT_NEAR(curve.time(6).ms(), 1.4, 1e-7) << "linear between points";
  EXPECT_NEAR(curve.time(300).ms(), 7.6, 1e-7) << "and on beyond the last";
  EXPECT_NEAR(curve.longer_by(Duration::from_ms(0.5)).time(6).ms(), 1.9, 1e-7);
  EXPECT_EQ(curve.longer_by(Duration::from_ms(0.5)).picoseconds(0), 0);
  EXPECT_THROW(SeekCurve::through({}, 10), ConfigError);
  EXPECT_THROW(SeekCurve::through({{2, Duration::from_ms(1)}, {2, Duration::from_ms(1)}}, 10), ConfigError);
}

TEST(HddSeekCurve, ThroughADataSheetsFigures) {
  const SeekFigures figures{Duration::from_ms(0.23), Duration::from_ms(7.4), Duration::from_ms(15.4)};
  const SeekCurve curve = SeekCurve::fitted(figures, 50000);
  EXPECT_NEAR(curve.time(1).ms(), 0.23, 1e-6);
  EXPECT_NEAR(curve.time(49999).ms(), 15.4, 1e-3);
  EXPECT_NEAR(curve.uniform_average().ms(), 7.4, 7.4 * 0.001);
  for (std::uint32_t d = 1; d < 50000; ++d) ASSERT_GE(curve.picoseconds(d), curve.picoseconds(d - 1)) << d;
  EXPECT_THROW(SeekCurve::fitted({Duration::from_ms(1), Duration::from_ms(12), Duration::from_ms(13)}, 1000), ConfigError);
  EXPECT_THROW(SeekCurve::fitted({Duration::from_ms(1), Duration::from_ms(2), Duration::from_ms(20)}, 1000), ConfigError);
}

/// 100 sectors a track, 10 ms a revolution: a sector passes in 0.1 ms.
Mechanics plain() {
  LayoutSpec layout;
  layout.surfaces = 2;
  layout.cylinders = 1000;
  layout.zones = {ZoneSpec{0, 999, 100, 0, 0, 10, 20, 0, {}, {}}};
  MechanicsSpec spec;
  spec.revolution = Duration::from_ms(10);
  spec.read_seek = SeekCurve::through({{1, Duration::from_ms(1)}, {999, Duration::from_ms(10.98)}}, 1000);
  spec.write_seek = spec.read_seek.longer_by(Duration::from_ms(0.5));
  spec.read_head_switch = Duration::from_ms(0.7);
  spec.write_head_switch = Duration::from_ms(1.2);
  return Mechanics{layout, spec};
}

TEST(HddMechanics, RotationIsInPhaseWithAbsoluteTime) {
  const Mechanics mechanics = plain();
  const std::int64_t ms = 1'000'000'000;
  // Sector 50 comes round at 5 ms of every revolution, whenever one asks.
  for (const std::int64_t turns : {0, 1, 1000, 100'000'000 / 10}) {
    const Pass pass = mechanics.pass(Arm{0, 0}, turns * 10 * ms + 2 * ms, 50, 4, false);
    EXPECT_EQ(pass.settled, turns * 10 * ms + 2 * ms);
    EXPECT_NEAR(static_cast<double>(pass.begin - turns * 10 * ms), 5e9, 10);
    EXPECT_NEAR(static_cast<double>(pass.end - pass.begin), 0.4e9, 10);
  }
  // Just missed: almost a whole revolution.
  EXPECT_NEAR(static_cast<double>(mechanics.pass(Arm{0, 0}, 5 * ms + ms / 100, 50, 1, false).begin), 15e9, 10);
  // Exactly there: no wait, whatever rounding says.
  EXPECT_NEAR(static_cast<double>(mechanics.pass(Arm{0, 0}, 5 * ms, 50, 1, false).begin), 5e9, 10);
}

TEST(HddMechanics, SeekHeadSwitchAndSettle) {
  const Mechanics mechanics = plain();
  EXPECT_EQ(mechanics.seek(Arm{5, 1}, 5, 1, false), 0);
  EXPECT_NEAR(static_cast<double>(mechanics.seek(Arm{5, 0}, 5, 1, false)), 0.7e9, 16);
  EXPECT_NEAR(static_cast<double>(mechanics.seek(Arm{5, 0}, 5, 1, true)), 1.2e9, 16);
  EXPECT_NEAR(static_cast<double>(mechanics.seek(Arm{5, 0}, 6, 1, false)), 1e9, 16) << "the longer of the two";
  EXPECT_NEAR(static_cast<double>(mechanics.seek(Arm{6, 0}, 5, 0, true)), 1.5e9, 16);
}

TEST(HddMechanics, ASequentialTrackSwitchCostsItsSkew) {
  const Mechanics mechanics = plain();
  const Pass first = mechanics.pass(Arm{0, 0}, 0, 0, 200, false);
  ASSERT_EQ(first.count, 100u);
  const Pass second = mechanics.pass(first.arm, first.end, 100, 100, false);
  EXPECT_NEAR(static_cast<double>(second.begin - first.end), 1e9, 20) << "10 sectors of skew";
}

Candidate at(std::uint32_t cylinder, std::int64_t phase, std::int64_t arrived) {
  Candidate one;
  one.cylinder = cylinder;
  one.phase = phase;
  one.arrived = arrived;
  return one;
}

TEST(HddOrder, FifoTakesTheOldest) {
  const Candidate queue[] = {at(1, 0, 30), at(900, 0, 10), at(2, 0, 20)};
  EXPECT_EQ(FifoOrder{}.choose(queue, 3, plain(), Arm{1, 0}, 100), 1u);
}

TEST(HddOrder, ElevatorGoesOnThenTurns) {
  const Mechanics mechanics = plain();
  ElevatorOrder order;
  const Candidate queue[] = {at(400, 0, 0), at(520, 0, 0), at(700, 0, 0)};
  EXPECT_EQ(order.choose(queue, 3, mechanics, Arm{500, 0}, 100), 1u);
  EXPECT_EQ(order.choose(queue, 1, mechanics, Arm{700, 0}, 100), 0u) << "nothing further in: turn";
  const Candidate back[] = {at(390, 0, 0), at(420, 0, 0)};
  EXPECT_EQ(order.choose(back, 2, mechanics, Arm{400, 0}, 100), 0u) << "now outwards";
}

TEST(HddOrder, SptfSeesRotation) {
  const Mechanics mechanics = plain();
  SptfOrder order{Ratio{0}, Duration::from_seconds(1), Duration{}};
  // Cylinder 101 (1 ms away) comes round in 9 ms, cylinder 300 (about 3 ms) in 4 ms.
  const Candidate queue[] = {at(101, 9'000'000'000, 0), at(300, 4'000'000'000, 0)};
  EXPECT_EQ(order.choose(queue, 2, mechanics, Arm{100, 0}, 0), 1u);
  // A margin of 2 ms after settling puts the second one off by a revolution.
  SptfOrder careful{Ratio{0}, Duration::from_seconds(1), Duration::from_ms(2)};
  EXPECT_EQ(careful.choose(queue, 2, mechanics, Arm{100, 0}, 0), 0u);
}

TEST(HddOrder, SptfAges) {
  const Mechanics mechanics = plain();
  const std::int64_t ms = 1'000'000'000, now = 400 * ms;
  const Candidate queue[] = {at(101, 2 * ms, now - ms), at(900, 9 * ms, now - 300 * ms)};
  EXPECT_EQ((SptfOrder{Ratio{0}, Duration::from_seconds(1), Duration{}}.choose(queue, 2, mechanics, Arm{100, 0}, now)), 0u);
  EXPECT_EQ((SptfOrder{Ratio{0.1}, Duration::from_seconds(1), Duration{}}.choose(queue, 2, mechanics, Arm{100, 0}, now)), 1u);
  EXPECT_EQ((SptfOrder{Ratio{0}, Duration::from_ms(250), Duration{}}.choose(queue, 2, mechanics, Arm{100, 0}, now)), 1u);
}

}  // namespace
