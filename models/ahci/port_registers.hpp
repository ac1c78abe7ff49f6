// SPDX-License-Identifier: MIT
// The registers of one port (AHCI 1.3.1, 3.3), as tables. Offsets are relative to 100h + 80h · port.
#pragma once

#include <ahcisim/models/kit/register.hpp>

namespace ahcisim::ahci {

using kit::Access;

/// PxIS and PxIE bits (3.3.5, 3.3.6).
namespace interrupt_bit {
inline constexpr std::uint32_t DHRS = 1u << 0, PSS = 1u << 1, DSS = 1u << 2, SDBS = 1u << 3, UFS = 1u << 4, DPS = 1u << 5,
                               PCS = 1u << 6, DMPS = 1u << 7, PRCS = 1u << 22, IPMS = 1u << 23, OFS = 1u << 24,
                               INFS = 1u << 26, IFS = 1u << 27, HBDS = 1u << 28, HBFS = 1u << 29, TFES = 1u << 30,
                               CPDS = 1u << 31;
}

/// PxSERR bits (3.3.12).
namespace serr_bit {
inline constexpr std::uint32_t ERR_I = 1u << 0, ERR_M = 1u << 1, ERR_T = 1u << 8, ERR_C = 1u << 9, ERR_P = 1u << 10,
                               ERR_E = 1u << 11, DIAG_N = 1u << 16, DIAG_I = 1u << 17, DIAG_W = 1u << 18, DIAG_B = 1u << 19,
                               DIAG_D = 1u << 20, DIAG_C = 1u << 21, DIAG_H = 1u << 22, DIAG_S = 1u << 23,
                               DIAG_T = 1u << 24, DIAG_F = 1u << 25, DIAG_X = 1u << 26;
}

struct PxCLB : kit::Register {
  PxCLB(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x00, 4, "PxCLB", "Command List Base Address", "AHCI 1.3.1, 3.3.1"} {}
  kit::Field CLB{*this, "CLB", {31, 10}, Access::RW, 0, "1 KiB aligned address of the command list"};
};

struct PxCLBU : kit::Register {
  PxCLBU(kit::RegisterBank& bank, unsigned base, Access access)
      : Register{bank, base + 0x04, 4, "PxCLBU", "Command List Base Address Upper 32 bits", "AHCI 1.3.1, 3.3.2"},
        CLBU{*this, "CLBU", {31, 0}, access, 0, "upper half; read only 0 without CAP.S64A"} {}
  kit::Field CLBU;
};

struct PxFB : kit::Register {
  PxFB(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x08, 4, "PxFB", "FIS Base Address", "AHCI 1.3.1, 3.3.3"} {}
  kit::Field FB{*this, "FB", {31, 8}, Access::RW, 0, "256 byte aligned address of the received FIS area"};
};

struct PxFBU : kit::Register {
  PxFBU(kit::RegisterBank& bank, unsigned base, Access access)
      : Register{bank, base + 0x0c, 4, "PxFBU", "FIS Base Address Upper 32 bits", "AHCI 1.3.1, 3.3.4"},
        FBU{*this, "FBU", {31, 0}, access, 0, "upper half; read only 0 without CAP.S64A"} {}
  kit::Field FBU;
};

struct PxIS : kit::Register {
  PxIS(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x10, 4, "PxIS", "Interrupt Status", "AHCI 1.3.1, 3.3.5"} {}
  kit::Field CPDS{*this, "CPDS", {31, 31}, Access::RW1C, 0, "Cold Port Detect Status"};
  kit::Field TFES{*this, "TFES", {30, 30}, Access::RW1C, 0, "Task File Error Status"};
  kit::Field HBFS{*this, "HBFS", {29, 29}, Access::RW1C, 0, "Host Bus Fatal Error Status"};
  kit::Field HBDS{*this, "HBDS", {28, 28}, Access::RW1C, 0, "Host Bus Data Error Status"};
  kit::Field IFS{*this, "IFS", {27, 27}, Access::RW1C, 0, "Interface Fatal Error Status"};
  kit::Field INFS{*this, "INFS", {26, 26}, Access::RW1C, 0, "Interface Non-fatal Error Status"};
  kit::Field OFS{*this, "OFS", {24, 24}, Access::RW1C, 0, "Overflow Status"};
  kit::Field IPMS{*this, "IPMS", {23, 23}, Access::RW1C, 0, "Incorrect Port Multiplier Status"};
  kit::Field PRCS{*this, "PRCS", {22, 22}, Access::RO, 0, "PhyRdy Change Status: PxSERR.DIAG.N"};
  kit::Field DMPS{*this, "DMPS", {7, 7}, Access::RW1C, 0, "Device Mechanical Presence Status"};
  kit::Field PCS{*this, "PCS", {6, 6}, Access::RO, 0, "Port Connect Change Status: PxSERR.DIAG.X"};
  kit::Field DPS{*this, "DPS", {5, 5}, Access::RW1C, 0, "Descriptor Processed"};
  kit::Field UFS{*this, "UFS", {4, 4}, Access::RO, 0, "Unknown FIS Interrupt: PxSERR.DIAG.F"};
  kit::Field SDBS{*this, "SDBS", {3, 3}, Access::RW1C, 0, "Set Device Bits Interrupt"};
  kit::Field DSS{*this, "DSS", {2, 2}, Access::RW1C, 0, "DMA Setup FIS Interrupt"};
  kit::Field PSS{*this, "PSS", {1, 1}, Access::RW1C, 0, "PIO Setup FIS Interrupt"};
  kit::Field DHRS{*this, "DHRS", {0, 0}, Access::RW1C, 0, "Device to Host Register FIS Interrupt"};
};

struct PxIE : kit::Register {
  PxIE(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x14, 4, "PxIE", "Interrupt Enable", "AHCI 1.3.1, 3.3.6"} {}
  kit::Field CPDE{*this, "CPDE", {31, 31}, Access::RO, 0, "Cold Presence Detect Enable; read only 0 without PxCMD.CPD"};
  kit::Field TFEE{*this, "TFEE", {30, 30}, Access::RW, 0, "Task File Error Enable"};
  kit::Field HBFE{*this, "HBFE", {29, 29}, Access::RW, 0, "Host Bus Fatal Error Enable"};
  kit::Field HBDE{*this, "HBDE", {28, 28}, Access::RW, 0, "Host Bus Data Error Enable"};
  kit::Field IFE{*this, "IFE", {27, 27}, Access::RW, 0, "Interface Fatal Error Enable"};
  kit::Field INFE{*this, "INFE", {26, 26}, Access::RW, 0, "Interface Non-fatal Error Enable"};
  kit::Field OFE{*this, "OFE", {24, 24}, Access::RW, 0, "Overflow Enable"};
  kit::Field IPME{*this, "IPME", {23, 23}, Access::RW, 0, "Incorrect Port Multiplier Enable"};
  kit::Field PRCE{*this, "PRCE", {22, 22}, Access::RW, 0, "PhyRdy Change Interrupt Enable"};
  kit::Field DMPE{*this, "DMPE", {7, 7}, Access::RO, 0, "Device Mechanical Presence Enable; read only 0 without CAP.SMPS"};
  kit::Field PCE{*this, "PCE", {6, 6}, Access::RW, 0, "Port Change Interrupt Enable"};
  kit::Field DPE{*this, "DPE", {5, 5}, Access::RW, 0, "Descriptor Processed Interrupt Enable"};
  kit::Field UFE{*this, "UFE", {4, 4}, Access::RW, 0, "Unknown FIS Interrupt Enable"};
  kit::Field SDBE{*this, "SDBE", {3, 3}, Access::RW, 0, "Set Device Bits FIS Interrupt Enable"};
  kit::Field DSE{*this, "DSE", {2, 2}, Access::RW, 0, "DMA Setup FIS Interrupt Enable"};
  kit::Field PSE{*this, "PSE", {1, 1}, Access::RW, 0, "PIO Setup FIS Interrupt Enable"};
  kit::Field DHRE{*this, "DHRE", {0, 0}, Access::RW, 0, "Device to Host Register FIS Interrupt Enable"};
};

struct PxCMD : kit::Register {
  PxCMD(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x18, 4, "PxCMD", "Command and Status", "AHCI 1.3.1, 3.3.7"} {}
  kit::Field ICC{*this, "ICC", {31, 28}, Access::RW, 0, "Interface Communication Control; reads 0 when a request is done"};
  kit::Field ASP{*this, "ASP", {27, 27}, Access::RO, 0, "Aggressive Slumber / Partial; read only 0 without CAP.SALP"};
  kit::Field ALPE{*this, "ALPE", {26, 26}, Access::RO, 0, "Aggressive Link Power Management Enable; read only 0 without CAP.SALP"};
  kit::Field DLAE{*this, "DLAE", {25, 25}, Access::RW, 0, "Drive LED on ATAPI Enable"};
  kit::Field ATAPI{*this, "ATAPI", {24, 24}, Access::RW, 0, "Device is ATAPI"};
  kit::Field APSTE{*this, "APSTE", {23, 23}, Access::RO, 0, "Automatic Partial to Slumber Transitions Enabled"};
  kit::Field FBSCP{*this, "FBSCP", {22, 22}, Access::RO, 0, "FIS-based Switching Capable Port"};
  kit::Field ESP{*this, "ESP", {21, 21}, Access::RO, 0, "External SATA Port"};
  kit::Field CPD{*this, "CPD", {20, 20}, Access::RO, 0, "Cold Presence Detection"};
  kit::Field MPSP{*this, "MPSP", {19, 19}, Access::RO, 0, "Mechanical Presence Switch Attached to Port"};
  kit::Field HPCP{*this, "HPCP", {18, 18}, Access::RO, 0, "Hot Plug Capable Port"};
  kit::Field PMA{*this, "PMA", {17, 17}, Access::RO, 0, "Port Multiplier Attached; read only 0 without CAP.SPM"};
  kit::Field CPS{*this, "CPS", {16, 16}, Access::RO, 0, "Cold Presence State"};
  kit::Field CR{*this, "CR", {15, 15}, Access::RO, 0, "Command List Running"};
  kit::Field FR{*this, "FR", {14, 14}, Access::RO, 0, "FIS Receive Running"};
  kit::Field MPSS{*this, "MPSS", {13, 13}, Access::RO, 0, "Mechanical Presence Switch State"};
  kit::Field CCS{*this, "CCS", {12, 8}, Access::RO, 0, "Current Command Slot"};
  kit::Field FRE{*this, "FRE", {4, 4}, Access::RW, 0, "FIS Receive Enable"};
  kit::Field CLO{*this, "CLO", {3, 3}, Access::RW1S, 0, "Command List Override; clears itself"};
  kit::Field POD{*this, "POD", {2, 2}, Access::RO, 1, "Power On Device; read only 1 without PxCMD.CPD"};
  kit::Field SUD{*this, "SUD", {1, 1}, Access::RO, 1, "Spin-Up Device; read only 1 without CAP.SSS"};
  kit::Field ST{*this, "ST", {0, 0}, Access::RW, 0, "Start"};
};

struct PxTFD : kit::Register {
  PxTFD(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x20, 4, "PxTFD", "Task File Data", "AHCI 1.3.1, 3.3.8"} {}
  kit::Field ERR{*this, "ERR", {15, 8}, Access::RO, 0, "Error"};
  kit::Field STS{*this, "STS", {7, 0}, Access::RO, 0x7f, "Status"};
};

struct PxSIG : kit::Register {
  PxSIG(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x24, 4, "PxSIG", "Signature", "AHCI 1.3.1, 3.3.9"} {}
  kit::Field SIG{*this, "SIG", {31, 0}, Access::RO, 0xffffffff, "LBA High, Mid, Low and Sector Count of the first D2H Register FIS"};
};

struct PxSSTS : kit::Register {
  PxSSTS(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x28, 4, "PxSSTS", "Serial ATA Status (SCR0: SStatus)", "AHCI 1.3.1, 3.3.10"} {}
  kit::Field IPM{*this, "IPM", {11, 8}, Access::RO, 0, "Interface Power Management: 1 = active"};
  kit::Field SPD{*this, "SPD", {7, 4}, Access::RO, 0, "Current Interface Speed: generation"};
  kit::Field DET{*this, "DET", {3, 0}, Access::RO, 0, "Device Detection: 0 none, 1 present, 3 communication, 4 offline"};
};

struct PxSCTL : kit::Register {
  PxSCTL(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x2c, 4, "PxSCTL", "Serial ATA Control (SCR2: SControl)", "AHCI 1.3.1, 3.3.11"} {}
  kit::Field PMP{*this, "PMP", {19, 16}, Access::RO, 0, "Port Multiplier Port: not used by AHCI"};
  kit::Field SPM{*this, "SPM", {15, 12}, Access::RO, 0, "Select Power Management: not used by AHCI"};
  kit::Field IPM{*this, "IPM", {11, 8}, Access::RW, 0, "Interface Power Management Transitions Allowed"};
  kit::Field SPD{*this, "SPD", {7, 4}, Access::RW, 0, "Speed Allowed: 0 = no limit"};
  kit::Field DET{*this, "DET", {3, 0}, Access::RW, 0, "Device Detection Initialization: 1 COMRESET, 4 offline"};
};

struct PxSERR : kit::Register {
  PxSERR(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x30, 4, "PxSERR", "Serial ATA Error (SCR1: SError)", "AHCI 1.3.1, 3.3.12"} {}
  kit::Field DIAG_X{*this, "DIAG.X", {26, 26}, Access::RW1C, 0, "Exchanged: COMINIT received"};
  kit::Field DIAG_F{*this, "DIAG.F", {25, 25}, Access::RW1C, 0, "Unknown FIS Type"};
  kit::Field DIAG_T{*this, "DIAG.T", {24, 24}, Access::RW1C, 0, "Transport state transition error"};
  kit::Field DIAG_S{*this, "DIAG.S", {23, 23}, Access::RW1C, 0, "Link Sequence Error"};
  kit::Field DIAG_H{*this, "DIAG.H", {22, 22}, Access::RW1C, 0, "Handshake Error: R_ERR received"};
  kit::Field DIAG_C{*this, "DIAG.C", {21, 21}, Access::RW1C, 0, "CRC Error"};
  kit::Field DIAG_D{*this, "DIAG.D", {20, 20}, Access::RW1C, 0, "Disparity Error: not used by AHCI"};
  kit::Field DIAG_B{*this, "DIAG.B", {19, 19}, Access::RW1C, 0, "10B to 8B Decode Error"};
  kit::Field DIAG_W{*this, "DIAG.W", {18, 18}, Access::RW1C, 0, "Comm Wake"};
  kit::Field DIAG_I{*this, "DIAG.I", {17, 17}, Access::RW1C, 0, "Phy Internal Error"};
  kit::Field DIAG_N{*this, "DIAG.N", {16, 16}, Access::RW1C, 0, "PhyRdy Change"};
  kit::Field ERR_E{*this, "ERR.E", {11, 11}, Access::RW1C, 0, "Internal Error"};
  kit::Field ERR_P{*this, "ERR.P", {10, 10}, Access::RW1C, 0, "Protocol Error"};
  kit::Field ERR_C{*this, "ERR.C", {9, 9}, Access::RW1C, 0, "Persistent Communication or Data Integrity Error"};
  kit::Field ERR_T{*this, "ERR.T", {8, 8}, Access::RW1C, 0, "Transient Data Integrity Error"};
  kit::Field ERR_M{*this, "ERR.M", {1, 1}, Access::RW1C, 0, "Recovered Communications Error"};
  kit::Field ERR_I{*this, "ERR.I", {0, 0}, Access::RW1C, 0, "Recovered Data Integrity Error"};
};

struct PxSACT : kit::Register {
  PxSACT(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x34, 4, "PxSACT", "Serial ATA Active (SCR3: SActive)", "AHCI 1.3.1, 3.3.13"} {}
  kit::Field DS{*this, "DS", {31, 0}, Access::RW1S, 0, "Device Status: queued commands outstanding, by tag"};
};

struct PxCI : kit::Register {
  PxCI(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x38, 4, "PxCI", "Command Issue", "AHCI 1.3.1, 3.3.14"} {}
  kit::Field CI{*this, "CI", {31, 0}, Access::RW1S, 0, "Commands Issued, by command slot"};
};

struct PxSNTF : kit::Register {
  PxSNTF(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x3c, 4, "PxSNTF", "Serial ATA Notification (SCR4: SNotification)", "AHCI 1.3.1, 3.3.15"} {}
  kit::Field reserved{*this, "reserved", {31, 0}, Access::RO, 0, "not supported: CAP.SSNTF is 0"};
};

struct PxFBS : kit::Register {
  PxFBS(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x40, 4, "PxFBS", "FIS-based Switching Control", "AHCI 1.3.1, 3.3.16"} {}
  kit::Field reserved{*this, "reserved", {31, 0}, Access::RO, 0, "not supported: CAP.FBSS is 0"};
};

struct PxDEVSLP : kit::Register {
  PxDEVSLP(kit::RegisterBank& bank, unsigned base)
      : Register{bank, base + 0x44, 4, "PxDEVSLP", "Device Sleep", "AHCI 1.3.1, 3.3.17"} {}
  kit::Field reserved{*this, "reserved", {31, 0}, Access::RO, 0, "not supported: CAP2.SDS is 0"};
};

struct PortRegisters {
  /// `addressing` is RW where CAP.S64A is 1, else RO.
  PortRegisters(kit::RegisterBank& bank, unsigned base, Access addressing)
      : clb{bank, base}, clbu{bank, base, addressing}, fb{bank, base}, fbu{bank, base, addressing}, is{bank, base},
        ie{bank, base}, cmd{bank, base}, tfd{bank, base}, sig{bank, base}, ssts{bank, base}, sctl{bank, base},
        serr{bank, base}, sact{bank, base}, ci{bank, base}, sntf{bank, base}, fbs{bank, base}, devslp{bank, base} {}
  PxCLB clb;
  PxCLBU clbu;
  PxFB fb;
  PxFBU fbu;
  PxIS is;
  PxIE ie;
  PxCMD cmd;
  PxTFD tfd;
  PxSIG sig;
  PxSSTS ssts;
  PxSCTL sctl;
  PxSERR serr;
  PxSACT sact;
  PxCI ci;
  PxSNTF sntf;
  PxFBS fbs;
  PxDEVSLP devslp;

  /// What an HBA reset keeps (10.4.3) and a reset of the whole function does not.
  void reset_addresses() {
    for (kit::Register* r : {static_cast<kit::Register*>(&clb), static_cast<kit::Register*>(&clbu),
                             static_cast<kit::Register*>(&fb), static_cast<kit::Register*>(&fbu)})
      r->reset();
  }
  /// HBA reset: all but the base addresses, which keep their values (10.4.3).
  void reset() {
    for (kit::Register* r : {static_cast<kit::Register*>(&is), static_cast<kit::Register*>(&ie),
                             static_cast<kit::Register*>(&cmd), static_cast<kit::Register*>(&tfd),
                             static_cast<kit::Register*>(&sig), static_cast<kit::Register*>(&ssts),
                             static_cast<kit::Register*>(&sctl), static_cast<kit::Register*>(&serr),
                             static_cast<kit::Register*>(&sact), static_cast<kit::Register*>(&ci)})
      r->reset();
  }
};

}  // namespace ahcisim::ahci
