// SPDX-License-Identifier: MIT
// Start-up, COMRESET at any moment, absent and mute devices, loss of communication, and what observers see.
#include <gtest/gtest.h>

#include <map>

#include "bench.hpp"

namespace ahcisim::sata::testing {
namespace {

using wire::FisType;
using wire::Verdict;

TEST(SataPhy, ACableWithNothingOnItStaysSilent) {
  LinkParameters parameters;
  Bench bench{parameters, false};
  bench.start();
  bench.run(1000_ms);
  EXPECT_TRUE(bench.host.arrivals.empty());
  wire::Frame frame = frame_of(FisType::register_h2d, 20);
  bench.host.send(frame, bench.now());
  EXPECT_EQ(frame.verdict, Verdict::no_link);
  bench.host.signal(wire::SATA_COMRESET, bench.now());
  bench.host.signal(wire::SATA_RELEASE, bench.now() + 1_ms);
  bench.host.signal(wire::SATA_OFFLINE, bench.now() + 2_ms);
  bench.run();
  EXPECT_TRUE(bench.host.arrivals.empty());
}

TEST(SataPhy, AnAbsentDeviceIsNotTold) {
  LinkParameters parameters;
  parameters.device.set_text("absent");
  Bench bench{parameters};
  bench.start();
  bench.host.signal(wire::SATA_COMRESET, bench.now());
  EXPECT_TRUE(bench.host.arrivals.empty());
  EXPECT_TRUE(bench.device.arrivals.empty());
}

TEST(SataPhy, AMuteDeviceIsPresentWithoutCommunication) {
  LinkParameters parameters;
  parameters.device.set_text("mute");
  Bench bench{parameters};
  bench.start();
  ASSERT_EQ(bench.host.arrivals.size(), 1u);
  EXPECT_EQ(bench.host.last().phase, "SATA_PRESENCE");
  EXPECT_GT(bench.host.last().when, parameters.align_timeout());
  EXPECT_TRUE(bench.device.arrivals.empty());
  EXPECT_EQ(bench.link.generation(), 0u);
}

TEST(SataPhy, WithoutACommonSpeedThereIsPresenceOnly) {
  LinkParameters parameters;
  parameters.device_lowest_generation.set(3);
  parameters.host_generation.set(2);
  Bench bench{parameters};
  bench.start();
  ASSERT_EQ(bench.host.arrivals.size(), 1u);
  EXPECT_EQ(bench.host.last().phase, "SATA_PRESENCE");
}

TEST(SataPhy, ContradictoryGenerationsAreAConfigurationError) {
  LinkParameters parameters;
  parameters.device_lowest_generation.set(3);
  parameters.device_generation.set(2);
  EXPECT_THROW(Bench{parameters}, kit::ConfigError);
}

TEST(SataPhy, ALateDeviceAnswersWhenItHasPower) {
  LinkParameters parameters;
  parameters.power_on.set(50_ms);
  Bench bench{parameters};
  bench.start();
  EXPECT_TRUE(bench.host.arrivals.empty());
  bench.run(100_ms);
  ASSERT_EQ(bench.host.count("SATA_PHYRDY"), 1u);
  const OobTiming oob{parameters};
  EXPECT_EQ(bench.host.last().when, 50_ms + oob.cominit() + oob.established({3, 0}));
}

TEST(SataPhy, ComresetTakesTheLinkDownAtOnceAndBringsItBack) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  std::vector<std::uint8_t> bytes(8192);
  wire::Frame ahead = data_of(bytes);
  bench.device.send(ahead, bench.now() + 1_ms);  // booked ahead: the reset makes it void
  bench.host.signal(wire::SATA_COMRESET, bench.now(), 1);
  EXPECT_EQ(bench.device.last().phase, "SATA_COMRESET");
  EXPECT_EQ(bench.link.generation(), 0u);
  wire::Frame frame = frame_of(FisType::register_d2h, 20);
  bench.device.send(frame, bench.now());
  EXPECT_EQ(frame.verdict, Verdict::no_link);
  bench.run(2_ms);
  bench.host.signal(wire::SATA_RELEASE, bench.now());
  bench.run();
  EXPECT_EQ(bench.link.generation(), 1u);
  EXPECT_EQ(bench.host.count("SATA_PHYRDY"), 2u);
  EXPECT_EQ(bench.device.count("SATA_PHYRDY"), 2u);
  const Duration now = bench.now();
  EXPECT_EQ(bench.device.send(frame, now), now + bench.link.timing().frame(5, 0).acknowledged);
  EXPECT_EQ(bench.link.statistics().resets.value(), 1u);
}

TEST(SataPhy, AComresetDuringStartUpBeginsItAnew) {
  LinkParameters parameters;
  Bench bench{parameters};
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  bench.host.signal(wire::SATA_RELEASE, 0_ps);
  for (int i = 0; i < 30; ++i) {
    bench.run(7_us);
    bench.host.signal(wire::SATA_COMRESET, bench.now());
    bench.host.signal(wire::SATA_RELEASE, bench.now());
    bench.host.signal(wire::SATA_RELEASE, bench.now());  // a second one has nothing to release
  }
  EXPECT_TRUE(bench.host.arrivals.empty());
  bench.run();
  EXPECT_EQ(bench.host.count("SATA_PHYRDY"), 1u);
  EXPECT_EQ(bench.device.count("SATA_PHYRDY"), 1u);
}

TEST(SataPhy, AHostThatResetsWhenTheLinkComesUpKeepsTheDeviceFromSeeingIt) {
  LinkParameters parameters;
  Bench bench{parameters};
  unsigned left = 3;
  bench.host.on_phase = [&](const std::string& phase) {
    if (phase != "SATA_PHYRDY" || left == 0) return;
    --left;
    bench.host.signal(wire::SATA_COMRESET, bench.now());
    bench.host.signal(wire::SATA_RELEASE, bench.now() + 1_ms);
  };
  bench.start();
  bench.run();
  EXPECT_EQ(bench.host.count("SATA_PHYRDY"), 4u);
  EXPECT_EQ(bench.device.count("SATA_PHYRDY"), 1u);
}

TEST(SataPhy, AComresetFromWithinADeliveryIsSurvived) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  bench.host.on_frame = [&](wire::Frame&, Duration arrival) {
    bench.host.signal(wire::SATA_COMRESET, arrival);
    return arrival + 1_us;
  };
  wire::Frame frame = frame_of(FisType::register_d2h, 20);
  bench.device.send(frame, bench.now());
  EXPECT_EQ(frame.verdict, Verdict::no_link);
  EXPECT_EQ(bench.link.generation(), 0u);
}

