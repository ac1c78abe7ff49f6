// SPDX-License-Identifier: MIT
// The link's times: start-up, every frame at every speed, throughput, flow control, and that what is computed is applied.
#include <gtest/gtest.h>

#include "protocol/sata/bench.hpp"

namespace ahcisim::sata::testing {
namespace {

using wire::FisType;

/// round(dwords x 40 bits / line rate x 256/254), in integers.
Duration exact(std::int64_t dwords, unsigned generation) {
  const std::int64_t numerator = dwords * 256 * 80000, denominator = 254 * 3 * (1 << (generation - 1));
  return Duration::from_ps((2 * numerator + denominator) / (2 * denominator));
}

void use_generation(LinkParameters& parameters, unsigned generation) { parameters.device_generation.set(generation); }

TEST(SataTiming, DwordsAreRoundedOnceAtEverySpeed) {
  LinkParameters parameters;
  for (unsigned generation = 1; generation <= 3; ++generation) {
    const LinkTiming timing{parameters, generation};
    for (std::int64_t n = 0; n < 5000; ++n) ASSERT_EQ(timing.dwords(n), exact(n, generation)) << n << " dwords, generation " << generation;
  }
}

class SataSpeed : public ::testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Generations, SataSpeed, ::testing::Values(1u, 2u, 3u));

TEST_P(SataSpeed, EveryFisTakesWhatTheFormulaSaysAndTheLinkAppliesIt) {
  LinkParameters parameters;
  use_generation(parameters, GetParam());
  Bench bench{parameters};
  bench.start();
  ASSERT_EQ(bench.link.generation(), GetParam());
  const std::int64_t pass = parameters.pipeline();
  const struct {
    FisType type;
    unsigned fis_bytes, payload;
    bool from_host;
  } frames[] = {{FisType::register_h2d, 20, 0, true},   {FisType::register_d2h, 20, 0, false}, {FisType::dma_activate, 4, 0, false},
                {FisType::dma_setup, 28, 0, false},     {FisType::pio_setup, 20, 0, false},    {FisType::set_device_bits, 8, 0, false},
                {FisType::bist_activate, 12, 0, true},  {FisType::data, 4, 1, true},           {FisType::data, 4, 512, false},
                {FisType::data, 4, 511, false},         {FisType::data, 4, 8192, true},        {FisType::data, 4, 8190, false}};
  Duration when = bench.now();
  for (const auto& f : frames) {
    when += 1_ms;
    std::vector<std::uint8_t> bytes(f.payload, 1);
    wire::Frame frame = f.payload ? data_of(bytes) : frame_of(f.type, f.fis_bytes);
    const Duration end = f.from_host ? bench.host.send(frame, when) : bench.device.send(frame, when);
    const Arrival& arrival = f.from_host ? bench.device.last() : bench.host.last();
    const std::int64_t content = f.fis_bytes / 4 + (f.payload + 3) / 4;
    // X_RDY, R_RDY, then SOF, content, CRC, EOF, seen a pass later; R_OK.
    const std::int64_t seen = pass + parameters.ready_delay() + pass + 1 + content + 2 + pass;
    EXPECT_EQ(arrival.when, when + exact(seen, GetParam()));
    EXPECT_EQ(end, when + exact(seen + parameters.check_delay() + pass, GetParam()));
    EXPECT_EQ(arrival.first, when + exact(2 * pass + parameters.ready_delay() + (f.payload ? 3 : 2) + pass, GetParam()));
    const FrameTime formula = LinkTiming{parameters, GetParam()}.frame(f.fis_bytes / 4, (f.payload + 3) / 4);
    EXPECT_EQ(arrival.when - when, formula.arrival);
    EXPECT_EQ(end - when, formula.acknowledged);
  }
}

TEST_P(SataSpeed, SequentialDataFisesReachWhatDrivesReach) {
  LinkParameters parameters;
  use_generation(parameters, GetParam());
  Bench bench{parameters};
  bench.start();
  std::vector<std::uint8_t> bytes(8192, 1);
  const Duration begin = bench.now();
  Duration when = begin;
  for (int i = 0; i < 1000; ++i) {
    wire::Frame frame = data_of(bytes);
    when = bench.device.send(frame, when);
  }
  const double rate = 8192e3 / (when - begin).seconds() / 1e6;
  std::cout << "sata.gen" << GetParam() << ".frames " << rate << " MB/s\n";
  const double low[] = {125, 250, 550}, high[] = {142, 284, 568};
  EXPECT_GE(rate, low[GetParam() - 1]);
  EXPECT_LE(rate, high[GetParam() - 1]);
}

TEST_P(SataSpeed, NoLatencyGetsPastWhatAlignAndFramingLeave) {
  LinkParameters parameters;
  use_generation(parameters, GetParam());
  parameters.pipeline.set(0);
  parameters.ready_delay.set(0);
  parameters.check_delay.set(0);
  Bench bench{parameters};
  bench.start();
  std::vector<std::uint8_t> bytes(8192, 1);
  const Duration begin = bench.now();
  Duration when = begin;
  for (int i = 0; i < 100; ++i) {
    wire::Frame frame = data_of(bytes);
    when = bench.host.send(frame, when);
  }
  const double rate = 819200 / (when - begin).seconds() / 1e6;
  EXPECT_LT(rate, 148.6 * (1 << (GetParam() - 1)));
  EXPECT_GT(rate, 148.3 * (1 << (GetParam() - 1)));
}

TEST(SataHold, ASenderWithoutDataHoldsTheLink) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  std::vector<std::uint8_t> bytes(4096, 1);
  const Duration when = bench.now() + 1_us;
  const FrameTime time = bench.link.timing().frame(1, 1024);
  wire::Frame frame = data_of(bytes);
  frame.source_end_ps = (when + 50_us).ps();
  const Duration end = bench.device.send(frame, when);
  const Duration stall = 50_us - time.source;
  EXPECT_EQ(end, when + time.acknowledged + stall);
  EXPECT_EQ(bench.host.last().when, when + time.arrival + stall);
  EXPECT_EQ(bench.host.last().first, when + time.first);
  EXPECT_EQ(bench.link.statistics().to_host.source_hold.value(), stall);
  EXPECT_EQ(bench.link.statistics().to_host.busy.value(), time.released + stall);
  // Data that is there in time costs nothing.
  frame.source_end_ps = (when + 100_us + time.source).ps();
  EXPECT_EQ(bench.device.send(frame, when + 100_us), when + 100_us + time.acknowledged);
}

