// SPDX-License-Identifier: MIT
// The names a driver knows of an IDE controller: ports, offsets and bits with the specifications' spelling. No
// behaviour.
#pragma once

#include <cstdint>

namespace ahcisim::host::ide_name {

inline constexpr std::uint32_t class_ide = 0x010100, class_mask = 0xffff00;  // PCI IDE Controller Specification 1.0, 2.0
/// Programming interface: a channel's native-mode bit, 0 = compatibility (PCI IDE Controller Specification 1.0, 2.1).
inline constexpr std::uint32_t native_mode[2] = {1u << 0, 1u << 2};
/// Command block, control block and interrupt in compatibility mode (2.0); the control block's register is at offset 2.
struct Channel {
  std::uint16_t command_block, device_control;
  unsigned interrupt;
};
inline constexpr Channel channels[2] = {{0x1f0, 0x3f6, 14}, {0x170, 0x376, 15}};

/// ATA/ATAPI-6, chapter 7: offsets in the command block. Alternate Status is read where Device Control is written.
inline constexpr unsigned Data = 0, Error = 1, Features = 1, SectorCount = 2, LBALow = 3, LBAMid = 4, LBAHigh = 5, Device = 6,
                          Status = 7, Command = 7;
inline constexpr std::uint8_t Device_obsolete = 0xa0, Device_DEV = 1u << 4;
inline constexpr std::uint8_t DeviceControl_obsolete = 1u << 3, DeviceControl_HOB = 1u << 7, DeviceControl_SRST = 1u << 2,
                              DeviceControl_nIEN = 1u << 1;

/// Programming Interface for Bus Master IDE Controller 1.0: offsets from the channel's eight bytes in BAR 4.
inline constexpr unsigned BMICX = 0, BMISX = 2, BMIDTPX = 4, bus_master_stride = 8;
inline constexpr std::uint8_t BMICX_SSBM = 1u << 0, BMICX_RWCON = 1u << 3;
inline constexpr std::uint8_t BMISX_error = 1u << 1, BMISX_interrupt = 1u << 2;
inline constexpr std::uint32_t PRD_EOT = 1u << 31;

/// 82371SB (PIIX3), IDETIM: configuration register of each channel.
inline constexpr unsigned IDETIM = 0x40;
inline constexpr std::uint32_t IDETIM_decode_enable = 1u << 15;

}  // namespace ahcisim::host::ide_name
