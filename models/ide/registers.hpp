// SPDX-License-Identifier: MIT
// The registers of an IDE channel as tables: what a host reads from a device's command and control blocks, what it
// writes to them (ATA/ATAPI-6, chapter 7), and the bus master's (Programming Interface for Bus Master IDE
// Controller 1.0).
//
// Several of the block's ports are two registers, one read and one written: two banks each.
#pragma once

#include <ahcisim/models/kit/register.hpp>

namespace ahcisim::ide {

using kit::Access;

/// A byte of the task file. `previous` is what it held before (48-bit commands), read while Device Control.HOB is 1.
struct TaskFileByte : kit::Register {
  TaskFileByte(kit::RegisterBank& bank, unsigned offset, const char* name, const char* meaning)
      : Register{bank, offset, 1, name, meaning, "ATA/ATAPI-6, chapter 7"} {}
  kit::Field VALUE{*this, "VALUE", {7, 0}, Access::RW, 0, "most recently written or returned content"};
};

struct Device : kit::Register {
  explicit Device(kit::RegisterBank& bank)
      : Register{bank, 6, 1, "Device", "Device", "ATA/ATAPI-6, chapter 7, Device register"} {}
  kit::Field obsolete_7{*this, "obsolete 7", {7, 7}, Access::RW, 0, "was one in earlier standards"};
  kit::Field LBA{*this, "LBA", {6, 6}, Access::RW, 0, "the address is a logical block address"};
  kit::Field obsolete_5{*this, "obsolete 5", {5, 5}, Access::RW, 0, "was one in earlier standards"};
  kit::Field DEV{*this, "DEV", {4, 4}, Access::RW, 0, "selects device 0 or 1"};
  kit::Field HEAD{*this, "LBA 27:24", {3, 0}, Access::RW, 0, "upper address bits of 28-bit commands"};
};

/// Status and Alternate Status.
struct Status : kit::Register {
  Status(kit::RegisterBank& bank, unsigned offset, const char* name, const char* meaning)
      : Register{bank, offset, 1, name, meaning, "ATA/ATAPI-6, chapter 7, Status register"} {}
  kit::Field BSY{*this, "BSY", {7, 7}, Access::RO, 0, "Busy: the device owns the command block"};
  kit::Field DRDY{*this, "DRDY", {6, 6}, Access::RO, 0, "Device Ready"};
  kit::Field DF{*this, "DF", {5, 5}, Access::RO, 0, "Device Fault"};
  kit::Field DSC{*this, "DSC", {4, 4}, Access::RO, 0, "command specific; was Device Seek Complete"};
  kit::Field DRQ{*this, "DRQ", {3, 3}, Access::RO, 0, "Data Request"};
  kit::Field obsolete_2_1{*this, "obsolete 2:1", {2, 1}, Access::RO, 0, "was corrected data, index"};
  kit::Field ERR{*this, "ERR", {0, 0}, Access::RO, 0, "Error: see the Error register"};
};

struct Error : kit::Register {
  explicit Error(kit::RegisterBank& bank)
      : Register{bank, 1, 1, "Error", "Error", "ATA/ATAPI-6, chapter 7, Error register"} {}
  kit::Field VALUE{*this,      "VALUE", {7, 0},
                   Access::RO, 0,       "command specific, ABRT in bit 2; after a reset the diagnostic code"};
};

struct DataPort : kit::Register {
  explicit DataPort(kit::RegisterBank& bank)
      : Register{bank,
                 0,
                 1,
                 "Data",
                 "PIO data: 16 bits wide; 32-bit accesses are two",
                 "ATA/ATAPI-6, chapter 7, Data port"} {}
  kit::Field VALUE{*this, "VALUE", {7, 0}, Access::RO, 0, "the next word of the DRQ block"};
};

struct Features : kit::Register {
  explicit Features(kit::RegisterBank& bank)
      : Register{bank, 1, 1, "Features", "Features", "ATA/ATAPI-6, chapter 7, Features register"} {}
  kit::Field VALUE{*this, "VALUE", {7, 0}, Access::RW, 0, "command specific"};
};

struct CommandRegister : kit::Register {
  explicit CommandRegister(kit::RegisterBank& bank)
      : Register{bank, 7, 1, "Command", "Command: a write starts it", "ATA/ATAPI-6, chapter 7, Command register"} {}
  kit::Field VALUE{*this, "VALUE", {7, 0}, Access::RW, 0, "command code"};
};

/// What a host reads from one device: 1F0h to 1F7h.
struct ReadBlock {
  kit::RegisterBank bank{"command block, read", 8};
  DataPort data{bank};
  Error error{bank};
  TaskFileByte count{bank, 2, "Sector Count", "Sector Count"};
  TaskFileByte lba_low{bank, 3, "LBA Low", "LBA Low"};
  TaskFileByte lba_mid{bank, 4, "LBA Mid", "LBA Mid"};
  TaskFileByte lba_high{bank, 5, "LBA High", "LBA High"};
  Device device{bank};
  Status status{bank, 7, "Status", "Status: a read clears the device's interrupt"};
};

/// What a host writes to both devices of a channel: 1F0h to 1F7h.
struct WriteBlock {
  kit::RegisterBank bank{"command block, written", 8};
  DataPort data{bank};
  Features features{bank};
  TaskFileByte count{bank, 2, "Sector Count", "Sector Count"};
  TaskFileByte lba_low{bank, 3, "LBA Low", "LBA Low"};
  TaskFileByte lba_mid{bank, 4, "LBA Mid", "LBA Mid"};
  TaskFileByte lba_high{bank, 5, "LBA High", "LBA High"};
  Device device{bank};
  CommandRegister command{bank};
};

struct DeviceControl : kit::Register {
  explicit DeviceControl(kit::RegisterBank& bank)
      : Register{bank, 2, 1, "Device Control", "Device Control", "ATA/ATAPI-6, chapter 7, Device Control register"} {}
  kit::Field HOB{*this,  "HOB",
                 {7, 7}, Access::RW,
                 0,      "High Order Byte: previous content is read; any write to the command block clears it"};
  kit::Field SRST{*this, "SRST", {2, 2}, Access::RW, 0, "software reset, as long as it is one"};
  kit::Field nIEN{*this, "nIEN", {1, 1}, Access::RW, 0, "INTRQ is not driven"};
};

/// 3F4h to 3F7h; the register is at 3F6h.
struct ControlBlock {
  kit::RegisterBank read{"control block, read", 4}, written{"control block, written", 4};
  Status alternate_status{read, 2, "Alternate Status", "Status, without an effect on the interrupt"};
  DeviceControl device_control{written};
};

/// `base` is 0 for the primary channel, 8 for the secondary.
struct BMIC : kit::Register {
  BMIC(kit::RegisterBank& bank, unsigned base)
      : Register{bank,
                 base,
                 1,
                 base ? "BMICS" : "BMICP",
                 "Bus Master IDE Command",
                 "Bus Master IDE 1.0, Command Register"} {}
  kit::Field RWCON{*this, "RWCON", {3, 3}, Access::RW, 0, "1 = the bus master writes to memory (the device is read)"};
  kit::Field SSBM{*this, "SSBM", {0, 0}, Access::RW, 0, "Start/Stop Bus Master"};
};

struct BMIS : kit::Register {
  BMIS(kit::RegisterBank& bank, unsigned base)
      : Register{bank,
                 base + 2,
                 1,
                 base ? "BMISS" : "BMISP",
                 "Bus Master IDE Status",
                 "Bus Master IDE 1.0, Status Register"} {}
  kit::Field simplex{*this, "Simplex only", {7, 7}, Access::RO, 0, "0: both channels may be bus masters at once"};
  kit::Field DMA1CAP{*this, "Drive 1 DMA Capable", {6, 6}, Access::RW, 0, "software's note"};
  kit::Field DMA0CAP{*this, "Drive 0 DMA Capable", {5, 5}, Access::RW, 0, "software's note"};
  kit::Field INT{*this, "Interrupt", {2, 2}, Access::RW1C, 0, "INTRQ has risen; all data is in memory"};
  kit::Field ERR{*this, "Error", {1, 1}, Access::RW1C, 0, "memory could not be accessed"};
  kit::Field BMIDEA{*this, "Bus Master IDE Active", {0, 0}, Access::RO, 0, "between start and the end of the last PRD"};
};

struct BMIDTP : kit::Register {
  BMIDTP(kit::RegisterBank& bank, unsigned base)
      : Register{bank,
                 base + 4,
                 4,
                 base ? "BMIDTPS" : "BMIDTPP",
                 "Bus Master IDE Descriptor Table Pointer",
                 "Bus Master IDE 1.0, Descriptor Table Pointer Register"} {}
  kit::Field base_address{
      *this, "Base Address", {31, 2}, Access::RW, 0, "of the PRD table, which shall not cross 64 KiB"};
};

struct BusMasterRegisters {
  BusMasterRegisters(kit::RegisterBank& bank, unsigned channel)
      : command{bank, 8 * channel}, status{bank, 8 * channel}, table{bank, 8 * channel} {}
  BMIC command;
  BMIS status;
  BMIDTP table;
};

}  // namespace ahcisim::ide
