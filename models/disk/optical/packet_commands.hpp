// SPDX-License-Identifier: MIT
// The command packets of a DVD-ROM drive (MMC-6, SPC-4), one row each. Plain C++: what a packet asks for is answered with an
// Outcome, which the device that took the packet carries out on its link.
//
// A packet comes from a guest: whatever it holds ends as the standards say. No reply is longer than the packet's allocation
// length, no read reaches beyond the disc.
#pragma once

#include <array>
#include <cstdint>

#include <ahcisim/models/disk/optical/mechanism.hpp>
#include <ahcisim/models/disk/optical/sense.hpp>
#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::disk::optical {

inline constexpr unsigned packet_bytes = 12;

/// A command packet; numbers in it are big endian.
struct Packet {
  std::array<std::uint8_t, packet_bytes> bytes{};
  std::uint8_t operator[](unsigned at) const { return bytes[at]; }
  std::uint32_t be16(unsigned at) const { return static_cast<std::uint32_t>(bytes[at] << 8 | bytes[at + 1]); }
  std::uint32_t be32(unsigned at) const { return be16(at) << 16 | be16(at + 2); }
};

/// What a command came to.
struct Outcome {
  enum class Kind : std::uint8_t {
    status,    ///< ends at `at`, as `sense` says
    reply,     ///< `bytes` of PacketCommands::reply(), from `at` on
    blocks,    ///< `count` blocks of the disc from `block` on, as the mechanism has them in its buffer
    movement,  ///< ends well when nothing of the mechanism moves any more
  };
  Kind kind = Kind::status;
  Sense sense;
  std::uint32_t bytes = 0, block = 0, count = 0;
  kit::Duration at;
};

class PacketCommands;

/// One row of the command table.
struct PacketRow {
  std::uint8_t opcode;
  const char* name;        ///< as in MMC-6
  bool needs_disc;         ///< ends with NOT READY without a disc that is ready
  bool reports_attention;  ///< ends with UNIT ATTENTION where one is pending (SAM-5, 5.14)
  Outcome (PacketCommands::*handler)(const Packet&, kit::Duration now);
};
/// The row of an operation code; nullptr where the drive does not know it.
const PacketRow* find_packet(std::uint8_t opcode);

class PacketCommands {
 public:
  /// Both must outlive it. Throws kit::ConfigError where a name does not fit its field.
  PacketCommands(const OpticalParameters& parameters, Mechanism& mechanism);

  /// Executes a packet that was taken at `now`.
  Outcome execute(const Packet& packet, kit::Duration now);
  const std::uint8_t* reply() const { return reply_.data(); }

  /// Ends the command under way with `sense`, which REQUEST SENSE will tell.
  void failed(const Sense& sense) { sense_ = sense; }
  /// A reset: kept sense is gone, the tray is unlocked.
  void reset();
  void disc_ready();
  void disc_leaves();
  /// The button at the front of a drive whose tray the host has locked (MMC-6, GET EVENT STATUS NOTIFICATION, EjectRequest).
  void eject_requested() { event_ = MediaEvent::eject_request; }
  /// PREVENT ALLOW MEDIUM REMOVAL holds the tray.
  bool locked() const { return locked_; }

 private:
  friend struct PacketTable;
  enum class MediaEvent : std::uint8_t { none = 0, eject_request = 1, new_media = 2, media_removal = 3 };
  static constexpr unsigned reply_room = 2052;  // READ DISC STRUCTURE

  // packet_commands.cpp
  Sense not_ready() const;
  Outcome refuse(const Sense& sense, kit::Duration now);
  Outcome done(kit::Duration at) const { return {Outcome::Kind::status, {}, 0, 0, 0, at}; }
  void begin_reply();
  void put8(unsigned value) { reply_[used_++] = static_cast<std::uint8_t>(value); }
  void put16(unsigned value) { put8(value >> 8), put8(value); }
  void put32(std::uint32_t value) { put16(value >> 16), put16(value & 0xffff); }
  void put_text(const std::string& text, unsigned bytes);
  Outcome answer(std::uint32_t allocation, kit::Duration now);

  // commands_drive.cpp: the drive
  Outcome inquiry(const Packet& packet, kit::Duration now);
  Outcome request_sense(const Packet& packet, kit::Duration now);
  Outcome mode_sense(const Packet& packet, kit::Duration now);
  Outcome get_configuration(const Packet& packet, kit::Duration now);
  Outcome get_event_status(const Packet& packet, kit::Duration now);
  Outcome mechanism_status(const Packet& packet, kit::Duration now);
  void put_page(std::uint8_t page, bool changeable);
  void put_feature(unsigned feature);

  // commands_disc.cpp: tray and disc
  Outcome test_unit_ready(const Packet& packet, kit::Duration now);
  Outcome start_stop_unit(const Packet& packet, kit::Duration now);
  Outcome prevent_allow(const Packet& packet, kit::Duration now);
  Outcome read_capacity(const Packet& packet, kit::Duration now);
  Outcome read_10(const Packet& packet, kit::Duration now);
  Outcome read_12(const Packet& packet, kit::Duration now);
  Outcome read(std::uint32_t block, std::uint32_t count, kit::Duration now);
  Outcome seek(const Packet& packet, kit::Duration now);
  Outcome read_toc(const Packet& packet, kit::Duration now);
  Outcome read_disc_information(const Packet& packet, kit::Duration now);
  Outcome read_disc_structure(const Packet& packet, kit::Duration now);
  void put_address(std::uint32_t block, bool msf);

  const OpticalParameters& parameters_;
  Mechanism& mechanism_;
  std::array<std::uint8_t, reply_room> reply_{};
  unsigned used_ = 0;
  Sense sense_;                // of the last command, until REQUEST SENSE or the next one
  bool reset_attention_ = false, disc_attention_ = false;
  MediaEvent event_ = MediaEvent::none;
  bool locked_ = false;
};

}  // namespace ahcisim::disk::optical
