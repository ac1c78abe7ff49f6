// SPDX-License-Identifier: MIT
// A frame bit by bit as the line carries it: primitives, scrambled dwords, CRC. Made only where somebody asks: a bit error
// or a trace.
#pragma once

#include <cstdint>
#include <vector>

#include <ahcisim/models/kit/units.hpp>
#include <ahcisim/models/sata/encoding.hpp>
#include <ahcisim/models/sata/statistics.hpp>
#include <ahcisim/tlm/frame.hpp>

namespace ahcisim::sata {

/// The primitives (Serial ATA 3.x, 9.4) as dwords; the least significant byte, K28.5 or K28.3, is sent first. In small letters,
/// since <unistd.h> has a macro R_OK.
enum class Primitive : std::uint32_t {
  align = 0x7B4A4ABC, cont = 0x9999AA7C, dmat = 0x3636B57C, eof = 0xD5D5B57C, hold = 0xD5D5AA7C, holda = 0x9595AA7C,
  pmack = 0x9595957C, pmnak = 0xF5F5957C, pmreq_p = 0x1717B57C, pmreq_s = 0x7575957C, r_err = 0x5656B57C,
  r_ip = 0x5555B57C, r_ok = 0x3535B57C, r_rdy = 0x4A4A957C, sof = 0x3737B57C, sync = 0xB5B5957C, wtrm = 0x5858B57C,
  x_rdy = 0x5757B57C,
};
/// "X_RDY" …, or nullptr where a dword is no primitive.
const char* name_of(Primitive primitive);

/// One dword on the line.
struct LineDword {
  std::uint32_t dword = 0;  ///< scrambled, where it is not a primitive
  bool primitive = false;
};

/// SOF, the scrambled FIS and CRC, EOF. ALIGN is not part of it.
std::vector<LineDword> image_of(const wire::Frame& frame);

/// What the receiver notices of a damaged frame.
enum class Noticed : std::uint8_t { nothing, code, crc };
/// Sends the frame's image over a line that inverts the bits at `positions` (in order of transmission, from the first of
/// SOF), decodes it and checks the CRC.
Noticed receive_damaged(const wire::Frame& frame, const std::vector<std::int64_t>& positions);

/// Receives what a traced link carries, frame by frame, when the frame is computed. The primitives that are repeated while a
/// side waits (X_RDY, R_RDY, HOLD, HOLDA, WTRM, R_OK) are shown once, when they are first sent; ALIGN is shown where it falls
/// into a frame. A frame that the loss of the link cuts off is not shown, and one that a receiver sends from within a
/// delivery comes before the one it answers.
class WireObserver {
 public:
  /// `when` is the time the dword leaves its sender, `line` its 40 bits as in encoding.hpp.
  virtual void dword(Direction direction, kit::Duration when, const LineDword& content, std::uint64_t line) = 0;

 protected:
  ~WireObserver() = default;
};

}  // namespace ahcisim::sata
