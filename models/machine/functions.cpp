// SPDX-License-Identifier: MIT
// Identities, BARs and fixed windows of the functions.
#include <ahcisim/models/machine/functions.hpp>

namespace ahcisim::machine {
namespace {

/// Registers of every port (AHCI 1.3.1, 3: 100h bytes, and 80h for each).
std::uint64_t abar_size(const ahci::HbaParameters& parameters, const ahci::Profile& profile) {
  std::uint64_t size = profile.least_abar;
  while (size < 0x100 + 0x80 * static_cast<std::uint64_t>(parameters.ports())) size *= 2;
  return size;
}

void apply(const ahci::Profile& profile, std::uint64_t abar, pcie::FunctionDescription& function) {
  using Kind = pcie::BarDescription::Kind;
  function.revision = profile.revision;
  function.subsystem_vendor = profile.subsystem_vendor;
  function.subsystem = profile.subsystem;
  function.interrupt_pin = profile.interrupt_pin;
  for (unsigned i = 0; i < profile.legacy_bars.size(); ++i)
    if (profile.legacy_bars[i] != 0) function.bars[i] = {Kind::io, profile.legacy_bars[i], false};
  function.bars[5] = {Kind::mem32, abar, false};  // ABAR (AHCI 1.3.1, 2.1.11)
  function.pci_express = function.function_level_reset = profile.pci_express;
  function.places.power = profile.power_at;
  function.places.msi = profile.msi_at;
  function.places.msi_first = profile.msi_first;
  function.places.sata = profile.sata_at;
  function.sata = pcie::SataDescription{4, 0x10};
}

}  // namespace

pcie::FunctionDescription ahci_function(const ahci::HbaParameters& parameters) {
  pcie::FunctionDescription function;
  // Drivers bind to the class code; the identity is that of a controller every guest's driver knows (Intel ICH9).
  function.vendor = 0x8086;
  function.device = 0x2922;
  function.class_code = 0x010601;  // mass storage, Serial ATA, AHCI 1.0 (AHCI 1.3.1, 2.1.5)
  function.bars[4] = {pcie::BarDescription::Kind::io, 32, false};
  function.legacy_endpoint = true;  // BAR4 is an I/O BAR
  // A message for each port, rounded up to a power of two (AHCI 1.3.1, 2.3 and 10.6.2).
  unsigned vectors = 1;
  while (vectors < static_cast<unsigned>(parameters.ports())) vectors *= 2;
  const ahci::Profile& profile = ahci::profile_of(parameters.profile);
  function.msi = {profile.msi_vectors ? profile.msi_vectors : vectors, profile.msi_masking, profile.msi_address64};
  apply(profile, abar_size(parameters, profile), function);
  if (!profile.msix) return function;
  function.msix.vectors = static_cast<unsigned>(parameters.ports());
  function.msix.table_bar = function.msix.pba_bar = 5;
  function.msix.table_offset = 0x1800;
  function.msix.pba_offset = 0x1c00;
  return function;
}

pcie::FunctionDescription ide_function() {
  pcie::FunctionDescription function;
  function.vendor = 0x8086;
  function.device = 0x7010;  // 82371SB (PIIX3) IDE
  // Mass storage, IDE; both channels in compatibility mode, bus master (PCI IDE Controller Specification 1.0).
  function.class_code = 0x010180;
  function.fixed = {{0x1f0, 8}, {0x3f4, 4}, {0x170, 8}, {0x374, 4}};
  function.bars[4] = {pcie::BarDescription::Kind::io, 16, false};
  function.interrupt_pin = 0;  // IRQ 14 and 15
  function.power_management = function.pci_express = function.function_level_reset = false;
  return function;
}

pcie::FunctionDescription native_ide_function() {
  pcie::FunctionDescription function;
  function.vendor = 0x8086;
  function.device = 0x24db;  // 82801EB (ICH5) IDE: the PIIX's registers, and native mode
  // Mass storage, IDE; both channels in native mode for good, bus master (PCI IDE Controller Specification 1.0).
  function.class_code = 0x010185;
  for (const unsigned channel : {0u, 1u}) {
    function.bars[2 * channel] = {pcie::BarDescription::Kind::io, 8, false};
    function.bars[2 * channel + 1] = {pcie::BarDescription::Kind::io, 4, false};
  }
  function.bars[4] = {pcie::BarDescription::Kind::io, 16, false};
  function.power_management = function.pci_express = function.function_level_reset = false;
  return function;
}

}  // namespace ahcisim::machine
