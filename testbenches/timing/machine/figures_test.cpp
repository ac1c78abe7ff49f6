// SPDX-License-Identifier: MIT
// End to end, from the program's request to its completion: rates, latencies and register accesses against their references.
#include <gtest/gtest.h>

#include <cstdio>

#include <support/measure/figures.hpp>

namespace ahcisim::measure {
namespace {

TEST(SequentialReads, FillASataGen3LinkAsFarAsDrivesDo) {
  const double rate = sequential_read("samsung-850-pro");
  std::printf("%.1f MB/s\n", rate);
  EXPECT_GE(rate, 550);
  EXPECT_LE(rate, 562);
}

TEST(SequentialReads, FillASataGen2Link) {
  const double rate = sequential_read("samsung-850-pro", sata_gen2());
  std::printf("%.1f MB/s\n", rate);
  EXPECT_GE(rate, 250);
  EXPECT_LE(rate, 283);
}

// 600 MB/s × 2048/2052 × 254/256: what framing and ALIGN leave where nothing else takes time.
TEST(SequentialReads, NeverExceedWhatFramingLeaves) {
  const double rate = sequential_read("instant", sata_without_latency());
  std::printf("%.1f MB/s\n", rate);
  EXPECT_LE(rate, 594.2);
  EXPECT_GE(rate, 580) << "a link without latency is nearly full";
}

// The PCIe protocol leaves a gen2 x1 slot with payloads of 128 B 407 MB/s at 32-bit addresses and 397 at 64-bit ones.
TEST(SequentialReads, AreLimitedByAPcieGen2LaneWithSmallPayloads) {
  const double rate = sequential_read("samsung-850-pro", pcie_gen2x1());
  std::printf("%.1f MB/s\n", rate);
  EXPECT_GE(rate, 360);
  EXPECT_LE(rate, 397);
}

TEST(Samsung850Pro, RandomReadsRiseWithTheQueueFromTenToAHundredThousand) {
  double before = 0;
  for (const unsigned depth : {1u, 2u, 4u, 8u, 16u, 32u}) {
    const double iops = random_4k("samsung-850-pro", depth, 10000).iops;
    std::printf("depth %u: %.0f IOPS\n", depth, iops);
    EXPECT_GT(iops, before) << "at depth " << depth;
    before = iops;
    if (depth == 1) {
      EXPECT_NEAR(iops, 10000, 1000);
    }
    if (depth == 32) {
      EXPECT_NEAR(iops, 100000, 10000);
    }
  }
}

TEST(IntelS4500, LatenciesAndRateOfItsSpecification) {
  EXPECT_NEAR(random_4k("intel-s4500", 1, 5000).mean_latency_us, 110, 0.15 * 110);
  EXPECT_NEAR(random_4k("intel-s4500", 1, 5000, "randwrite").mean_latency_us, 52, 0.15 * 52);
  EXPECT_NEAR(random_4k("intel-s4500", 1, 5000, "read").mean_latency_us, 36, 0.15 * 36);
  EXPECT_NEAR(random_4k("intel-s4500", 32, 30000).iops, 72000, 0.15 * 72000);
  EXPECT_NEAR(sequential_read("intel-s4500"), 500, 0.15 * 500);
}

TEST(Deskstar7k500, SustainedRatesOfItsOutermostAndInnermostZone) {
  const double outermost = sustained("deskstar-7k500", Zone::outermost), innermost = sustained("deskstar-7k500", Zone::innermost);
  std::printf("%.1f and %.1f MB/s\n", outermost, innermost);
  EXPECT_NEAR(outermost, 64.8, 0.04 * 64.8);
  EXPECT_NEAR(innermost, 31.0, 0.04 * 31.0);
}

TEST(UltrastarHc310, RandomReadsOneAtATime) {
  const double iops = random_4k("ultrastar-dc-hc310", 1, 4000).iops;
  std::printf("%.1f IOPS\n", iops);
  EXPECT_NEAR(iops, 84, 0.08 * 84);
}

// Without queueing a depth of 32 in the driver buys nothing: one command is at the disk at a time.
TEST(UltrastarHc310, OnlyQueueingInTheDriveGains) {
  const double alone = random_4k("ultrastar-dc-hc310", 1, 3000, "randread", {{"host.driver.ncq", "false"}}).iops;
  const double waiting = random_4k("ultrastar-dc-hc310", 32, 3000, "randread", {{"host.driver.ncq", "false"}}).iops;
  const double queued = random_4k("ultrastar-dc-hc310", 32, 6000).iops;
  std::printf("%.1f, %.1f, %.1f IOPS\n", alone, waiting, queued);
  EXPECT_NEAR(waiting, alone, 0.03 * alone);
  EXPECT_GE(queued, 1.35 * alone);
  EXPECT_LE(queued, 2.2 * alone);
}

/// Accesses of one request as the driver makes them and as the HBA sees them.
void expect_accesses(const Settings& settings, double accesses) {
  const MachineRun run = register_accesses(settings);
  EXPECT_DOUBLE_EQ(run.driver_accesses_per_request, accesses);
  EXPECT_DOUBLE_EQ(run.device_accesses_per_request, accesses);
  EXPECT_DOUBLE_EQ(run.interrupts_per_request, 1);
  EXPECT_EQ(run.diagnostics, 0u);
}

TEST(RegisterAccesses, SevenForAQueuedCommand) { expect_accesses({}, 7); }
TEST(RegisterAccesses, SevenForAQueuedCommandThroughALine) { expect_accesses({{"host.driver.interrupts", "intx"}}, 7); }
TEST(RegisterAccesses, SixForOneThatIsNotQueued) { expect_accesses({{"host.driver.ncq", "false"}}, 6); }
TEST(RegisterAccesses, FiveWithAVectorForEachPort) { expect_accesses({{"host.driver.interrupts", "msi_per_port"}}, 5); }
TEST(RegisterAccesses, FiveWithAnMsixVectorForEachPort) { expect_accesses({{"host.driver.interrupts", "msix_per_port"}}, 5); }

/// A guest's, as they arrive at the emulator.
void expect_guest_accesses(const std::string& interface, Settings settings, double accesses) {
  settings.emplace_back("workload.depth", "1");
  const MachineRun run = emulated_4k(interface, 1000, settings);
  EXPECT_DOUBLE_EQ(run.device_accesses_per_request, accesses);
  EXPECT_EQ(run.errors, 0u);
  EXPECT_EQ(run.diagnostics, 0u);
}

TEST(RegisterAccesses, TwentySixForAnIdeDmaCommandOf28Bits) { expect_guest_accesses("ide", {}, 26); }
TEST(RegisterAccesses, ThirtyOneForAnIdeDmaCommandOf48Bits) {
  expect_guest_accesses("ide", {{"image.size", "256GiB"}, {"workload.offset", "160GiB"}}, 31);
}
TEST(RegisterAccesses, SixtyTwoForEightSectorsOfPio) { expect_guest_accesses("ide", {{"guest.driver.mode", "pio"}}, 62); }
TEST(RegisterAccesses, OneForVirtioWithMessages) { expect_guest_accesses("virtio_blk", {}, 1); }
TEST(RegisterAccesses, TwoForVirtioThroughALine) { expect_guest_accesses("virtio_blk", {{"guest.driver.interrupts", "intx"}}, 2); }
TEST(RegisterAccesses, SevenForAGuestsQueuedCommand) { expect_guest_accesses("ahci", {}, 7); }

/// Accesses that take effect at once where nothing lies between are those that go through the kernel one by one.
TEST(Emulated, RunningAheadChangesNothing) {
  const std::pair<const char*, Settings> cases[] = {
      {"ide", {}}, {"ide", {{"guest.driver.mode", "pio"}}}, {"ide", {{"vm.costs", "tcg"}, {"workload.pattern", "randrw"}}}, {"ahci", {}},
      {"virtio_blk", {{"guest.driver.interrupts", "intx"}}}};
  for (const auto& [interface, settings] : cases) {
    Settings all{{"machine.deployment", "emulated"}, {"machine.interface", interface}, {"image.backing", "tmpfs"},
                 {"workload.pattern", "randread"}, {"workload.depth", "4"}, {"workload.requests", "600"}};
    all.insert(all.end(), settings.begin(), settings.end());
    RunOptions options;
    options.accounts = true;
    const MachineRun ahead = run_machine_apart(all, options);
    options.kernel_steps = true;
    const MachineRun steps = run_machine_apart(all, options);
    EXPECT_EQ(ahead.fingerprint, steps.fingerprint) << interface;
    EXPECT_EQ(ahead.simulated_seconds, steps.simulated_seconds) << interface;
    EXPECT_EQ(ahead.events_per_request, steps.events_per_request) << interface;
    EXPECT_GT(ahead.requests, 500u);
  }
}

}  // namespace
}  // namespace ahcisim::measure
