// SPDX-License-Identifier: MIT
// A machine without a driver: the PCI function and what lies behind it, for a guest that is a real one.
//
//     vfio-user client -> bridge -> PCIe link -> endpoint -> HBA -> SATA link -> disk
#pragma once

#include <memory>

#include <systemc>

#include <ahcisim/models/ahci/hba.hpp>
#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/machine/parameters.hpp>
#include <ahcisim/models/pcie/endpoint.hpp>
#include <ahcisim/models/pcie/link.hpp>
#include <ahcisim/models/sata/link.hpp>
#include <ahcisim/models/vfio_user/host_bridge.hpp>

namespace ahcisim::machine {

/// Throws kit::ConfigError where the machine that `parameters` describe has no function to serve, or they set what a real guest
/// has of its own.
void check_served(const Parameters& parameters);

/// An AHCI controller with its disk. Constructed within elaboration; `context` and `parameters` must outlive it. Several may be
/// served in one process, each under a name of its own.
class ServedAhci : public sc_core::sc_module {
 public:
  ServedAhci(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters);

 private:
  std::unique_ptr<disk::Medium> medium_;
  std::unique_ptr<disk::Store> store_;

 public:
  pcie::Link pcie_link;
  pcie::Endpoint endpoint;
  ahci::Hba hba;
  sata::Link sata_link;
  disk::AtaDevice drive;
  vfio_user::HostBridge bridge;  ///< what a vfio_user::Server serves

  disk::Store& content() { return *store_; }
};

}  // namespace ahcisim::machine
