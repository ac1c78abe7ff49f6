// SPDX-License-Identifier: MIT
// Building and binding of the bare-metal machine with IDE.
#include <ahcisim/models/machine/bare_metal_ide.hpp>

#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/binding.hpp>
#include <ahcisim/models/machine/functions.hpp>

namespace ahcisim::machine {

BareMetalIde::BareMetalIde(kit::Context& context, const Parameters& parameters)
    : medium_{make_medium(parameters)}, store_{make_store(parameters.system, medium_->facts().sectors)},
      memory{"memory", context, parameters.memory}, driver{"driver", context, parameters.ide_driver, memory, &tags_},
      root_complex{"root_complex", context, parameters.root_complex}, endpoint{"endpoint", context, parameters.endpoint, ide_function()},
      controller{"ide", context, parameters.ide}, isa{"isa"}, drive{"disk", context, parameters.ata, *medium_, *store_},
      faults_{context, parameters.faults, drive, nullptr} {
  bind_driver(driver, root_complex);
  root_complex.memory.bind(memory.target);
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
