// SPDX-License-Identifier: MIT
// The catalogue of solid state drives.
#include <ahcisim/models/disk/ssd/parameters.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ahcisim::disk::ssd {
namespace {

/// Intel SSD DC S4500, 480 GB: TLC, power-loss protection. Rated figures from the S4500/S4600 product specification
/// (4 KiB random read 72,000 and write 33,000 IOPS; 500 and 490 MB/s; typical latency random 110/52 µs, sequential 36/36
/// µs); nothing is published of its inside but the kind of flash, so the geometry is assumed: 12 dies of 384 Gibit.
void intel_s4500(SsdParameters& p) {
  p.capacity.set(480103981056_B);  // IDEMA LBA1-03 for 480 GB
  p.power_loss_protection.set(true);
  p.channels.set(6);
  p.dies.set(2);
  p.planes.set(4);
  p.pages_per_block.set(1024);
  p.over_provisioning.set(kit::Ratio{0.20});  // of the 29 % that 12 x 48 GiB leave, what parity and spare blocks do not take;
                                             // with it random writing settles at the rated 33,000 IOPS
  p.t_read.set(49_us);  // 110 µs - 18.5 path - 16.1 and 1.4 as sequential - 13.75 look_up - 11.2 transfer
  p.t_program.set(1450_us);  // 12 dies x 64 KiB in 1450 + 165 µs: 487 MB/s, the rated sequential write
  p.t_erase.set(5_ms);
  p.read_cpu.set(4_us);
  p.read_latency.set(12100_ns);  // 36 µs sequential (from the look-ahead) - 18.5 path - 4 read_cpu - 1.4 below the link's rate
  p.flash_cores.set(1);
  p.look_up.set(13750_ns);       // 1 / 72,000 IOPS, less 1 %
  p.write_cpu.set(15_us);        // well below 1 / 33,000 IOPS: the flash is the bottleneck, as with the S4600 of 65,000
  p.write_latency.set(17_us);  // 36 µs sequential - 19 path
  p.random_write_latency.set(16_us);  // 52 - 36 µs
  p.flush_latency.set(50_us);
  p.flush_journal.set(0_us);
  p.read_rate.set(500_MBps);
  p.write_rate.set(490_MBps);
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
