// SPDX-License-Identifier: MIT
// The configuration space of one function: header, capability list and what they say about decoding. Plain C++.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ahcisim/models/pcie/capability_registers.hpp>
#include <ahcisim/models/pcie/function_description.hpp>
#include <ahcisim/models/pcie/header_registers.hpp>

namespace ahcisim::pcie {

struct PowerManagementCapability {
  PowerManagementCapability(kit::RegisterBank& bank, unsigned at, bool no_soft_reset);
  CapabilityHeader header;
  PMC pmc;
  PMCSR pmcsr;
};
struct MsiCapability {
  MsiCapability(kit::RegisterBank& bank, unsigned at, const MsiDescription& msi);
  CapabilityHeader header;
  MSIControl control;
  MSIAddress address;
  std::optional<ScratchRegister> upper_address;
  ScratchRegister data;
  std::uint64_t message_address() const { return address.value() | (upper_address ? std::uint64_t{upper_address->value()} << 32 : 0); }
  std::optional<MSIBits> mask, pending;
};
struct MsixCapability {
  MsixCapability(kit::RegisterBank& bank, unsigned at, const MsixDescription& msix);
  CapabilityHeader header;
  MSIXControl control;
  ConstantRegister table, pba;
};
struct ExpressCapability {
  ExpressCapability(kit::RegisterBank& bank, unsigned at, const FunctionDescription& function);
  CapabilityHeader header;
  PXCAP capabilities;
  DeviceCapabilities device_capabilities;
  DeviceControl device_control;
  DeviceStatus device_status;
  LinkCapabilities link_capabilities;
  LinkControl link_control;
  LinkStatus link_status;
  LinkCapabilities2 link_capabilities2;
  LinkControl2 link_control2;
};
struct SataCapability {
  SataCapability(kit::RegisterBank& bank, unsigned at, const SataDescription& sata);
  CapabilityHeader header;
  SATACR0 cr0;
  SATACR1 cr1;
};
/// struct virtio_pci_cfg_cap (VIRTIO 1.1, 4.1.4.7).
struct BarAccessCapability {
  BarAccessCapability(kit::RegisterBank& bank, unsigned at);
  static constexpr unsigned size = 20;
  CapabilityHeader header;
  ConstantRegister cap_len, cfg_type;
  ScratchRegister bar, offset, length, pci_cfg_data;
};

/// 4 KiB of configuration space. The capabilities lie where CapabilityPlaces has them (40h power management, 50h MSI, 70h PCI
/// Express, B0h MSI-X, C0h SATA) and from C8h on (the function's own, access to BARs), those that are present, linked in this order. A
/// function may add registers of its own to the bank where nothing lies.
class ConfigurationSpace {
 public:
  /// Throws kit::ConfigError for a description no function can have.
  ConfigurationSpace(const std::string& name, const FunctionDescription& function);

  static constexpr unsigned most_fixed = 8;
  /// An address range that decodes now: BAR 0 to 5, or from 6 on a fixed window.
  struct Window {
    std::uint64_t base = 0, size = 0;
    std::uint8_t bar = 0;
    bool io = false;
  };
  /// What decodes now, from BARs, Command and PowerState: none in D3hot (PCI Express Base, 5.3.1.4).
  struct Decode {
    std::array<Window, 6 + most_fixed> windows{};
    unsigned count = 0;
  };
  Decode decode() const;

  bool d0() const { return !power || power->pmcsr.PowerState == 0; }
  bool may_master() const { return command.BusMasterEnable != 0 && d0(); }
  bool msi_enabled() const { return msi && msi->control.MSIEnable; }
  bool msix_enabled() const { return msix && msix->control.MSIXEnable; }
  /// FLR or the internal reset of D3hot to D0: everything but what a reset of the function leaves (6.6.2).
  void reset_function();
  /// What the link and the platform decided, shown in the PCI Express capability.
  void link_trained(unsigned generation, unsigned lanes, unsigned max_payload, unsigned max_read_request);

  kit::RegisterBank bank;
  ConstantRegister vendor_id, device_id;
  CommandRegister command;
  StatusRegister status;
  ConstantRegister revision_id, programming_interface, device_class;
  ScratchRegister cache_line_size;
  ConstantRegister latency_timer, header_type;
  std::array<std::unique_ptr<BaseAddressRegister>, 6> bars;
  ConstantRegister subsystem_vendor_id, subsystem_id;
  ExpansionRomRegister expansion_rom;
  ConstantRegister capabilities_pointer;
  ScratchRegister interrupt_line;
  ConstantRegister interrupt_pin;
  std::optional<PowerManagementCapability> power;
  std::optional<MsiCapability> msi;
  std::optional<ExpressCapability> express;
  std::optional<MsixCapability> msix;
  std::optional<SataCapability> sata;
  std::optional<BarAccessCapability> bar_access;

 private:
  void add_capabilities(const FunctionDescription& function);
  void add_own_capability(unsigned at, const std::vector<std::uint8_t>& content);
  kit::Field* link(CapabilityHeader& header, kit::Field* previous);

  std::array<BarDescription, 6> described_;
  std::vector<FixedWindow> fixed_;
  std::deque<CapabilityHeader> own_headers_;
  std::deque<ConstantRegister> own_bytes_;
};

}  // namespace ahcisim::pcie
