// SPDX-License-Identifier: MIT
// Building and binding of the bare-metal machine with IDE.
#include <ahcisim/models/machine/bare_metal_ide.hpp>

#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/functions.hpp>

namespace ahcisim::machine {

void bind_ide(pcie::Endpoint& endpoint, ide::Controller& controller) {
  for (unsigned channel = 0; channel < 2; ++channel) {
    endpoint.fixed[2 * channel].bind(controller.command_block[channel]);
    endpoint.fixed[2 * channel + 1].bind(controller.control_block[channel]);
  }
  endpoint.bar[4].bind(controller.bus_master);
  controller.dma.bind(endpoint.dma);
  endpoint.on_function_reset([&controller] { controller.reset(); });
}

BareMetalIde::BareMetalIde(kit::Context& context, const Parameters& parameters)
    : medium_{make_medium(parameters)}, store_{make_store(parameters.system, medium_->facts().sectors)},
      memory{"memory", context, parameters.memory}, driver{"driver", context, parameters.ide_driver, memory, &tags_},
      root_complex{"root_complex", context, parameters.root_complex}, endpoint{"endpoint", context, parameters.endpoint, ide_function()},
      controller{"ide", context, parameters.ide}, isa{"isa"}, drive{"disk", context, parameters.ata, *medium_, *store_} {
  driver.cpu.bind(root_complex.cpu);
  root_complex.memory.bind(memory.target);
  root_complex.cpu_interrupts.bind(driver.interrupts);
  root_complex.link.bind(endpoint.link);
  bind_ide(endpoint, controller);
  controller.interrupt.bind(isa);
  isa.out.bind(driver.interrupts);
  controller.devices[0].bind(drive.link);
  controller.set_tag_board(&tags_);
  context.stats.add("medium", medium_->statistics());
}

std::string BareMetalIde::remedy(const std::string& failure) const {
  if (failure.find(';') != std::string::npos) return {};
  return "; check host.driver.channel and host.driver.device, or raise host.driver.timeout";
}

}  // namespace ahcisim::machine
