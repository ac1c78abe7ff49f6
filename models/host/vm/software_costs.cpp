// SPDX-License-Identifier: MIT
// An older host runs the guest's code and its own as much slower as its emulator's.
//
// Software emulation makes the guest's code slow, and most of all its switches between programs: the translated code is looked up
// and the guest's address translations are walked anew after each. The numbers were measured inside such a guest, without a disk.
#include <ahcisim/models/host/vm/software_costs.hpp>

#include <fmt/format.h>

#include <ahcisim/models/host/vm/parameters.hpp>

namespace ahcisim::host {

using kit::Duration;

namespace {

const std::string guest_measured = "QEMU 7.2 under software emulation on an AMD EPYC, Linux 6.1 guest: ";
const std::string host_measured = "two shared cores of an AMD EPYC in a virtual machine, Linux 6.18: ";

// Microseconds of one call in the guest.
constexpr double null_call = 0.46, direct_read_scsi = 22.6, direct_read_block = 6.3;
/// A direct read without a disk passes all that the defaults put at 1.5 and 0.7 us.
constexpr double scsi_factor = (direct_read_scsi - null_call) / (1.5 + 0.7);
constexpr double block_factor = (direct_read_block - null_call) / (1.5 + 0.7);

void scale(kit::Parameter<Duration>& time, double factor, const std::string& source) {
  time.set(Duration::from_us(time().us() * factor), kit::derived(source));
}

void set_guest(CpuParameters& cpu, bool scsi) {
  const std::string path = scsi ? guest_measured + "22.6 us for a direct read of 4 KiB from a SCSI disk that answers in the call (scsi_debug), "
                                                   "less 0.46 us for the call: 10 times the 2.2 us of a core that runs the code itself"
                                : guest_measured + "6.3 us for a direct read of 4 KiB from a block device that answers in the call (null_blk), "
                                                   "less 0.46 us for the call: 2.7 times the 2.2 us that a core takes with the SCSI layer";
  const std::string likewise = guest_measured + "as the block and SCSI layers, 10 times a core that runs the code itself";
  cpu.syscall.set(Duration::from_us(null_call), kit::measured(guest_measured + "null system call"));
  scale(cpu.submit, scsi ? scsi_factor : block_factor, path);
  scale(cpu.complete, scsi ? scsi_factor : block_factor, path);
  for (kit::Parameter<Duration>* time : {&cpu.build, &cpu.dispatch, &cpu.interrupt_entry, &cpu.interrupt_exit, &cpu.finish})
    scale(*time, scsi_factor, likewise);
  cpu.restart.set(scsi ? Duration::from_us(31) : Duration{}, kit::assumed("there and back without a change of address space: as much as one switch "
                                                                          "between programs (wake); virtio-blk has tags enough"));
  cpu.wake.set(Duration::from_us(31), kit::derived(guest_measured + "half of a round trip of 69 us between two programs through pipes, less "
                                                                    "3.2 us for writing and reading a pipe"));
}

void set_guest_cache(CacheCosts& cache) {
  const std::string fitted = guest_measured + "pread of cached pages, fitted to 2.9 us for 4 KiB and 471 us for 1 MiB: 1.07 us + 0.448 ns/B";
  cache.syscall.set(Duration::from_us(null_call), kit::measured(guest_measured + "null system call"));
  cache.read_call.set(Duration::from_us(1.07 - null_call), kit::derived(fitted));
  cache.write_call.set(Duration::from_us(1.97 - null_call), kit::derived(guest_measured + "pwrite of 4 KiB of cached pages 3.8 us, less copying"));
  cache.copy.set(kit::Rate{1e9 / 0.448}, kit::derived(fitted));
  scale(cache.add_page, scsi_factor, guest_measured + "as the block and SCSI layers, 10 times a core that runs the code itself");
}

void set_host(CacheCosts& cache, MemoryFileParameters& tmpfs) {
  const std::string fitted = host_measured + "pread on tmpfs, fitted to 2.88 us for 4 KiB and 205 us for 1 MiB: 2.09 us + 0.193 ns/B";
  const std::string call = host_measured + "null system call 1.6 us";
  cache.syscall.set(Duration::from_us(1.6), kit::measured(call));
  tmpfs.syscall.set(Duration::from_us(1.6), kit::measured(call));
  tmpfs.call.set(Duration::from_us(2.09), kit::derived(fitted));
  tmpfs.copy.set(kit::Rate{1e9 / 0.193}, kit::derived(fitted));
  tmpfs.memory.set(kit::Rate{2e9 / 0.193}, kit::assumed("both cores copy at full rate: what slows one is its virtual machine, not the memory"));
}

/// Every time and rate of a set, from those of the core of 2020.
void slow_down(const kit::ParameterSet& set, double factor) {
  for (kit::ParameterBase* const parameter : set.all()) {
    if (parameter->source().kind() == kit::Source::Kind::choice) continue;
    const std::string why = fmt::format("{}; a slower processor: times {:g}", parameter->source().text(), factor);
    const auto source = parameter->source().kind() == kit::Source::Kind::assumed ? kit::assumed(why) : kit::derived(why);
    if (auto* const time = dynamic_cast<kit::Parameter<Duration>*>(parameter)) time->set(Duration::from_us((*time)().us() * factor), source);
    if (auto* const rate = dynamic_cast<kit::Parameter<kit::Rate>*>(parameter)) rate->set(kit::Rate{(*rate)().bytes_per_second / factor}, source);
  }
}

}  // namespace

void set_software_costs(const std::string& table, const SoftwareCosts& costs) {
  if (const double factor = processor_slowness(table); factor != 1) {
    slow_down(costs.guest, factor);
    slow_down(costs.guest_cache, factor);
    slow_down(costs.host_cache, factor);
    slow_down(costs.tmpfs, factor);
  }
  if (table != "tcg") return;
  set_guest(costs.guest, costs.scsi);
  set_guest_cache(costs.guest_cache);
  set_host(costs.host_cache, costs.tmpfs);
}

}  // namespace ahcisim::host
