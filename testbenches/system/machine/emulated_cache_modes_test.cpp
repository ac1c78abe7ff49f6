// SPDX-License-Identifier: MIT
// The five cache modes on each interface: what the guest is told, how the image is opened, what a write and a flush become,
// as far as the drive that the image lies on.
#include <string>

#include <gtest/gtest.h>

#include <ahcisim/models/host/ahci_driver.hpp>
#include <ahcisim/models/host/ide_driver.hpp>
#include <ahcisim/models/machine/emulated.hpp>
#include <support/measure/machine_run.hpp>

namespace ahcisim::measure {
namespace {

/// The rows of the measured table.
struct Row {
  const char* mode;
  bool direct, write_back;      ///< how the file is opened, what the guest is told
  double syncs_after_a_write;   ///< fdatasync calls for a guest's write
  double guest_flushes, syncs_for_a_flush;
};
const Row rows[] = {
    {"none", true, true, 0, 1, 1},       {"writethrough", false, false, 1, 0, 0}, {"writeback", false, true, 0, 1, 1},
    {"directsync", true, false, 1, 0, 0}, {"unsafe", false, true, 0, 1, 0},
};

class EmulatedCacheModes : public testing::TestWithParam<std::tuple<const char*, Row>> {
 protected:
  static Settings machine() {
    return {{"machine.deployment", "emulated"}, {"machine.interface", std::get<0>(GetParam())}, {"machine.drive", "samsung-850-pro"},
            {"image.cache", row().mode}};
  }
  static const Row& row() { return std::get<1>(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(All, EmulatedCacheModes, testing::Combine(testing::Values("ahci", "ide", "virtio_blk"), testing::ValuesIn(rows)),
                         [](const auto& info) { return std::string{std::get<0>(info.param)} + "_" + std::get<1>(info.param).mode; });

enum Count { pread, pwrite, fdatasync, flushes, direct, write_hits, write_misses, drive_flushes };

/// A hundred reads or writes, and as many flushes where each is followed by one.
MachineRun counted(Settings settings, const Settings& workload, bool flushed = false) {
  settings.insert(settings.end(), workload.begin(), workload.end());
  settings.insert(settings.end(), {{"workload.requests", "101"}, {"workload.depth", "1"}, {"workload.span", "64MiB"}});
  if (flushed) settings.emplace_back("workload.flush_every", "1");
  RunOptions options;
  options.warm_up = flushed ? 2 : 1;
  options.count = {"guest.image.calls.pread", "guest.image.calls.pwrite", "guest.image.calls.fdatasync", "guest.image.guest.flushes",
                   "host.page_cache.direct", "host.page_cache.write.hits", "host.page_cache.write.misses", "host.medium.flushes"};
  const MachineRun run = run_machine_apart(settings, options);
  EXPECT_EQ(run.requests, flushed ? 200u : 100u);
  EXPECT_EQ(run.errors, 0u);
  EXPECT_EQ(run.diagnostics, 0u);
  return run;
}

TEST_P(EmulatedCacheModes, AWriteAndItsDoor) {
  const MachineRun run = counted(machine(), {{"workload.pattern", "randwrite"}});
  EXPECT_EQ(run.counts[pwrite], 100);
  EXPECT_EQ(run.counts[fdatasync], 100 * row().syncs_after_a_write);
  EXPECT_EQ(run.counts[pread], 0);
  EXPECT_EQ(run.counts[flushes], 0);
  EXPECT_EQ(run.counts[drive_flushes], 100 * row().syncs_after_a_write) << "FLUSH CACHE at the drive: none that nobody asked for";
  if (row().direct) {
    EXPECT_GE(run.counts[direct], 100) << "O_DIRECT";
    EXPECT_EQ(run.counts[write_hits] + run.counts[write_misses], 0);
  } else {
    EXPECT_EQ(run.counts[direct], 0);
    EXPECT_EQ(run.counts[write_hits] + run.counts[write_misses], 100) << "pages";
  }
}

// Every write is followed by a flush of the program. The image's blocks have their places, so no commit of the file system stands in
// for a flush: each fdatasync ends in FLUSH CACHE at the drive, whichever that is, and what is ignored never gets there.
TEST_P(EmulatedCacheModes, AFlush) {
  for (const char* drive : {"samsung-850-pro", "ultrastar-dc-hc310"}) {
    SCOPED_TRACE(drive);
    const MachineRun run = counted(machine(), {{"workload.pattern", "randwrite"}, {"machine.drive", drive}}, true);
    const double syncs = 100 * (row().syncs_after_a_write + row().syncs_for_a_flush);
    EXPECT_EQ(run.counts[pwrite], 100);
    EXPECT_EQ(run.counts[flushes], 100 * row().guest_flushes);
    EXPECT_EQ(run.counts[fdatasync], syncs);
    EXPECT_EQ(run.counts[drive_flushes], syncs);
  }
}

TEST_P(EmulatedCacheModes, ARead) {
  const MachineRun run = counted(machine(), {{"workload.pattern", "randread"}});
  EXPECT_EQ(run.counts[pread], 100);
  EXPECT_EQ(run.counts[pwrite] + run.counts[fdatasync] + run.counts[drive_flushes], 0);
  EXPECT_EQ(run.counts[direct], row().direct ? 100 : 0);
}

/// Runs to the end of the guest's boot.
struct Boot final : host::DeviceListener {
  explicit Boot(kit::Calendar& c) : calendar{c} {}
  void ready(kit::Duration) override { is_ready = true, calendar.stop(); }
  void failed(const std::string& reason, kit::Duration) override { failure = reason; }
  kit::Calendar& calendar;
  bool is_ready = false;
  std::string failure;
};

TEST_P(EmulatedCacheModes, WhatTheGuestIsTold) {
  std::vector<machine::Setting> settings{{"host.probe.fast_probe", "true", "test"}};
  for (const auto& [key, text] : machine()) settings.push_back({key, text, "test"});
  const machine::Parameters parameters{settings};
  kit::Context context;
  machine::Emulated emulated{context, parameters};
  Boot boot{context.calendar};
  emulated.device().listen(boot);
  sc_core::sc_start();
  ASSERT_TRUE(boot.is_ready) << boot.failure;
  EXPECT_EQ(emulated.image().write_back(), row().write_back);
  if (const auto* ahci = dynamic_cast<host::AhciDriver*>(&emulated.device())) {
    EXPECT_EQ(ahci->identify().write_cache, row().write_back) << "IDENTIFY DEVICE word 85 bit 5";
  } else if (const auto* ide = dynamic_cast<host::IdeDriver*>(&emulated.device())) {
    EXPECT_EQ(ide->identify().write_cache, row().write_back);
  } else {
    EXPECT_EQ(parameters.emulated->virtio_blk->controller.write_cache(), row().write_back) << "configuration field writeback";
  }
}

}  // namespace
}  // namespace ahcisim::measure
