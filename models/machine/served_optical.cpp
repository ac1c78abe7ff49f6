// SPDX-License-Identifier: MIT
// Building and binding of the controller with an optical drive.
#include <ahcisim/models/machine/served_optical.hpp>

#include <ahcisim/models/disk/optical/disc.hpp>
#include <ahcisim/models/machine/binding.hpp>
#include <ahcisim/models/machine/functions.hpp>

namespace ahcisim::machine {

ServedOptical::ServedOptical(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters)
    : Served{name}, pcie_link{"pcie_link", context, parameters.pcie_link},
      endpoint{"endpoint", context, parameters.endpoint, ahci_function(parameters.hba)}, hba{"ahci", context, parameters.hba},
      sata_link{"sata_link", context, parameters.sata_link},
      drive{"dvd", context, *parameters.optical, disk::optical::open_disc(parameters.system.image())},
      bridge{"bridge", context, endpoint, host_times(parameters.root_complex)} {
  bridge.link.bind(pcie_link.upstream);
  pcie_link.downstream.bind(endpoint.link);
  bind_ahci(endpoint, hba);
  hba.ports[0].bind(sata_link.host);
  sata_link.device.bind(drive.link);
}

}  // namespace ahcisim::machine
