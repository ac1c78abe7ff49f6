// SPDX-License-Identifier: MIT
// Why a command packet was not executed: sense key, additional sense code and its qualifier (SPC-4, 4.5; MMC-6, annex F).
#pragma once

#include <cstdint>

namespace ahcisim::disk::optical {

struct Sense {
  std::uint8_t key = 0, asc = 0, ascq = 0;
  bool good() const { return key == 0; }
  friend bool operator==(const Sense& a, const Sense& b) { return a.key == b.key && a.asc == b.asc && a.ascq == b.ascq; }
};

namespace sense {
inline constexpr Sense none{};
inline constexpr Sense becoming_ready{0x2, 0x04, 0x01};
inline constexpr Sense no_medium_tray_closed{0x2, 0x3a, 0x01};
inline constexpr Sense no_medium_tray_open{0x2, 0x3a, 0x02};
inline constexpr Sense unrecovered_read{0x3, 0x11, 0x00};
inline constexpr Sense invalid_opcode{0x5, 0x20, 0x00};
inline constexpr Sense block_out_of_range{0x5, 0x21, 0x00};
inline constexpr Sense invalid_field{0x5, 0x24, 0x00};
inline constexpr Sense saving_not_supported{0x5, 0x39, 0x00};
inline constexpr Sense removal_prevented{0x5, 0x53, 0x02};
inline constexpr Sense medium_changed{0x6, 0x28, 0x00};
inline constexpr Sense reset_occurred{0x6, 0x29, 0x00};
inline constexpr Sense link_crc_error{0xb, 0x08, 0x03};
}  // namespace sense

}  // namespace ahcisim::disk::optical
