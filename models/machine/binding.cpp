// SPDX-License-Identifier: MIT
// Controllers behind endpoints.
#include <ahcisim/models/machine/binding.hpp>

namespace ahcisim::machine {

void bind_ahci(pcie::Endpoint& endpoint, ahci::Hba& hba) {
  endpoint.bar[5].bind(hba.registers);
  endpoint.bar[4].bind(hba.index_data);
  hba.dma.bind(endpoint.dma);
  hba.interrupt.bind(endpoint.interrupt);
  endpoint.on_function_reset([&hba] { hba.reset(); });
}

void bind_ide(pcie::Endpoint& endpoint, ide::Controller& controller) {
  for (unsigned channel = 0; channel < 2; ++channel) {
    endpoint.fixed[2 * channel].bind(controller.command_block[channel]);
    endpoint.fixed[2 * channel + 1].bind(controller.control_block[channel]);
  }
  endpoint.bar[4].bind(controller.bus_master);
  controller.dma.bind(endpoint.dma);
  endpoint.on_function_reset([&controller] { controller.reset(); });
}

}  // namespace ahcisim::machine