TEST(SataPhy, OfflineIsSilenceUntilReleased) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  bench.host.signal(wire::SATA_OFFLINE, bench.now());
  EXPECT_EQ(bench.device.last().phase, "SATA_OFFLINE");
  bench.run(100_ms);
  EXPECT_EQ(bench.host.count("SATA_PHYRDY"), 1u);
  bench.host.signal(wire::SATA_RELEASE, bench.now());
  bench.run();
  EXPECT_EQ(bench.host.count("SATA_PHYRDY"), 2u);
}

TEST(SataPhy, ALostLinkCutsTheFrameOnItAndWaitsForComreset) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  const Duration lost = bench.now() + 10_us;
  bench.link.lose_at(lost);
  std::vector<std::uint8_t> bytes(8192);
  wire::Frame before = frame_of(FisType::register_h2d, 20), during = data_of(bytes), after = data_of(bytes);
  bench.host.send(before, bench.now());
  EXPECT_EQ(before.verdict, Verdict::r_ok);
  EXPECT_EQ(bench.host.send(during, lost - 5_us), lost);
  EXPECT_EQ(during.verdict, Verdict::no_link);
  bench.run();
  EXPECT_EQ(bench.device.count("SATA_FRAME"), 1u);
  EXPECT_EQ(bench.host.last().phase, "SATA_PHYLOST");
  EXPECT_EQ(bench.host.last().when, lost);
  EXPECT_EQ(bench.device.last().phase, "SATA_PHYLOST");
  bench.host.send(after, bench.now());
  EXPECT_EQ(after.verdict, Verdict::no_link);
  EXPECT_EQ(bench.link.statistics().lost.value(), 1u);
  bench.host.signal(wire::SATA_COMRESET, bench.now());
  bench.host.signal(wire::SATA_RELEASE, bench.now());
  bench.run();
  bench.host.send(after, bench.now());
  EXPECT_EQ(after.verdict, Verdict::r_ok);
}

