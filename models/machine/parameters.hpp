// SPDX-License-Identifier: MIT
// Every parameter of a machine, in sections under dotted names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ahcisim/models/ahci/ahci_timing.hpp>
#include <ahcisim/models/disk/ata/parameters.hpp>
#include <ahcisim/models/disk/hdd/parameters.hpp>
#include <ahcisim/models/disk/optical/parameters.hpp>
#include <ahcisim/models/disk/ssd/parameters.hpp>
#include <ahcisim/models/host/ahci_parameters.hpp>
#include <ahcisim/models/host/ide_parameters.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/ide/pata_timing.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <ahcisim/models/machine/configuration.hpp>
#include <ahcisim/models/machine/fault_parameters.hpp>
#include <ahcisim/models/machine/guest_parameters.hpp>
#include <ahcisim/models/pcie/endpoint_parameters.hpp>
#include <ahcisim/models/pcie/link_parameters.hpp>
#include <ahcisim/models/pcie/root_complex_parameters.hpp>
#include <ahcisim/models/sata/parameters.hpp>

namespace ahcisim::machine {

/// What the machine is made of.
struct SystemParameters : kit::ParameterSet {
  kit::Choice deployment{*this, "deployment", "bare_metal", {"bare_metal", "emulated"}, kit::choice("a program on hardware, or in a virtual machine"),
      "bare_metal: driver, PCIe, controller, drive; emulated: the same disk for a guest, over an image file on a bare-metal machine"};
  kit::Choice interface{*this, "interface", "ahci", {"ahci", "ide", "virtio_blk"}, kit::choice("how programs' disk is attached"),
      "controller and driver of the disk; an emulated machine's host always has AHCI, virtio_blk is for guests"};
  kit::Parameter<std::string> drive{*this, "drive", "ultrastar-dc-hc310", kit::choice("a name of the catalogue, or a file"),
      "the disk: a drive of `ahcisim list`, \"instant\" (no mechanics), or a DiskSim .diskspecs file; \"dvd-rom\": an optical drive"};
  kit::Parameter<std::string> image{*this, "image", "", kit::choice("where the bytes live"),
      "raw image file with the disk's content; empty: sparse memory. Of an optical drive the disc (ISO file); empty: no disc"};
  kit::Choice image_access{*this, "image_access", "overlay", {"overlay", "read_write", "read_only"},
      kit::choice("what becomes of writes"), "writes go to a copy in memory, to the image file, or are refused"};
  kit::Parameter<kit::Bytes> instant_capacity{*this, "instant_capacity", kit::Bytes{std::int64_t{64} << 30},
      kit::choice("size of the disk without mechanics"), "capacity of the drive \"instant\"",
      {{kit::Bytes{1 << 20}, kit::Bytes{std::int64_t{64} << 40}}}};
};

/// A key, its text, and where it was written; for errors.
struct Setting {
  std::string key, text, place;
};

/// The message of an error, with the place of the setting that it is about before it: that whose key it begins with, or the
/// key's last part, where a block named its parameter. As it is where no setting, or more than one, has that key.
std::string located(const std::vector<Setting>& settings, const std::string& message);

class Parameters {
 public:
  /// The default machine.
  Parameters() : Parameters{std::vector<Setting>{}} {}
  /// The default machine with `settings` over it, in their order. Throws kit::ConfigError with the place of the one at fault.
  explicit Parameters(const std::vector<Setting>& settings, kit::ParameterSet* workload = nullptr);

  bool is_hdd() const { return hdd != nullptr; }
  bool is_ssd() const { return ssd != nullptr; }
  bool is_optical() const { return optical != nullptr; }
  bool is_emulated() const { return system.deployment.index() == 1; }
  const Configuration& configuration() const { return configuration_; }

  SystemParameters system;
  pcie::RootComplexParameters root_complex;
  pcie::LinkParameters pcie_link;
  pcie::EndpointParameters endpoint;
  ahci::HbaParameters hba;
  sata::LinkParameters sata_link;
  disk::AtaParameters ata;
  FaultParameters faults;
  host::MemoryParameters memory;
  host::AhciDriverParameters driver;
  ide::IdeParameters ide;                 ///< bare metal with IDE: controller …
  host::IdeDriverParameters ide_driver;   ///< … and driver
  std::unique_ptr<EmulatedParameters> emulated;
  std::unique_ptr<disk::hdd::HddParameters> hdd;  ///< where the drive is a hard disk
  std::unique_ptr<disk::ssd::SsdParameters> ssd;  ///< where it is a solid state drive
  std::unique_ptr<disk::optical::OpticalParameters> optical;  ///< where it is an optical drive

 private:
  void choose(const std::vector<Setting>& settings);
  void choose_drive();
  void choose_optical();
  void check_deployment(const std::vector<Setting>& settings) const;
  void check_hardware(const std::vector<Setting>& settings) const;
  std::string others_that_know(const std::string& key) const;
  void apply(const Setting& setting);
  Configuration configuration_;
  CostTable cost_table_;
};

/// The drives of the catalogue, hard disks first.
std::vector<std::string> drive_names();

}  // namespace ahcisim::machine
