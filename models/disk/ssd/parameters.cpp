// SPDX-License-Identifier: MIT
// The catalogue of solid state drives.
#include <ahcisim/models/disk/ssd/parameters.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ahcisim::disk::ssd {
namespace {

/// Intel SSD DC S4500, 480 GB: TLC, power-loss protection. Nothing is published of its inside but the kind of flash, so the
/// geometry is assumed: 12 dies of 384 Gibit.
void intel_s4500(SsdParameters& p) {
  // Rated: 4 KiB random read 72,000 and write 33,000 IOPS; 500 and 490 MB/s; typical latency random 110 and 52 us,
  // sequential 36 and 36 us.
  const std::string sheet = "Intel SSD DC S4500/S4600 product specification, 480 GB: ";
  p.capacity.set(480103981056_B, kit::cited("IDEMA LBA1-03: 97,696,368 + 1,953,504 x (GB - 50) sectors, for 480 GB"));
  p.power_loss_protection.set(true, kit::cited(sheet + "power-loss protection"));
  p.channels.set(6, kit::assumed("12 dies of 384 Gibit, 2 on each channel"));
  p.dies.set(2, kit::assumed("12 dies of 384 Gibit hold 480 GB and 29 % more"));
  p.planes.set(4, kit::assumed("with four planes 12 dies program the rated 490 MB/s in a usual tPROG"));
  p.pages_per_block.set(1024, kit::assumed("3D TLC blocks of 2017 hold 1,000 pages and more"));
  p.over_provisioning.set(kit::Ratio{0.20},
      kit::assumed("of the 29 % that 12 x 48 GiB leave, what parity and spare blocks do not take; with it random writing "
                   "settles at the rated 33,000 IOPS"));
  p.t_read.set(49_us, kit::derived("110 us rated - 18.5 us path - 16.1 and 1.4 us as sequential - 13.75 us look_up - 11.2 us transfer"));
  p.t_program.set(1450_us, kit::derived("12 dies x 64 KiB in 1450 + 165 us: 487 MB/s, the rated sequential write"));
  p.t_erase.set(5_ms, kit::assumed("a larger block than planar flash with its 3 ms"));
  p.read_cpu.set(4_us, kit::assumed("less than a write, whose data must be placed as well"));
  p.read_latency.set(12100_ns, kit::derived("36 us rated, sequential, from the look-ahead - 18.5 us path - 4 us read_cpu - 1.4 us "
                                            "below the link's rate"));
  p.flash_cores.set(1, kit::assumed("one core serves the flash; with more look_up would be longer in proportion"));
  p.look_up.set(13750_ns, kit::derived("1 / 72,000 rated IOPS, less 1 %"));
  p.write_cpu.set(15_us, kit::assumed("well below 1 / 33,000 IOPS: the flash is the bottleneck, as the S4600 shows with 65,000"));
  p.write_latency.set(17_us, kit::derived("36 us rated, sequential - 19 us path"));
  p.random_write_latency.set(16_us, kit::derived("52 - 36 us, rated random and sequential write latency"));
  p.flush_latency.set(50_us, kit::assumed("the controller's bookkeeping; nothing is published"));
  p.flush_journal.set(0_us, kit::assumed("capacitors write the mapping when power fails"));
  p.read_rate.set(500_MBps, kit::cited(sheet + "sequential read 500 MB/s"));
  p.write_rate.set(490_MBps, kit::cited(sheet + "sequential write 490 MB/s"));
}

struct Drive {
  const char* name;
  void (*apply)(SsdParameters&);
};
constexpr Drive catalogue[] = {
    {"samsung-850-pro", [](SsdParameters&) {}},  // the defaults
    {"intel-s4500", intel_s4500},
};

}  // namespace

const std::vector<std::string>& known_drives() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Drive& drive : catalogue) all.push_back(drive.name);
    return all;
  }();
  return names;
}

void apply_drive(SsdParameters& parameters, const std::string& name) {
  for (const Drive& drive : catalogue)
    if (name == drive.name) return drive.apply(parameters);
  const std::string near = kit::nearest(name, known_drives());
  throw kit::ConfigError{fmt::format("unknown solid state drive \"{}\"; {}", name,
                                     near.empty() ? fmt::format("known are {}", fmt::join(known_drives(), ", "))
                                                  : fmt::format("did you mean \"{}\"?", near))};
}

}  // namespace ahcisim::disk::ssd