TEST(SataPhy, ALinkLostBetweenArrivalAndAcknowledgementDeliversWithoutVerdict) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  const Duration when = bench.now();
  const FrameTime time = bench.link.timing().frame(5, 0);
  bench.link.lose_at(when + time.arrival + 1_ns);
  wire::Frame frame = frame_of(FisType::register_h2d, 20);
  bench.host.send(frame, when);
  EXPECT_EQ(bench.device.count("SATA_FRAME"), 1u);
  EXPECT_EQ(frame.verdict, Verdict::no_link);
}

TEST(SataPhy, ADeviceThatLosesSynchronisationComesBackByItself) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  const Duration lost = bench.now() + 1_us;
  bench.link.resynchronise_at(lost);
  bench.run();
  ASSERT_EQ(bench.host.count("SATA_PHYLOST"), 1u);
  ASSERT_EQ(bench.host.count("SATA_PHYRDY"), 2u);
  const OobTiming oob{parameters};
  EXPECT_EQ(bench.host.last().when, lost + parameters.cominit_response() + oob.cominit() + oob.established({3, 0}));
}

class SataSilence : public ::testing::TestWithParam<bool> {};
TEST_P(SataSilence, HearsNoComresetAndEndsByItself) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  const Duration lost = bench.now() + 1_us;
  bench.link.lose_for(lost, 50_ms);
  bench.run(10_ms);
  const unsigned heard = bench.device.count("SATA_COMRESET");
  if (GetParam()) {
    bench.host.signal(wire::SATA_COMRESET, bench.now());
    bench.host.signal(wire::SATA_RELEASE, bench.now());
  }
  bench.run(35_ms);
  EXPECT_EQ(bench.link.generation(), 0u);
  EXPECT_EQ(bench.device.count("SATA_COMRESET"), heard);
  EXPECT_EQ(bench.host.count("SATA_PHYRDY"), 1u);
  bench.run(10_ms);
  ASSERT_EQ(bench.host.count("SATA_PHYRDY"), 2u);
  const OobTiming oob{parameters};
  EXPECT_EQ(bench.host.last().when, lost + 50_ms + parameters.cominit_response() + oob.cominit() + oob.established({3, 0}));
}
INSTANTIATE_TEST_SUITE_P(Sata, SataSilence, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "reset_meanwhile" : "waited_for"; });

TEST(SataPhy, AComresetThatOutlastsTheSilenceIsHeard) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  bench.link.lose_for(bench.now() + 1_us, 10_ms);
  bench.run(5_ms);
  bench.host.signal(wire::SATA_COMRESET, bench.now());
  bench.run(10_ms);
  EXPECT_EQ(bench.host.count("SATA_PHYRDY"), 1u);
  const Duration released = bench.now();
  bench.host.signal(wire::SATA_RELEASE, released);
  bench.run();
  const OobTiming oob{parameters};
  ASSERT_EQ(bench.host.count("SATA_PHYRDY"), 2u);
  EXPECT_EQ(bench.host.last().when, oob.cominit_seen(released, released) - oob.comreset() + oob.established({3, 0}));
}

struct Recorder final : kit::ProbeSink {
  std::map<std::string, std::vector<std::string>> states, spans;
  std::vector<std::uint64_t> requests;
  void state(const kit::StateProbe& probe, kit::Duration, std::uint64_t value) override {
    states[probe.name()].push_back(probe.words().at(value));
  }
  void span(const kit::Track& track, const char* what, kit::Duration begin, kit::Duration end, std::uint64_t request) override {
    EXPECT_LT(begin, end);
    spans[track.name()].push_back(what);
    requests.push_back(request);
  }
};

