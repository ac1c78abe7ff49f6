// SPDX-License-Identifier: MIT
// Every request of a guest: its stages are in their order, sum to its latency to the picosecond, and none is missing; runs repeat.
#include <gtest/gtest.h>

#include <ahcisim/models/host/vm/parameters.hpp>

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

/// Each stage of the mean 4 KiB request, alone, of a guest whose image answers at once on a host of 2012; in picoseconds.
struct Alone {
  explicit Alone(const Settings& more) {
    Settings all{{"machine.deployment", "emulated"}, {"image.backing", "instant"}, {"vm.costs", "kvm-2012"}, {"workload.requests", "101"}};
    all.insert(all.end(), more.begin(), more.end());
    RunOptions options;
    options.accounts = true;
    run = run_machine(all, options);
    EXPECT_EQ(run.unbalanced, 0u) << run.first_wrong;
  }
  std::int64_t operator[](wire::Stage stage) const {
    return run.stage_ps[static_cast<std::size_t>(stage)] / static_cast<std::int64_t>(run.requests);
  }
  /// The accesses of a group took the time of so many, of so many ends of interrupt, and of wires that fell, for which the device
  /// code asks by system call.
  void expect(wire::Stage first, int accesses, int ends, int wires = 0) const {
    const host::VmParameters v{"kvm-2012"};
    const kit::Duration one[] = {v.exit(), v.decode() + v.to_user(), v.dispatch(), v.device_access(), v.from_user() + v.entry()};
    for (std::size_t i = 0; i < wire::trap_count; ++i) {
      const auto stage = static_cast<wire::Stage>(static_cast<std::size_t>(first) + i);
      const kit::Duration end = i == 0 ? v.exit() + v.in_kernel() : i == 4 ? v.entry() : kit::Duration{};
      const kit::Duration wire = i == 3 ? v.irq_ioctl() : kit::Duration{};
      EXPECT_EQ((*this)[stage], (one[i] * accesses + end * ends + wire * wires).ps()) << wire::name_of(stage);
    }
  }
  MachineRun run;
};

// 26 accesses: 14 before the Command register's, 3 after it, of which the last starts the bus master, 8 in the handler.
TEST(EmulatedStages, AccessesOfAnIdeDmaRead) {
  const Alone read{{{"machine.interface", "ide"}, {"workload.pattern", "randread"}}};
  read.expect(wire::Stage::issue_trap, 14, 0);
  read.expect(wire::Stage::handler_trap, 8, 1, 1);
  EXPECT_GT(read[wire::Stage::data_trap], 0) << "the data waits for the bus master to be started";
}

// A write's data waits from when device code has read the command: for the way back from there, two accesses, and the way of the one
// that starts the bus master up to its device code.
TEST(EmulatedStages, AccessesThatTheDataOfAnIdeDmaWriteWaitsFor) {
  const Alone write{{{"machine.interface", "ide"}, {"workload.pattern", "randwrite"}}};
  const host::VmParameters v{"kvm-2012"};
  EXPECT_EQ(write[wire::Stage::data_trap], (v.exit() * 3).ps());
  EXPECT_EQ(write[wire::Stage::data_emulator], ((v.decode() + v.to_user()) * 3).ps());
  EXPECT_EQ(write[wire::Stage::data_dispatch], (v.dispatch() * 3).ps());
  EXPECT_EQ(write[wire::Stage::data_device], (v.device_access() * 2).ps());
  EXPECT_EQ(write[wire::Stage::data_entry], ((v.from_user() + v.entry()) * 3).ps());
}

TEST(EmulatedStages, AccessesOfAQueuedRead) {
  const Alone read{{{"machine.interface", "ahci"}, {"workload.pattern", "randread"}}};
  read.expect(wire::Stage::issue_trap, 1, 0);
  read.expect(wire::Stage::data_trap, 0, 0);
  read.expect(wire::Stage::handler_trap, 5, 1);
}

TEST(EmulatedStages, AccessesOfAVirtioRead) {
  const Alone message{{{"machine.interface", "virtio_blk"}, {"workload.pattern", "randread"}}};
  message.expect(wire::Stage::issue_trap, 0, 0);
  message.expect(wire::Stage::handler_trap, 0, 1);
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
