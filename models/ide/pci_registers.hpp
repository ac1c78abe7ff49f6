// SPDX-License-Identifier: MIT
// The timing registers that a PIIX and its successors have in configuration space, beyond the header.
//
// Drivers of these chips look here whether a channel is decoded and which cable it has, and write the times of the modes that they
// choose. All are kept and none has an effect: the mode is what SET FEATURES 03h selects. Values after reset are those that firmware
// leaves behind.
#pragma once

#include <ahcisim/models/kit/register.hpp>

namespace ahcisim::ide {

/// `channel` is 0 or 1.
struct IDETIM : kit::Register {
  IDETIM(kit::RegisterBank& bank, unsigned channel)
      : Register{bank, 0x40 + 2 * channel, 2, channel ? "IDETIMS" : "IDETIMP", "IDE Timing", "Intel 82371SB (PIIX3), IDETIM"} {}
  kit::Field IDE{*this, "IDE", {15, 15}, kit::Access::RW, 1, "IDE Decode Enable"};
  kit::Field SITRE{*this, "SITRE", {14, 14}, kit::Access::RW, 0, "drive 1 has times of its own (SIDETIM)"};
  kit::Field ISP{*this, "ISP", {13, 12}, kit::Access::RW, 0, "IORDY sample point"};
  kit::Field RTC{*this, "RTC", {9, 8}, kit::Access::RW, 0, "recovery time"};
  kit::Field drive1{*this, "Drive 1", {7, 4}, kit::Access::RW, 0, "DMA timing only, prefetch, IORDY, fast timing"};
  kit::Field drive0{*this, "Drive 0", {3, 0}, kit::Access::RW, 0, "DMA timing only, prefetch, IORDY, fast timing"};
};

struct SIDETIM : kit::Register {
  explicit SIDETIM(kit::RegisterBank& bank) : Register{bank, 0x44, 1, "SIDETIM", "Slave IDE Timing", "Intel 82371SB (PIIX3), SIDETIM"} {}
  kit::Field VALUE{*this, "VALUE", {7, 0}, kit::Access::RW, 0, "sample point and recovery time of each channel's drive 1"};
};

struct UDMACTL : kit::Register {
  explicit UDMACTL(kit::RegisterBank& bank)
      : Register{bank, 0x48, 1, "UDMACTL", "Ultra DMA Control", "Intel 82371AB (PIIX4), UDMACTL"} {}
  kit::Field enable{*this, "Enable", {3, 0}, kit::Access::RW, 0, "Ultra DMA, a bit for each drive"};
};

struct UDMATIM : kit::Register {
  explicit UDMATIM(kit::RegisterBank& bank) : Register{bank, 0x4a, 2, "UDMATIM", "Ultra DMA Timing", "Intel 82371AB (PIIX4), UDMATIM"} {}
  kit::Field VALUE{*this, "VALUE", {15, 0}, kit::Access::RW, 0, "cycle time, a nibble for each drive"};
};

struct IDE_CONFIG : kit::Register {
  IDE_CONFIG(kit::RegisterBank& bank, bool cable80)
      : Register{bank, 0x54, 2, "IDE_CONFIG", "IDE I/O Configuration", "Linux, drivers/ata/ata_piix.c (PIIX_IOCFG)"} {
    cable.configure(cable80 ? 0xf : 0);
  }
  kit::Field fast{*this, "Fast", {15, 12}, kit::Access::RW, 0, "100 MHz base clock, a bit for each drive"};
  kit::Field cable{*this, "Cable", {7, 4}, kit::Access::RW, 0, "80 conductors, two bits for each channel"};
  kit::Field base{*this, "Base", {3, 0}, kit::Access::RW, 0, "66 MHz base clock, a bit for each drive"};
};

/// Puts the registers into a function's configuration space, which must outlive them.
struct PciRegisters {
  PciRegisters(kit::RegisterBank& bank, bool cable80)
      : primary{bank, 0}, secondary{bank, 1}, slave{bank}, ultra_control{bank}, ultra_timing{bank}, configuration{bank, cable80} {}
  IDETIM primary, secondary;
  SIDETIM slave;
  UDMACTL ultra_control;
  UDMATIM ultra_timing;
  IDE_CONFIG configuration;
};

}  // namespace ahcisim::ide
