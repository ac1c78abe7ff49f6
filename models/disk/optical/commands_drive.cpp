// SPDX-License-Identifier: MIT
// Command packets about the drive: what it is, what it can do, what has happened to it.
#include <ahcisim/models/disk/optical/packet_commands.hpp>

#include <algorithm>

namespace ahcisim::disk::optical {

using kit::Duration;

namespace {

constexpr unsigned profile_dvd_rom = 0x0010;
// MMC-6, 5.3: the features of a DVD-ROM drive, in ascending order.
constexpr unsigned profile_list = 0x0000, core = 0x0001, removable_medium = 0x0003, random_readable = 0x0010, dvd_read = 0x001f,
                   power_management = 0x0100, timeout = 0x0105, serial_number = 0x0108;
constexpr unsigned features[] = {profile_list, core, removable_medium, random_readable, dvd_read, power_management, timeout, serial_number};
constexpr unsigned media_class = 4;  // GET EVENT STATUS NOTIFICATION: Media, the only class there is

}  // namespace

/// Standard INQUIRY data (SPC-4, 6.6.2; MMC-6, 6.3): an ATAPI drive claims no version.
Outcome PacketCommands::inquiry(const Packet& packet, Duration now) {
  if ((packet[1] & 0x03) != 0 || packet[2] != 0) return refuse(sense::invalid_field, now);  // vital product data: there is none
  begin_reply();
  put8(0x05);  // CD/DVD
  put8(0x80);  // RMB
  put8(0x00);
  put8(0x02);  // response data format
  put8(31);    // bytes that follow
  put8(0), put8(0), put8(0);
  put_text(parameters_.vendor(), 8);
  put_text(parameters_.product(), 16);
  put_text(parameters_.firmware(), 4);
  return answer(packet.be16(3), now);
}

/// Fixed format (SPC-4, 4.5.3). A pending unit attention is told where there is nothing else, and is then no longer pending.
Outcome PacketCommands::request_sense(const Packet& packet, Duration now) {
  if ((packet[1] & 0x01) != 0) return refuse(sense::invalid_field, now);  // descriptor format
  Sense told = sense_;
  if (told.good() && reset_attention_) told = sense::reset_occurred, reset_attention_ = false;
  else if (told.good() && disc_attention_) told = sense::medium_changed, disc_attention_ = false;
  else if (told.good() && mechanism_.becoming_ready()) told = sense::becoming_ready;
  sense_ = {};
  begin_reply();
  put8(0x70);
  put8(0);
  put8(told.key);
  put32(0);
  put8(10);  // bytes that follow
  put32(0);
  put8(told.asc), put8(told.ascq);
  put32(0);
  return answer(packet[4], now);
}

/// Pages 01h, 1Ah and 2Ah (MMC-6, 7; the last is legacy and still what drivers ask for).
Outcome PacketCommands::mode_sense(const Packet& packet, Duration now) {
  const unsigned page = packet[2] & 0x3f, control = packet[2] >> 6;
  constexpr unsigned all = 0x3f, changeable = 1, saved = 3;
  constexpr std::uint8_t pages[] = {0x01, 0x1a, 0x2a};
  if (packet[3] != 0 || (page != all && std::find(std::begin(pages), std::end(pages), page) == std::end(pages)))
    return refuse(sense::invalid_field, now);
  if (control == saved) return refuse(sense::saving_not_supported, now);
  begin_reply();
  put32(0), put32(0);  // the header, of which only the length has a value
  for (const std::uint8_t each : pages)
    if (page == all || page == each) put_page(each, control == changeable);
  const unsigned length = used_ - 2;
  reply_[0] = static_cast<std::uint8_t>(length >> 8), reply_[1] = static_cast<std::uint8_t>(length);
  return answer(packet.be16(7), now);
}

/// Nothing can be changed: there is no MODE SELECT.
void PacketCommands::put_page(std::uint8_t page, bool changeable) {
  const unsigned begin = used_;
  const auto speed = static_cast<unsigned>(static_cast<double>(parameters_.speed()) * dvd::bytes_per_second / 1000);
  put8(page);
  switch (page) {
    case 0x01: put8(10), put8(0), put8(5), put32(0), put32(0); break;  // Read/Write Error Recovery: five retries
    case 0x1a: put8(10), put16(0), put32(0), put32(0); break;          // Power Condition: no timers
    default:                                                           // MM Capabilities and Mechanical Status
      put8(20);
      put8(0x08), put8(0);                      // reads DVD-ROM; writes nothing
      put8(0), put8(0);
      put8(0x29u | (locked_ ? 0x02u : 0u));     // a tray, which can be locked and ejected; whether it is locked
      put8(0);
      put16(speed), put16(0);
      put16(static_cast<unsigned>(parameters_.buffer().value / 1024));
      put16(speed);
      put32(0), put16(0);
  }
  if (changeable) std::fill(reply_.begin() + begin + 2, reply_.begin() + used_, std::uint8_t{0});
}

/// Feature descriptors (MMC-6, 5.2 and 6.6): RT 0 all, 1 those that are current, 2 one.
Outcome PacketCommands::get_configuration(const Packet& packet, Duration now) {
  const unsigned kind = packet[1] & 0x03, first = packet.be16(2);
  if (kind == 3) return refuse(sense::invalid_field, now);
  begin_reply();
  put32(0), put16(0);
  put16(mechanism_.ready() ? profile_dvd_rom : 0);
  for (const unsigned feature : features) {
    const bool current = mechanism_.ready() || (feature != random_readable && feature != dvd_read);
    const bool wanted = kind == 2 ? feature == first : feature >= first && (kind == 0 || current);
    if (wanted) put_feature(feature);
  }
  const unsigned length = used_ - 4;
  reply_[2] = static_cast<std::uint8_t>(length >> 8), reply_[3] = static_cast<std::uint8_t>(length);
  return answer(packet.be16(7), now);
}

void PacketCommands::put_feature(unsigned feature) {
  const bool ready = mechanism_.ready();
  const auto head = [&](unsigned version, bool persistent, bool current, unsigned bytes) {
    put16(feature);
    put8(version << 2 | (persistent ? 2u : 0u) | (current ? 1u : 0u));
    put8(bytes);
  };
  switch (feature) {
    case profile_list: head(0, true, true, 4), put16(profile_dvd_rom), put8(ready ? 1 : 0), put8(0); break;
    case core: head(2, true, true, 8), put32(7), put32(0); break;  // Serial ATA
    case removable_medium: head(2, true, true, 4), put8(0x39), put8(0), put16(0); break;  // a tray: load, eject, lock
    case random_readable: head(0, false, ready, 8), put32(block_bytes), put16(ecc_blocks), put8(0x01), put8(0); break;  // PP
    case dvd_read: head(0, false, ready, 0); break;
    case serial_number: {
      const auto bytes = static_cast<unsigned>((parameters_.serial().size() + 3) / 4 * 4);
      head(0, true, true, bytes), put_text(parameters_.serial(), bytes);
      break;
    }
    default: head(0, true, true, 0);  // power management, timeout
  }
}

/// Polled events (MMC-6, 6.7); the drive does not notify by itself.
Outcome PacketCommands::get_event_status(const Packet& packet, Duration now) {
  if ((packet[1] & 0x01) == 0) return refuse(sense::invalid_field, now);
  const bool wanted = packet[4] >> media_class & 1;
  begin_reply();
  put16(wanted ? 6 : 2);                  // bytes that follow
  put8(wanted ? media_class : 0x80);      // NEA: no class that was asked for
  put8(1u << media_class);                // classes there are
  if (wanted) {
    put8(static_cast<unsigned>(event_));
    const bool open = mechanism_.tray() == Tray::open || mechanism_.tray() == Tray::opening;
    put8((mechanism_.has_disc() && !open ? 2u : 0u) | (open ? 1u : 0u));
    put16(0);
    if (packet.be16(7) > 4) event_ = MediaEvent::none;  // it has been told
  }
  return answer(packet.be16(7), now);
}

/// MMC-6, 6.12: no changer, so there are no slots.
Outcome PacketCommands::mechanism_status(const Packet& packet, Duration now) {
  begin_reply();
  put8(0);
  put8(mechanism_.tray() == Tray::open || mechanism_.tray() == Tray::opening ? 0x10 : 0);  // Door Open
  put32(0), put16(0);
  return answer(packet.be16(8), now);
}

}  // namespace ahcisim::disk::optical
