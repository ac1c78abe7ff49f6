// SPDX-License-Identifier: MIT
// Trapped accesses and interrupts for a request, by interface: exactly those that a Linux guest makes under QEMU. And what the device
// touches of the guest's memory for it: what the interface's protocol says.
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

/// The device's accesses to the guest's memory for one request of 4 KiB in one piece, and the bytes that they move.
struct Touches {
  double reads, writes, read_bytes, written_bytes;
};

void expect_touches(const char* interface, const char* pattern, const Settings& settings, const Touches& touches) {
  Settings all{{"workload.pattern", pattern}};
  all.insert(all.end(), settings.begin(), settings.end());
  const MachineRun run = one_at_a_time(interface, all, {"guest.exit_bus.dma_reads", "guest.exit_bus.dma_writes",
                                                        "guest.exit_bus.dma_read_bytes", "guest.exit_bus.dma_written_bytes"});
  EXPECT_EQ(run.counts[0], 200 * touches.reads);
  EXPECT_EQ(run.counts[1], 200 * touches.writes);
  EXPECT_EQ(run.counts[2], 200 * touches.read_bytes);
  EXPECT_EQ(run.counts[3], 200 * touches.written_bytes);
}

constexpr double data = 4096;

// Bus Master IDE 1.0: a Physical Region Descriptor of 8 bytes for the region, then its data. The task file is in registers.
constexpr double prd = 8;
TEST(EmulatedTouches, IdeDmaRead) { expect_touches("ide", "randread", {}, {1, 1, prd, data}); }
TEST(EmulatedTouches, IdeDmaWrite) { expect_touches("ide", "randwrite", {}, {2, 0, prd + data, 0}); }
TEST(EmulatedTouches, IdePioHasNone) { expect_touches("ide", "randread", {{"guest.driver.mode", "pio"}}, {0, 0, 0, 0}); }

// AHCI 1.3.1: the command header of 32 bytes (4.2.2), the command table up to the end of its one PRD (4.2.3: 80h + 10h), and the
// received FISes (4.2.1), which are a Register D2H of 20 bytes, a DMA Setup of 28 and a Set Device Bits of 8 (Serial ATA 3.x, 10.5).
// A DMA Activate FIS is not posted. PRDBC, 4 bytes, is of commands that are not queued (4.2.2).
constexpr double header = 32, table = 0x80 + 0x10, register_fis = 20, dma_setup = 28, device_bits = 8, PRDBC = 4;
TEST(EmulatedTouches, AhciQueuedRead) {
  expect_touches("ahci", "randread", {}, {2, 4, header + table, register_fis + dma_setup + data + device_bits});
}
TEST(EmulatedTouches, AhciQueuedWrite) {
  expect_touches("ahci", "randwrite", {}, {3, 3, header + table + data, register_fis + dma_setup + device_bits});
}
TEST(EmulatedTouches, AhciUnqueuedRead) {
  expect_touches("ahci", "randread", {{"guest.driver.ncq", "false"}}, {2, 3, header + table, data + PRDBC + register_fis});
}
TEST(EmulatedTouches, AhciUnqueuedWrite) {
  expect_touches("ahci", "randwrite", {{"guest.driver.ncq", "false"}}, {3, 2, header + table + data, PRDBC + register_fis});
}

// VIRTIO 1.1, 2.6: of the available ring idx, the element, idx again before the device rests, and used_event; of the used ring
// avail_event, the element of 8 bytes and idx. The descriptors of 16 bytes are the indirect one and its table of three: header,
// data, status. Then these three themselves (5.2.6), of 16 bytes and of one.
constexpr double word = 2, descriptor = 16, used_element = 8, request_header = 16, status = 1;
constexpr double available = 4 * word, used = word + used_element + word, indirect = descriptor + 3 * descriptor;
TEST(EmulatedTouches, VirtioBlkRead) {
  expect_touches("virtio_blk", "randread", {}, {4 + 2 + 1, 3 + 1 + 1, available + indirect + request_header, used + data + status});
}
TEST(EmulatedTouches, VirtioBlkWrite) {
  expect_touches("virtio_blk", "randwrite", {}, {4 + 2 + 1 + 1, 3 + 1, available + indirect + request_header + data, used + status});
}
// Without indirect tables the three descriptors are fetched one by one, and there is none that leads to them.
TEST(EmulatedTouches, VirtioBlkReadOfAChain) {
  expect_touches("virtio_blk", "randread", {{"guest.driver.indirect", "false"}},
                 {4 + 3 + 1, 3 + 1 + 1, available + 3 * descriptor + request_header, used + data + status});
}

}  // namespace
}  // namespace ahcisim::measure