TEST(SataHold, AReceiverThatCannotKeepUpCostsItsWaitAndAtMostTwentyDwordsMore) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  std::vector<std::uint8_t> bytes(8192, 1);
  const FrameTime time = bench.link.timing().frame(1, 2048);
  Duration when = bench.now();
  for (const Duration wait : {0_ps, 1_ps, 50_ns, 10_us}) {
    when += 1_ms;
    bench.device.on_frame = [&](wire::Frame&, Duration arrival) { return arrival + wait; };
    wire::Frame frame = data_of(bytes);
    const Duration end = bench.host.send(frame, when);
    EXPECT_EQ(end, when + time.acknowledged + wait + kit::min(wait, exact(20, 3)));
    // The link is held as long: the next frame waits for it.
    bench.device.on_frame = nullptr;
    wire::Frame next = frame_of(FisType::dma_activate, 4);
    bench.device.send(next, when);
    EXPECT_EQ(bench.host.last().when, end + bench.link.timing().frame(1, 0).arrival + (time.released - time.acknowledged));
  }
}

TEST(SataHalfDuplex, BothSidesShareOneLink) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  std::vector<std::uint8_t> bytes(8192, 1);
  const Duration begin = bench.now();
  Duration to_device = begin, to_host = begin;
  for (int i = 0; i < 200; ++i) {
    wire::Frame down = data_of(bytes), up = data_of(bytes);
    to_device = bench.host.send(down, to_device);
    to_host = bench.device.send(up, to_host);
  }
  const Duration one = bench.link.timing().frame(1, 2048).released;
  EXPECT_EQ(kit::max(to_device, to_host), begin + one * 399 + bench.link.timing().frame(1, 2048).acknowledged);
  const LinkStatistics& counts = bench.link.statistics();
  EXPECT_EQ(counts.to_device.busy.value() + counts.to_host.busy.value(), one * 400);
  EXPECT_GT(counts.to_host.wait.value(), one * 199);
}

