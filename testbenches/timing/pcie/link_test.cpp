// SPDX-License-Identifier: MIT
// A link's time: trains against TLP by TLP, credits, tags, streaming, and the time of a register read.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <random>

#include <support/pcie_bench.hpp>

namespace ahcisim::test {
namespace {

using kit::Duration;
using namespace kit::literals;

struct Pair {
  explicit Pair(void (*configure)(PcieSetup&)) {
    configure(train_setup);
    configure(tlp_setup);
    tlp_setup.link.set("fidelity", "tlp");
    train.emplace("train", context, train_setup);
    tlp.emplace("tlp", context, tlp_setup);
    train->start();
    tlp->start();
  }
  kit::Context context;
  PcieSetup train_setup, tlp_setup;
  std::optional<PcieRig> train, tlp;
};

// Mean duration of random bus-master accesses, so many of them on the way at a time.
double mean_ns(PcieRig& rig, unsigned seed, unsigned depth, bool streaming) {
  std::mt19937 random{seed};
  std::vector<std::uint8_t> data(65536);
  std::vector<Duration> ends(depth, rig.quiet());
  double sum = 0;
  constexpr unsigned rounds = 3000;
  for (unsigned i = 0; i < rounds; ++i) {
    const auto next = std::min_element(ends.begin(), ends.end());
    const bool write = random() % 2;
    const std::uint32_t bytes = (1 + random() % 128) * 128;
    const std::uint64_t address = 0x1000 + random() % 1024 * 4;
    const Duration begin = *next, source = streaming && write ? begin + Duration::from_ns(bytes * 1.7) : Duration{};
    *next = rig.function.master(write, address, data.data(), bytes, begin, source);
    sum += (*next - begin).ns();
  }
  rig.busy_until = *std::max_element(ends.begin(), ends.end());
  return sum / rounds;
}

void compare(void (*configure)(PcieSetup&)) {
  Pair pair{configure};
  for (const unsigned depth : {1u, 4u})
    for (const bool streaming : {false, true}) {
      const double train = mean_ns(*pair.train, 7, depth, streaming), tlp = mean_ns(*pair.tlp, 7, depth, streaming);
      std::printf("depth %u%s: train %.1f ns, TLP by TLP %.1f ns (%+.2f %%)\n", depth, streaming ? " streaming" : "", train, tlp,
                  (train / tlp - 1) * 100);
      EXPECT_NEAR(train, tlp, 0.02 * tlp);
    }
}

TEST(Trains, AgreeWithTlpByTlpOnGen3x4) { compare([](PcieSetup&) {}); }
TEST(Trains, AgreeWithTlpByTlpOnGen2x1) {
  compare([](PcieSetup& s) {
    s.link.set("generation", "2");
    s.link.set("lanes", "1");
    s.link.set("max_payload", "128B");
  });
}
TEST(Trains, AgreeWithTlpByTlpOnGen5x16) {
  compare([](PcieSetup& s) {
    s.link.set("generation", "5");
    s.link.set("lanes", "16");
    s.link.set("max_payload", "512B");
    s.link.set("max_read_request", "4096B");
  });
}
TEST(Trains, AgreeWithTlpByTlpWhereCompletionsAreCutAtTheBoundary) {
  compare([](PcieSetup& s) { s.like_pcie_bench(); });
}

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
