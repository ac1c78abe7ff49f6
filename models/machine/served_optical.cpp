// SPDX-License-Identifier: MIT
// Building and binding of the controller with an optical drive.
#include <ahcisim/models/machine/served_optical.hpp>

#include <ahcisim/models/disk/optical/disc.hpp>

namespace ahcisim::machine {

ServedOptical::ServedOptical(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters)
    : Served{name}, HbaFront{context, parameters},
      drive{"dvd", context, *parameters.optical, disk::optical::open_disc(parameters.system.image())} {
  sata_link.device.bind(drive.link);
}

}  // namespace ahcisim::machine
