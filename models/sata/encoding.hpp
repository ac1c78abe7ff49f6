// SPDX-License-Identifier: MIT
// 8b/10b encoding with running disparity (Serial ATA 3.x, 9.2), by tables.
//
// A code is written as the specification writes it, abcdeifghj, with `a`, which the line sends first, in bit 9. Forty bits of
// a dword are its four codes, the least significant byte's first, in the upper bits.
#pragma once

#include <cstdint>

namespace ahcisim::sata {

/// Running disparity: the line has carried more zeros (minus) or more ones (plus) so far.
enum class Disparity : std::uint8_t { minus = 0, plus = 1 };

/// The code of a byte; `control` selects K28.y, the only control characters there are here. Changes the disparity.
std::uint16_t encode(std::uint8_t byte, bool control, Disparity& disparity);

/// What a decoder makes of ten bits.
struct Decoded {
  std::uint8_t byte = 0;
  bool control = false;
  bool valid = false;        ///< false: no such code (PxSERR.DIAG.B)
  bool disparity_ok = true;  ///< false: a code of the other disparity (PxSERR.DIAG.D)
};
/// Changes the disparity to what it is after these bits.
Decoded decode(std::uint16_t code, Disparity& disparity);

/// Four codes at once. In a primitive the first byte is the control character.
std::uint64_t encode_dword(std::uint32_t dword, bool primitive, Disparity& disparity);

}  // namespace ahcisim::sata
