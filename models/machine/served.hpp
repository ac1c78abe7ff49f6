// SPDX-License-Identifier: MIT
// A machine without a driver: the PCI function and what lies behind it, for a guest that is a real one.
//
//     vfio-user client -> bridge -> PCIe link -> endpoint -> HBA -> SATA link -> disk
//     vfio-user client -> bridge -> endpoint -> IDE -> disk
//     vfio-user client -> bridge -> endpoint -> virtio-blk -> disk
#pragma once

#include <memory>

#include <systemc>

#include <ahcisim/models/ahci/hba.hpp>
#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/ide/controller.hpp>
#include <ahcisim/models/ide/pci_registers.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/machine/faults.hpp>
#include <ahcisim/models/machine/parameters.hpp>
#include <ahcisim/models/machine/recorded_medium.hpp>
#include <ahcisim/models/machine/shared_interrupt.hpp>
#include <ahcisim/models/pcie/endpoint.hpp>
#include <ahcisim/models/pcie/link.hpp>
#include <ahcisim/models/sata/link.hpp>
#include <ahcisim/models/vfio_user/host_bridge.hpp>
#include <ahcisim/models/virtio/blk_function.hpp>

namespace ahcisim::disk::optical {
class AtapiDevice;
}

namespace ahcisim::machine {

/// Constructed within elaboration; `context` and `parameters` must outlive it. Several may be served in one process, each under
/// a name of its own.
class Served : public sc_core::sc_module {
 public:
  /// What a vfio_user::Server serves.
  virtual vfio_user::Device& function() = 0;
  /// The bytes of a disk.
  disk::Store& content() { return *store_; }
  /// What the guest asks of the disk, to be written down from record() on; nullptr where the machine has no disk.
  RecordedMedium* recording() { return medium_.get(); }
  /// The optical drive; nullptr where the machine has a disk.
  virtual disk::optical::AtapiDevice* optical() { return nullptr; }

 protected:
  Served(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters);
  /// A machine without a disk.
  explicit Served(const sc_core::sc_module_name& name) : sc_module{name} {}
  const std::unique_ptr<RecordedMedium> medium_;
  const std::unique_ptr<disk::Store> store_;
};

/// Builds the function that `parameters` describe: AHCI or IDE on bare metal, virtio-blk of an emulated machine. Throws
/// kit::ConfigError where there is none to serve, or what a real guest has of its own was set.
std::unique_ptr<Served> make_served(const char* name, kit::Context& context, const Parameters& parameters);

/// From the guest to the SATA link; constructed within a module's constructor. What lies at the link's other end is bound to `sata_link.device`.
struct HbaFront {
  HbaFront(kit::Context& context, const Parameters& parameters);

  pcie::Link pcie_link;
  pcie::Endpoint endpoint;
  ahci::Hba hba;
  sata::Link sata_link;
  vfio_user::HostBridge bridge;
};

/// An AHCI controller with its disk.
class ServedAhci final : public Served, public HbaFront {
 public:
  ServedAhci(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters);
  vfio_user::Device& function() override { return bridge; }

  disk::AtaDevice drive;

 private:
  Faults faults_;
};

/// An IDE controller with its disk at the primary channel, in native mode: a virtual machine's fixed ports are not to be had by
/// vfio-user. The function is the chipset's, without a link.
class ServedIde final : public Served {
 public:
  ServedIde(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters);
  vfio_user::Device& function() override { return bridge; }

  pcie::Endpoint endpoint;
  ide::PciRegisters registers;  ///< in the endpoint's configuration space
  ide::Controller controller;
  SharedInterrupt interrupts;
  disk::AtaDevice drive;
  vfio_user::HostBridge bridge;

 private:
  Faults faults_;
};

/// A virtio block device right before the drive's mechanics or flash, without any time of its own.
class ServedVirtio final : public Served {
 public:
  ServedVirtio(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters);
  vfio_user::Device& function() override { return bridge; }

  pcie::Endpoint endpoint;
  virtio::BlkFunction blk;
  vfio_user::HostBridge bridge;
};

}  // namespace ahcisim::machine
