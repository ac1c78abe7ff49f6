// SPDX-License-Identifier: MIT
// An AHCI controller with an optical drive, for a guest that is a real one.
#pragma once

#include <ahcisim/models/disk/optical/atapi_device.hpp>
#include <ahcisim/models/machine/served.hpp>

namespace ahcisim::machine {

class ServedOptical final : public Served, public HbaFront {
 public:
  /// Throws kit::ConfigError where the image is none that the drive can read.
  ServedOptical(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters);
  vfio_user::Device& function() override { return bridge; }
  disk::optical::AtapiDevice* optical() override { return &drive; }

  disk::optical::AtapiDevice drive;
};

}  // namespace ahcisim::machine
