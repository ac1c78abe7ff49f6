// SPDX-License-Identifier: MIT
// Every request's stages sum to its latency; runs repeat to the picosecond, whichever way events pass through the kernel.
#include <gtest/gtest.h>

#include <support/measure/machine_run.hpp>

namespace ahcisim::measure {
namespace {

struct Case {
  const char* name;
  Settings settings;
};

/// Machines that take different ways through the models.
const Case cases[] = {
    {"ssd_mixed", {{"machine.drive", "samsung-850-pro"}, {"workload.pattern", "randrw"}, {"workload.flush_every", "100"}, {"workload.depth", "32"}, {"workload.requests", "5000"}}},
    {"ssd_large", {{"machine.drive", "samsung-850-pro"}, {"workload.pattern", "rw"}, {"workload.block", "512KiB"}, {"workload.depth", "8"}, {"workload.requests", "400"}}},
    {"hdd_queued", {{"machine.drive", "ultrastar-dc-hc310"}, {"workload.pattern", "randrw"}, {"workload.depth", "32"}, {"workload.requests", "3000"}}},
    {"hdd_single", {{"machine.drive", "deskstar-7k500"}, {"workload.pattern", "randrw"}, {"host.driver.ncq", "false"}, {"workload.depth", "4"}, {"workload.requests", "1500"}}},
    {"hdd_single_large", {{"machine.drive", "ultrastar-dc-hc310"}, {"workload.pattern", "randrw"}, {"host.driver.ncq", "false"}, {"workload.block", "2MiB"}, {"workload.span", "1GiB"}, {"workload.depth", "16"}, {"workload.requests", "400"}}},
    {"hdd_without_cache", {{"machine.drive", "ultrastar-dc-hc310"}, {"workload.pattern", "randrw"}, {"host.driver.write_cache", "off"}, {"workload.block", "64KiB"}, {"workload.span", "1GiB"}, {"workload.depth", "8"}, {"workload.requests", "600"}}},
    {"hdd_sequential", {{"machine.drive", "deskstar-7k500"}, {"workload.pattern", "rw"}, {"workload.block", "16KiB"}, {"workload.depth", "4"}, {"workload.requests", "1500"}}},
    {"ssd_one_by_one", {{"machine.drive", "intel-s4500"}, {"workload.pattern", "randrw"}, {"workload.flush_every", "20"}, {"workload.depth", "1"}, {"workload.requests", "1000"}}},
    {"ide_dma", {{"machine.interface", "ide"}, {"machine.drive", "instant"}, {"workload.pattern", "randrw"}, {"workload.flush_every", "50"}, {"workload.depth", "4"}, {"workload.requests", "1000"}}},
    {"ide_multiword", {{"machine.interface", "ide"}, {"machine.drive", "samsung-850-pro"}, {"host.driver.fastest_mode", "mwdma2"}, {"workload.pattern", "randrw"}, {"workload.block", "512KiB"}, {"workload.depth", "2"}, {"workload.requests", "400"}}},
    {"ide_dma_hdd", {{"machine.interface", "ide"}, {"machine.drive", "ultrastar-dc-hc310"}, {"workload.pattern", "randrw"}, {"workload.block", "64KiB"}, {"workload.depth", "4"}, {"workload.requests", "400"}}},
    {"ide_pio", {{"machine.interface", "ide"}, {"machine.drive", "instant"}, {"host.driver.mode", "pio"}, {"workload.pattern", "randrw"}, {"workload.depth", "4"}, {"workload.requests", "500"}}},
    {"ide_pio_multiple", {{"machine.interface", "ide"}, {"machine.drive", "samsung-850-pro"}, {"host.driver.mode", "pio"}, {"host.driver.multiple", "16"}, {"workload.pattern", "randrw"}, {"workload.block", "64KiB"}, {"workload.depth", "2"}, {"workload.requests", "400"}}},
    {"instant_line", {{"machine.drive", "instant"}, {"workload.pattern", "randrw"}, {"host.driver.interrupts", "intx"}, {"workload.depth", "7"}, {"workload.requests", "4000"}}},
    {"narrow", {{"machine.drive", "instant"}, {"workload.pattern", "randrw"}, {"workload.block", "64KiB"}, {"pcie.link.generation", "1"}, {"pcie.link.lanes", "1"}, {"workload.depth", "32"}, {"workload.requests", "1500"}}},
};

class Machine : public ::testing::TestWithParam<Case> {
 protected:
  static MachineRun run(std::uint64_t seed, bool kernel_steps) {
    RunOptions options;
    options.accounts = true;
    options.seed = seed;
    options.kernel_steps = kernel_steps;
    return run_machine_apart(GetParam().settings, options);
  }
};
INSTANTIATE_TEST_SUITE_P(All, Machine, ::testing::ValuesIn(cases), [](const auto& info) { return std::string{info.param.name}; });

TEST_P(Machine, StagesOfEveryRequestSumToItsLatency) {
  const MachineRun run = this->run(1, false);
  EXPECT_GT(run.requests, 300u);
  EXPECT_EQ(run.errors, 0u);
  EXPECT_EQ(run.unbalanced, 0u) << run.first_wrong;
  EXPECT_EQ(run.unfinished_stages, 0u) << run.first_wrong;
  EXPECT_EQ(run.diagnostics, 0u) << "the driver is well behaved";
}

TEST_P(Machine, RunningAheadChangesNothing) {
  const MachineRun ahead = this->run(1, false), steps = this->run(1, true);
  EXPECT_EQ(ahead.fingerprint, steps.fingerprint);
  EXPECT_EQ(ahead.simulated_seconds, steps.simulated_seconds);
  EXPECT_EQ(ahead.events_per_request, steps.events_per_request);
}

TEST_P(Machine, SameSeedSameRunOtherSeedOtherRun) {
  const MachineRun first = this->run(1, false), again = this->run(1, false);
  EXPECT_EQ(first.fingerprint, again.fingerprint);
  EXPECT_EQ(first.simulated_seconds, again.simulated_seconds);
  const std::string name = GetParam().name;
  const bool random = name != "ssd_large" && name != "hdd_sequential";
  if (random) {
    EXPECT_NE(first.fingerprint, this->run(2, false).fingerprint);
  }
}

}  // namespace
}  // namespace ahcisim::measure
