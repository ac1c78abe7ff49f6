// SPDX-License-Identifier: MIT
// Building and binding of what is served.
#include <ahcisim/models/machine/served.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/binding.hpp>
#include <ahcisim/models/machine/functions.hpp>
#include <ahcisim/models/machine/served_optical.hpp>
#include <ahcisim/models/machine/virtio_function.hpp>

namespace ahcisim::machine {
namespace {

/// Refuses what the guest and its virtual machine have of their own.
void check_given(const Parameters& parameters, const std::vector<std::string_view>& beginnings) {
  for (const std::string& key : parameters.configuration().given())
    if (std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view each) { return key.compare(0, each.size(), each) == 0; }))
      throw kit::ConfigError{key + ": the guest is a real one and brings its own; leave it out"};
}

/// What of the host's hardware a served function feels.
vfio_user::HostTimes host_times(const pcie::RootComplexParameters& root) {
  return {root.memory_read(), root.memory_write(), root.message_delivery()};
}

}  // namespace

std::unique_ptr<Served> make_served(const char* name, kit::Context& context, const Parameters& parameters) {
  const std::string& interface = parameters.system.interface();
  if (parameters.is_emulated() != (interface == "virtio_blk"))
    throw kit::ConfigError{fmt::format("machine.deployment = \"{}\": {} is served from \"bare_metal\"; the guest brings the virtual machine",
                                       parameters.system.deployment(), interface)};
  if (!parameters.is_emulated()) {
    check_given(parameters, {"host."});
    if (parameters.is_optical()) return std::make_unique<ServedOptical>(name, context, parameters);
    if (interface == "ide") return std::make_unique<ServedIde>(name, context, parameters);
    return std::make_unique<ServedAhci>(name, context, parameters);
  }
  check_given(parameters, {"host.", "vm.", "image.", "guest.driver.", "guest.cpu.", "guest.probe.", "guest.io", "pcie.", "ahci.", "sata.", "ata.",
                           "faults."});
  return std::make_unique<ServedVirtio>(name, context, parameters);
}

Served::Served(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters)
    : sc_module{name}, medium_{std::make_unique<RecordedMedium>(make_medium(parameters))}, store_{make_store(parameters.system, medium_->facts().sectors)} {
  context.stats.add(std::string{this->name()} + ".medium", medium_->statistics());
}

HbaFront::HbaFront(kit::Context& context, const Parameters& parameters)
    : pcie_link{"pcie_link", context, parameters.pcie_link},
      endpoint{"endpoint", context, parameters.endpoint, ahci_function(parameters.hba)}, hba{"ahci", context, parameters.hba},
      sata_link{"sata_link", context, parameters.sata_link}, bridge{"bridge", context, endpoint, host_times(parameters.root_complex)} {
  bridge.link.bind(pcie_link.upstream);
  constexpr unsigned ABAR = 5;  // AHCI 1.3.1, 2.1.11
  bridge.foresee(ABAR, hba.bank());
  pcie_link.downstream.bind(endpoint.link);
  bind_ahci(endpoint, hba);
  hba.ports[0].bind(sata_link.host);
}

ServedAhci::ServedAhci(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters)
    : Served{name, context, parameters}, HbaFront{context, parameters}, drive{"disk", context, parameters.ata, *medium_, *store_},
      faults_{context, parameters.faults, drive, &sata_link} {
  sata_link.device.bind(drive.link);
}

ServedIde::ServedIde(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters)
    : Served{name, context, parameters}, endpoint{"endpoint", context, parameters.endpoint, native_ide_function()},
      registers{endpoint.configuration().bank, parameters.ide.cable.index() == 1},
      controller{"ide", context, parameters.ide}, interrupts{"interrupts"}, drive{"disk", context, parameters.ata, *medium_, *store_},
      bridge{"bridge", context, endpoint, host_times(parameters.root_complex)}, faults_{context, parameters.faults, drive, nullptr} {
  bridge.link.bind(endpoint.link);
  for (unsigned channel = 0; channel < 2; ++channel) {
    endpoint.bar[2 * channel].bind(controller.command_block[channel]);
    endpoint.bar[2 * channel + 1].bind(controller.control_block[channel]);
  }
  endpoint.bar[4].bind(controller.bus_master);
  controller.dma.bind(endpoint.dma);
  controller.interrupt.bind(interrupts);
  interrupts.out.bind(endpoint.interrupt);
  endpoint.on_function_reset([this] { controller.reset(); });
  controller.devices[0].bind(drive.link);
}

ServedVirtio::ServedVirtio(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters)
    : Served{name, context, parameters},
      endpoint{"endpoint", context, parameters.emulated->endpoint, virtio_blk_function(parameters.emulated->virtio_blk->controller)},
      blk{"virtio_blk", context, parameters.emulated->virtio_blk->controller, *medium_, *store_},
      bridge{"bridge", context, endpoint, vfio_user::HostTimes{}} {
  bridge.link.bind(endpoint.link);
  endpoint.bar[virtio_bar::legacy].bind(blk.legacy);
  endpoint.bar[virtio_bar::modern].bind(blk.modern);
  blk.dma.bind(endpoint.dma);
  blk.interrupt.bind(endpoint.interrupt);
  endpoint.on_function_reset([this] { blk.reset(); });
}

}  // namespace ahcisim::machine
