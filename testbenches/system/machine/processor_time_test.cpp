// SPDX-License-Identifier: MIT
// Whose processor time an emulated machine spends, to the picosecond: nothing is left out and nothing counted twice.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/machine/emulated.hpp>

namespace ahcisim {
namespace {

using kit::Duration;

/// Reads `count` times 4 KiB, one after the other.
struct Guest final : host::DeviceListener, host::RequestOwner {
  Guest(std::vector<machine::Setting> settings, unsigned requests)
      : parameters{with_fixed(std::move(settings))}, machine{context, parameters}, count{requests} {
    machine.device().listen(*this);
    sc_core::sc_start(10, sc_core::SC_SEC);
    EXPECT_EQ(done, count);
  }
  static std::vector<machine::Setting> with_fixed(std::vector<machine::Setting> settings) {
    settings.push_back({"machine.deployment", "emulated", "test"});
    settings.push_back({"host.probe.fast_probe", "true", "test"});
    return settings;
  }
  void ready(Duration at) override { next(at); }
  void failed(const std::string& reason, Duration) override { ADD_FAILURE() << reason; }
  void completed(host::Request&, Duration at) override {
    if (++done == 1) guest_at_first = guest();
    if (done == count) guest_at_last = guest();
    if (done < count) next(at);
  }
  void next(Duration at) {
    request.lba = 8 * (done * 7919ull % 100'000), request.sectors = 8, request.owner = this;
    request.tag.open(done + 1);
    machine.device().submit(request, at);
  }
  Duration kernel() const { return machine.processor_time().kernel.value(); }
  Duration guest() const { return machine.processor_time().guest.value(); }
  /// Host kernel for exits and for the emulator's own calls.
  Duration hypervisor() { return machine.bus().statistics().kernel_time.value() + machine.emulator().statistics().kernel_time.value(); }

  kit::Context context;
  machine::Parameters parameters;
  machine::Emulated machine;
  host::Request request;
  unsigned count, done = 0;
  Duration guest_at_first, guest_at_last;
};

TEST(ProcessorTime, AFileInMemoryIsTheHostKernels) {
  Guest run{{{"machine.interface", "virtio_blk", "test"}, {"image.backing", "tmpfs", "test"}}, 500};
  const host::MemoryFileParameters& file = run.parameters.emulated->tmpfs;
  EXPECT_EQ((run.kernel() - run.hypervisor()).ps(), ((file.call() + file.copy().time_for(4096)) * 500).ps());
  EXPECT_EQ(run.guest().ps(), run.machine.bus().statistics().guest_time.value().ps()) << "O_DIRECT: no page cache in the guest";
  const host::EmulatorStatistics& emulator = run.machine.emulator().statistics();
  EXPECT_EQ(run.machine.processor_time().emulator.value().ps(),
            (emulator.vcpu_time.value() + emulator.loop_time.value() + emulator.worker_time.value()).ps());
  EXPECT_LT((run.guest() + run.machine.bus().statistics().held_time.value()).ps(), run.context.calendar.now().ps())
      << "one processor: guest, held and idle are all of its time";
}

TEST(ProcessorTime, AFileOnADriveIsTheHostKernelsWithItsDriver) {
  Guest run{{{"machine.drive", "instant", "test"}, {"image.cache", "writeback", "test"}}, 300};
  machine::ImageFile& host = run.machine.host();
  const Duration expected = host.page_cache()->statistics().kernel_time.value() + run.parameters.emulated->file.map() * 300 +
                            host.drive()->driver.processor().busy_time();
  EXPECT_EQ((run.kernel() - run.hypervisor()).ps(), expected.ps());
  EXPECT_GT(host.page_cache()->statistics().kernel_time.value().ps(), 0);
}

TEST(ProcessorTime, AGuestsPageCacheIsTheGuests) {
  Guest run{{{"machine.interface", "ahci", "test"}, {"image.backing", "instant", "test"}, {"guest.io", "buffered", "test"}}, 300};
  const auto& cache = dynamic_cast<host::CachedDevice&>(run.machine.device());
  const host::CacheCosts& page = run.parameters.emulated->guest_cache.cost;
  const host::CpuParameters& cpu = run.parameters.emulated->ahci->driver.cpu;
  const Duration cached = page.syscall() + page.read_call() + page.add_page() + page.copy().time_for(4096);
  const Duration driver =
      cpu.submit() + cpu.build() + cpu.interrupt_entry() + cpu.finish() + cpu.interrupt_exit() + cpu.complete() + cpu.wake();
  const Duration ahead = page.add_page() * 3;  // the first read, at the file's beginning, brings four pages
  EXPECT_EQ(cache.statistics().kernel_time.value().ps(), (cached * 300 + ahead).ps());
  EXPECT_EQ((run.guest_at_last - run.guest_at_first).ps(), ((cached + driver) * 299).ps()) << "one processor has both, nothing twice";
  EXPECT_LT((run.kernel() - run.hypervisor()).ps(), 10'000) << "an image that takes no time: picoseconds for each copy";
}

}  // namespace
}  // namespace ahcisim
