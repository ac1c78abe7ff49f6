// SPDX-License-Identifier: MIT
// Frames between a channel and its devices, and when they become visible to the host; hardware resets.
#include <ahcisim/models/ide/channel.hpp>

#include <algorithm>
#include <cstring>

namespace ahcisim::ide {

using kit::Duration;
using wire::FisType;
using wire::Verdict;

tlm::tlm_sync_enum Channel::End::receive(wire::Frame& frame, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == wire::SATA_FRAME) {
    kit::Calendar& calendar = channel->calendar_;
    delay = calendar.annotate(channel->receive(*this, frame, calendar.absolute(delay)));
  }
  return tlm::TLM_COMPLETED;
}

/// A frame that the device sends at `when`; returns when it can go on.
Duration Channel::receive(End& end, wire::Frame& frame, Duration when) {
  Drive& drive = end.drive;
  frame.verdict = Verdict::r_ok;
  switch (frame.type()) {
    case FisType::register_d2h: {
      Update update;
      // An interrupt says that the data is in memory (Bus Master IDE 1.0, Data Synchronization).
      update.when = kit::max(when, master_.drained());
      update.fis = frame.as<wire::RegisterD2H>();
      update.tag = frame.tag;
      post(end, update);
      return when;
    }
    case FisType::pio_setup: {
      const auto& setup = frame.as<wire::PioSetup>();
      Update& update = drive.setup;
      update.when = when;
      std::memcpy(static_cast<void*>(&update.fis), &setup, offsetof(wire::PioSetup, e_status));
      update.tag = frame.tag;
      update.block = true;
      update.in = (setup.flags & wire::PioSetup::D) != 0;
      update.e_status = setup.e_status;
      update.bytes = std::min<std::uint32_t>(setup.transfer_count(), wire::max_data_fis_bytes);
      drive.block_follows = update.in;  // the block is there when its data is
      if (!update.in) post(end, update);
      return when;
    }
    case FisType::data:
      return receive_data(end, frame, when);
    case FisType::dma_activate:
      drive.flow = Drive::Flow::dma_out;
      drive.size = std::min(frame.payload_bytes, wire::max_data_fis_bytes);
      drive.position = 0;
      drive.tag = frame.tag;
      if (may_move(end, false)) move_out(end, when);
      return when;
    default:
      diagnose("FIS that a parallel device does not send (ATA/ATAPI-6 knows no queue of this kind)", when);
      frame.verdict = Verdict::r_err;
      return when;
  }
}

Duration Channel::receive_data(End& end, wire::Frame& frame, Duration when) {
  Drive& drive = end.drive;
  if (drive.flow != Drive::Flow::none || frame.payload_bytes > wire::max_data_fis_bytes) {
    diagnose("device sends data before the host has taken the last (tlm/frame.hpp)", when);
    frame.verdict = Verdict::r_err;
    return when;
  }
  drive.tag = frame.tag;
  drive.size = frame.payload_bytes;
  drive.position = 0;
  Duration cable_end = when;
  if (drive.block_follows) {
    drive.block_follows = false;
    drive.flow = Drive::Flow::pio_in;
  } else {
    if (may_move(end, true)) {  // straight from the sender's memory to the host's
      const BusMaster::Moved moved = master_.to_memory(frame.payload, frame.payload_bytes, kit::max(when, cable_free_),
                                                       timing_.dma_pace(drive.modes));
      drive.position = moved.bytes;
      if (moved.bytes != 0) cable_end = cable_free_ = moved.cable_end;
      if (moved.bytes == frame.payload_bytes) {
        stamp_transferred(drive, moved.memory_end);
        return cable_end;
      }
    }
    drive.flow = Drive::Flow::dma_in;
  }
  std::memcpy(drive.buffer.get() + drive.position, frame.payload + drive.position,
              frame.payload_bytes - drive.position);
  frame.verdict = Verdict::held;
  if (drive.flow == Drive::Flow::pio_in) post(end, drive.setup);
  return cable_end;
}

