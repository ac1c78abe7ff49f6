// SPDX-License-Identifier: MIT
// Building and binding of what is served.
#include <ahcisim/models/machine/served.hpp>

#include <string>

#include <fmt/format.h>

#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/functions.hpp>

namespace ahcisim::machine {
namespace {

vfio_user::HostTimes host_times(const pcie::RootComplexParameters& root) {
  return {root.memory_read(), root.memory_write(), root.message_delivery()};
}

}  // namespace

void check_served(const Parameters& parameters) {
  if (parameters.is_emulated())
    throw kit::ConfigError{"machine.deployment = \"emulated\": the guest is a real one and its virtual machine too; leave it at \"bare_metal\""};
  if (parameters.system.interface() != "ahci")
    throw kit::ConfigError{fmt::format("machine.interface = \"{}\": its registers lie at ports that no BAR moves, which vfio-user cannot pass on; set \"ahci\"",
                                       parameters.system.interface())};
  for (const std::string& key : parameters.configuration().given())
    if (key.compare(0, 5, "host.") == 0) throw kit::ConfigError{key + ": the guest is a real one and brings its own; leave it out"};
}

ServedAhci::ServedAhci(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters)
    : sc_module{name}, medium_{make_medium(parameters)}, store_{make_store(parameters.system, medium_->facts().sectors)},
      pcie_link{"pcie_link", context, parameters.pcie_link}, endpoint{"endpoint", context, parameters.endpoint, ahci_function(parameters.hba)},
      hba{"ahci", context, parameters.hba}, sata_link{"sata_link", context, parameters.sata_link},
      drive{"disk", context, parameters.ata, *medium_, *store_},
      bridge{"bridge", context, endpoint, host_times(parameters.root_complex)} {
  bridge.link.bind(pcie_link.upstream);
  pcie_link.downstream.bind(endpoint.link);
  endpoint.bar[5].bind(hba.registers);
  endpoint.bar[4].bind(hba.index_data);
  hba.dma.bind(endpoint.dma);
  hba.interrupt.bind(endpoint.interrupt);
  endpoint.on_function_reset([this] { hba.reset(); });
  hba.ports[0].bind(sata_link.host);
  sata_link.device.bind(drive.link);
  context.stats.add(std::string{this->name()} + ".medium", medium_->statistics());
}

}  // namespace ahcisim::machine
