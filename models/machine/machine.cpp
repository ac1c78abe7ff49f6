// SPDX-License-Identifier: MIT
// From parameters to a machine.
#include <ahcisim/models/machine/machine.hpp>

#include <fmt/format.h>

#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/bare_metal_ide.hpp>
#include <ahcisim/models/machine/emulated.hpp>

namespace ahcisim::machine {

std::unique_ptr<Machine> make_machine(kit::Context& context, const Parameters& parameters) {
  if (parameters.is_optical())
    throw kit::ConfigError{fmt::format("machine.drive = \"{}\": workloads run on disks; give an optical drive to a real guest with `ahcisim serve`",
                                       parameters.system.drive())};
  if (parameters.is_emulated()) return std::make_unique<Emulated>(context, parameters);
  if (parameters.system.interface() == "ide") return std::make_unique<BareMetalIde>(context, parameters);
  return std::make_unique<BareMetal>(context, parameters);
}

}  // namespace ahcisim::machine
