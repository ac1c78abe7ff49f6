// SPDX-License-Identifier: MIT
// Trapped accesses and interrupts for a request, by interface: exactly those that a Linux guest makes under QEMU.
#include <gtest/gtest.h>

#include <support/measure/machine_run.hpp>

namespace ahcisim::measure {
namespace {

/// One request at a time on an image in the host's memory.
MachineRun one_at_a_time(const char* interface, const Settings& settings, const std::vector<std::string>& count = {}) {
  Settings all{{"machine.deployment", "emulated"}, {"machine.interface", interface}, {"image.backing", "tmpfs"},
               {"workload.depth", "1"}, {"workload.requests", "201"}};
  all.insert(all.end(), settings.begin(), settings.end());
  RunOptions options;
  options.count = count;
  const MachineRun run = run_machine(all, options);
  EXPECT_EQ(run.requests, 200u);
  EXPECT_EQ(run.errors, 0u);
  EXPECT_EQ(run.diagnostics, 0u);
  return run;
}

void expect_exactly(const char* interface, const Settings& settings, double exits) {
  const MachineRun run = one_at_a_time(interface, settings);
  EXPECT_EQ(run.exits_per_request, exits);
  EXPECT_EQ(run.driver_accesses_per_request, exits) << "the driver counts what the hypervisor traps";
  EXPECT_EQ(run.interrupts_per_request, 1);
}

TEST(EmulatedAccesses, IdeDma28) {
  expect_exactly("ide", {{"workload.pattern", "randread"}}, 26);
}
TEST(EmulatedAccesses, IdeDma28Writes) {
  expect_exactly("ide", {{"workload.pattern", "randwrite"}}, 26);
}
// Beyond 128 GiB, and more than 256 sectors: 48-bit addresses write five registers twice.
TEST(EmulatedAccesses, IdeDma48ByAddress) {
  expect_exactly("ide", {{"image.size", "256GiB"}, {"workload.offset", "200GiB"}}, 31);
}
// A buffer of large pieces, as dd's is on huge pages: one command for all of it.
TEST(EmulatedAccesses, IdeOneMebibyteIsOneCommand) {
  expect_exactly("ide", {{"workload.block", "1MiB"}, {"workload.pattern", "read"}, {"guest.driver.segment", "64KiB"}}, 31);
}
// 13 for the command, for each of 8 sectors its DRQ block and 6 around it less the string access' share, and one more: each
// string access of a sector is one exit.
TEST(EmulatedAccesses, IdePioInBlocksOfOneSector) {
  const MachineRun run = one_at_a_time("ide", {{"guest.driver.mode", "pio"}}, {"guest.exit_bus.string_elements"});
  EXPECT_EQ(run.exits_per_request, 62);
  EXPECT_EQ(run.counts[0] / 200, 4096 / 4) << "doublewords";
  EXPECT_EQ(run.interrupts_per_request, 8) << "one for each DRQ block";
}
TEST(EmulatedAccesses, AhciQueued) {
  expect_exactly("ahci", {}, 7);
}
TEST(EmulatedAccesses, AhciQueuedWrites) {
  expect_exactly("ahci", {{"workload.pattern", "randwrite"}}, 7);
}
TEST(EmulatedAccesses, AhciUnqueued) {
  expect_exactly("ahci", {{"guest.driver.ncq", "false"}}, 6);
}
TEST(EmulatedAccesses, AhciQueuedWithAMessageForEachPort) {
  expect_exactly("ahci", {{"guest.driver.interrupts", "msi_per_port"}}, 5);
}
// QEMU's disk has IDENTIFY word 93 set, and Linux sends it 128 KiB at most.
TEST(EmulatedAccesses, AhciOneMebibyteBehindABridgeIsEightCommands) {
  const Settings large{{"workload.block", "1MiB"}, {"workload.pattern", "read"}, {"guest.ata.bridge_quirk", "true"}};
  EXPECT_EQ(one_at_a_time("ahci", large, {"guest.driver.commands"}).counts[0], 8 * 200);
}
TEST(EmulatedAccesses, AhciOneMebibyteWithoutABridge) {
  Settings large{{"workload.block", "1MiB"}, {"workload.pattern", "read"}, {"guest.driver.segment", "64KiB"}};
  const MachineRun run = one_at_a_time("ahci", large, {"guest.driver.commands"});
  EXPECT_EQ(run.counts[0], 200);
  EXPECT_EQ(run.exits_per_request, 7);
}
TEST(EmulatedAccesses, VirtioBlkWithMessages) {
  const MachineRun run = one_at_a_time("virtio_blk", {}, {"guest.exit_bus.exits.user"});
  EXPECT_EQ(run.exits_per_request, 1);
  EXPECT_EQ(run.interrupts_per_request, 1);
  EXPECT_EQ(run.counts[0], 0) << "the kick stays in the kernel";
}
TEST(EmulatedAccesses, VirtioBlkWithALine) {
  const MachineRun run = one_at_a_time("virtio_blk", {{"guest.driver.interrupts", "intx"}}, {"guest.exit_bus.exits.user"});
  EXPECT_EQ(run.exits_per_request, 2);
  EXPECT_EQ(run.interrupts_per_request, 1);
  EXPECT_EQ(run.counts[0], 200) << "reading ISR";
}
TEST(EmulatedAccesses, VirtioBlkOneMebibyte) {
  const MachineRun run = one_at_a_time("virtio_blk", {{"workload.block", "1MiB"}, {"workload.pattern", "read"}, {"guest.driver.segment", "64KiB"}});
  EXPECT_EQ(run.exits_per_request, 1);
  EXPECT_EQ(run.interrupts_per_request, 1);
}
// 32 at once: batches of kicks and interrupts, never more than one of each for a request.
TEST(EmulatedAccesses, QueueingBatches) {
  const auto deep = [](const char* interface) {
    RunOptions options;
    options.warm_up = 64;
    return run_machine_apart({{"machine.deployment", "emulated"}, {"machine.interface", interface}, {"image.backing", "tmpfs"},
                              {"workload.depth", "32"}, {"workload.requests", "4000"}}, options);
  };
  const MachineRun ahci = deep("ahci"), virtio = deep("virtio_blk");
  EXPECT_LT(ahci.exits_per_request, 7);
  EXPECT_LE(ahci.interrupts_per_request, 1);
  EXPECT_LE(virtio.exits_per_request, 1);
  EXPECT_LE(virtio.interrupts_per_request, 1);
  EXPECT_LT(virtio.exits_per_request, ahci.exits_per_request);
}

}  // namespace
}  // namespace ahcisim::measure
