// SPDX-License-Identifier: MIT
// Data phases of the ATA device: one at a time on the link, in the order in which the medium is ready.
#include <ahcisim/models/disk/ata_device.hpp>

namespace ahcisim::disk {

using kit::Duration;
using wire::Verdict;

void AtaDevice::may_transfer(MediaRequest& request, Duration at) {
  if (request.failed) note_failure(commands_[request.index]);
  at = at + recovery_time(commands_[request.index]);
  ready_.add(at, request.index);
  answered(at);
}

void AtaDevice::complete(MediaRequest& request, Duration at) {
  Command& command = commands_[request.index];
  command.at_medium = false;
  if (request.failed) note_failure(command);
  command.done_at = command.bytes == 0 ? at + recovery_time(command) : at;
  if (command.moved == command.bytes && !(request.index == single && !single_busy_)) done_.add(command.done_at, request.index);
  answered(command.done_at);
}

/// A medium that waits for others (an image file) answers on its own.
void AtaDevice::answered(Duration at) {
  if (!asking_) wake_at(kit::max(at, calendar_.now()));
}

/// Sees to it that Medium::advance() is called in time. At most one event is good; one that comes too early is harmless.
void AtaDevice::watch_medium() {
  const Duration next = medium_.next_decision();
  if (next >= medium_wake_) return;
  medium_wake_ = next;
  calendar_.at<&AtaDevice::advance>(next, this, ++medium_serial_);
}

void AtaDevice::advance(std::uint64_t serial) {
  if (serial != medium_serial_) return;
  medium_wake_ = Duration::never();
  if (medium_.next_decision() <= calendar_.now()) {
    asking_ = true;
    medium_.advance(calendar_.now());
    asking_ = false;
  }
  watch_medium();
  pump();
}

/// Does what can be done now: reports what is complete, then starts the next data phase. Returns at once while a data
/// phase is under way or a command is on its way in: their ends call again.
void AtaDevice::pump() {
  if (phase_ != Phase::none || port_.decoding()) return;
  Duration time = calendar_.now();
  if (port_.free_at() <= time) {
    if (!done_.empty() && done_.front().when <= time) time = report_done(time);
    if (phase_ == Phase::none && !port_.decoding() && !ready_.empty() && ready_.front().when <= time) {
      const unsigned index = ready_.front().index;
      ready_.pop();
      start_phase(commands_[index], time);
    }
    if (phase_ != Phase::none || port_.decoding()) return;
  }
  Duration next = Duration::never();
  if (!done_.empty()) next = done_.front().when;
  if (!ready_.empty()) next = kit::min(next, ready_.front().when);
  if (next != Duration::never()) wake_at(kit::max(next, port_.free_at()));
}

void AtaDevice::wake_at(Duration when) {
  if (when >= wake_) return;
  wake_ = when;
  calendar_.at<&AtaDevice::wake>(when, this, ++wake_serial_);
}

void AtaDevice::wake(std::uint64_t serial) {
  if (serial != wake_serial_) return;
  wake_ = Duration::never();
  pump();
}

/// Data of the device's own (IDENTIFY, logs, TRIM) has no place on the disk.
bool AtaDevice::may_begin(const Command& command) const {
  if (!gate_ || command.buffer) return true;
  return gate_->opens({command.lba + command.begin / sector_bytes, (command.end - command.begin) / sector_bytes}, command.writes());
}

void AtaDevice::start_phase(Command& command, Duration when) {
  if (!may_begin(command)) {
    phase_ = Phase::none;
    return;
  }
  moving_ = command.media.index;
  ++phase_serial_;
  if (command.queued()) {
    if (command.fail_at != UINT32_MAX)
      return queue_failed(command, wire::error::UNC, command.lba + command.fail_at / sector_bytes, when);
    const std::uint64_t serial = phase_serial_;
    phase_ = command.writes() ? Phase::awaiting_data : Phase::sending;
    data_here_ = false;
    phase_probe_.set(when, static_cast<std::uint64_t>(phase_));
    when = send_dma_setup(command, when);
    if (serial != phase_serial_) return;
    if (!command.writes()) return send_data(command, when);
    if (!settings_.auto_activate) request_data(command, when);
    return;
  }
  if (command.writes()) return request_data(command, when);
  phase_ = Phase::sending;
  phase_probe_.set(when, static_cast<std::uint64_t>(phase_));
  send_data(command, when);
}

/// First-party DMA (Serial ATA 3.x, 10.5.9). With non-zero offsets the second half of a large read goes first, as the
/// data comes under the head of a disk that reads a track from where it arrives.
Duration AtaDevice::send_dma_setup(Command& command, Duration when) {
  if (settings_.non_zero_offsets && !command.writes() && command.moved == 0 && command.bytes > wire::max_data_fis_bytes)
    command.begin = command.bytes / (2 * sector_bytes) * sector_bytes;
  wire::DmaSetup fis;
  fis.flags = command.writes() ? (settings_.auto_activate ? wire::DmaSetup::A : 0) : wire::DmaSetup::D;
  fis.buffer_identifier_low[0] = static_cast<std::uint8_t>(command.media.index);
  wire::store_le32(fis.buffer_offset, command.begin);
  wire::store_le32(fis.transfer_count, command.end - command.begin);
  wire::Frame frame;
  frame.set(fis);
  frame.tag = command.tag;
  return send(frame, when);
}

/// Sends what is left of the present data phase, up to chain_frames Data FISes in one go; each in its own time where the
/// receiver says that others compete for it, as they could not have their turns before what is sent ahead.
void AtaDevice::send_data(Command& command, Duration when) {
  const std::uint64_t serial = phase_serial_;
  const bool pio = command.row->protocol == AtaProtocol::pio_in;
  const std::uint32_t limit = std::min(command.end, command.fail_at);
  bool wait = false;
  for (unsigned frames = 0; command.begin < limit; ++frames) {
    if (wait || frames == chain_frames) return calendar_.at<&AtaDevice::send_more>(when, this, phase_argument(command.media.index));
    const std::uint32_t bytes = std::min(limit - command.begin, pio ? block_bytes(command) : wire::max_data_fis_bytes);
    if (pio) when = send_pio_setup(command, when);
    if (serial != phase_serial_) return;
    wire::Frame frame;
    when = send_data_fis(frame, command, bytes, when);
    if (serial != phase_serial_) return;
    if (frame.verdict == Verdict::held) {
      held_bytes_ = bytes;
      return;
    }
    if (frame.verdict != Verdict::r_ok) return transfer_failed(command, frame.verdict, when);
    wait = frame.contended;
    command.begin += bytes;
    command.moved += bytes;
  }
  if (command.begin == command.fail_at) {
    phase_ = Phase::none;
    return fail(command, wire::error::UNC, command.lba + command.fail_at / sector_bytes, when);
  }
  data_sent(command, when);
}

/// A parallel channel's host has taken the data that it let wait.
void AtaDevice::data_taken(Duration when) {
  if (phase_ != Phase::sending || held_bytes_ == 0) return;
  Command& command = commands_[moving_];
  command.begin += held_bytes_;
  command.moved += held_bytes_;
  held_bytes_ = 0;
  send_data(command, when);
  pump();
}

void AtaDevice::send_more(std::uint64_t argument) {
  if (argument >> 8 != phase_serial_) return;
  send_data(commands_[argument & 0xff], calendar_.now());
  pump();
}

std::uint32_t AtaDevice::block_bytes(const Command& command) const {
  return (command.row->multiple ? settings_.multiple : 1) * static_cast<std::uint32_t>(sector_bytes);
}

/// One DRQ block (Serial ATA 3.x, 10.5.11 and chapter 11): Status is what the host sees before the block, E_Status after
/// it. Writes interrupt with every block but the first, reads with every one.
Duration AtaDevice::send_pio_setup(Command& command, Duration when) {
  using namespace wire::status;
  const bool in = command.row->protocol == AtaProtocol::pio_in;
  const std::uint32_t left = command.end - command.begin, bytes = std::min(left, block_bytes(command));
  wire::PioSetup fis;
  fis.flags = in ? wire::PioSetup::D | wire::PioSetup::I : command.begin != 0 ? wire::PioSetup::I : 0;
  fis.status = DRDY | DSC | DRQ;
  fis.e_status = in && bytes == left ? DRDY | DSC : BSY | DRDY | DSC;
  fis.lba_7_0 = result_.lba_7_0, fis.lba_15_8 = result_.lba_15_8, fis.lba_23_16 = result_.lba_23_16;
  fis.device = result_.device;
  fis.lba_31_24 = result_.lba_31_24, fis.lba_39_32 = result_.lba_39_32, fis.lba_47_40 = result_.lba_47_40;
  fis.count_7_0 = result_.count_7_0, fis.count_15_8 = result_.count_15_8;
  fis.transfer_count_7_0 = static_cast<std::uint8_t>(bytes), fis.transfer_count_15_8 = static_cast<std::uint8_t>(bytes >> 8);
  wire::Frame frame;
  frame.set(fis);
  frame.tag = command.tag;
  return send(frame, when);
}

Duration AtaDevice::send_data_fis(wire::Frame& frame, const Command& command, std::uint32_t bytes, Duration when) {
  frame.fis[0] = static_cast<std::uint8_t>(wire::FisType::data);
  frame.fis_bytes = sizeof(wire::OneDwordFis);
  frame.tag = command.tag;
  frame.payload_bytes = bytes;
  if (command.buffer) {
    frame.payload = command.buffer + command.begin;
  } else {
    const std::uint64_t lba = command.lba + command.begin / sector_bytes;
    const auto sectors = static_cast<std::uint32_t>(bytes / sector_bytes);
    if (const std::uint8_t* bytes_in_place = store_.peek(lba, sectors)) {
      frame.payload = const_cast<std::uint8_t*>(bytes_in_place);  // the receiver of a Data FIS reads only
    } else {
      store_.read(lba, sectors, bounce_.get());
      frame.payload = bounce_.get();
    }
  }
  return send(frame, when);
}

/// The present data phase's last Data FIS was acknowledged.
void AtaDevice::data_sent(Command& command, Duration when) {
  if (command.moved < command.bytes) {  // non-zero offsets: now the first half
    command.begin = 0;
    command.end = command.bytes - command.moved;
    return start_phase(command, when);
  }
  statistics_.read_bytes.add(command.bytes);
  if (command.tag && command.tag->when(wire::Stage::transferred) < command.received.ps())  // the host knows it more exactly
    command.tag->stamp(wire::Stage::transferred, when.ps());
  if (command.at_medium) {  // the medium has a word to say when the data has left
    phase_ = Phase::ending;
    return calendar_.at<&AtaDevice::phase_ended>(when, this, phase_argument(command.media.index));
  }
  phase_ = Phase::none;
  done_.add(kit::max(when, command.done_at), command.media.index);
  report_done(when);
}

void AtaDevice::phase_ended(std::uint64_t argument) {
  if (argument >> 8 != phase_serial_) return;
  Command& command = commands_[argument & 0xff];
  phase_ = Phase::none;
  phase_probe_.set(calendar_.now(), 0);
  if (command.at_medium) {
    tell_transferred(command);
  }
  pump();
}

void AtaDevice::tell_transferred(Command& command) {
  asking_ = true;
  medium_.transferred(command.media, calendar_.now());
  asking_ = false;
  watch_medium();
}

/// Asks the host for the next Data FIS: DMA Activate, or PIO Setup.
void AtaDevice::request_data(Command& command, Duration when) {
  phase_ = Phase::awaiting_data;
  phase_probe_.set(when, static_cast<std::uint64_t>(phase_));
  data_here_ = false;
  if (command.row->protocol == AtaProtocol::pio_out) {
    send_pio_setup(command, when);
    return;
  }
  wire::Frame frame;
  frame.fis[0] = static_cast<std::uint8_t>(wire::FisType::dma_activate);
  frame.fis_bytes = sizeof(wire::OneDwordFis);
  frame.tag = command.tag;
  if (parameters_.parallel()) frame.payload_bytes = std::min(command.end - command.begin, wire::max_data_fis_bytes);
  send(frame, when);
}

/// A Data FIS; it may come from within the call that asked for it.
void AtaDevice::data_arrives(wire::Frame& frame, Duration arrival) {
  if (phase_ != Phase::awaiting_data || data_here_) {
    diagnose("Data FIS that was not asked for (Serial ATA 3.x, chapter 11)");
    frame.verdict = Verdict::r_err;
    return;
  }
  Command& command = commands_[moving_];
  const bool pio = command.row->protocol == AtaProtocol::pio_out;
  const std::uint32_t most = std::min(command.end - command.begin, pio ? block_bytes(command) : wire::max_data_fis_bytes);
  data_here_ = true;
  data_verdict_ = frame.crc_error ? Verdict::r_err : Verdict::r_ok;
  if (!frame.crc_error) {
    if (frame.payload == nullptr || frame.payload_bytes == 0 || frame.payload_bytes > most) {
      diagnose("Data FIS of a length that does not fit the transfer (Serial ATA 3.x, 10.5.12)");
      data_verdict_ = Verdict::sync_escape;
    } else {
      store_data(command, frame.payload, frame.payload_bytes);
      if (command.tag) command.tag->stamp(wire::Stage::transferred, arrival.ps());
    }
  }
  calendar_.at<&AtaDevice::data_arrived>(arrival, this, phase_argument(moving_));
}

void AtaDevice::data_arrived(std::uint64_t argument) {
  if (argument >> 8 != phase_serial_) return;
  Command& command = commands_[argument & 0xff];
  const Duration now = calendar_.now();
  if (data_verdict_ != Verdict::r_ok) {
    transfer_failed(command, data_verdict_, now);
  } else if (command.begin < command.end) {
    return request_data(command, now);
  } else {
    phase_ = Phase::none;
    phase_probe_.set(now, 0);
    statistics_.written_bytes.add(command.bytes);
    if (command.buffer) {
      buffer_filled(command);
    } else {
      tell_transferred(command);
    }
  }
  pump();
}

/// Data goes to the store by whole sectors; a host may cut its Data FISes anywhere between two dwords.
void AtaDevice::store_data(Command& command, const std::uint8_t* from, std::uint32_t bytes) {
  const std::uint32_t end = command.begin + bytes;
  command.moved += bytes;
  if (command.buffer) {
    std::memcpy(command.buffer + command.begin, from, bytes);
    command.begin = end;
    return;
  }
  while (command.begin < end) {
    const std::uint64_t lba = command.lba + command.begin / sector_bytes;
    const std::uint32_t within = command.begin % sector_bytes, left = end - command.begin;
    std::uint32_t run = left / sector_bytes * static_cast<std::uint32_t>(sector_bytes);
    if (within == 0 && run != 0) {
      store_.write(lba, run / sector_bytes, from);
    } else {
      run = std::min(left, static_cast<std::uint32_t>(sector_bytes) - within);
      std::memcpy(bounce_.get() + within, from, run);
      if (within + run == sector_bytes) store_.write(lba, 1, bounce_.get());
    }
    from += run;
    command.begin += run;
  }
}

/// The link or the host gave up on a Data FIS (ACS-3, 6.2: ICRC).
void AtaDevice::transfer_failed(Command& command, Verdict verdict, Duration when) {
  phase_ = Phase::none;
  ++phase_serial_;
  if (verdict == Verdict::no_link) return;  // SATA_PHYLOST ends the rest
  const std::uint8_t error = verdict == Verdict::r_err ? wire::error::ICRC | wire::error::ABRT : wire::error::ABRT;
  if (command.queued()) return queue_failed(command, error, command.lba, when);
  fail(command, error, command.lba, when);
}

}  // namespace ahcisim::disk
