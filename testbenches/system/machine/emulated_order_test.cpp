// SPDX-License-Identifier: MIT
// Which interface and which cache mode is faster, where a real QEMU under software emulation gave an order. Absolute times are not
// compared: the measuring host had two shared cores.
#include <map>
#include <string>

#include <gtest/gtest.h>

#include <support/measure/machine_run.hpp>

namespace ahcisim::measure {
namespace {

MachineRun run_guest(const char* interface, const Settings& settings) {
  Settings all{{"machine.deployment", "emulated"}, {"machine.interface", interface}, {"vm.costs", "tcg"}};
  all.insert(all.end(), settings.begin(), settings.end());
  const MachineRun run = run_machine_apart(all);
  EXPECT_EQ(run.errors, 0u);
  EXPECT_EQ(run.diagnostics, 0u);
  return run;
}

// Cache modes were measured on a file on a drive, where flushes cost something: here on a solid state drive, as a rotating
// one would leave nothing of what the modes differ in but the number of flushes.
double cached(const char* interface, const char* mode, const Settings& workload) {
  Settings all{{"image.cache", mode}, {"machine.drive", "samsung-850-pro"}, {"workload.span", "256MiB"}, {"workload.depth", "1"},
               {"workload.requests", "401"}};
  all.insert(all.end(), workload.begin(), workload.end());
  return run_guest(interface, all).iops;
}

std::map<std::string, double> every_mode(const char* interface, const Settings& workload) {
  std::map<std::string, double> iops;
  for (const char* mode : {"writeback", "none", "writethrough", "directsync", "unsafe"}) iops[mode] = cached(interface, mode, workload);
  return iops;
}

const Settings writes{{"workload.pattern", "randwrite"}};
const Settings synced_writes{{"workload.pattern", "randwrite"}, {"workload.flush_every", "1"}};

// The guest that knows of no write cache sends no FLUSH CACHE: seven accesses and an interrupt less.
TEST(EmulatedOrder, WithFsyncWritethroughAndDirectsyncBeatWritebackAndNone) {
  std::map<std::string, double> iops = every_mode("ahci", synced_writes);
  for (const char* faster : {"writethrough", "directsync"})
    for (const char* slower : {"writeback", "none"}) EXPECT_GT(iops[faster], iops[slower]) << faster << " against " << slower;
}

TEST(EmulatedOrder, WithFsyncUnsafeIsFastest) {
  for (const char* interface : {"ahci", "virtio_blk"}) {
    std::map<std::string, double> iops = every_mode(interface, synced_writes);
    for (const char* mode : {"writeback", "none", "writethrough", "directsync"}) EXPECT_GT(iops["unsafe"], iops[mode]) << interface << ", " << mode;
  }
}

TEST(EmulatedOrder, WithoutFsyncWritethroughAndDirectsyncAreSlowest) {
  for (const char* interface : {"ahci", "virtio_blk"}) {
    std::map<std::string, double> iops = every_mode(interface, writes);
    for (const char* slower : {"writethrough", "directsync"})
      for (const char* faster : {"writeback", "none", "unsafe"}) EXPECT_LT(iops[slower], iops[faster]) << interface << ", " << slower;
    EXPECT_LT(iops["none"], iops["writeback"]) << interface << ": a page of the host's cache is there at once";
  }
}

// Interfaces were measured on tmpfs, where only the way to the disk counts.
double on_tmpfs(const char* interface, const Settings& workload) {
  Settings all{{"image.backing", "tmpfs"}};
  if (std::string{interface} == "ahci") all.emplace_back("guest.ata.bridge_quirk", "true");  // as QEMU's disk
  all.insert(all.end(), workload.begin(), workload.end());
  return run_guest(interface, all).iops;
}

const Settings one{{"workload.depth", "1"}, {"workload.requests", "1000"}};
const Settings deep{{"workload.depth", "32"}, {"workload.requests", "3000"}};

TEST(EmulatedOrder, QueueingGainsIdeNothingAndDoublesAhci) {
  EXPECT_LT(on_tmpfs("ide", deep), 1.2 * on_tmpfs("ide", one)) << "measured: 1.18 times";
  EXPECT_GT(on_tmpfs("ahci", deep), 1.7 * on_tmpfs("ahci", one)) << "measured: 2.08 times by libaio, 1.42 by io_uring";
}

TEST(EmulatedOrder, IdeIsSlowestForSmallReads) {
  for (const Settings& workload : {one, deep}) {
    const double ide = on_tmpfs("ide", workload);
    EXPECT_LT(ide, on_tmpfs("ahci", workload));
    EXPECT_LT(ide, on_tmpfs("virtio_blk", workload));
  }
}

// dd bs=1M: IDE, AHCI, virtio-blk.
TEST(EmulatedOrder, LargeReads) {
  const Settings dd{{"workload.pattern", "read"}, {"workload.block", "1MiB"}, {"workload.requests", "101"}};
  const double ide = on_tmpfs("ide", dd), ahci = on_tmpfs("ahci", dd), virtio = on_tmpfs("virtio_blk", dd);
  EXPECT_LT(ide, ahci);
  EXPECT_LT(ahci, virtio);
}

}  // namespace
}  // namespace ahcisim::measure
