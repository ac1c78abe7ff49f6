// SPDX-License-Identifier: MIT
// Commands of the ATA device: how one is taken, and how one that is not queued ends.
#include <ahcisim/models/disk/ata_device.hpp>

namespace ahcisim::disk {

using kit::Duration;
namespace status = wire::status;

namespace {
constexpr std::uint64_t nowhere = UINT64_MAX;
}

void AtaDevice::command_arrived(const Inbound& in) {
  if (power_ == Power::sleep) return diagnose("command to a device in Sleep, which only a reset ends (ACS-3, Power Management feature set)");
  if (single_busy_) return diagnose("command while another that is not queued is being executed (ACS-3, 6.1: BSY is one)");
  last_activity_ = calendar_.now();
  const CommandRow* row = find_command(in.fis.command);
  const std::uint64_t number = error_log_.note(in.fis, in.arrival);
  const bool queued = row && (row->protocol == AtaProtocol::fpdma_in || row->protocol == AtaProtocol::fpdma_out);
  queued ? accept_queued(in, row, number) : accept_single(in, row, number);
}

void AtaDevice::accept_single(const Inbound& in, const CommandRow* row, std::uint64_t number) {
  static const CommandRow unknown{0, "unknown", AtaProtocol::non_data, false, &AtaDevice::do_abort};
  if (outstanding_ != 0) return break_queue(in, "command that is not queued while queued ones are outstanding (ACS-3, NCQ feature set)");
  if (queue_error_ && refused_by_queue_error(in, row)) row = nullptr;
  Command& command = commands_[single];
  if (command.at_medium) {  // its data has moved and its status been reported; nobody waits for it
    medium_.abandon_all(calendar_.now());
    command.at_medium = false;
  }
  statistics_.other_commands.add();
  single_busy_ = true;
  next_power_ = Power::active_or_idle;
  command.row = row ? row : &unknown;
  command.fis = in.fis;
  command.tag = in.tag;
  command.number = number;
  command.received = in.arrival;
  command.lba = command.bytes = command.moved = command.begin = command.end = 0;
  command.done_at = Duration{};
  command.fail_at = UINT32_MAX;
  command.media.failed = command.chs = false;
  command.buffer = nullptr;
  if (in.tag) in.tag->stamp(wire::Stage::received, in.arrival.ps());
  result_ = {};
  result_.set_lba48(in.fis.lba48());
  result_.device = in.fis.device;
  result_.count_7_0 = in.fis.count_7_0, result_.count_15_8 = in.fis.count_15_8;
  (this->*command.row->handler)(command);
}

/// After an error in the queue every command is aborted until the NCQ Command Error log is read (ACS-3, NCQ feature set).
bool AtaDevice::refused_by_queue_error(const Inbound& in, const CommandRow* row) {
  constexpr std::uint8_t ncq_command_error_log = 0x10;
  if (!row || row->handler != &AtaDevice::do_read_log || in.fis.lba_7_0 != ncq_command_error_log) return true;
  // Serial ATA 3.x, chapter 11: the device acknowledges with all bits of SActive before it executes the read.
  wire::SetDeviceBits fis;
  fis.status = status::DRDY;
  wire::store_le32(fis.s_active, 0xffff'ffff);
  wire::Frame frame;
  frame.set(fis);
  send(frame, calendar_.now());
  queue_error_ = false;
  return false;
}

/// Where a command ended, in the form of its address; one that cannot be told stays as it was given.
void AtaDevice::tell_address(const Command& command, std::uint64_t lba) {
  if (!command.chs) return result_.set_lba48(lba);
  const std::uint64_t track = lba / settings_.chs.sectors_per_track, cylinder = track / settings_.chs.heads;
  if (cylinder > 0xffff) return;
  result_.lba_7_0 = static_cast<std::uint8_t>(lba % settings_.chs.sectors_per_track + 1);
  result_.lba_15_8 = static_cast<std::uint8_t>(cylinder), result_.lba_23_16 = static_cast<std::uint8_t>(cylinder >> 8);
  result_.device = static_cast<std::uint8_t>((result_.device & 0xf0) | track % settings_.chs.heads);
}

/// First and last sector within the disk; else the command has been ended with IDNF (ACS-3, 6.2).
bool AtaDevice::resolve_range(Command& command) {
  command.chs = (command.fis.device & 0x40) == 0;
  if (command.chs && command.row->ext) {  // 48-bit addresses are logical blocks
    command.chs = false;
    abort(command);
    return false;
  }
  const ChsTranslation& chs = settings_.chs;
  const unsigned cylinder = command.fis.lba_15_8 | command.fis.lba_23_16 << 8, head = command.fis.device & 0x0f;
  command.lba = command.chs ? chs.lba(cylinder, head, command.fis.lba_7_0).value_or(nowhere) : command.lba_field();
  const std::uint64_t end = command.chs ? chs.reach(facts_.sectors) : facts_.sectors;
  const std::uint32_t sectors = command.count_field();
  if (command.lba >= end || sectors > end - command.lba) {
    fail(command, wire::error::IDNF, std::max(command.lba, end), calendar_.now());
    return false;
  }
  command.bytes = sectors * static_cast<std::uint32_t>(sector_bytes);
  command.end = command.bytes;
  return true;
}

void AtaDevice::submit(Command& command, MediaOp op, LbaRange range) {
  MediaRequest& request = command.media;
  request.op = op;
  request.range = range;
  request.tag = command.tag;
  command.at_medium = true;
  if (power_ == Power::standby) enter_power(Power::active_or_idle);
  asking_ = true;
  medium_.submit(request, calendar_.now());
  asking_ = false;
  watch_medium();
}

void AtaDevice::account(const Command& command, Duration when) {
  statistics_.service.add(when - command.received);
  track_.span(command.row->name, command.received, when, command.tag ? command.tag->id : 0);
}

/// A command that is not queued ends well. PIO data-in has told its ending status with the last PIO Setup.
void AtaDevice::finish(Command& command, Duration when) {
  if (command.fail_at != UINT32_MAX)
    return fail(command, wire::error::UNC, command.lba + command.fail_at / sector_bytes, when);
  if (command.media.failed) {
    tell_address(command, command.media.range.lba + command.media.good_sectors);
    return fail(command, wire::error::ABRT, 0, when);
  }
  single_busy_ = false;
  if (command.media.op == MediaOp::flush) store_.flush();
  if (next_power_ != Power::active_or_idle) enter_power(next_power_);
  if (command.row->protocol != AtaProtocol::pio_in) send_result(command, status::DRDY | status::DSC, 0, when);
  account(command, kit::max(when, port_.free_at()));
}

/// The medium could not do it. A read ends at the sector, as at one that is unreadable (UNC); all else ends with ABRT and the
/// sector's address (ACS-3, FLUSH CACHE, error outputs) when it would have been reported done.
void AtaDevice::note_failure(Command& command) {
  if (command.media.op != MediaOp::read && command.media.op != MediaOp::verify) return;
  command.fail_at = std::min(command.fail_at, command.media.good_sectors * static_cast<std::uint32_t>(sector_bytes));
}

/// One that is not queued ends with an error; `lba` is where (ACS-3, table "Command aborted/ID not found …").
void AtaDevice::fail(Command& command, std::uint8_t error, std::uint64_t lba, Duration when) {
  statistics_.errors.add();
  if (command.at_medium) {
    command.at_medium = false;
    medium_.abandon_all(calendar_.now());
    watch_medium();
  }
  single_busy_ = false;
  if (error != wire::error::ABRT && error != (wire::error::ICRC | wire::error::ABRT)) tell_address(command, lba);
  send_result(command, status::DRDY | status::DSC | status::ERR, error, when);
  log_error(command, result_);
  account(command, kit::max(when, port_.free_at()));
}

/// Only what is the device's or the link's fault is logged: a command that cannot be executed as it was given is not an error of
/// the device (ACS-3, Summary SMART Error log).
void AtaDevice::log_error(const Command& command, const wire::RegisterD2H& end) {
  const bool faulty_command = !command.media.failed && (end.error & (wire::error::UNC | wire::error::ICRC)) == 0;
  if (faulty_command || !settings_.smart) return;
  const auto state = power_ == Power::standby ? ErrorLog::State::standby : ErrorLog::State::active_or_idle;
  error_log_.record(command.number, command.row->ext, end, state, calendar_.now());
}

void AtaDevice::send_result(const Command& command, std::uint8_t status, std::uint8_t error, Duration when) {
  result_.flags = wire::RegisterD2H::I;
  result_.status = status;
  result_.error = error;
  if (!command.row->ext) {  // 28-bit commands return LBA 27:24 in Device
    if (!command.chs) result_.device = static_cast<std::uint8_t>((result_.device & 0xf0) | (result_.lba_31_24 & 0x0f));
    result_.lba_31_24 = result_.lba_39_32 = result_.lba_47_40 = result_.count_15_8 = 0;
  }
  wire::Frame frame;
  frame.set(result_);
  frame.tag = command.tag;
  send(frame, when);
}

}  // namespace ahcisim::disk