TEST(SataObserved, StatesAndSpansTellTheStory) {
  LinkParameters parameters;
  Bench bench{parameters};
  Recorder recorder;
  bench.context.probes.attach(recorder);
  bench.start();
  wire::RequestTag tag;
  tag.open(42);
  wire::Frame frame = frame_of(FisType::dma_setup, 28);
  frame.tag = &tag;
  bench.device.send(frame, bench.now());
  EXPECT_EQ(recorder.states["link.state"], (std::vector<std::string>{"awaiting", "negotiating", "idle", "device_frame", "idle"}));
  EXPECT_EQ(recorder.states["link.generation"], (std::vector<std::string>{"6 Gb/s"}));
  EXPECT_EQ(recorder.spans["link.to_host"], (std::vector<std::string>{"DMA Setup"}));
  EXPECT_EQ(recorder.requests, (std::vector<std::uint64_t>{42}));
}

struct Tracer final : WireObserver {
  struct Seen {
    Direction direction;
    Duration when;
    LineDword content;
  };
  std::vector<Seen> seen;
  Disparity disparity[2] = {Disparity::minus, Disparity::minus};
  void dword(Direction direction, Duration when, const LineDword& content, std::uint64_t line) override {
    seen.push_back({direction, when, content});
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) {
      const Decoded d = decode(static_cast<std::uint16_t>(line >> (30 - 10 * i) & 0x3ff), disparity[static_cast<unsigned>(direction)]);
      EXPECT_TRUE(d.valid && d.disparity_ok);
      value |= static_cast<std::uint32_t>(d.byte) << (8 * i);
    }
    EXPECT_EQ(value, content.dword);
  }
  std::string primitives() const {
    std::string text;
    for (const Seen& s : seen)
      if (s.content.primitive) text += std::string{name_of(static_cast<Primitive>(s.content.dword))} + ' ';
    return text;
  }
};

TEST(SataObserved, ABitTrueTraceShowsAFrameAndItsRepetition) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  Tracer tracer;
  bench.link.observe(&tracer);
  bench.link.damage(Direction::to_device);
  wire::Frame frame = frame_of(FisType::register_h2d, 20);
  const Duration end = bench.host.send(frame, bench.now());
  EXPECT_EQ(tracer.primitives(), "X_RDY R_RDY SOF EOF WTRM R_ERR SYNC X_RDY R_RDY SOF EOF WTRM R_OK SYNC ");
  EXPECT_EQ(tracer.seen.size(), 2 * (7 + 6u));
  EXPECT_EQ(tracer.seen.back().when, end);
  for (std::size_t i = 1; i < tracer.seen.size(); ++i) EXPECT_LE(tracer.seen[i - 1].when, tracer.seen[i].when);
  tracer.seen.clear();
  std::vector<std::uint8_t> bytes(8192, 3);
  wire::Frame data = data_of(bytes);
  bench.device.send(data, end + 1_us);
  EXPECT_EQ(tracer.seen.size(), 2048 + 2 + 7 + 2 * 8u);  // 2052 dwords of frame: eight pairs of ALIGN
  bench.link.observe(nullptr);
  bench.device.send(data, end + 1_ms);
  EXPECT_EQ(tracer.seen.size(), 2048 + 2 + 7 + 2 * 8u);
}

TEST(SataObserved, ABitTrueTraceShowsHoldOfBothSidesAndTheReceiversVerdict) {
  LinkParameters parameters;
  Bench bench{parameters};
  bench.start();
  Tracer tracer;
  bench.link.observe(&tracer);
  std::vector<std::uint8_t> bytes(64, 3);
  wire::Frame data = data_of(bytes);
  const Duration when = bench.now();
  data.source_end_ps = (when + 10_us).ps();
  Duration end = bench.device.send(data, when);
  EXPECT_EQ(tracer.primitives(), "X_RDY R_RDY SOF HOLD HOLDA EOF WTRM R_OK SYNC ");
  EXPECT_EQ(tracer.seen.back().when, end);
  EXPECT_GT(end, when + 10_us);
  tracer.seen.clear();
  data.source_end_ps = 0;
  bench.host.on_frame = [](wire::Frame& f, Duration arrival) {
    f.verdict = Verdict::r_err;
    return arrival + 5_us;
  };
  end = bench.device.send(data, when + 1_ms);
  EXPECT_EQ(tracer.primitives(), "X_RDY R_RDY SOF HOLD HOLDA R_IP EOF WTRM R_ERR SYNC ");
  EXPECT_EQ(tracer.seen.back().when, end);
}

}  // namespace
}  // namespace ahcisim::sata::testing
