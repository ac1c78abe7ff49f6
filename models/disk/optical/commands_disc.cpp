// SPDX-License-Identifier: MIT
// Command packets about tray and disc.
#include <ahcisim/models/disk/optical/packet_commands.hpp>

namespace ahcisim::disk::optical {

using kit::Duration;

namespace {
constexpr std::uint32_t lead_out_track = 0xaa;
constexpr std::uint32_t first_sector_number = 0x030000;  // of the data zone (ECMA-267)
}  // namespace

Outcome PacketCommands::test_unit_ready(const Packet&, Duration now) { return done(now); }

/// LoEj and Start (MMC-6, 6.42). With Immed the command ends at once, else with the movement.
Outcome PacketCommands::start_stop_unit(const Packet& packet, Duration now) {
  const bool immediate = packet[1] & 0x01, start = packet[4] & 0x01, load_eject = packet[4] & 0x02;
  const unsigned power_condition = packet[4] >> 4;
  constexpr unsigned idle = 2, standby = 3;
  if (packet[4] & 0x04 || (power_condition != 0 && power_condition != idle && power_condition != standby))
    return refuse(sense::invalid_field, now);
  if (power_condition != 0) {  // Start and LoEj are ignored then
    if (power_condition == standby) mechanism_.stop();
    return done(now);
  }
  if (!load_eject) {
    if (!start) {
      mechanism_.stop();
      return done(now);
    }
    if (const Sense fault = not_ready(); !fault.good() && !mechanism_.becoming_ready()) return refuse(fault, now);
    if (mechanism_.ready()) {
      const Duration at = mechanism_.start(now);
      return done(immediate ? now : at);
    }
  } else if (start) {
    mechanism_.close(now);
  } else {
    if (locked_) return refuse(sense::removal_prevented, now);
    mechanism_.open(now);
  }
  if (immediate || mechanism_.next_change() == Duration::never()) return done(now);
  Outcome outcome;
  outcome.kind = Outcome::Kind::movement;
  return outcome;
}

/// Prevent (MMC-6, 6.15); Persistent Prevent belongs to the Morphing feature, which the drive does not have.
Outcome PacketCommands::prevent_allow(const Packet& packet, Duration now) {
  if (packet[4] & 0x02) return refuse(sense::invalid_field, now);
  locked_ = packet[4] & 0x01;
  return done(now);
}

Outcome PacketCommands::read_capacity(const Packet& packet, Duration now) {
  if ((packet[8] & 0x01) != 0 || packet.be32(2) != 0) return refuse(sense::invalid_field, now);  // PMI
  begin_reply();
  put32(mechanism_.blocks() - 1);
  put32(block_bytes);
  return answer(8, now);
}

Outcome PacketCommands::read_10(const Packet& packet, Duration now) {
  if (packet[1] & 0x01) return refuse(sense::invalid_field, now);  // RelAdr
  return read(packet.be32(2), packet.be16(7), now);
}

Outcome PacketCommands::read_12(const Packet& packet, Duration now) {
  if (packet[1] & 0x01) return refuse(sense::invalid_field, now);
  return read(packet.be32(2), packet.be32(6), now);
}

/// A length of 0 is no error, where the address is within the disc (MMC-6, 6.16).
Outcome PacketCommands::read(std::uint32_t block, std::uint32_t count, Duration now) {
  const std::uint32_t blocks = mechanism_.blocks();
  if (block >= blocks || count > blocks - block) return refuse(sense::block_out_of_range, now);
  if (count == 0) return done(now);
  mechanism_.read(block, count, now);
  Outcome outcome;
  outcome.kind = Outcome::Kind::blocks;
  outcome.block = block, outcome.count = count;
  return outcome;
}

/// Ends at once, as the standard allows; the head is on its way (MMC-6, 6.35).
Outcome PacketCommands::seek(const Packet& packet, Duration now) {
  const std::uint32_t block = packet.be32(2);
  if (block >= mechanism_.blocks()) return refuse(sense::block_out_of_range, now);
  mechanism_.seek(block, now);
  return done(now);
}

/// An address, as a number or as minutes, seconds and frames after two seconds' lead (MMC-6, 4.2.1).
void PacketCommands::put_address(std::uint32_t block, bool msf) {
  if (!msf) return put32(block);
  const std::uint32_t frames = block + 150;
  put8(0), put8(frames / 75 / 60), put8(frames / 75 % 60), put8(frames % 75);
}

/// Formats 0 and 1 (MMC-6, 6.25), which a DVD drive makes up: one session with one data track. The format once lay in the
/// two upper bits of the last byte, and drivers still put it there.
Outcome PacketCommands::read_toc(const Packet& packet, Duration now) {
  const bool msf = packet[1] & 0x02;
  const unsigned format = (packet[2] & 0x0f) != 0 ? packet[2] & 0x0fu : packet[9] >> 6, track = packet[6];
  if (format > 1 || (format == 0 && track > 1 && track != lead_out_track)) return refuse(sense::invalid_field, now);
  const auto put_track = [&](unsigned number, std::uint32_t block) {
    put8(0), put8(0x14), put8(number), put8(0);  // a data track, whose position the subchannel would tell
    put_address(block, msf);
  };
  begin_reply();
  put16(0), put8(1), put8(1);  // first and last track or session
  if (format == 1 || track <= 1) put_track(1, 0);
  if (format == 0) put_track(lead_out_track, mechanism_.blocks());
  reply_[1] = static_cast<std::uint8_t>(used_ - 2);
  return answer(packet.be16(7), now);
}

/// Standard disc information (MMC-6, 6.21): a finished disc with one session.
Outcome PacketCommands::read_disc_information(const Packet& packet, Duration now) {
  if ((packet[1] & 0x07) != 0) return refuse(sense::invalid_field, now);
  begin_reply();
  put16(32);
  put8(0x0e);                     // last session complete, disc finalised
  put8(1), put8(1), put8(1), put8(1);
  put8(0x20);                     // URU: unrestricted use
  put8(0), put8(0), put8(0), put8(0);
  put32(0);
  put32(0xffffffff), put32(0xffffffff);  // nowhere to write: no lead-in, no lead-out
  put32(0), put32(0), put8(0), put8(0);
  return answer(packet.be16(7), now);
}

/// Formats 00h, physical format information, and 01h, copyright information (MMC-6, 6.22.3.2), of layer 0.
Outcome PacketCommands::read_disc_structure(const Packet& packet, Duration now) {
  const unsigned format = packet[7];
  if ((packet[1] & 0x0f) != 0 || packet[6] != 0 || format > 1) return refuse(sense::invalid_field, now);
  begin_reply();
  if (format == 1) {
    put16(6), put16(0), put32(0);  // no protection, no regions
    return answer(packet.be16(8), now);
  }
  put16(2050), put16(0);
  put8(0x01);  // DVD-ROM, version 1
  put8(0x0f);  // 120 mm; no maximum rate specified
  put8(0x01);  // one layer, embossed
  put8(0x00);  // 0.267 µm to a bit, 0.74 µm from track to track
  put32(first_sector_number);
  put32(first_sector_number + mechanism_.blocks() - 1);
  put32(0);    // one layer ends nowhere else
  used_ = reply_room;
  return answer(packet.be16(8), now);
}

}  // namespace ahcisim::disk::optical
