// SPDX-License-Identifier: MIT
// The NCQ feature set of the ATA device: 32 tags, first-party DMA, and what ends a queue (ACS-3, NCQ feature set; Serial ATA 3.x, chapter 11).
#include <ahcisim/models/disk/ata_device.hpp>

namespace ahcisim::disk {

using kit::Duration;
namespace status = wire::status;

void AtaDevice::accept_queued(const Inbound& in, const CommandRow* row, std::uint64_t number) {
  const unsigned tag = in.fis.count_7_0 >> 3;
  const std::uint32_t bit = std::uint32_t{1} << tag;
  if (queue_error_ || tag >= parameters_.queued()) {  // the tag exceeds word 75, or there is no NCQ at all
    static const CommandRow refused{0, "refused", AtaProtocol::non_data, true, &AtaDevice::do_abort};
    if (outstanding_ != 0) return break_queue(in, "tag beyond the queue depth (ACS-3, NCQ feature set)");
    return accept_single(in, &refused, number);
  }
  if (outstanding_ & bit) return break_queue(in, "tag that is outstanding already (ACS-3, NCQ feature set)");

  Command& command = commands_[tag];
  command.row = row;
  command.fis = in.fis;
  command.tag = in.tag;
  command.number = number;
  command.received = in.arrival;
  command.moved = 0;
  command.done_at = Duration{};
  command.fail_at = UINT32_MAX;
  command.buffer = nullptr;
  command.at_medium = command.media.failed = false;
  if (in.tag) in.tag->stamp(wire::Stage::received, in.arrival.ps());

  // Serial ATA 3.x, chapter 11, FPDMA QUEUED protocol: BSY is cleared without an interrupt, so that the host may send the next one.
  const Duration now = calendar_.now();
  wire::RegisterD2H accepted;
  accepted.status = status::DRDY | status::DSC;
  accepted.device = in.fis.device;
  wire::Frame frame;
  frame.set(accepted);
  frame.tag = nullptr;
  const std::uint32_t generation = port_.link_generation();
  send(frame, now);
  if (generation != port_.link_generation()) return;

  outstanding_ |= bit;
  (row->protocol == AtaProtocol::fpdma_in ? statistics_.queued_reads : statistics_.queued_writes).add();
  const unsigned depth = static_cast<unsigned>(__builtin_popcount(outstanding_));
  statistics_.depth_sum.add(depth);
  depth_probe_.set(now, depth);
  (this->*row->handler)(command);
}

/// READ FPDMA QUEUED, WRITE FPDMA QUEUED (ACS-3): the count is in Features, FUA in Device bit 7.
void AtaDevice::do_queued(Command& command) {
  const std::uint32_t sectors = command.fis.features() != 0 ? command.fis.features() : 65536u;
  command.lba = command.fis.lba48();
  if (command.lba >= facts_.sectors || sectors > facts_.sectors - command.lba)
    return queue_failed(command, wire::error::IDNF, command.lba, calendar_.now());
  if (command.writes() && store_.read_only()) return queue_failed(command, wire::error::ABRT, command.lba, calendar_.now());
  command.bytes = sectors * static_cast<std::uint32_t>(sector_bytes);
  command.begin = 0;
  command.end = command.bytes;
  command.media.fua = command.fis.device & 0x80;
  command.media.priority = facts_.priority ? command.fis.count_15_8 >> 6 : 0;  // ACS-3, table "PRIO field"
  if (!bad_.empty()) note_bad_sector(command);
  submit(command, command.writes() ? MediaOp::write : MediaOp::read, {command.lba, sectors});
}

/// SEND FPDMA QUEUED, of which there is DATA SET MANAGEMENT with TRIM: the subcommand is in Count 12:8, the count of
/// 512-byte blocks in Features, the function in Auxiliary (ACS-3).
void AtaDevice::do_send_queued(Command& command) {
  const std::uint32_t blocks = command.fis.features();
  const bool trim = (command.fis.count_15_8 & 0x1f) == 0x00 && command.fis.auxiliary[0] == 0x01;
  if (!trim || !facts_.trim || store_.read_only() || blocks == 0 || blocks > trim_blocks)
    return queue_failed(command, wire::error::ABRT, command.fis.lba48(), calendar_.now());
  command.own.resize(trim_blocks * sector_bytes);
  command.buffer = command.own.data();
  command.begin = 0;
  command.bytes = command.end = blocks * static_cast<std::uint32_t>(sector_bytes);
  ready_.add(calendar_.now(), command.media.index);
}

/// Serial ATA 3.x, chapter 11, FPDMA QUEUED protocol: the host broke the rules; all outstanding commands are aborted.
void AtaDevice::break_queue(const Inbound& in, const char* rule) {
  diagnose(rule);
  const std::uint8_t not_queued = 0x80;
  const CommandRow* row = find_command(in.fis.command);
  const bool queued = row && (row->protocol == AtaProtocol::fpdma_in || row->protocol == AtaProtocol::fpdma_out);
  record_queue_error(queued ? in.fis.count_7_0 >> 3 : not_queued, wire::error::ABRT, in.fis.lba48(), in.fis);
  statistics_.errors.add();
  drop_commands();
  medium_.abandon_all(calendar_.now());
  watch_medium();
  queue_error_ = true;
  wire::RegisterD2H fis;
  fis.flags = wire::RegisterD2H::I;
  fis.status = status::DRDY | status::DSC | status::ERR;
  fis.error = wire::error::ABRT;
  fis.set_lba48(in.fis.lba48());
  fis.device = in.fis.device;
  wire::Frame frame;
  frame.set(fis);
  send(frame, calendar_.now());
}

/// What ended a queued command, for the logs of errors.
void AtaDevice::log_queue_error(const Command& command, std::uint8_t error, std::uint64_t lba) {
  wire::RegisterD2H end;
  end.status = status::DRDY | status::ERR;
  end.error = error;
  end.set_lba48(lba);
  end.device = command.fis.device;
  end.count_7_0 = command.fis.count_7_0, end.count_15_8 = command.fis.count_15_8;
  log_error(command, end);
}

/// A queued command ends with an error: Set Device Bits with ERR, and with the tags that were done before it, `done` among them.
void AtaDevice::queue_failed(Command& command, std::uint8_t error, std::uint64_t lba, Duration when, std::uint32_t done) {
  statistics_.errors.add();
  record_queue_error(static_cast<std::uint8_t>(command.media.index), error, lba, command.fis);
  log_queue_error(command, error, lba);
  for (; !done_.empty() && done_.front().when <= when; done_.pop())
    if (done_.front().index != single && !commands_[done_.front().index].media.failed) {
      done |= std::uint32_t{1} << done_.front().index;
      account(commands_[done_.front().index], when);
    }
  wire::RequestTag* const tag = command.tag;
  account(command, when);
  drop_commands();
  medium_.abandon_all(calendar_.now());
  watch_medium();
  queue_error_ = true;
  wire::SetDeviceBits fis;
  fis.flags = wire::SetDeviceBits::I;
  fis.status = status::DRDY | status::ERR;
  fis.error = error;
  wire::store_le32(fis.s_active, done);
  wire::Frame frame;
  frame.set(fis);
  frame.tag = tag;
  send(frame, when);
}

/// The NCQ Command Error log (ACS-3, annex A): `first` is byte 0, NQ and TAG.
void AtaDevice::record_queue_error(std::uint8_t first, std::uint8_t error, std::uint64_t lba, const wire::RegisterH2D& fis) {
  wire::RegisterD2H fields;
  fields.set_lba48(lba);
  auto& log = queue_error_log_;
  log.fill(0);
  log[0] = first;
  log[2] = status::DRDY | status::ERR;
  log[3] = error;
  log[4] = fields.lba_7_0, log[5] = fields.lba_15_8, log[6] = fields.lba_23_16, log[7] = fis.device;
  log[8] = fields.lba_31_24, log[9] = fields.lba_39_32, log[10] = fields.lba_47_40;
  log[12] = fis.count_7_0, log[13] = fis.count_15_8;
  std::uint8_t sum = 0;
  for (const std::uint8_t byte : log) sum = static_cast<std::uint8_t>(sum + byte);
  log[511] = static_cast<std::uint8_t>(-sum);
}

/// Reports everything that is done at `when`: all queued commands in one Set Device Bits, the other one with its Register
/// FIS. Returns when the link is free again.
Duration AtaDevice::report_done(Duration when) {
  std::uint32_t mask = 0;
  wire::RequestTag* tag = nullptr;
  const std::uint32_t before = outstanding_;
  for (; !done_.empty() && done_.front().when <= when; ) {
    const unsigned index = done_.front().index;
    done_.pop();
    if (index == single) {
      finish(commands_[single], when);
      continue;
    }
    if (const MediaRequest& media = commands_[index].media; media.failed) {
      queue_failed(commands_[index], wire::error::ABRT, media.range.lba + media.good_sectors, when, mask);
      return kit::max(when, port_.free_at());
    }
    mask |= std::uint32_t{1} << index;
    tag = commands_[index].tag;
    if (track_.watched()) account(commands_[index], when);
    else statistics_.service.add(when - commands_[index].received);
  }
  if (mask == 0) return kit::max(when, port_.free_at());
  outstanding_ = before & ~mask;
  depth_probe_.set(when, static_cast<unsigned>(__builtin_popcount(outstanding_)));
  statistics_.status_frames.add();
  wire::SetDeviceBits fis;
  fis.flags = wire::SetDeviceBits::I;
  fis.status = status::DRDY;
  wire::store_le32(fis.s_active, mask);
  wire::Frame frame;
  frame.set(fis);
  frame.tag = tag;
  return send(frame, when);
}

/// No command is outstanding any more and none has a data phase. The medium is told by the caller.
void AtaDevice::drop_commands() {
  outstanding_ = 0;
  single_busy_ = false;
  for (Command& command : commands_) command.at_medium = false;
  ready_.clear();
  done_.clear();
  phase_ = Phase::none;
  held_bytes_ = 0;
  ++phase_serial_;
}

}  // namespace ahcisim::disk
