// SPDX-License-Identifier: MIT
// One command's time is the sum of its parts, to the picosecond; throughput follows the slower of link and memory.
#include <gtest/gtest.h>

#include "support/ahci_bench.hpp"

namespace ahcisim {
namespace {

using namespace kit::literals;
using bench::AhciBench;
using kit::Duration;
constexpr unsigned SACT = 0x34, CI = 0x38;

struct Timing : ::testing::Test {
  ahci::HbaParameters parameters;
  AhciBench b{parameters};
  wire::TagBoard board;
  wire::RequestTag tag;

  void SetUp() override {
    b.hba.set_tag_board(&board);
    b.bring_up();
  }
  Duration at(wire::Stage stage) const { return Duration::from_ps(tag.when(stage)); }
  Duration memory(std::uint32_t bytes) const { return b.memory.latency + Duration::from_ps(static_cast<std::int64_t>(b.memory.ps_per_byte * bytes)); }
  Duration wire_time(std::uint32_t bytes) const {
    return b.device[0]->wire_latency + Duration::from_ps(static_cast<std::int64_t>(b.device[0]->wire_ps_per_byte * bytes));
  }
};

TEST_F(Timing, QueuedReadIsTheSumOfItsParts) {
  board.at(0, 2) = &tag;
  b.prepare(0, 2, AhciBench::queued_fis(false, 2, 0, 8), {{0x400000, 4096}});
  const Duration start = b.now();
  b.issue(0, 2, true);
  ASSERT_TRUE(b.run_until([&] { return b.read(AhciBench::port(0, SACT)) == 0; }));
  const Duration fetched = start + parameters.command_issue() + memory(32) + parameters.command_prepare() + memory(128 + 16) +
                           parameters.command_prepare();
  EXPECT_EQ(at(wire::Stage::fetched), fetched);
  // The device: command on the wire, D2H back at once; after its service time DMA Setup, Data, Set Device Bits, each when the
  // one before is acknowledged.
  const Duration received = fetched + wire_time(20);
  const Duration answered = received + b.device[0]->service;
  const Duration latency = b.device[0]->wire_latency;
  const Duration data = answered + wire_time(28) + latency + wire_time(4 + 4096);
  EXPECT_EQ(at(wire::Stage::transferred), data);
  const Duration status = data + latency + wire_time(8) + parameters.fis_receive() + memory(8);
  EXPECT_EQ(at(wire::Stage::status), status);
  EXPECT_EQ(b.hba.statistics().command_time.highest(), status - start - parameters.command_issue());
}

TEST_F(Timing, SecondCommandWaitsForTheRegisterFisOfTheFirst) {
  wire::RequestTag second;
  board.at(0, 0) = &tag, board.at(0, 1) = &second;
  b.device[0]->service = 100_us;
  for (unsigned slot = 0; slot < 2; ++slot)
    b.prepare(0, slot, AhciBench::queued_fis(false, slot, 0, 8), {{0x400000, 4096}});
  b.write(AhciBench::port(0, SACT), 3);
  b.write(AhciBench::port(0, CI), 3);
  ASSERT_TRUE(b.run_until([&] { return b.read(AhciBench::port(0, SACT)) == 0; }));
  const Duration released = at(wire::Stage::fetched) + wire_time(20) + wire_time(20) + parameters.fis_receive() + memory(20);
  const Duration fetch = parameters.command_issue() + memory(32) + parameters.command_prepare() + memory(144) + parameters.command_prepare();
  EXPECT_EQ(Duration::from_ps(second.when(wire::Stage::fetched)), released + fetch);
}

TEST_F(Timing, SlowMemoryHoldsTheLinkToItsOwnRate) {
  b.memory.ps_per_byte = 2500;  // 400 MB/s against 600 MB/s
  b.memory.serial = true;
  board.at(0, 0) = &tag;
  b.prepare(0, 0, AhciBench::queued_fis(false, 0, 0, 1024), {{0x400000, 1u << 19}});
  b.issue(0, 0, true);
  ASSERT_TRUE(b.run_until([&] { return b.read(AhciBench::port(0, SACT)) == 0; }, 10_ms));
  EXPECT_EQ(b.device[0]->data_frames, 64u);
  const double seconds = (at(wire::Stage::transferred) - at(wire::Stage::fetched) - b.device[0]->service).seconds();
  const double rate = (1 << 19) / seconds / 1e6;
  EXPECT_LT(rate, 408.0);  // 400 MB/s, and 8 KiB of 512 KiB are still in the receive buffer
  EXPECT_GT(rate, 396.0);
}

TEST(SharedEngine, SixPortsAtFullRateFitIntoIt) {
  constexpr unsigned ports = 6, bytes = 1u << 19;
  ahci::HbaParameters parameters;
  AhciBench b{parameters, ports};
  b.memory.ps_per_byte = 10;
  wire::TagBoard board;
  wire::RequestTag tags[ports];
  b.hba.set_tag_board(&board);
  for (unsigned p = 0; p < ports; ++p) {
    b.bring_up(p);
    board.at(p, 0) = &tags[p];
    b.prepare(p, 0, AhciBench::queued_fis(false, 0, 0, bytes / 512), {{0x400000 + p * bytes, bytes}});
  }
  const Duration start = b.now();
  for (unsigned p = 0; p < ports; ++p) b.issue(p, 0, true);
  for (unsigned p = 0; p < ports; ++p) {
    ASSERT_TRUE(b.run_until([&] { return b.read(AhciBench::port(p, SACT)) == 0; }, 20_ms)) << "port " << p;
    const double rate = bytes / (Duration::from_ps(tags[p].when(wire::Stage::transferred)) - start).seconds() / 1e6;
    EXPECT_GT(rate, 580.0) << "port " << p;
  }
}

// Two ports, and an engine that is too slow for both at once: never more than its rate.
TEST(SharedEngine, BoundsWhatAllPortsMoveTogether) {
  constexpr unsigned ports = 2, bytes = 1u << 19;
  ahci::HbaParameters parameters;
  parameters.dma_rate.set(kit::Rate{500e6});
  AhciBench b{parameters, ports};
  b.memory.ps_per_byte = 10;
  for (unsigned p = 0; p < ports; ++p) {
    b.bring_up(p);
    b.prepare(p, 0, AhciBench::queued_fis(false, 0, 0, bytes / 512), {{0x400000 + p * bytes, bytes}});
  }
  const Duration start = b.now();
  for (unsigned p = 0; p < ports; ++p) b.issue(p, 0, true);
  ASSERT_TRUE(b.run_until([&] { return (b.read(AhciBench::port(0, SACT)) | b.read(AhciBench::port(1, SACT))) == 0; }, 20_ms));
  const double rate = ports * double{bytes} / (b.now() - start).seconds() / 1e6;
  EXPECT_LT(rate, 500.0);
  EXPECT_GT(rate, 480.0);
}

// Eight ports that always have data, and an engine for a fifth of it: an eighth each, at every moment, and all of the engine.
TEST(SharedEngine, EightPortsGetAnEighthEach) {
  constexpr unsigned ports = 8, bytes = 1u << 19;
  ahci::HbaParameters parameters;
  parameters.ports.set(ports);
  parameters.dma_rate.set(kit::Rate{1e9});
  AhciBench b{parameters, ports};
  b.memory.ps_per_byte = 10;
  for (unsigned p = 0; p < ports; ++p) {
    b.bring_up(p);
    b.prepare(p, 0, AhciBench::queued_fis(false, 0, 0, bytes / 512), {{0x400000 + p * bytes, bytes}});
  }
  for (unsigned p = 0; p < ports; ++p) b.issue(p, 0, true);
  const double engine = 8192 / (8192 / 1e9 + parameters.dma_overhead().seconds());
  const auto frames = [&b](unsigned p) { return b.device[p]->data_frames; };
  b.run(200_us);
  std::vector<unsigned> before, first;
  for (unsigned p = 0; p < ports; ++p) first.push_back(frames(p));
  before = first;
  constexpr unsigned windows = 13;
  const Duration window = 256_us;
  for (unsigned i = 0; i < windows; ++i) {
    b.run(window);
    for (unsigned p = 0; p < ports; ++p) {
      // In whole frames, of which 3.9 are a port's part of a window.
      EXPECT_NEAR(frames(p) - before[p], engine * window.seconds() / ports / 8192, 1.0) << "port " << p << " window " << i;
      before[p] = frames(p);
    }
  }
  double all = 0;
  for (unsigned p = 0; p < ports; ++p) {
    const double rate = (frames(p) - first[p]) * 8192 / (windows * window).seconds();
    EXPECT_NEAR(rate, engine / ports, engine / ports * 0.03) << "port " << p;
    all += rate;
  }
  EXPECT_NEAR(all, engine, engine * 0.01);
}

TEST_F(Timing, RegisterReadTakesItsLatencyAndAWriteNone) {
  b.read(0);
  EXPECT_EQ(b.last_delay, parameters.register_access());
  b.write(0x04, 0x80000002);
  EXPECT_EQ(b.last_delay, 0_ns);
}

TEST_F(Timing, EventsPerQueuedRead) {
  const unsigned warm = 10, measured = 100;
  std::uint64_t before = 0;
  for (unsigned i = 0; i < warm + measured; ++i) {
    if (i == warm) before = b.context.calendar.events();
    b.prepare(0, 0, AhciBench::queued_fis(false, 0, i, 1), {{0x400000, 512}});
    b.issue(0, 0, true);
    ASSERT_TRUE(b.run_until([&] { return b.read(AhciBench::port(0, SACT)) == 0; }));
  }
  // Three of the HBA's (fetch, Register D2H, Set Device Bits) and one of the bench's device.
  EXPECT_EQ(b.context.calendar.events() - before, 4u * measured);
}

}  // namespace
}  // namespace ahcisim
