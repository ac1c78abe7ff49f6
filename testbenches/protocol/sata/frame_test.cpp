// SPDX-License-Identifier: MIT
// Frames across the link: delivery, errors and repetition, loss, and senders that break the rules.
#include <cmath>

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

TEST(SataFrame, MalformedFramesAreRefusedWithADiagnosticAndNoTime) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  const Duration when = bench.now() + 1_us;
  std::vector<std::uint8_t> bytes(8192 + 4, 1);
  std::vector<wire::Frame> bad(8, data_of(bytes));
  bad[1].payload_bytes = 0;
  bad[2].payload_bytes = 0xffffffff;
  bad[3].payload_bytes = 512, bad[3].payload = nullptr;
  bad[4] = frame_of(FisType::register_h2d, 0);
  bad[5] = frame_of(FisType::register_h2d, 19);
  bad[6] = frame_of(FisType::register_h2d, 255);
  bad[7] = frame_of(FisType::register_h2d, 20), bad[7].payload = bytes.data(), bad[7].payload_bytes = 512;
  for (wire::Frame& frame : bad) {
    EXPECT_EQ(bench.host.send(frame, when), when);
    EXPECT_EQ(frame.verdict, Verdict::r_err);
  }
  EXPECT_EQ(bench.device.count("SATA_FRAME"), 0u);
  EXPECT_EQ(bench.context.diagnostics.count(), bad.size());
  EXPECT_EQ(bench.link.statistics().refused.value(), bad.size());
  // An odd number of bytes is the sender's right: the line carries whole dwords.
  bytes.resize(511);
  wire::Frame odd = data_of(bytes);
  EXPECT_EQ(bench.host.send(odd, when), when + bench.link.timing().frame(1, 128).acknowledged);
  EXPECT_EQ(odd.verdict, Verdict::r_ok);
}

TEST(SataFrame, APhaseOfTheWrongSideIsADiagnostic) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  bench.host.signal(wire::SATA_PHYRDY, bench.now());
  wire::Frame frame;
  sc_core::sc_time delay;
  ::tlm::tlm_phase phase = wire::SATA_COMRESET;
  bench.device.socket->nb_transport_bw(frame, phase, delay);
  EXPECT_EQ(bench.context.diagnostics.count(), 2u);
  EXPECT_EQ(bench.link.generation(), 3u);
}

TEST(SataFrame, TheReceiverMayRefuseAFrame) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  bench.host.on_frame = [](wire::Frame& f, Duration arrival) {
    f.verdict = f.type() == FisType::data ? Verdict::sync_escape : Verdict::r_err;
    return arrival;
  };
  wire::Frame frame = frame_of(FisType::pio_setup, 20);
  bench.device.send(frame, bench.now());
  EXPECT_EQ(frame.verdict, Verdict::r_err);
  EXPECT_EQ(bench.link.statistics().to_host.retried.value(), 0u);
  std::vector<std::uint8_t> bytes(512);
  wire::Frame data = data_of(bytes);
  bench.device.send(data, bench.now() + 10_us);
  EXPECT_EQ(data.verdict, Verdict::sync_escape);
}

TEST(SataErrors, ADamagedNonDataFrameIsRepeatedAndArrivesOnce) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  bench.link.damage(Direction::to_device, FisType::register_h2d, 2, 3);
  const FrameTime time = bench.link.timing().frame(5, 0);
  Duration when = bench.now();
  for (int i = 0; i < 3; ++i) {
    when += 1_ms;
    wire::Frame frame = frame_of(FisType::register_h2d, 20);
    const Duration end = bench.host.send(frame, when);
    EXPECT_EQ(frame.verdict, Verdict::r_ok);
    EXPECT_FALSE(bench.device.last().crc_error);
    EXPECT_EQ(bench.device.last().retries, i == 1 ? 3u : 0u) << "the receiver learns of it";
    EXPECT_EQ(frame.retries, i == 1 ? 3u : 0u) << "so does the sender";
    const Duration expected = i == 1 ? time.released * 3 + time.acknowledged : time.acknowledged;
    EXPECT_EQ(end, when + expected) << "frame " << i;
  }
  EXPECT_EQ(bench.device.count("SATA_FRAME"), 3u);
  const DirectionStatistics& counts = bench.link.statistics().to_device;
  EXPECT_EQ(counts.damaged.value(), 3u);
  EXPECT_EQ(counts.retried.value(), 3u);
  EXPECT_EQ(counts.code_errors.value() + counts.crc_errors.value(), 3u);
  EXPECT_EQ(counts.r_err.value(), 0u);
}

