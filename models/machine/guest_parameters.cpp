// SPDX-License-Identifier: MIT
// Emulated controllers are the hardware's models with their own times at zero: vm.* accounts for the code that they stand for.
#include <ahcisim/models/machine/guest_parameters.hpp>

#include <ahcisim/models/host/vm/software_costs.hpp>

namespace ahcisim::machine {
namespace {

const char* const why_zero = "an emulated device has no time of its own: vm.device_access, .command_start and .completion are its code";

/// Sets every time of a set to zero.
void without_time(kit::ParameterSet& set) {
  for (kit::ParameterBase* parameter : set.all())
    if (auto* time = dynamic_cast<kit::Parameter<kit::Duration>*>(parameter)) time->set(kit::Duration{}, kit::derived(why_zero));
}

}  // namespace

EmulatedParameters::EmulatedParameters(const std::string& interface, const std::string& costs) : vm{costs} {
  constexpr kit::Rate no_limit{1e24};  // less than a picosecond for the 4 GiB that a transaction can have
  without_time(endpoint);
  without_time(ata);
  memory.read_latency.set(kit::Duration{}, kit::derived(why_zero));
  memory.write_latency.set(kit::Duration{}, kit::derived(why_zero));
  if (interface == "ide") {
    ide = std::make_unique<Ide>();
    without_time(ide->controller);
    ide->controller.bus.set_text("none");
    ide->controller.dma_rate.set(no_limit, kit::derived(why_zero));
    ata.interface.set_text("pata");
  } else if (interface == "virtio_blk") {
    virtio_blk = std::make_unique<Virtio>();
    virtio_blk->controller.medium_depth.set(65536, kit::derived("an image takes any number of requests"));
  } else {
    ahci = std::make_unique<Ahci>();
    without_time(ahci->controller);
    ahci->controller.dma_rate.set(no_limit, kit::derived(why_zero));
  }
  host::CpuParameters& cpu = ide ? ide->driver.cpu : ahci ? ahci->driver.cpu : virtio_blk->driver.cpu;
  host::set_software_costs(costs, {cpu, guest_cache.cost, host_cache.cost, tmpfs, !virtio_blk});
}

host::DriverParameters& EmulatedParameters::driver() {
  if (ahci) return ahci->driver;
  if (ide) return ide->driver;
  return virtio_blk->driver;
}

void EmulatedParameters::settle() {
  // A page cache has the system call in its own account.
  if (guest.io() == "buffered")
    driver().cpu.syscall.set(kit::Duration{}, kit::derived("the page cache accounts for the program's call"));
  if (virtio_blk) virtio_blk->controller.write_cache.set(host::cache_mode_of(image.cache()).write_back);
}

void EmulatedParameters::add_to(Configuration& configuration) {
  configuration.add("guest", guest);
  const auto add_interface = [&](auto& chosen) {
    configuration.add("guest.driver", chosen.driver);
    configuration.add("guest.cpu", chosen.driver.cpu);
    configuration.add("guest.probe", chosen.driver.probe);
    configuration.add("guest.controller", chosen.controller);
  };
  if (ahci) add_interface(*ahci);
  if (ide) add_interface(*ide);
  if (virtio_blk) add_interface(*virtio_blk);
  if (!virtio_blk) configuration.add("guest.ata", ata);
  configuration.add("guest.memory", memory);
  configuration.add("guest.endpoint", endpoint);
  configuration.add("guest.bus", bus);
  configuration.add("guest.page_cache", guest_cache);
  configuration.add("guest.page_cache.cpu", guest_cache.cost);
  configuration.add("vm", vm);
  configuration.add("image", image);
  configuration.add("image.file", file);
  configuration.add("image.tmpfs", tmpfs);
  configuration.add("host.page_cache", host_cache);
  configuration.add("host.page_cache.cpu", host_cache.cost);
}

}  // namespace ahcisim::machine
