// SPDX-License-Identifier: MIT
// Every request of a guest: its stages are in their order, sum to its latency to the picosecond, and none is missing; runs repeat.
#include <gtest/gtest.h>

#include <support/measure/machine_run.hpp>

namespace ahcisim::measure {
namespace {

struct Way {
  const char* name;
  Settings settings;
};

/// Ways through a guest's driver and the controller that the emulator shows it.
const Way ways[] = {
    {"ahci", {{"machine.interface", "ahci"}}},
    {"ahci_unqueued", {{"machine.interface", "ahci"}, {"guest.driver.ncq", "false"}}},
    {"ide_dma", {{"machine.interface", "ide"}}},
    {"ide_pio", {{"machine.interface", "ide"}, {"guest.driver.mode", "pio"}}},
    {"ide_pio_multiple", {{"machine.interface", "ide"}, {"guest.driver.mode", "pio"}, {"guest.driver.multiple", "16"}}},
    {"virtio_blk_msix", {{"machine.interface", "virtio_blk"}}},
    {"virtio_blk_intx", {{"machine.interface", "virtio_blk"}, {"guest.driver.interrupts", "intx"}}},
};
const char* const backings[] = {"drive", "tmpfs", "instant"};
const char* const caches[] = {"writeback", "none", "directsync"};

class EmulatedAccounts : public testing::TestWithParam<std::tuple<Way, const char*, const char*>> {
 protected:
  static MachineRun run(const Settings& more, std::uint64_t seed = 1, bool kernel_steps = false) {
    const auto& [way, backing, io] = GetParam();
    Settings all{{"machine.deployment", "emulated"}, {"image.backing", backing}, {"guest.io", io}, {"machine.drive", "samsung-850-pro"},
                 {"workload.pattern", "randrw"}, {"workload.flush_every", "50"}, {"workload.span", "1GiB"}, {"workload.depth", "16"},
                 {"workload.requests", "300"}};
    for (const Settings& settings : {way.settings, more}) all.insert(all.end(), settings.begin(), settings.end());
    RunOptions options;
    options.accounts = true;
    options.seed = seed;
    options.kernel_steps = kernel_steps;
    return run_machine_apart(all, options);
  }
  static bool direct() { return std::string{std::get<2>(GetParam())} == "direct"; }
  static void expect_accounts(const Settings& more, std::uint64_t seed) {
    const MachineRun run = EmulatedAccounts::run(more, seed);
    EXPECT_EQ(run.errors, 0u);
    EXPECT_EQ(run.diagnostics, 0u);
    EXPECT_EQ(run.unbalanced, 0u) << run.first_wrong;
    EXPECT_EQ(run.unfinished_stages, 0u) << run.first_wrong;
    if (direct()) {
      EXPECT_GE(run.at_disk, run.requests * 9 / 10) << "no cache answers; only flushes of nothing are not sent";
    }
  }
};
INSTANTIATE_TEST_SUITE_P(All, EmulatedAccounts,
                         testing::Combine(testing::ValuesIn(ways), testing::ValuesIn(backings), testing::Values("direct", "buffered")),
                         [](const auto& info) {
                           return std::string{std::get<0>(info.param).name} + "_" + std::get<1>(info.param) + "_" + std::get<2>(info.param);
                         });

TEST_P(EmulatedAccounts, InEveryCacheModeAtOnceAndOneByOne) {
  std::uint64_t seed = 10;
  for (const char* cache : caches)
    for (const char* depth : {"1", "16"}) {
      SCOPED_TRACE(std::string{cache} + ", depth " + depth);
      expect_accounts({{"image.cache", cache}, {"workload.depth", depth}}, ++seed);
    }
}

// In sequence, page caches read ahead: a request finds on its way what another one asked for.
TEST_P(EmulatedAccounts, InSequence) {
  std::uint64_t seed = 20;
  for (const char* pattern : {"read", "rw"})
    for (const char* depth : {"1", "4"}) {
      SCOPED_TRACE(std::string{pattern} + ", depth " + depth);
      expect_accounts({{"workload.pattern", pattern}, {"workload.depth", depth}}, ++seed);
    }
}

// Several commands each; on a hard disk in parts, and with what the guest reads from the host's cache.
TEST_P(EmulatedAccounts, OfLargeRequestsAndOfAHardDisk) {
  expect_accounts({{"workload.block", "2MiB"}, {"workload.depth", "3"}, {"workload.requests", "60"}}, 31);
  expect_accounts({{"machine.drive", "ultrastar-dc-hc310"}, {"workload.block", "64KiB"}, {"workload.span", "64MiB"}}, 32);
}

TEST_P(EmulatedAccounts, RunsRepeatWhicheverWayEventsPassTheKernel) {
  const MachineRun ahead = run({}), again = run({}), steps = run({}, 1, true), other = run({}, 2);
  EXPECT_EQ(ahead.fingerprint, again.fingerprint);
  EXPECT_EQ(ahead.fingerprint, steps.fingerprint);
  EXPECT_EQ(ahead.simulated_seconds, steps.simulated_seconds);
  EXPECT_EQ(ahead.events_per_request, steps.events_per_request);
  EXPECT_NE(ahead.fingerprint, other.fingerprint);
}

// What only an image on a drive has, and only where the call goes to it: every read's way to the arm and back.
TEST(EmulatedStages, OfAReadFromAHardDisk) {
  RunOptions options;
  options.accounts = true;
  const char* const there[] = {"host_sent", "selected", "positioned", "rotated", "media"};
  for (const char* stage : there) options.count.push_back(std::string{"pump.stages."} + stage);
  const MachineRun run = run_machine({{"machine.deployment", "emulated"}, {"machine.drive", "ultrastar-dc-hc310"}, {"image.cache", "none"},
                                      {"workload.requests", "101"}}, options);
  EXPECT_EQ(run.unbalanced, 0u) << run.first_wrong;
  for (std::size_t i = 0; i < std::size(there); ++i) EXPECT_EQ(run.counts[i], 100) << there[i];
}

}  // namespace
}  // namespace ahcisim::measure
