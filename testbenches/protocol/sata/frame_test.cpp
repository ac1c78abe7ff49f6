// SPDX-License-Identifier: MIT
// Frames across the link: delivery, errors and repetition, loss, and senders that break the rules.
#include <gtest/gtest.h>

#include "bench.hpp"

namespace ahcisim::sata::testing {
namespace {

using wire::FisType;
using wire::Verdict;

TEST(SataFrame, CarriesARegisterFisToTheDeviceAndDataBack) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  ASSERT_EQ(bench.link.generation(), 3u);
  std::vector<std::uint8_t> bytes(512, 0x5a);
  bench.device.on_frame = [&](wire::Frame& f, Duration arrival) {
    EXPECT_EQ(f.fis_bytes, 20);
    wire::Frame answer = data_of(bytes);
    const Duration end = bench.device.send(answer, arrival + 1_us);
    EXPECT_EQ(answer.verdict, Verdict::r_ok);
    EXPECT_GT(end, arrival + 1_us);
    return arrival;
  };
  wire::Frame command = frame_of(FisType::register_h2d, 20);
  const Duration end = bench.host.send(command, bench.now());
  EXPECT_EQ(command.verdict, Verdict::r_ok);
  ASSERT_EQ(bench.device.count("SATA_FRAME"), 1u);
  EXPECT_LT(bench.device.last().when, end);
  ASSERT_EQ(bench.host.last().phase, "SATA_FRAME");
  EXPECT_EQ(bench.host.last().type, FisType::data);
  EXPECT_EQ(bench.host.last().payload_bytes, 512u);
  EXPECT_GT(bench.host.last().when, bench.host.last().first);
  EXPECT_EQ(bench.link.statistics().to_host.payload.value(), 512u);
}

TEST(SataFrame, RefusesFramesWithoutALink) {
  LinkParameters parameters;
  Bench bench{parameters};
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  wire::Frame frame = frame_of(FisType::register_h2d, 20);
  EXPECT_EQ(bench.host.send(frame, 5_us), 5_us);
  EXPECT_EQ(frame.verdict, Verdict::no_link);
  EXPECT_TRUE(bench.device.arrivals.empty());
  EXPECT_EQ(bench.link.statistics().to_device.no_link.value(), 1u);
}

}  // namespace
}  // namespace ahcisim::sata::testing
