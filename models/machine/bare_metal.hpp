// SPDX-License-Identifier: MIT
// The bare-metal machine: driver, root complex, PCIe link, endpoint, HBA, SATA link, disk; the place where blocks meet.
#pragma once

#include <memory>

#include <ahcisim/models/ahci/hba.hpp>
#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/host/ahci_driver.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/machine/faults.hpp>
#include <ahcisim/models/machine/functions.hpp>
#include <ahcisim/models/machine/machine.hpp>
#include <ahcisim/models/machine/parameters.hpp>
#include <ahcisim/models/pcie/endpoint.hpp>
#include <ahcisim/models/pcie/link.hpp>
#include <ahcisim/models/pcie/root_complex.hpp>
#include <ahcisim/models/sata/link.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::machine {

/// Mechanics or flash of the drive chosen. Throws kit::ConfigError where its parameters contradict.
std::unique_ptr<disk::Medium> make_medium(const Parameters& parameters);
/// Where the bytes live. Throws kit::ConfigError where an image does not fit.
std::unique_ptr<disk::Store> make_store(const SystemParameters& parameters, std::uint64_t sectors);

/// Constructed within elaboration; `context` and `parameters` must outlive it.
class BareMetal final : public Machine {
 public:
  /// `scope` goes before the names of what is no module ("host." where the machine is a host).
  BareMetal(kit::Context& context, const Parameters& parameters, const std::string& scope = {});

 private:
  std::unique_ptr<disk::Medium> medium_;
  std::unique_ptr<disk::Store> store_;
  wire::TagBoard tags_;

 public:
  host::Memory memory;
  host::AhciDriver driver;
  pcie::RootComplex root_complex;
  pcie::Link pcie_link;
  pcie::Endpoint endpoint;
  ahci::Hba hba;
  sata::Link sata_link;
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
