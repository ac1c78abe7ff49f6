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
  EXPECT_EQ(run.unbalanced, 0u) << "stages are out of order or do not sum up";
  EXPECT_EQ(run.unfinished_stages, 0u) << "reads and writes that lack a stage";
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
  const bool random = std::string{GetParam().name} != "ssd_large";
  if (random) {
    EXPECT_NE(first.fingerprint, this->run(2, false).fingerprint);
  }
}

}  // namespace
}  // namespace ahcisim::measure
