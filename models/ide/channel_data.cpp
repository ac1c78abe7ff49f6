// SPDX-License-Identifier: MIT
// Data of a channel: DRQ blocks through the Data register, and bursts between a device and the bus master.
#include <ahcisim/models/ide/channel.hpp>

#include <algorithm>
#include <cstring>

namespace ahcisim::ide {

using kit::Duration;
using Flow = Drive::Flow;

Duration Channel::read_data(std::uint8_t* to, std::uint32_t bytes, std::uint32_t element, Duration spacing,
                            Duration when) {
  begin_access(when);
  End& end = selected();
  Drive& drive = end.drive;
  const std::uint32_t words = (element + 1) / 2, elements = bytes / element;
  const Duration done =
      when + timing_.register_access + timing_.string_access(drive.modes, elements, static_cast<int>(words), spacing);
  std::uint32_t here = 0;
  if (drive.present && drive.flow == Flow::pio_in && drive.r.status.DRQ) {
    here = std::min(bytes, drive.size - drive.position);
    const std::uint8_t* const from = drive.buffer.get() + drive.position;
    if (element == 1) {  // each access takes a word and shows its lower half
      here = std::min(bytes, (drive.size - drive.position) / 2);
      for (std::uint32_t i = 0; i < here; ++i) to[i] = from[2 * i];
    } else {
      std::memcpy(to, from, here);
    }
    const std::uint32_t taken = element == 1 ? 2 * here : here;
    drive.position += taken;
    shared_.statistics.pio_bytes.add(taken);
    if (drive.position == drive.size) block_read(end, done);
  }
  if (here < bytes) {
    diagnose("Data read while there is no data to read (ATA/ATAPI-6, PIO data-in protocol)");
    for (; here < bytes; ++here) to[here] = here % 2 ? 0xff : 0x7f;  // DD7 is pulled down, the rest floats high
  }
  return done;
}

Duration Channel::write_data(const std::uint8_t* from, std::uint32_t bytes, std::uint32_t element, Duration spacing,
                             Duration when) {
  begin_access(when);
  End& end = selected();
  Drive& drive = end.drive;
  const std::uint32_t words = (element + 1) / 2, elements = bytes / element;
  const Duration done =
      when + timing_.register_access + timing_.string_access(drive.modes, elements, static_cast<int>(words), spacing);
  std::uint32_t taken = 0;
  if (drive.present && drive.flow == Flow::pio_out && drive.r.status.DRQ) {
    std::uint8_t* const to = drive.buffer.get() + drive.position;
    std::uint32_t filled;
    if (element == 1) {  // the upper half of each word is not driven
      taken = std::min(bytes, (drive.size - drive.position) / 2);
      filled = 2 * taken;
      for (std::uint32_t i = 0; i < taken; ++i) to[2 * i] = from[i], to[2 * i + 1] = 0xff;
    } else {
      taken = filled = std::min(bytes, drive.size - drive.position);
      std::memcpy(to, from, taken);
    }
    drive.position += filled;
    shared_.statistics.pio_bytes.add(filled);
    if (drive.position == drive.size) block_written(end, done);
  }
  if (taken < bytes) diagnose("Data written while none is asked for (ATA/ATAPI-6, PIO data-out protocol)");
  return done;
}

/// The host has read the last word of a DRQ block: the device may present the next.
void Channel::block_read(End& end, Duration when) {
  Drive& drive = end.drive;
  drive.flow = Flow::none;
  drive.r.status.set(drive.e_status);
  stamp_transferred(drive, when);
  if (drive.tag && (drive.e_status & wire::status::BSY) == 0) drive.tag->stamp(wire::Stage::status, when.ps());
  wire::Frame frame;
  frame.tag = drive.tag;
  send(end, frame, wire::FRAME_TAKEN, when);
}

void Channel::block_written(End& end, Duration when) {
  Drive& drive = end.drive;
  drive.flow = Flow::none;
  drive.r.status.set(drive.e_status);
  wire::Frame frame;
  frame.fis[0] = static_cast<std::uint8_t>(wire::FisType::data);
  frame.fis_bytes = sizeof(wire::OneDwordFis);
  frame.payload = drive.buffer.get();
  frame.payload_bytes = drive.size;
  frame.first_ps = when.ps();
  frame.tag = drive.tag;
  send(end, frame, wire::SATA_FRAME, when);
}

void Channel::stamp_transferred(const Drive& drive, Duration when) {
  if (drive.tag) drive.tag->stamp(wire::Stage::transferred, when.ps());
}

/// Only the selected device drives DMARQ, and only a bus master that runs its way answers.
bool Channel::may_move(const End& end, bool to_memory) {
  if (end.number != select_) return false;
  if (master_.runs_against(to_memory))
    diagnose("the bus master runs in the direction that the command does not (Bus Master IDE 1.0, Command Register)");
  return master_.runs(to_memory);
}

/// The bus master was started, or another device selected: what waited may move.
void Channel::resume(Duration when) {
  End& end = selected();
  if (end.drive.flow == Flow::dma_in && may_move(end, true))
    move_in(end, when);
  else if (end.drive.flow == Flow::dma_out && may_move(end, false))
    move_out(end, when);
}

void Channel::move_in(End& end, Duration when) {
  Drive& drive = end.drive;
  const BusMaster::Moved moved = master_.to_memory(drive.buffer.get() + drive.position, drive.size - drive.position,
                                                   kit::max(when, cable_free_), timing_.dma_pace(drive.modes));
  if (moved.bytes == 0) return;
  cable_free_ = moved.cable_end;
  drive.position += moved.bytes;
  if (drive.position < drive.size) return;
  drive.flow = Flow::none;
  stamp_transferred(drive, moved.memory_end);
  wire::Frame frame;
  frame.tag = drive.tag;
  send(end, frame, wire::FRAME_TAKEN, moved.cable_end);
}

/// As much as the regions hold goes to the device, which asks again for the rest.
void Channel::move_out(End& end, Duration when) {
  Drive& drive = end.drive;
  const BusMaster::Moved moved =
      master_.from_memory(drive.buffer.get(), drive.size, kit::max(when, cable_free_), timing_.dma_pace(drive.modes));
  if (moved.bytes == 0) return;
  cable_free_ = moved.cable_end;
  drive.flow = Flow::none;
  wire::Frame frame;
  frame.fis[0] = static_cast<std::uint8_t>(wire::FisType::data);
  frame.fis_bytes = sizeof(wire::OneDwordFis);
  frame.payload = drive.buffer.get();
  frame.payload_bytes = moved.bytes;
  frame.first_ps = when.ps();
  frame.tag = drive.tag;
  send(end, frame, wire::SATA_FRAME, moved.cable_end);
}

}  // namespace ahcisim::ide
