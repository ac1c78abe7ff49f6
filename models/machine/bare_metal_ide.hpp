// SPDX-License-Identifier: MIT
// The bare-metal machine with legacy IDE: driver, root complex, an IDE function of the chipset, a parallel cable, disk.
#pragma once

#include <memory>
#include <string>

#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/host/ide_driver.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/ide/controller.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/machine/faults.hpp>
#include <ahcisim/models/machine/isa_interrupts.hpp>
#include <ahcisim/models/machine/machine.hpp>
#include <ahcisim/models/machine/parameters.hpp>
#include <ahcisim/models/pcie/endpoint.hpp>
#include <ahcisim/models/pcie/root_complex.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::machine {

/// Constructed within elaboration; `context` and `parameters` must outlive it.
class BareMetalIde final : public Machine {
 public:
  BareMetalIde(kit::Context& context, const Parameters& parameters);

 private:
  std::unique_ptr<disk::Medium> medium_;
  std::unique_ptr<disk::Store> store_;
  wire::TagBoard tags_;

 public:
  host::Memory memory;
  host::IdeDriver driver;
  pcie::RootComplex root_complex;
  pcie::Endpoint endpoint;  ///< bound to the root complex directly: the function is part of the chipset
  ide::Controller controller;
  IsaInterrupts isa;
  disk::AtaDevice drive;

  host::BlockDevice& device() override { return driver; }
  std::uint64_t sectors() const override { return medium_->facts().sectors; }
  disk::Store& content() override { return *store_; }
  disk::Medium* medium() override { return medium_.get(); }
  std::string remedy(const std::string& failure) const override;

 private:
  Faults faults_;
};

}  // namespace ahcisim::machine
