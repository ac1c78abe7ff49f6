// SPDX-License-Identifier: MIT
// Handlers of the ATA device: commands that move data, and what goes through the device's own buffer.
#include <stdexcept>

#include <ahcisim/models/disk/ata/identify.hpp>
#include <ahcisim/models/disk/ata_device.hpp>

namespace ahcisim::disk {

using kit::Duration;

namespace {
/// Sectors that two runs have in common.
LbaRange common(const LbaRange& a, const LbaRange& b) {
  const std::uint64_t begin = std::max(a.lba, b.lba), end = std::min(a.lba + a.count, b.lba + b.count);
  return begin < end ? LbaRange{begin, end - begin} : LbaRange{};
}
}  // namespace

void AtaDevice::inject_media_error(LbaRange range) {
  range.count = std::min(range.count, UINT64_MAX - range.lba);
  if (range.count != 0) bad_.push_back(range);
}

/// Finds the first unreadable sector of a read; a write makes its sectors readable again (they are reallocated).
void AtaDevice::note_bad_sector(Command& command) {
  const LbaRange range{command.lba, command.bytes / sector_bytes};
  if (!command.writes()) {
    std::uint64_t first = UINT64_MAX;
    for (const LbaRange& bad : bad_)
      if (const LbaRange hit = common(bad, range); hit.count != 0) first = std::min(first, hit.lba);
    if (first != UINT64_MAX) command.fail_at = static_cast<std::uint32_t>((first - command.lba) * sector_bytes);
    return;
  }
  std::vector<LbaRange> left;
  for (const LbaRange& bad : bad_) {
    const LbaRange hit = common(bad, range);
    if (hit.count == 0) {
      left.push_back(bad);
      continue;
    }
    if (bad.lba < hit.lba) left.push_back({bad.lba, hit.lba - bad.lba});
    if (hit.lba + hit.count < bad.lba + bad.count) left.push_back({hit.lba + hit.count, bad.lba + bad.count - hit.lba - hit.count});
  }
  bad_ = std::move(left);
}

void AtaDevice::do_read(Command& command) {
  if (command.row->multiple && settings_.multiple == 0) return abort(command);
  if (!resolve_range(command)) return;
  if (!bad_.empty()) note_bad_sector(command);
  command.media.fua = false;
  command.media.priority = 0;
  submit(command, MediaOp::read, {command.lba, command.bytes / sector_bytes});
}

void AtaDevice::do_write(Command& command) {
  if (command.row->multiple && settings_.multiple == 0) return abort(command);
  if (!resolve_range(command)) return;
  if (store_.read_only()) return abort(command);
  if (!bad_.empty()) note_bad_sector(command);
  command.media.fua = command.row->fua;
  command.media.priority = 0;
  submit(command, MediaOp::write, {command.lba, command.bytes / sector_bytes});
}

void AtaDevice::do_verify(Command& command) {
  if (!resolve_range(command)) return;
  const std::uint32_t sectors = command.bytes / sector_bytes;
  if (!bad_.empty()) note_bad_sector(command);
  command.bytes = command.end = 0;
  command.media.fua = false;
  command.media.priority = 0;
  submit(command, MediaOp::verify, {command.lba, sectors});
}

void AtaDevice::do_flush(Command& command) {
  command.media.fua = false;
  command.media.priority = 0;
  submit(command, MediaOp::flush, {});
}

/// DATA SET MANAGEMENT with TRIM: LBA Range Entries of 8 bytes, 47:0 the first LBA, 63:48 the count (ACS-3).
void AtaDevice::do_trim(Command& command) {
  const std::uint32_t blocks = command.fis.count();
  if (!facts_.trim || store_.read_only() || command.fis.features_7_0 != 0x01) return abort(command);
  if (blocks == 0 || blocks > trim_blocks) return abort(command);
  buffer_out(command, blocks * static_cast<std::uint32_t>(sector_bytes));
}

/// Data from the device's own buffer, which the caller has filled.
void AtaDevice::buffer_in(Command& command, std::uint32_t bytes) {
  command.buffer = buffer_.get();
  command.bytes = command.end = bytes;
  ready_.add(calendar_.now() + parameters_.internal_data(), single);
}

/// Data into the device's own buffer; buffer_filled() takes it from there.
void AtaDevice::buffer_out(Command& command, std::uint32_t bytes) {
  command.buffer = buffer_.get();
  command.bytes = command.end = bytes;
  ready_.add(calendar_.now(), single);
}

void AtaDevice::buffer_filled(Command& command) {
  if (command.row->handler != &AtaDevice::do_trim && command.row->handler != &AtaDevice::do_send_queued) return store_log(command);
  command.trims.clear();
  for (std::uint32_t at = 0; at < command.bytes; at += 8) {
    std::uint64_t entry = 0;
    for (unsigned i = 0; i < 8; ++i) entry |= std::uint64_t{command.buffer[at + i]} << (8 * i);
    const LbaRange range{entry & 0xffff'ffff'ffff, entry >> 48};
    if (range.count == 0) continue;
    if (range.lba >= facts_.sectors || range.count > facts_.sectors - range.lba)
      return command.queued() ? queue_failed(command, wire::error::IDNF, range.lba, calendar_.now())
                              : fail(command, wire::error::IDNF, range.lba, calendar_.now());
    command.trims.push_back(range);
  }
  for (const LbaRange& range : command.trims) store_.trim(range.lba, range.count);
  command.media.trims = command.trims.data();
  command.media.trim_count = static_cast<std::uint32_t>(command.trims.size());
  command.media.fua = false;
  command.media.priority = 0;
  submit(command, MediaOp::trim, command.trims.empty() ? LbaRange{} : command.trims.front());
}

IdentifyInputs AtaDevice::identify_inputs() const { return {parameters_, facts_, settings_, port_.speed(), port_.position(), port_.cable80()}; }

void AtaDevice::do_identify(Command& command) {
  write_identify(identify_inputs(), buffer_.get());
  buffer_in(command, sector_bytes);
}

void AtaDevice::do_read_native_max(Command& command) {
  const std::uint64_t last = facts_.sectors - 1;
  result_.set_lba48(command.row->ext ? last : std::min<std::uint64_t>(last, 0xfff'ffff));
  done_.add(calendar_.now(), single);
}

/// Obsolete commands that position: a modern disk has nothing to do (ATA/ATAPI-5 and earlier).
void AtaDevice::do_nothing(Command&) { done_.add(calendar_.now(), single); }

void AtaDevice::do_abort(Command& command) { abort(command); }

/// The result is the signature (ACS-3, EXECUTE DEVICE DIAGNOSTIC).
void AtaDevice::do_diagnostic(Command&) { port_.begin_reset(Reset::diagnostic); }

}  // namespace ahcisim::disk
