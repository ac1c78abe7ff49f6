// SPDX-License-Identifier: MIT
// Identities, BARs and fixed windows of the functions.
#include <ahcisim/models/machine/functions.hpp>

namespace ahcisim::machine {

pcie::FunctionDescription ahci_function(const ahci::HbaParameters& parameters) {
  pcie::FunctionDescription function;
  // Drivers bind to the class code; the identity is that of a controller every guest's driver knows (Intel ICH9).
  function.vendor = 0x8086;
  function.device = 0x2922;
  function.class_code = 0x010601;  // mass storage, Serial ATA, AHCI 1.0 (AHCI 1.3.1, 2.1.5)
  function.bars[4] = {pcie::BarDescription::Kind::io, 32, false};
  function.bars[5] = {pcie::BarDescription::Kind::mem32, 8192, false};  // ABAR (AHCI 1.3.1, 2.1.11)
  function.legacy_endpoint = true;                                      // BAR4 is an I/O BAR
  // A message for each port, rounded up to a power of two (AHCI 1.3.1, 2.3 and 10.6.2).
  unsigned vectors = 1;
  while (vectors < static_cast<unsigned>(parameters.ports())) vectors *= 2;
  function.msi.vectors = vectors;
  function.msix.vectors = static_cast<unsigned>(parameters.ports());
  function.msix.table_bar = function.msix.pba_bar = 5;
  function.msix.table_offset = 0x1800;
  function.msix.pba_offset = 0x1c00;
  function.sata = pcie::SataDescription{4, 0x10};
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

}  // namespace ahcisim::machine
