// SPDX-License-Identifier: MIT
// The generic host control registers of AHCI 1.3.1, 3.1, and the index/data pair of 10.14, as tables.
#pragma once

#include <ahcisim/models/kit/register.hpp>

namespace ahcisim::ahci {

using kit::Access;

struct CAP : kit::Register {
  explicit CAP(kit::RegisterBank& bank) : Register{bank, 0x00, 4, "CAP", "HBA Capabilities", "AHCI 1.3.1, 3.1.1"} {}
  kit::Field S64A{*this, "S64A", {31, 31}, Access::RWO, 0, "Supports 64-bit Addressing; firmware may clear it once"};
  kit::Field SNCQ{*this, "SNCQ", {30, 30}, Access::RWO, 0, "Supports Native Command Queuing; firmware may clear it once"};
  kit::Field SSNTF{*this, "SSNTF", {29, 29}, Access::RO, 0, "Supports SNotification Register"};
  kit::Field SMPS{*this, "SMPS", {28, 28}, Access::RO, 0, "Supports Mechanical Presence Switch"};
  kit::Field SSS{*this, "SSS", {27, 27}, Access::RO, 0, "Supports Staggered Spin-up"};
  kit::Field SALP{*this, "SALP", {26, 26}, Access::RO, 0, "Supports Aggressive Link Power Management"};
  kit::Field SAL{*this, "SAL", {25, 25}, Access::RO, 0, "Supports Activity LED"};
  kit::Field SCLO{*this, "SCLO", {24, 24}, Access::RWO, 0, "Supports Command List Override; firmware may clear it once"};
  kit::Field ISS{*this, "ISS", {23, 20}, Access::HwInit, 0, "Interface Speed Support: highest generation"};
  kit::Field SAM{*this, "SAM", {18, 18}, Access::RO, 1, "Supports AHCI mode only"};
  kit::Field SPM{*this, "SPM", {17, 17}, Access::RO, 0, "Supports Port Multiplier"};
  kit::Field FBSS{*this, "FBSS", {16, 16}, Access::RO, 0, "FIS-based Switching Supported"};
  kit::Field PMD{*this, "PMD", {15, 15}, Access::RO, 1, "PIO Multiple DRQ Block"};
  kit::Field SSC{*this, "SSC", {14, 14}, Access::RO, 0, "Slumber State Capable"};
  kit::Field PSC{*this, "PSC", {13, 13}, Access::RO, 0, "Partial State Capable"};
  kit::Field NCS{*this, "NCS", {12, 8}, Access::HwInit, 0, "Number of Command Slots, 0's based"};
  kit::Field CCCS{*this, "CCCS", {7, 7}, Access::RO, 0, "Command Completion Coalescing Supported"};
  kit::Field EMS{*this, "EMS", {6, 6}, Access::RO, 0, "Enclosure Management Supported"};
  kit::Field SXS{*this, "SXS", {5, 5}, Access::RO, 0, "Supports External SATA"};
  kit::Field NP{*this, "NP", {4, 0}, Access::HwInit, 0, "Number of Ports, 0's based"};
};

struct GHC : kit::Register {
  GHC(kit::RegisterBank& bank, bool ahci_only)
      : Register{bank, 0x04, 4, "GHC", "Global HBA Control", "AHCI 1.3.1, 3.1.2"},
        AE{*this, "AE", {31, 31}, ahci_only ? Access::RO : Access::RW, ahci_only ? 1u : 0u,
           ahci_only ? "AHCI Enable; read only 1 because CAP.SAM is 1" : "AHCI Enable"} {}
  kit::Field AE;
  kit::Field MRSM{*this, "MRSM", {2, 2}, Access::RO, 0, "MSI Revert to Single Message"};
  kit::Field IE{*this, "IE", {1, 1}, Access::RW, 0, "Interrupt Enable"};
  kit::Field HR{*this, "HR", {0, 0}, Access::RW1S, 0, "HBA Reset; clears itself"};
};

struct IS : kit::Register {
  explicit IS(kit::RegisterBank& bank) : Register{bank, 0x08, 4, "IS", "Interrupt Status", "AHCI 1.3.1, 3.1.3"} {}
  kit::Field IPS{*this, "IPS", {31, 0}, Access::RW1C, 0, "Interrupt Pending Status, one bit a port"};
};

struct PI : kit::Register {
  explicit PI(kit::RegisterBank& bank) : Register{bank, 0x0c, 4, "PI", "Ports Implemented", "AHCI 1.3.1, 3.1.4"} {}
  kit::Field PI_{*this, "PI", {31, 0}, Access::RWO, 0, "Ports Implemented; firmware may clear bits once"};
};

struct VS : kit::Register {
  explicit VS(kit::RegisterBank& bank) : Register{bank, 0x10, 4, "VS", "AHCI Version", "AHCI 1.3.1, 3.1.5"} {}
  kit::Field MJR{*this, "MJR", {31, 16}, Access::RO, 0x0001, "Major Version Number"};
  kit::Field MNR{*this, "MNR", {15, 0}, Access::RO, 0x0301, "Minor Version Number"};
};

struct CCC_CTL : kit::Register {
  explicit CCC_CTL(kit::RegisterBank& bank)
      : Register{bank, 0x14, 4, "CCC_CTL", "Command Completion Coalescing Control", "AHCI 1.3.1, 3.1.6"} {}
  kit::Field reserved{*this, "reserved", {31, 0}, Access::RO, 0, "not supported: CAP.CCCS is 0"};
};

struct CCC_PORTS : kit::Register {
  explicit CCC_PORTS(kit::RegisterBank& bank)
      : Register{bank, 0x18, 4, "CCC_PORTS", "Command Completion Coalescing Ports", "AHCI 1.3.1, 3.1.7"} {}
  kit::Field reserved{*this, "reserved", {31, 0}, Access::RO, 0, "not supported: CAP.CCCS is 0"};
};

struct EM_LOC : kit::Register {
  explicit EM_LOC(kit::RegisterBank& bank)
      : Register{bank, 0x1c, 4, "EM_LOC", "Enclosure Management Location", "AHCI 1.3.1, 3.1.8"} {}
  kit::Field reserved{*this, "reserved", {31, 0}, Access::RO, 0, "not supported: CAP.EMS is 0"};
};

struct EM_CTL : kit::Register {
  explicit EM_CTL(kit::RegisterBank& bank)
      : Register{bank, 0x20, 4, "EM_CTL", "Enclosure Management Control", "AHCI 1.3.1, 3.1.9"} {}
  kit::Field reserved{*this, "reserved", {31, 0}, Access::RO, 0, "not supported: CAP.EMS is 0"};
};

struct CAP2 : kit::Register {
  explicit CAP2(kit::RegisterBank& bank)
      : Register{bank, 0x24, 4, "CAP2", "HBA Capabilities Extended", "AHCI 1.3.1, 3.1.10"} {}
  kit::Field DESO{*this, "DESO", {5, 5}, Access::RO, 0, "DevSleep Entrance from Slumber Only"};
  kit::Field SADM{*this, "SADM", {4, 4}, Access::RO, 0, "Supports Aggressive Device Sleep Management"};
  kit::Field SDS{*this, "SDS", {3, 3}, Access::RO, 0, "Supports Device Sleep"};
  kit::Field APST{*this, "APST", {2, 2}, Access::RO, 0, "Automatic Partial to Slumber Transitions"};
  kit::Field NVMP{*this, "NVMP", {1, 1}, Access::RO, 0, "NVMHCI Present"};
  kit::Field BOH{*this, "BOH", {0, 0}, Access::RO, 0, "BIOS/OS Handoff"};
};

struct BOHC : kit::Register {
  explicit BOHC(kit::RegisterBank& bank)
      : Register{bank, 0x28, 4, "BOHC", "BIOS/OS Handoff Control and Status", "AHCI 1.3.1, 3.1.11"} {}
  kit::Field reserved{*this, "reserved", {31, 0}, Access::RO, 0, "not supported: CAP2.BOH is 0"};
};

struct GenericRegisters {
  /// `ahci_only`: CAP.SAM.
  GenericRegisters(kit::RegisterBank& bank, bool ahci_only)
      : cap{bank}, ghc{bank, ahci_only}, is{bank}, pi{bank}, vs{bank}, ccc_ctl{bank}, ccc_ports{bank}, em_loc{bank}, em_ctl{bank},
        cap2{bank}, bohc{bank} {}
  CAP cap;
  GHC ghc;
  IS is;
  PI pi;
  VS vs;
  CCC_CTL ccc_ctl;
  CCC_PORTS ccc_ports;
  EM_LOC em_loc;
  EM_CTL em_ctl;
  CAP2 cap2;
  BOHC bohc;
};

/// The index/data pair: a window of 32 bytes in I/O space for software that cannot reach ABAR (10.14).
struct INDEX : kit::Register {
  explicit INDEX(kit::RegisterBank& bank) : Register{bank, 0x10, 4, "INDEX", "Index of the register to access", "AHCI 1.3.1, 10.14"} {}
  kit::Field INDEX_{*this, "INDEX", {15, 2}, Access::RW, 0, "dword offset within ABAR"};
};

struct DATA : kit::Register {
  explicit DATA(kit::RegisterBank& bank) : Register{bank, 0x14, 4, "DATA", "Data of the register indexed", "AHCI 1.3.1, 10.14"} {}
  kit::Field DATA_{*this, "DATA", {31, 0}, Access::RW, 0, "an access reads or writes the register that INDEX names"};
};

}  // namespace ahcisim::ahci
