// SPDX-License-Identifier: MIT
// The measurements of pcie-bench (SIGCOMM 2018) and the throughput of links by generation and width.
#include <gtest/gtest.h>

#include <cstdio>
#include <deque>

#include <support/pcie_bench.hpp>

namespace ahcisim::test {
namespace {

TEST(PcieBench, DmaReadLatencyOfASandyBridgeHost) {
  kit::Context context;
  PcieSetup setup;
  setup.like_pcie_bench();
  PcieRig rig{"rig", context, setup};
  rig.start();
  const struct { std::uint32_t bytes; double ns; } measured[] = {{64, 557}, {128, 586}, {256, 631}, {512, 710}, {1024, 860}, {2048, 1139}};
  for (const auto& point : measured) {
    const double ns = bench_dma_read_latency(rig, point.bytes);
    std::printf("pcie.latency.%u\t%.0f\tns\t%.0f\n", point.bytes, ns, point.ns);
    EXPECT_NEAR(ns, point.ns, 0.12 * point.ns) << point.bytes << " B";
  }
}

TEST(PcieBench, DmaWriteBandwidth) {
  kit::Context context;
  PcieSetup setup;
  setup.like_pcie_bench();
  PcieRig rig{"rig", context, setup};
  rig.start();
  const struct { std::uint32_t bytes; double gbps, tolerance; } measured[] = {
      {64, 24.27, 0.15}, {128, 42.40, 0.15}, {256, 50.55, 0.05}, {512, 54.44, 0.05}, {1024, 54.44, 0.05}, {2048, 54.44, 0.05}};
  for (const auto& point : measured) {
    const double gbps = bench_dma_write_bandwidth(rig, point.bytes);
    std::printf("pcie.write.%u\t%.2f\tGb/s\t%.2f\n", point.bytes, gbps, point.gbps);
    EXPECT_NEAR(gbps, point.gbps, point.tolerance * point.gbps) << point.bytes << " B";
  }
}

TEST(Throughput, MatchesTheProtocolModelForEveryLink) {
  struct Point { const char *generation, *lanes, *payload; double write, read; };
  const Point points[] = {{"1", "1", "128B", 196, 201}, {"2", "1", "128B", 397, 407}, {"2", "2", "128B", 765, 785},
                          {"2", "4", "128B", 1463, 1502}, {"3", "1", "128B", 787, 808}, {"3", "2", "256B", 1704, 1728}};
  kit::Context context;
  std::deque<PcieSetup> setups;
  std::deque<PcieRig> rigs;
  unsigned number = 0;
  for (const Point& point : points) {
    PcieSetup& setup = setups.emplace_back();
    setup.link.set("generation", point.generation);
    setup.link.set("lanes", point.lanes);
    setup.link.set("max_payload", point.payload);
    rigs.emplace_back(("rig" + std::to_string(number++)).c_str(), context, setup);
  }
  for (number = 0; number < rigs.size(); ++number) {
    rigs[number].start();
    const Point& point = points[number];
    const double write = sustained_write(rigs[number]), read = sustained_read(rigs[number]);
    std::printf("pcie.gen%sx%s\t%.1f / %.1f\tMB/s\t%.0f / %.0f\n", point.generation, point.lanes, write, read, point.write, point.read);
    EXPECT_NEAR(write, point.write, 0.01 * point.write);
    EXPECT_NEAR(read, point.read, 0.01 * point.read);
  }
}

}  // namespace
}  // namespace ahcisim::test
