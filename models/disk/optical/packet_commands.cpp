// SPDX-License-Identifier: MIT
// The table of command packets, and what precedes every one of them.
#include <ahcisim/models/disk/optical/packet_commands.hpp>

#include <algorithm>

#include <ahcisim/models/disk/ata/identify_page.hpp>

namespace ahcisim::disk::optical {

using kit::Duration;

/// Access to the handlers for the table below.
struct PacketTable {
  using C = PacketCommands;
  static constexpr bool disc = true, attention = true;
  // operation code, name, needs a disc, reports unit attention, handler
  static constexpr PacketRow rows[] = {
      {0x00, "TEST UNIT READY", disc, attention, &C::test_unit_ready},
      {0x03, "REQUEST SENSE", false, false, &C::request_sense},
      {0x12, "INQUIRY", false, false, &C::inquiry},
      {0x1b, "START STOP UNIT", false, attention, &C::start_stop_unit},
      {0x1e, "PREVENT ALLOW MEDIUM REMOVAL", false, attention, &C::prevent_allow},
      {0x25, "READ CAPACITY", disc, attention, &C::read_capacity},
      {0x28, "READ (10)", disc, attention, &C::read_10},
      {0x2b, "SEEK (10)", disc, attention, &C::seek},
      {0x43, "READ TOC/PMA/ATIP", disc, attention, &C::read_toc},
      {0x46, "GET CONFIGURATION", false, false, &C::get_configuration},
      {0x4a, "GET EVENT STATUS NOTIFICATION", false, false, &C::get_event_status},
      {0x51, "READ DISC INFORMATION", disc, attention, &C::read_disc_information},
      {0x5a, "MODE SENSE (10)", false, attention, &C::mode_sense},
      {0xa8, "READ (12)", disc, attention, &C::read_12},
      {0xad, "READ DISC STRUCTURE", disc, attention, &C::read_disc_structure},
      {0xbd, "MECHANISM STATUS", false, attention, &C::mechanism_status},
  };
  static constexpr std::array<const PacketRow*, 256> by_opcode() {
    std::array<const PacketRow*, 256> index{};
    for (const PacketRow& row : rows) index[row.opcode] = &row;
    return index;
  }
};

const PacketRow* find_packet(std::uint8_t opcode) {
  static constexpr std::array<const PacketRow*, 256> index = PacketTable::by_opcode();
  return index[opcode];
}

PacketCommands::PacketCommands(const OpticalParameters& parameters, Mechanism& mechanism) : parameters_{parameters}, mechanism_{mechanism} {
  check_identify_text(parameters.vendor(), 8, "vendor");
  check_identify_text(parameters.product(), 16, "product");
  check_identify_text(parameters.firmware(), 4, "firmware");
}

void PacketCommands::reset() {
  sense_ = {};
  reset_attention_ = true;
  locked_ = false;
}

void PacketCommands::disc_ready() {
  disc_attention_ = true;
  event_ = MediaEvent::new_media;
}

void PacketCommands::disc_leaves() {
  disc_attention_ = false;
  event_ = MediaEvent::media_removal;
}

Outcome PacketCommands::execute(const Packet& packet, Duration now) {
  const PacketRow* row = find_packet(packet[0]);
  if (!row || row->reports_attention) {
    if (bool& pending = reset_attention_ ? reset_attention_ : disc_attention_; pending) {
      const Sense attention = reset_attention_ ? sense::reset_occurred : sense::medium_changed;
      pending = false;
      return refuse(attention, now);
    }
  }
  if (!row) return refuse(sense::invalid_opcode, now);
  if (row->needs_disc)
    if (const Sense fault = not_ready(); !fault.good()) return refuse(fault, now);
  if (row->handler != &PacketCommands::request_sense) sense_ = {};
  return (this->*row->handler)(packet, now);
}

Sense PacketCommands::not_ready() const {
  if (mechanism_.ready()) return sense::none;
  if (mechanism_.becoming_ready()) return sense::becoming_ready;
  return mechanism_.tray() == Tray::closed ? sense::no_medium_tray_closed : sense::no_medium_tray_open;
}

Outcome PacketCommands::refuse(const Sense& sense, Duration now) {
  sense_ = sense;
  return {Outcome::Kind::status, sense, 0, 0, 0, now};
}

void PacketCommands::begin_reply() {
  reply_.fill(0);
  used_ = 0;
}

void PacketCommands::put_text(const std::string& text, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) put8(i < text.size() ? static_cast<unsigned char>(text[i]) : ' ');
}

/// What has been put, or as much of it as the host has allocated; an allocation length of 0 is no error (SPC-4, 4.3.5.6).
Outcome PacketCommands::answer(std::uint32_t allocation, Duration now) {
  Outcome outcome;
  outcome.bytes = std::min(allocation, static_cast<std::uint32_t>(used_));
  outcome.kind = outcome.bytes != 0 ? Outcome::Kind::reply : Outcome::Kind::status;
  outcome.at = now;
  return outcome;
}

}  // namespace ahcisim::disk::optical
