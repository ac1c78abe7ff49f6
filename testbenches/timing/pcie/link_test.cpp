// SPDX-License-Identifier: MIT
// A link's time: credits, tags, streaming, and the time of a register read.
#include <gtest/gtest.h>

#include <cstdio>

#include <support/pcie_bench.hpp>

namespace ahcisim::test {
namespace {

using kit::Duration;
using namespace kit::literals;

// W TLPs for each round of the credit loop.
TEST(Credits, LimitWritesToTheWindowOverTheRoundTrip) {
  kit::Context context;
  PcieSetup headers, bytes;
  headers.link.set("root_posted_headers", "4");
  bytes.link.set("root_posted_data", "64");  // 1 KiB: four TLPs of 256 B
  PcieRig by_headers{"headers", context, headers}, by_bytes{"bytes", context, bytes};
  for (PcieRig* rig : {&by_headers, &by_bytes}) {
    rig->start();
    const double loop_ns = rig->link.timing().wire(24 + 256).ns() + 100 + 100 + 50;
    const double expected = 4 * 256 / loop_ns * 1e3;  // MB/s
    const double measured = sustained_write(*rig, 65536);
    std::printf("%.1f MB/s, expected %.1f\n", measured, expected);
    EXPECT_NEAR(measured, expected, 0.01 * expected);
    EXPECT_GT(rig->link.statistics().credit_stalls.value(), 1000u);
  }
}

TEST(Credits, HoldTheCpuThatWritesTooFast) {
  kit::Context context;
  PcieSetup setup;
  setup.link.set("endpoint_posted_headers", "1");
  setup.root.set("write_interval", "1ns");
  PcieRig rig{"rig", context, setup};
  rig.start();
  Duration now = 10_us;
  for (unsigned i = 0; i < 100; ++i) now = rig.cpu.post(PcieRig::bar0, i, 4, now);
  EXPECT_GT(now, 10_us + 99 * 250_ns) << "one write for each round trip of its credit";
}

TEST(Tags, LimitReadsToThoseOutstanding) {
  kit::Context context;
  PcieSetup setup;
  setup.link.set("tags", "2");
  PcieRig rig{"rig", context, setup};
  rig.start();
  const auto& timing = rig.link.timing();
  // Request, memory, completions of 512 B; two of them in each round trip.
  const double round_trip = timing.wire(24).ns() + 100 + 200 + 100 + timing.wire(512 + 2 * 20).ns();
  const double expected = 2 * 512 / round_trip * 1e3, measured = sustained_read(rig, 65536);
  std::printf("%.1f MB/s, expected %.1f\n", measured, expected);
  EXPECT_NEAR(measured, expected, 0.05 * expected);
  EXPECT_GT(rig.link.statistics().tag_stalls.value(), 1000u);
}

TEST(Streaming, AWriteEndsSoonAfterItsSourceAndLeavesTheLinkToOthers) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  std::vector<std::uint8_t> data(8192);
  const Duration end = rig.function.master(true, 0x1000, data.data(), 8192, 100_us, 113653_ns);
  EXPECT_GT(end, 113653_ns);
  EXPECT_LT(end, 113653_ns + 500_ns) << "cut through, not stored and forwarded";
  const Duration other = rig.function.master(true, 0x8000, data.data(), 4096, 101_us);
  EXPECT_LT(other, 103_us);
}

TEST(Streaming, AReadTellsWhenItsFirstBytesArrive) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  std::vector<std::uint8_t> data(65536);
  const Duration end = rig.function.master(false, 0, data.data(), 65536, 100_us);
  EXPECT_LT(rig.function.first, 100_us + 600_ns);
  EXPECT_GT(end, 100_us + rig.link.timing().wire(65536));
}

TEST(RegisterRead, TakesSixTenthsToOneMicrosecondOverAGen2Lane) {
  kit::Context context;
  PcieSetup setup;
  setup.link.set("generation", "2");
  setup.link.set("lanes", "1");
  PcieRig rig{"rig", context, setup};
  rig.start();
  const double ns = (rig.cpu.ask(false, PcieRig::bar0, 0, 4, 100_us).done - 100_us).ns();
  std::printf("register read %.0f ns\n", ns);
  EXPECT_GT(ns, 550);
  EXPECT_LT(ns, 1000);
}

}  // namespace
}  // namespace ahcisim::test
