// SPDX-License-Identifier: MIT
// Builds and checks the bit-true image of a frame.
#include <ahcisim/models/sata/wire_image.hpp>

#include <ahcisim/models/sata/crc32.hpp>
#include <ahcisim/models/sata/scrambler.hpp>

namespace ahcisim::sata {
namespace {

/// The FIS and its payload as dwords, the last one filled with zeros.
std::vector<std::uint32_t> dwords_of(const wire::Frame& frame) {
  std::vector<std::uint32_t> dwords;
  dwords.reserve((frame.fis_bytes + frame.payload_bytes + 6) / 4);
  for (unsigned i = 0; i + 4 <= frame.fis_bytes; i += 4) dwords.push_back(wire::load_le32(frame.fis + i));
  std::uint32_t i = 0;
  for (; i + 4 <= frame.payload_bytes; i += 4) dwords.push_back(wire::load_le32(frame.payload + i));
  if (i < frame.payload_bytes) {
    std::uint8_t rest[4] = {};
    for (unsigned k = 0; i < frame.payload_bytes; ++i, ++k) rest[k] = frame.payload[i];
    dwords.push_back(wire::load_le32(rest));
  }
  return dwords;
}

LineDword of(Primitive primitive) { return {static_cast<std::uint32_t>(primitive), true}; }

}  // namespace

const char* name_of(Primitive primitive) {
  switch (primitive) {
    case Primitive::align: return "ALIGN";
    case Primitive::cont: return "CONT";
    case Primitive::dmat: return "DMAT";
    case Primitive::eof: return "EOF";
    case Primitive::hold: return "HOLD";
    case Primitive::holda: return "HOLDA";
    case Primitive::pmack: return "PMACK";
    case Primitive::pmnak: return "PMNAK";
    case Primitive::pmreq_p: return "PMREQ_P";
    case Primitive::pmreq_s: return "PMREQ_S";
    case Primitive::r_err: return "R_ERR";
    case Primitive::r_ip: return "R_IP";
    case Primitive::r_ok: return "R_OK";
    case Primitive::r_rdy: return "R_RDY";
    case Primitive::sof: return "SOF";
    case Primitive::sync: return "SYNC";
    case Primitive::wtrm: return "WTRM";
    case Primitive::x_rdy: return "X_RDY";
  }
  return nullptr;
}

std::vector<LineDword> image_of(const wire::Frame& frame) {
  const std::vector<std::uint32_t> content = dwords_of(frame);
  std::vector<LineDword> image;
  image.reserve(content.size() + 3);
  Crc32 crc;
  Scrambler scrambler;
  image.push_back(of(Primitive::sof));
  for (const std::uint32_t dword : content) {
    crc.add(dword);
    image.push_back({dword ^ scrambler.next(), false});
  }
  image.push_back({crc.value() ^ scrambler.next(), false});
  image.push_back(of(Primitive::eof));
  return image;
}

Noticed receive_damaged(const wire::Frame& frame, const std::vector<std::int64_t>& positions) {
  const std::vector<LineDword> image = image_of(frame);
  std::vector<std::uint64_t> line;
  line.reserve(image.size());
  Disparity sending = Disparity::minus;
  for (const LineDword& sent : image) line.push_back(encode_dword(sent.dword, sent.primitive, sending));
  for (const std::int64_t position : positions)
    if (position >= 0 && position / 40 < static_cast<std::int64_t>(line.size()))
      line[static_cast<std::size_t>(position / 40)] ^= std::uint64_t{1} << (39 - position % 40);

  Disparity receiving = Disparity::minus;
  Crc32 crc;
  Scrambler scrambler;
  std::uint32_t received_crc = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    std::uint32_t dword = 0;
    for (unsigned k = 0; k < 4; ++k) {
      const Decoded decoded = decode(static_cast<std::uint16_t>(line[i] >> (30 - 10 * k) & 0x3ff), receiving);
      if (!decoded.valid || !decoded.disparity_ok || decoded.control != (image[i].primitive && k == 0)) return Noticed::code;
      dword |= static_cast<std::uint32_t>(decoded.byte) << (8 * k);
    }
    if (image[i].primitive) {
      if (dword != image[i].dword) return Noticed::code;
    } else if (i + 2 < line.size()) {
      crc.add(dword ^ scrambler.next());
    } else {
      received_crc = dword ^ scrambler.next();
    }
  }
  return crc.value() == received_crc ? Noticed::nothing : Noticed::crc;
}

}  // namespace ahcisim::sata