TEST(SataErrors, RepetitionIsBounded) {
  LinkParameters parameters;
  parameters.retries.set(4);
  Bench bench{parameters};
  bench.start();
  bench.link.damage(Direction::to_host, {}, 1, 1000);
  const FrameTime time = bench.link.timing().frame(2, 0);
  const Duration when = bench.now() + 1_us;
  wire::Frame frame = frame_of(FisType::set_device_bits, 8);
  EXPECT_EQ(bench.device.send(frame, when), when + time.released * 4 + time.acknowledged);
  EXPECT_EQ(frame.verdict, Verdict::r_err);
  EXPECT_EQ(bench.host.count("SATA_FRAME"), 0u);
  EXPECT_EQ(bench.link.statistics().to_host.r_err.value(), 1u);
  EXPECT_EQ(bench.link.statistics().to_host.retried.value(), 4u);
}

TEST(SataErrors, ADamagedDataFisIsDeliveredAsDamagedAndNotRepeated) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  bench.link.damage(Direction::to_host, FisType::data);
  std::vector<std::uint8_t> bytes(4096, 9);
  const Duration when = bench.now();
  wire::Frame frame = data_of(bytes);
  EXPECT_EQ(bench.device.send(frame, when), when + bench.link.timing().frame(1, 1024).acknowledged);
  EXPECT_EQ(frame.verdict, Verdict::r_err);
  EXPECT_TRUE(bench.host.last().crc_error);
  EXPECT_EQ(bench.host.count("SATA_FRAME"), 1u);
  bench.device.send(frame, when + 1_ms);
  EXPECT_EQ(frame.verdict, Verdict::r_ok);
  EXPECT_FALSE(bench.host.last().crc_error);
  EXPECT_EQ(bench.link.statistics().to_host.damaged.value(), 1u);
}

TEST(SataErrors, BitsAreWrongAsOftenAsTheRateSaysAndTheSameEachTime) {
  LinkParameters parameters;
  parameters.set("bit_error_rate", "1e-6x");
  Bench bench{parameters};
  bench.start();
  std::vector<std::uint8_t> bytes(8192, 0xa5);
  Duration when = bench.now();
  unsigned damaged = 0;
  constexpr unsigned frames = 10000;
  for (unsigned i = 0; i < frames; ++i) {
    wire::Frame frame = data_of(bytes);
    when = bench.device.send(frame, when);
    damaged += frame.verdict == Verdict::r_err;
  }
  const double expected = frames * (1 - std::pow(1 - 1e-6, (2048 + 4) * 40));
  EXPECT_NEAR(damaged, expected, 4 * std::sqrt(expected)) << "seed " << bench.context.seed;
  EXPECT_EQ(bench.link.statistics().to_host.damaged.value(), damaged);
  ErrorSource once{1e-3, 5, "x"}, again{1e-3, 5, "x"};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(once.pass(400), again.pass(400));
    ASSERT_EQ(once.positions(), again.positions());
  }
}

TEST(SataErrors, PositionsAreUniformOverTheFrame) {
  ErrorSource source{1e-2, 11, "positions"};
  std::vector<unsigned> hits(100);
  unsigned all = 0;
  for (int i = 0; i < 100000; ++i)
    if (source.pass(100))
      for (const std::int64_t position : source.positions()) {
        ASSERT_GE(position, 0);
        ASSERT_LT(position, 100);
        ++hits[static_cast<std::size_t>(position)];
        ++all;
      }
  EXPECT_NEAR(all, 1e5, 4 * std::sqrt(1e5));
  for (const unsigned n : hits) EXPECT_NEAR(n, 1000, 5 * std::sqrt(1000.0));
}

}  // namespace
}  // namespace ahcisim::sata::testing
