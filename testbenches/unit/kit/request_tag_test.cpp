// SPDX-License-Identifier: MIT
// The account of a request: its stages sum to the latency, points out of order show, and data moves when it moves.
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::wire {
namespace {

std::int64_t stage_of(const RequestTag& tag, Stage wanted) {
  std::int64_t found = -1;
  tag.account([&](Stage stage, std::int64_t ps) {
    if (stage == wanted) found = ps;
  });
  return found;
}

std::int64_t sum_of(const RequestTag& tag) {
  std::int64_t sum = 0;
  tag.account([&](Stage, std::int64_t ps) { sum += ps; });
  return sum;
}

bool ordered(const RequestTag& tag) {
  bool right = true;
  tag.account([&](Stage, std::int64_t ps) { right = right && ps >= 0; });
  return right;
}

TEST(RequestTag, StagesOfAReadSumToItsLatency) {
  RequestTag tag;
  tag.open(7);
  tag.stamp(Stage::submitted, 100);
  tag.stamp(Stage::issued, 150);
  tag.stamp(Stage::media, 900);
  tag.stamp(Stage::completed, 1000);
  EXPECT_EQ(sum_of(tag), 900);
  EXPECT_EQ(stage_of(tag, Stage::media), 750);
  EXPECT_EQ(stage_of(tag, Stage::fetched), -1) << "a point that was not passed has no stage";
}

TEST(RequestTag, AWritesDataCountsBeforeTheMedium) {
  RequestTag tag;
  tag.open(8);
  tag.stamp(Stage::submitted, 0);
  tag.stamp(Stage::received, 10);
  tag.stamp(Stage::selected, 25);
  tag.stamp(Stage::transferred, 30);
  tag.stamp(Stage::media, 80);
  tag.stamp(Stage::status, 85);
  tag.stamp(Stage::completed, 100);
  EXPECT_EQ(sum_of(tag), 100);
  EXPECT_TRUE(ordered(tag));
  EXPECT_EQ(stage_of(tag, Stage::selected), 15);
  EXPECT_EQ(stage_of(tag, Stage::transferred), 5);
  EXPECT_EQ(stage_of(tag, Stage::media), 50);
}

TEST(RequestTag, AReadsDataCountsBehindIt) {
  RequestTag tag;
  tag.open(10);
  tag.stamp(Stage::submitted, 0);
  tag.stamp(Stage::received, 10);
  tag.stamp(Stage::media, 60);
  tag.stamp(Stage::transferred, 90);
  tag.stamp(Stage::status, 90);
  tag.stamp(Stage::completed, 100);
  EXPECT_EQ(sum_of(tag), 100);
  EXPECT_EQ(stage_of(tag, Stage::transferred), 30);
  EXPECT_EQ(stage_of(tag, Stage::status), 0);
}

TEST(RequestTag, WhatAnEmulatorMovesOnWithTheStatusIsDeviceCode) {
  RequestTag tag;
  tag.open(11);
  tag.stamp(Stage::submitted, 0);
  tag.stamp(Stage::host_call, 20);
  tag.stamp(Stage::media, 60);
  tag.stamp(Stage::host_done, 70);
  tag.stamp(Stage::told, 80);
  tag.stamp(Stage::transferred, 95);
  tag.stamp(Stage::status, 95);
  tag.stamp(Stage::completed, 100);
  EXPECT_EQ(sum_of(tag), 100);
  EXPECT_EQ(stage_of(tag, Stage::host_done), 10);
  EXPECT_EQ(stage_of(tag, Stage::status), 15);
  EXPECT_EQ(stage_of(tag, Stage::transferred), 0);
}

TEST(RequestTag, PointsOutOfOrderShow) {
  using Points = std::vector<std::pair<Stage, std::int64_t>>;
  for (const Points& points : {Points{{Stage::issued, 60}, {Stage::trapped, 50}}, Points{{Stage::media, 101}}, Points{{Stage::entered, 5}},
                               Points{{Stage::received, 60}, {Stage::transferred, 50}}, Points{{Stage::transferred, 101}}}) {
    RequestTag tag;
    tag.open(9);
    tag.stamp(Stage::submitted, 10);
    tag.stamp(Stage::completed, 100);
    for (const auto& [stage, at] : points) tag.stamp(stage, at);
    EXPECT_EQ(sum_of(tag), 90);
    EXPECT_FALSE(ordered(tag)) << name_of(points[0].first);
  }
}

/// Of a request with accesses of 1, 2, 3, 4 and 5 ps before it is issued, for its data and in its handler.
RequestTag trapped(Stage data, bool host_call) {
  RequestTag tag;
  tag.open(14);
  const std::pair<Stage, std::int64_t> points[] = {{Stage::submitted, 0}, {Stage::issued, 30}, {Stage::received, 40}, {data, 60}, {Stage::status, 60},
                                                   {Stage::injected, 70}, {Stage::interrupt, 80}, {Stage::woken, 100}, {Stage::completed, 101}};
  for (const auto& [stage, at] : points) tag.stamp(stage, at);
  if (host_call) tag.stamp(Stage::host_done, 41);
  tag.issue_traps = tag.data_traps = tag.handler_traps = TrapTime{{1, 2, 3, 4, 5}};
  tag.acknowledge_traps[Trap::trap] = 6;
  tag.acknowledge_traps[Trap::entry] = 3;
  return tag;
}

TEST(RequestTag, AccessesAreToldApartFromTheStagesTheyLieIn) {
  const RequestTag tag = trapped(Stage::status, true);
  EXPECT_EQ(sum_of(tag), 101);
  EXPECT_TRUE(ordered(tag));
  EXPECT_EQ(stage_of(tag, Stage::issued), 30 - 15);
  EXPECT_EQ(stage_of(tag, Stage::status), 60 - 41 - 15);
  EXPECT_EQ(stage_of(tag, Stage::interrupt), 80 - 70 - 9);
  EXPECT_EQ(stage_of(tag, Stage::woken), 100 - 80 - 15);
  for (const Stage first : {Stage::issue_trap, Stage::data_trap, Stage::handler_trap})
    for (int i = 0; i < 5; ++i) {
      const bool handler = first == Stage::handler_trap;
      const auto stage = static_cast<Stage>(static_cast<int>(first) + i);
      EXPECT_EQ(stage_of(tag, stage), 1 + i + (handler ? i == 0 ? 6 : i == 4 ? 3 : 0 : 0)) << name_of(stage);
    }
}

TEST(RequestTag, AccessesForTheDataAreThoseOfTheDataWhereItComesBeforeTheStatus) {
  const RequestTag tag = trapped(Stage::transferred, false);
  EXPECT_EQ(sum_of(tag), 101);
  EXPECT_EQ(stage_of(tag, Stage::transferred), 60 - 40 - 15);
  EXPECT_EQ(stage_of(tag, Stage::status), 0);
}

TEST(RequestTag, ASecondAttemptForgetsTheAccessesOfTheFirst) {
  RequestTag tag = trapped(Stage::status, true);
  tag.reopen();
  tag.stamp(Stage::completed, 101);
  EXPECT_EQ(sum_of(tag), 101);
  EXPECT_EQ(stage_of(tag, Stage::issue_trap), -1);
}

// An error handler ends it: it was found done in an interrupt handler, but its program is woken by nobody's handler.
TEST(RequestTag, EndOfInterruptStaysWithTheInterruptOfARequestThatIsNotDelivered) {
  RequestTag tag = trapped(Stage::status, true);
  tag.stamp(Stage::woken, -1);
  EXPECT_EQ(sum_of(tag), 101);
  EXPECT_EQ(stage_of(tag, Stage::interrupt), 10);
}

TEST(RequestTag, ASecondAttemptForgetsTheFirst) {
  RequestTag tag;
  tag.open(12);
  tag.stamp(Stage::submitted, 0);
  tag.stamp(Stage::entered, 1);
  tag.stamp(Stage::issued, 5);
  tag.stamp(Stage::rotated, 40);
  tag.reopen();
  tag.stamp(Stage::issued, 50);
  tag.stamp(Stage::media, 90);
  tag.stamp(Stage::completed, 100);
  EXPECT_EQ(tag.when(Stage::entered), 1);
  EXPECT_EQ(tag.when(Stage::rotated), -1);
  EXPECT_EQ(stage_of(tag, Stage::issued), 49);
  EXPECT_TRUE(ordered(tag));
}

}  // namespace
}  // namespace ahcisim::wire
