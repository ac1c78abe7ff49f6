// SPDX-License-Identifier: MIT
// Building and binding of the bare-metal machine.
#include <ahcisim/models/machine/bare_metal.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/disk/ssd/drive.hpp>
#include <ahcisim/models/disk/store/image_store.hpp>
#include <ahcisim/models/disk/store/overlay_store.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/machine/binding.hpp>

namespace ahcisim::machine {
namespace {

/// 512 bytes at the line rate of the best generation that both ends know: 150 MB/s, doubling (Serial ATA 3.x, 7.2).
kit::Duration fastest_sector(const sata::LinkParameters& link) {
  const std::int64_t generation = std::min(link.host_generation(), link.device_generation());
  return kit::Rate{150e6 * static_cast<double>(1 << (generation - 1))}.time_for(disk::sector_bytes);
}

}  // namespace

std::unique_ptr<disk::Medium> make_medium(const Parameters& parameters) {
  if (parameters.hdd) {
    disk::hdd::DriveSpec spec = disk::hdd::drive_spec(*parameters.hdd);
    // A drive starts to send when its data will not run dry: it must not take the link for slower than it is.
    spec.controller.interface_sector = min(spec.controller.interface_sector, fastest_sector(parameters.sata_link));
    return std::make_unique<disk::hdd::Drive>(std::move(spec), disk::hdd::make_order(*parameters.hdd));
  }
  if (parameters.ssd) return std::make_unique<disk::ssd::Drive>(*parameters.ssd);
  if (parameters.system.instant_capacity().value % static_cast<std::int64_t>(disk::sector_bytes) != 0)
    throw kit::ConfigError{fmt::format("machine.instant_capacity = \"{}\": is no multiple of 512 B; round it",
                                       parameters.system.instant_capacity.text())};
  disk::MediumFacts facts;
  facts.sectors = static_cast<std::uint64_t>(parameters.system.instant_capacity().value) / disk::sector_bytes;
  facts.trim = true;
  return std::make_unique<disk::InstantMedium>(facts);
}

std::unique_ptr<disk::Store> make_store(const SystemParameters& parameters, std::uint64_t sectors) {
  if (parameters.image().empty()) return std::make_unique<disk::SparseStore>(sectors);
  const bool writable = parameters.image_access() == "read_write";
  auto image = std::make_unique<disk::ImageStore>(parameters.image(), writable ? disk::ImageStore::Access::read_write
                                                                              : disk::ImageStore::Access::read_only);
  if (image->sectors() < sectors)
    throw kit::ConfigError{fmt::format("machine.image = \"{}\": has {} sectors and the drive {}; enlarge it with `truncate -s {} {}`",
                                       parameters.image(), image->sectors(), sectors, sectors * disk::sector_bytes, parameters.image())};
  if (parameters.image_access() == "overlay") return std::make_unique<disk::OverlayStore>(std::move(image));
  return image;
}

BareMetal::BareMetal(kit::Context& context, const Parameters& parameters, const std::string& scope)
    : medium_{make_medium(parameters)}, store_{make_store(parameters.system, medium_->facts().sectors)},
      memory{"memory", context, parameters.memory}, driver{"driver", context, parameters.driver, memory, &tags_},
      root_complex{"root_complex", context, parameters.root_complex}, pcie_link{"pcie_link", context, parameters.pcie_link},
      endpoint{"endpoint", context, parameters.endpoint, ahci_function(parameters.hba)}, hba{"ahci", context, parameters.hba},
      sata_link{"sata_link", context, parameters.sata_link}, drive{"disk", context, parameters.ata, *medium_, *store_},
      faults_{context, parameters.faults, drive, &sata_link} {
  bind_driver(driver, root_complex);
  root_complex.memory.bind(memory.target);
  root_complex.link.bind(pcie_link.upstream);
  pcie_link.downstream.bind(endpoint.link);
  bind_ahci(endpoint, hba);
  hba.ports[0].bind(sata_link.host);
  sata_link.device.bind(drive.link);
  hba.set_tag_board(&tags_);
  context.stats.add(scope + "medium", medium_->statistics());
}

std::string BareMetal::remedy(const std::string& failure) const {
  if (failure.find(';') != std::string::npos) return {};
  const bool found = driver.identify().logical_sectors != 0 || failure.find("IDENTIFY DEVICE") == 0;
  if (!found) return "; check sata.device, ahci.ports and host.driver.port";
  return "; lower sata.bit_error_rate, or raise host.driver.timeout and host.probe.reset_tries";
}

}  // namespace ahcisim::machine
