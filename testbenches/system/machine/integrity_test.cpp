// SPDX-License-Identifier: MIT
// Random requests of every size, alignment and fragmentation: every byte compared, on each way through the machine.
#include <gtest/gtest.h>

#include <cstdio>

#include <support/expect_right.hpp>

namespace ahcisim::measure {
namespace {

constexpr std::uint64_t requests = 20000;

IntegrityOptions seeded(std::uint64_t seed, std::uint64_t count = requests) {
  IntegrityOptions options;
  options.seed = seed;
  options.requests = count;
  return options;
}

TEST(Integrity, SolidStateDrive) { expect_right({{"machine.drive", "samsung-850-pro"}}, seeded(1)); }

TEST(Integrity, HardDisk) {
  IntegrityOptions options = seeded(2);
  options.trims = false;
  expect_right({{"machine.drive", "ultrastar-dc-hc310"}}, options);
}

TEST(Integrity, InstantMedium) { expect_right({{"machine.drive", "instant"}}, seeded(3)); }

TEST(Integrity, WithoutQueueing) {
  expect_right({{"machine.drive", "samsung-850-pro"}, {"host.driver.ncq", "false"}}, seeded(4));
}

TEST(Integrity, DeviceWithoutTheNcqFeatureSet) { expect_right({{"machine.drive", "instant"}, {"ata.queue_depth", "0"}}, seeded(5)); }

TEST(Integrity, FourCommandsAndALegacyInterruptLine) {
  expect_right({{"machine.drive", "instant"}, {"ahci.command_slots", "4"}, {"host.driver.interrupts", "intx"}}, seeded(6));
}

TEST(Integrity, DataLeavesOutOfOrderThroughBufferOffsets) {
  expect_right({{"machine.drive", "samsung-850-pro"}, {"ata.non_zero_offsets", "true"}}, seeded(7));
}

TEST(Integrity, WithoutAutoActivation) {
  expect_right({{"machine.drive", "samsung-850-pro"}, {"ata.auto_activate", "false"}}, seeded(8));
}

TEST(Integrity, NarrowPcieAndSmallReceiveBuffer) {
  expect_right({{"machine.drive", "samsung-850-pro"}, {"pcie.link.generation", "1"}, {"pcie.link.lanes", "1"},
                {"pcie.link.max_payload", "128B"}, {"ahci.receive_fifo", "256B"}}, seeded(9));
}

TEST(Integrity, EveryTlpByItself) {
  expect_right({{"machine.drive", "samsung-850-pro"}, {"pcie.link.fidelity", "tlp"}}, seeded(10, 5000));
}

// Some frames arrive damaged: commands and status are repeated by the link, data by the driver.
TEST(Integrity, SurvivesBitErrorsOnTheLink) {
  IntegrityOptions options = seeded(11, 5000);
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  const IntegrityRun run = run_integrity({{"machine.drive", "samsung-850-pro"}, {"sata.bit_error_rate", "1e-9x"}}, options);
  EXPECT_EQ(run.requests, options.requests);
  EXPECT_EQ(run.right, options.requests) << run.first_wrong;
}

}  // namespace
}  // namespace ahcisim::measure