TEST(SataHalfDuplex, AFrameFitsBetweenTwoBookedAhead) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  std::vector<std::uint8_t> bytes(8192, 1);
  const Duration when = bench.now();
  wire::Frame late = data_of(bytes);
  bench.device.send(late, when + 1_ms);
  wire::Frame early = frame_of(FisType::register_h2d, 20);
  EXPECT_EQ(bench.host.send(early, when), when + bench.link.timing().frame(5, 0).acknowledged);
}

TEST(SataOob, StartUpTakesWhatTheFormulaSays) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  const OobTiming oob{parameters};
  EXPECT_EQ(oob.comreset(), (106667_ps + 320_ns) * 6);
  EXPECT_EQ(oob.comwake(), 106667_ps * 12);
  ASSERT_EQ(bench.host.count("SATA_PHYRDY"), 1u);
  ASSERT_EQ(bench.device.count("SATA_PHYRDY"), 1u);
  const Duration expected = oob.comreset() + parameters.cominit_response() + oob.cominit() + parameters.host_calibration() +
                            oob.comwake() * 2 + parameters.lock() + exact(2 * parameters.pipeline() + 3, 3);
  EXPECT_EQ(bench.host.last().when, expected);
  EXPECT_EQ(bench.device.last().when, expected);
}

TEST(SataOob, AComresetHeldLongerThanItsBurstsDelaysOnlyByTheRest) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  const Duration asserted = bench.now();
  bench.host.signal(wire::SATA_COMRESET, asserted);
  bench.run(1_ms);
  const Duration released = bench.now();
  bench.host.signal(wire::SATA_RELEASE, released);
  bench.run();
  const OobTiming oob{parameters};
  EXPECT_EQ(bench.host.last().when, released + parameters.cominit_response() + oob.cominit() + oob.established({3, 0}));
}

class SataNegotiation : public ::testing::TestWithParam<std::tuple<unsigned, unsigned, unsigned>> {};
INSTANTIATE_TEST_SUITE_P(All, SataNegotiation,
                         ::testing::Combine(::testing::Values(1u, 2u, 3u), ::testing::Values(1u, 2u, 3u), ::testing::Values(0u, 1u, 2u, 3u)));

TEST_P(SataNegotiation, SettlesOnTheHighestCommonGeneration) {
  const auto [host, device, limit] = GetParam();
  LinkParameters parameters;
  parameters.host_generation.set(host);
  parameters.device_generation.set(device);
  Bench bench{parameters};
  bench.start(limit);
  const unsigned allowed = limit != 0 && limit < host ? limit : host;
  const unsigned expected = std::min(allowed, device);
  EXPECT_EQ(bench.link.generation(), expected);
  ASSERT_EQ(bench.host.count("SATA_PHYRDY"), 1u);
  EXPECT_EQ(bench.host.last().speed, expected);
  EXPECT_EQ(bench.device.last().speed, expected);
  const OobTiming oob{parameters};
  EXPECT_EQ(bench.host.last().when, oob.comreset() + parameters.cominit_response() + oob.cominit() + oob.wake() +
                                        parameters.align_step() * (device - expected) + parameters.lock() + exact(2 * parameters.pipeline() + 3, expected));
}

}  // namespace
}  // namespace ahcisim::sata::testing
