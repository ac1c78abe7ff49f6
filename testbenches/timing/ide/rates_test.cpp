// SPDX-License-Identifier: MIT
// How long accesses and transfers take: each mode's cycle exactly, ready at t and not before, sequential rates of PIO 4
// and Ultra DMA 133 from an instant medium with a host that costs nothing, and what a request costs in events.
#include <gtest/gtest.h>

#include <support/ide_sequential.hpp>

namespace ahcisim {
namespace {

using bench::IdeBench;
using bench::IdeSequential;
using bench::IdeSetup;
using kit::Duration;
using namespace kit::literals;

void select_mode(IdeBench& b, unsigned mode) {
  b.issue({0xef, 0, mode, 3});
  ASSERT_TRUE(b.wait_interrupt());
  ASSERT_EQ(b.status(), 0x50);
}

TEST(Cycles, EachPioModeExactly) {
  IdeBench b;
  b.start();
  const int words[] = {600, 383, 240, 180, 120}, registers[] = {600, 383, 330, 180, 120};
  const Duration access = b.setup.ide.register_access();
  for (unsigned mode = 0; mode < 5; ++mode) {
    select_mode(b, 8 + mode);
    b.alternate();
    EXPECT_EQ(b.last_time, access + Duration::from_ps(registers[mode] * 1000));
    b.out(0x1f2, 1);
    EXPECT_EQ(b.last_time, access + Duration::from_ps(registers[mode] * 1000));
    b.issue({0x20, 0, 1});
    ASSERT_TRUE(b.wait_interrupt());
    b.status();
    b.in(0x1f0, 2);
    EXPECT_EQ(b.last_time, access + Duration::from_ps(words[mode] * 1000));
    b.in(0x1f0, 4);
    EXPECT_EQ(b.last_time, access + 2 * Duration::from_ps(words[mode] * 1000));
    b.ins(256);
    EXPECT_EQ(b.last_time, access + 128 * Duration::from_ps(words[mode] * 1000));
    b.ins(250, 2, 1_us);
    EXPECT_EQ(b.last_time, access + 125 * 1_us) << "the requester is slower";
  }
}

TEST(Cycles, EachDmaModeExactly) {
  IdeBench b;
  b.start();
  b.write_prds({{0x100000, 0}});
  // Mode, a word, and what an Ultra DMA burst has around its words: 180 ns, tFS and tLI (ATA/ATAPI-7).
  const struct { unsigned mode; int ns, burst; } modes[] = {{32, 480, 0}, {33, 150, 0}, {34, 120, 0}, {64, 120, 510}, {65, 80, 480},
                                                            {66, 60, 450}, {67, 45, 360}, {68, 30, 350}, {69, 20, 295}, {70, 15, 270}};
  for (const auto& [mode, ns, burst] : modes) {
    select_mode(b, mode);
    Duration took[2];
    for (unsigned frames : {1u, 2u}) {
      b.prepare_bus_master(true);
      b.issue({0xc8, 0, 16 * frames});
      b.run(50_us);  // the data waits for the bus master
      const Duration begin = b.now();
      b.start_bus_master();
      ASSERT_TRUE(b.wait_interrupt());
      took[frames - 1] = b.interrupts.rose[0] - begin;
      b.run(10_ms);
      b.stop_bus_master();
      b.status();
    }
    EXPECT_EQ(took[1] - took[0], Duration::from_ps((4096 * ns + burst) * 1000)) << "mode " << mode;
  }
}

TEST(Ready, AtItsTimeAndNotBefore) {
  IdeBench b;
  b.start();
  b.fast();
  b.write_prds({{0x100000, 8192}});
  b.prepare_bus_master(true);
  b.issue({0xc8, 0, 16});
  b.run(50_us);
  b.passes_time = false;
  const Duration begin = b.now();
  b.out(IdeBench::BMIC, 9);
  // The PRD's fetch, then a burst: 120 ns, 4096 words of 15 ns, 150 ns; Status and INTRQ at once.
  const Duration ready = begin + b.memory.latency + 120_ns + 4096 * 15_ns + 150_ns;
  b.run(ready - 1_ps - begin);
  b.ahead = {};
  EXPECT_EQ(b.alternate() & 0x80, 0x80);
  b.ahead = {};
  EXPECT_EQ(b.in(IdeBench::BMIS)&7, 1u);
  EXPECT_EQ(b.interrupts.count[0], 0u);
  b.run(1_ps);
  b.ahead = {};
  EXPECT_EQ(b.alternate(), 0x50);
  b.ahead = {};
  EXPECT_EQ(b.in(IdeBench::BMIS)&7, 4u);
  EXPECT_EQ(b.interrupts.rose[0], ready + b.setup.ide.interrupt_delay());
}

TEST(Rates, Pio4NeverAbove16Point7AndAtLeastNineTenths) {
  IdeSequential s;
  const double rate = bench::sequential_pio4(s);
  EXPECT_EQ(s.wrong, "");
  RecordProperty("rate", std::to_string(rate));
  EXPECT_LE(rate, 16.7e6);
  EXPECT_GE(rate, 0.9 * 16.7e6);
}

TEST(Rates, UltraDma133NeverAboveAndAtLeastNineTenths) {
  IdeSequential s;
  for (const bool to_memory : {true, false}) {
    SCOPED_TRACE(to_memory ? "read" : "write");
    const double rate = bench::sequential_udma133(s, to_memory);
    EXPECT_EQ(s.wrong, "");
    RecordProperty(to_memory ? "read" : "write", std::to_string(rate));
    EXPECT_LE(rate, 133e6);  // 2 bytes in 15 ns are 133.3, less what each burst has around its words
    EXPECT_GE(rate, 120e6);
  }
}

TEST(Cost, AFewEventsForADmaRequest) {
  IdeSequential s;
  s.b.write_prds({{0x100000, 4096}});
  bool to_memory = true;
  s.issue = [&] {
    s.b.prepare_bus_master(to_memory);
    s.b.issue({static_cast<std::uint8_t>(to_memory ? 0xc8 : 0xca), 0, 8});
    s.b.start_bus_master();
  };
  s.handler = [&] {
    s.b.in(IdeBench::BMIS);
    s.b.stop_bus_master();
    s.b.status();
    s.next();
  };
  s.run(100, 4096);
  EXPECT_LE(s.events_per_command(100), 4.01) << "command, status, the handler's own";
  std::printf("events per 4 KiB read, one of them the handler's: %.2f\n", s.events_per_command(100));
  to_memory = false;
  s.run(100, 4096);
  EXPECT_LE(s.events_per_command(100), 6.01);
  std::printf("events per 4 KiB write, one of them the handler's: %.2f\n", s.events_per_command(100));
}

TEST(Cost, WithoutACableOnlyTheDeviceAndMemoryTakeTime) {
  IdeBench b{[](IdeSetup& s) {
    s.ide.set("bus", "none");
    s.ide.set("register_access", "0ns");
    s.ide.set("interrupt_delay", "0ns");
    s.ide.set("dma_overhead", "0ns");
    s.ide.set("dma_rate", "1000GB/s");
    s.ata.set("command_decode", "0ns");
  }};
  b.memory.latency = {};
  b.start();
  b.passes_time = false;
  b.write_prds({{0x100000, 65536 - 512}});
  b.prepare_bus_master(true);
  const Duration before = b.now();
  b.issue({0xc8, 0, 127});
  b.ahead = {};
  b.start_bus_master();
  EXPECT_EQ(b.ahead.ps(), 0) << "register accesses take no time";
  b.run(1_us);
  EXPECT_EQ(b.interrupts.count[0], 1u);
  EXPECT_LE(b.interrupts.rose[0] - before, 1_us) << "the engine's occupancy: 64 KiB at 1 TB/s";
}

}  // namespace
}  // namespace ahcisim
