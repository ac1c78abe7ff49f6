// SPDX-License-Identifier: MIT
// The account of a request: stages are never negative and sum to the latency, in whatever order its points were passed.
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
  tag.account([&](Stage, std::int64_t ps) {
    EXPECT_GE(ps, 0);
    sum += ps;
  });
  return sum;
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

TEST(RequestTag, WhatOverlapsCountsOnce) {
  RequestTag tag;
  tag.open(8);
  tag.stamp(Stage::submitted, 0);
  tag.stamp(Stage::received, 10);
  tag.stamp(Stage::transferred, 30);  // a write's data comes before the medium has it
  tag.stamp(Stage::media, 80);
  tag.stamp(Stage::status, 85);
  tag.stamp(Stage::completed, 100);
  EXPECT_EQ(sum_of(tag), 100);
  EXPECT_EQ(stage_of(tag, Stage::media), 70);
  EXPECT_EQ(stage_of(tag, Stage::transferred), 0);
}

TEST(RequestTag, WhatAnEmulatorMovesOnIsNoTransfer) {
  RequestTag tag;
  tag.open(10);
  tag.stamp(Stage::submitted, 0);
  tag.stamp(Stage::host_call, 20);
  tag.stamp(Stage::media, 60);
  tag.stamp(Stage::transferred, 90);  // the device model's copy, after the host's call had the data
  tag.stamp(Stage::host_done, 70);
  tag.stamp(Stage::told, 80);
  tag.stamp(Stage::status, 95);
  tag.stamp(Stage::completed, 100);
  EXPECT_EQ(sum_of(tag), 100);
  EXPECT_EQ(stage_of(tag, Stage::transferred), -1);
  EXPECT_EQ(stage_of(tag, Stage::host_done), 10);
  EXPECT_EQ(stage_of(tag, Stage::status), 15);
}

TEST(RequestTag, APointAfterTheEndIsCut) {
  RequestTag tag;
  tag.open(9);
  tag.stamp(Stage::submitted, 0);
  tag.stamp(Stage::media, 500);  // a cached write reaches the medium after it was completed
  tag.stamp(Stage::completed, 100);
  EXPECT_EQ(sum_of(tag), 100);
}

}  // namespace
}  // namespace ahcisim::wire
