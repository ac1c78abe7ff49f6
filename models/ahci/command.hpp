// SPDX-License-Identifier: MIT
// The command structures in system memory (AHCI 1.3.1, chapter 4): command header, command table, received FIS area.
#pragma once

#include <cstdint>

#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::ahci {

/// Received FIS area (4.2.1): offsets of the FISes.
namespace received_fis {
inline constexpr unsigned DSFIS = 0x00, PSFIS = 0x20, RFIS = 0x40, SDBFIS = 0x58, UFIS = 0x60, bytes = 0x100;
}

/// One entry of the command list (4.2.2), as the HBA has read it.
struct CommandHeader {
  static constexpr unsigned bytes = 32;
  static constexpr unsigned PRDBC_offset = 4;
  std::uint16_t PRDTL = 0;
  std::uint8_t PMP = 0, CFL = 0;
  bool C = false, B = false, R = false, P = false, W = false, A = false;
  std::uint64_t CTBA = 0;
  bool misaligned = false;  ///< CTBA has bits in 6:0, which are reserved

  static CommandHeader parse(const std::uint8_t* from) {
    const std::uint32_t dw0 = wire::load_le32(from);
    const std::uint32_t low = wire::load_le32(from + 8);
    CommandHeader h;
    h.PRDTL = static_cast<std::uint16_t>(dw0 >> 16);
    h.PMP = dw0 >> 12 & 0xf;
    h.C = dw0 >> 10 & 1, h.B = dw0 >> 9 & 1, h.R = dw0 >> 8 & 1, h.P = dw0 >> 7 & 1, h.W = dw0 >> 6 & 1, h.A = dw0 >> 5 & 1;
    h.CFL = dw0 & 0x1f;
    h.CTBA = (low & ~std::uint32_t{0x7f}) | std::uint64_t{wire::load_le32(from + 12)} << 32;
    h.misaligned = low & 0x7f;
    return h;
  }
};

/// The command table (4.2.3): offsets.
namespace command_table {
inline constexpr unsigned CFIS = 0x00, ACMD = 0x40, PRDT = 0x80, ACMD_bytes = 16;
}

/// One entry of the PRDT (4.2.3.3).
struct PrdEntry {
  static constexpr unsigned size = 16;
  std::uint64_t DBA = 0;
  std::uint32_t bytes = 0;   ///< 2 … 4 Mi, even: DBC + 1
  bool I = false;            ///< Interrupt on Completion
  bool odd_address = false;  ///< bit 0 of DBA was set: it is reserved and ignored
  bool odd_count = false;    ///< bit 0 of DBC was clear: counts are even, the count was rounded up

  static PrdEntry parse(const std::uint8_t* from) {
    const std::uint32_t low = wire::load_le32(from), dw3 = wire::load_le32(from + 12);
    PrdEntry e;
    e.DBA = (low & ~std::uint32_t{1}) | std::uint64_t{wire::load_le32(from + 4)} << 32;
    e.bytes = (dw3 & 0x3fffff) / 2 * 2 + 2;
    e.I = dw3 >> 31;
    e.odd_address = low & 1;
    e.odd_count = !(dw3 & 1);
    return e;
  }
};

}  // namespace ahcisim::ahci
