// SPDX-License-Identifier: MIT
// The guest's disk in an emulated machine, by interface: its driver, the PCI function, the device model over the image.
#pragma once

#include <memory>

#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/host/processor.hpp>
#include <ahcisim/models/host/vm/exit_bus.hpp>
#include <ahcisim/models/host/vm/image_medium.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/machine/guest_parameters.hpp>

namespace ahcisim::machine {

class GuestDisk {
 public:
  virtual ~GuestDisk() = default;
  /// The guest's driver, held until begin().
  virtual host::BlockDevice& driver() = 0;
  virtual void begin() = 0;
  /// The guest's processor.
  virtual host::Processor& processor() = 0;
};

/// What a guest's disk is built between. All must outlive it.
struct GuestSurroundings {
  kit::Context& context;
  const EmulatedParameters& parameters;
  host::Memory& memory;
  host::ExitBus& bus;
  host::ImageMedium& image;
  disk::Store& content;
};

/// Builds and binds what `parameters` chose, within elaboration and in the present module scope.
std::unique_ptr<GuestDisk> make_guest_disk(const GuestSurroundings& around);

}  // namespace ahcisim::machine
