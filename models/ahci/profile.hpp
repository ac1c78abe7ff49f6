// SPDX-License-Identifier: MIT
// Which controller an HBA and its PCI function are: the specification's own, or one that guests know. Each profile is a row of the
// same table, and what differs between two rows is all that differs between the controllers. Plain C++.
#pragma once

#include <array>
#include <cstdint>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::ahci {

struct Profile {
  const char* name;

  // The HBA's registers (AHCI 1.3.1, 3.1)
  std::uint32_t version;      ///< VS
  bool ahci_only;             ///< CAP.SAM; where it is 0, GHC.AE is read-write and 0 after a reset (3.1.2)
  unsigned interface_speed;   ///< CAP.ISS at most: SATA generation

  // The PCI function
  std::uint8_t revision;
  std::uint16_t subsystem_vendor, subsystem;
  std::uint8_t interrupt_pin;               ///< 1 = INTA
  std::array<std::uint16_t, 4> legacy_bars;  ///< bytes of I/O BARs 0 to 3, of command and control blocks that AHCI mode leaves alone; 0: none
  std::uint32_t least_abar;                 ///< bytes of BAR 5 at least
  bool pci_express;                         ///< PCI Express capability, with function level reset
  bool msix;
  unsigned msi_vectors;                     ///< 0: one a port, rounded up to a power of two
  bool msi_address64, msi_masking;
  std::uint8_t power_at, msi_at, sata_at;   ///< offsets of the capabilities
  bool msi_first;                           ///< … and whether the list begins with MSI
};

/// AHCI 1.3.1 to the letter, as a PCI Express function.
inline constexpr Profile strict_profile{
    "strict", 0x0001'0301, true, 3,
    0, 0, 0, 1, {0, 0, 0, 0}, 8192, true, true, 0, true, true, 0x40, 0x50, 0xc0, false};

/// Intel 82801IR/IO/IH (ICH9R/DO/DH), device 2922h, in AHCI mode (Intel document 316972, "SATA Controller Registers (D31:F2)", and a
/// configuration space as read from the chip): on the chipset's own bus, AHCI 1.2, 3 Gb/s, IDE mode beside AHCI's, MSI of 16 messages
/// with 32-bit addresses at 80h, before power management at 70h and SATA at A8h.
///
/// The chip's optional features that the model does not have read as absent: command completion coalescing, enclosure
/// management, port multipliers, presence switches, activity LED, link power management, PME, and its own function level
/// reset (a capability at B0h).
inline constexpr Profile ich9_profile{
    "ich9", 0x0001'0200, false, 2,
    2, 0x8086, 0x2922, 2, {8, 4, 8, 4}, 2048, false, false, 16, false, false, 0x70, 0x80, 0xa8, true};

/// Of HbaParameters::profile.
inline const Profile& profile_of(const kit::Choice& choice) { return choice() == "ich9" ? ich9_profile : strict_profile; }

}  // namespace ahcisim::ahci