/// What becomes visible at update.when: at once, or by an event; never before what was posted earlier.
void Channel::post(End& end, Update update) {
  UpdateQueue& queue = end.drive.updates;
  if (queue.empty() && update.when <= calendar_.now()) return apply(end.drive, update);
  if (queue.full())
    return diagnose("device sends status before the host has seen the last (tlm/frame.hpp)", update.when);
  if (!queue.empty()) update.when = kit::max(update.when, queue.back().when);
  queue.push(update);
  calendar_.at<&Channel::due>(update.when, this);
}

void Channel::due(std::uint64_t) { catch_up(calendar_.now()); }

void Channel::catch_up(Duration when) {
  for (End& end : end_) {
    UpdateQueue& queue = end.drive.updates;
    while (!queue.empty() && queue.front().when <= when) {
      const Update update = queue.front();
      queue.pop();
      apply(end.drive, update);
    }
  }
}

void Channel::apply(Drive& drive, const Update& update) {
  const wire::RegisterD2H& fis = update.fis;
  drive.r.error.set(fis.error);
  drive.task_file.current = {drive.task_file.current[TaskFile::features], fis.count_7_0, fis.lba_7_0, fis.lba_15_8,
                             fis.lba_23_16};
  drive.task_file.previous = {drive.task_file.previous[TaskFile::features], fis.count_15_8, fis.lba_31_24,
                              fis.lba_39_32, fis.lba_47_40};
  drive.show(control_.device_control.HOB);
  drive.r.status.set(fis.status);
  if (update.block) {
    drive.flow = update.in ? Drive::Flow::pio_in : Drive::Flow::pio_out;
    drive.e_status = update.e_status;
    drive.size = update.bytes;
    drive.position = 0;
    drive.tag = update.tag;
  } else {
    end_command(drive, update);
  }
  if ((fis.flags & wire::RegisterD2H::I) && !drive.quiet) drive.interrupt = true;
  drive.quiet = false;
  drive_line(update.when);
}

/// Register D2H: the end of a command or of a reset.
void Channel::end_command(Drive& drive, const Update& update) {
  drive.flow = Drive::Flow::none;
  const bool failed = update.fis.status & wire::status::ERR;
  if (failed) shared_.statistics.errors.add();
  if (update.tag) update.tag->stamp(wire::Stage::status, update.when.ps());
  // A result keeps the DEV bit that the host wrote; only 28-bit addresses come back in the register.
  drive.r.device.HEAD = update.fis.device & 0x0f;
  if (drive.sets_mode && !failed) {
    drive.modes.select(drive.mode_asked);
    if (timing_.beyond(drive.modes))
      diagnose("drive set to a mode that host or cable do not have: theirs is used (ATA/ATAPI-6, SET FEATURES)",
               update.when);
  }
  drive.sets_mode = false;
}

Duration Channel::send(End& end, wire::Frame& frame, const tlm::tlm_phase& what, Duration when) {
  tlm::tlm_phase phase = what;
  sc_core::sc_time delay = calendar_.annotate(when);
  (*end.socket)->nb_transport_fw(frame, phase, delay);
  return calendar_.absolute(delay);
}

void Channel::send_control(End& end, std::uint8_t control, Duration when) {
  wire::RegisterH2D fis;
  fis.control = control;
  fis.device = static_cast<std::uint8_t>(end.drive.r.device.value());
  wire::Frame frame;
  frame.set(fis);
  send(end, frame, wire::SATA_FRAME, when);
}

void Channel::power_on() {
  for (End& end : end_) end.drive.present = end.socket->bound();
  hardware_reset(calendar_.now());
}

void Channel::reset(Duration when) {
  control_.written.reset();
  master_.stop();
  master_.reset();
  cable_free_ = Duration{};
  hardware_reset(when);
  drive_line(when);
}

void Channel::hardware_reset(Duration when) {
  select_ = 0;
  w_.bank.reset();
  for (End& end : end_) {
    Drive& drive = end.drive;
    if (!drive.present) continue;
    drive.begin_reset();
    drive.task_file = {};
    drive.modes = {};
    drive.r.device.set(0);
    drive.show(false);
    wire::Frame frame;
    frame.speed = 0;
    frame.position = static_cast<std::uint8_t>(end.number);
    frame.cable80 = timing_.cable80;
    send(end, frame, wire::SATA_PHYRDY, when + timing_.reset_pulse);
  }
}

}  // namespace ahcisim::ide
