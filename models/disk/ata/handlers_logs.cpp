// SPDX-License-Identifier: MIT
// Handlers of the ATA device: General Purpose Logging and SMART (ACS-3, annex "Log page definitions").
#include <ahcisim/models/disk/ata/identify_log.hpp>
#include <ahcisim/models/disk/ata/identify_page.hpp>
#include <ahcisim/models/disk/ata_device.hpp>

namespace ahcisim::disk {
namespace {

constexpr std::uint8_t first_host_log = 0x80, last_host_log = 0x9f;
constexpr std::size_t host_log_pages = 16, page = sector_bytes;
constexpr std::size_t host_log_bytes = (last_host_log - first_host_log + 1) * host_log_pages * page;

bool is_host_log(std::uint8_t log) { return log >= first_host_log && log <= last_host_log; }
std::size_t host_log_offset(std::uint8_t log, std::size_t index) { return ((log - first_host_log) * host_log_pages + index) * page; }

}  // namespace

/// Pages of a log, as far as that kind of command reaches it (ACS-3, table "Log address definition": GPL, SL); 0 where there is none.
unsigned AtaDevice::log_pages(std::uint8_t log, LogAccess access) const {
  const bool gpl = access == LogAccess::gpl;
  switch (log) {
    case 0x00: return 1;        // log directory
    case 0x01: return !gpl;     // Summary SMART Error
    case 0x02: return !gpl;     // Comprehensive SMART Error
    case 0x03: return gpl;      // Extended Comprehensive SMART Error
    case 0x06: return !gpl;     // SMART Self-Test
    case 0x07: return gpl;      // Extended SMART Self-Test
    case 0x10: return gpl && parameters_.queued() > 0;                 // NCQ Command Error
    case 0x13: return gpl && parameters_.queued() > 0 && facts_.trim;  // NCQ Send and Receive
    case 0x30: return identify_log_pages;
    case sct_log::command: case sct_log::data: return 1;
    default: return is_host_log(log) ? host_log_pages : 0;
  }
}

void AtaDevice::read_log_page(std::uint8_t log, LogAccess access, std::uint32_t index, std::uint8_t* to) {
  std::fill(to, to + page, std::uint8_t{0});
  if (is_host_log(log)) {
    if (!host_logs_.empty()) std::copy_n(host_logs_.begin() + static_cast<std::ptrdiff_t>(host_log_offset(log, index)), page, to);
    return;
  }
  switch (log) {
    case 0x00:
      wire::store_le16(to, 1);  // version: of General Purpose Logging, or logs of several sectors
      for (unsigned other = 1; other < 256; ++other) wire::store_le16(to + 2 * other, log_pages(static_cast<std::uint8_t>(other), access));
      break;
    case 0x01: case 0x02: error_log_.write_summary(to); seal_page(to); break;
    case 0x03: error_log_.write_extended(to); seal_page(to); break;
    case 0x06: self_test_page(to); seal_page(to); break;
    case 0x07: extended_self_test_page(to); seal_page(to); break;
    case 0x10: std::copy(queue_error_log_.begin(), queue_error_log_.end(), to); break;
    case 0x13:
      to[0] = 0x01;  // subcommand DATA SET MANAGEMENT,
      to[4] = 0x01;  // … of which TRIM
      break;
    case 0x30: write_identify_log(identify_inputs(), index, to); break;
    case sct_log::command: sct_status_page(to); break;
    case sct_log::data: sct_temperature_history(to); break;
    default: break;
  }
}

/// Ends a command that asks for pages which are not there: true if it has.
bool AtaDevice::refused_log(Command& command, LogAccess access, unsigned first, unsigned count) {
  const std::uint8_t log = command.fis.lba_7_0;
  const unsigned pages = log_pages(log, access);
  if (count == 0 || first >= pages || count > pages - first) return abort(command), true;
  if (log == sct_log::data && !sct_.table_ready) return sct_refuse(command, SctStatus::data_without_command), true;
  return false;
}

/// Pages of a log to the host. The data of an SCT command is there once.
void AtaDevice::log_in(Command& command, LogAccess access, unsigned first, unsigned count) {
  const std::uint8_t log = command.fis.lba_7_0;
  for (unsigned i = 0; i < count; ++i) read_log_page(log, access, first + i, buffer_.get() + i * page);
  if (log == sct_log::data) sct_.table_ready = false;
  buffer_in(command, static_cast<std::uint32_t>(count * page));
}

/// READ LOG (DMA) EXT: log in LBA 7:0, first page in LBA 39:32 and 15:8, count of pages in Count.
void AtaDevice::do_read_log(Command& command) {
  const unsigned first = command.fis.lba_15_8 | command.fis.lba_39_32 << 8, count = command.fis.count();
  if (!refused_log(command, LogAccess::gpl, first, count)) log_in(command, LogAccess::gpl, first, count);
}

/// The logs that a host writes: its own, and SCT commands, one at a time.
bool AtaDevice::takes_log(std::uint8_t log, unsigned first, unsigned count) const {
  const std::size_t pages = is_host_log(log) ? host_log_pages : log == sct_log::command ? 1 : 0;
  return count != 0 && first < pages && count <= pages - first;
}

/// WRITE LOG (DMA) EXT.
void AtaDevice::do_write_log(Command& command) {
  const unsigned first = command.fis.lba_15_8 | command.fis.lba_39_32 << 8, count = command.fis.count();
  if (!takes_log(command.fis.lba_7_0, first, count)) return abort(command);
  buffer_out(command, static_cast<std::uint32_t>(count * page));
}

void AtaDevice::store_log(Command& command) {
  if (command.fis.lba_7_0 == sct_log::command) return sct_command(command);
  if (host_logs_.empty()) host_logs_.resize(host_log_bytes);
  const bool smart = command.fis.command == 0xb0;
  const unsigned first = smart ? 0u : command.fis.lba_15_8 | command.fis.lba_39_32 << 8;
  std::copy_n(buffer_.get(), command.bytes, host_logs_.begin() + static_cast<std::ptrdiff_t>(host_log_offset(command.fis.lba_7_0, first)));
  done_.add(calendar_.now(), single);
}

/// SMART: the function is in Features; LBA 23:8 must be C24Fh.
void AtaDevice::do_smart(Command& command) {
  static const CommandRow data_in{0xb0, "SMART", AtaProtocol::pio_in, false, nullptr};
  static const CommandRow data_out{0xb0, "SMART", AtaProtocol::pio_out, false, nullptr};
  const wire::RegisterH2D& fis = command.fis;
  const std::uint8_t function = fis.features_7_0;
  if (fis.lba_15_8 != 0x4f || fis.lba_23_16 != 0xc2) return abort(command);
  if (!settings_.smart && function != 0xd8) return abort(command);
  switch (function) {
    case 0xd0:  // SMART READ DATA
    case 0xd1:  // SMART READ ATTRIBUTE THRESHOLDS
      smart_data(buffer_.get(), function == 0xd1);
      command.row = &data_in;
      return buffer_in(command, page);
    case 0xd2:  // SMART ENABLE/DISABLE ATTRIBUTE AUTOSAVE: nothing is lost without it
      if (fis.count_7_0 != 0x00 && fis.count_7_0 != 0xf1) return abort(command);
      break;
    case 0xd4:  // SMART EXECUTE OFF-LINE IMMEDIATE
      if (!self_test(fis.lba_7_0)) return abort(command);
      break;
    case 0xd5: {  // SMART READ LOG
      if (refused_log(command, LogAccess::smart, 0, fis.count_7_0)) return;
      command.row = &data_in;
      return log_in(command, LogAccess::smart, 0, fis.count_7_0);
    }
    case 0xd6:  // SMART WRITE LOG
      if (!takes_log(fis.lba_7_0, 0, fis.count_7_0)) return abort(command);
      command.row = &data_out;
      return buffer_out(command, static_cast<std::uint32_t>(fis.count_7_0 * page));
    case 0xd8: settings_.smart = true; break;
    case 0xd9: settings_.smart = false; break;
    case 0xda: break;  // SMART RETURN STATUS: C24Fh in LBA 23:8 stays there: no threshold exceeded
    default: return abort(command);
  }
  done_.add(calendar_.now(), single);
}

/// SMART data structure: attributes at 2 (12 bytes each), status and capabilities from 362 on. With `thresholds` the
/// obsolete structure of the limits.
void AtaDevice::smart_data(std::uint8_t* to, bool thresholds) const {
  struct Attribute {
    std::uint8_t id, threshold;
    std::uint16_t flags;
    std::uint64_t raw;
  };
  const std::uint64_t hours = static_cast<std::uint64_t>(calendar_.now().seconds() / 3600);
  const Attribute attributes[] = {{0x01, 50, 0x000f, 0},
                                  {0x05, 10, 0x0033, 0},
                                  {0x09, 0, 0x0032, hours},
                                  {0x0c, 0, 0x0032, 1},
                                  {0xc5, 0, 0x0012, bad_.size()}};
  std::fill(to, to + page, std::uint8_t{0});
  wire::store_le16(to, 0x0010);
  std::uint8_t* place = to + 2;
  for (const Attribute& attribute : attributes) {
    place[0] = attribute.id;
    if (thresholds) {
      place[1] = attribute.threshold;
    } else {
      wire::store_le16(place + 1, attribute.flags);
      place[3] = place[4] = 100;  // value and worst
      for (unsigned i = 0; i < 6; ++i) place[5 + i] = static_cast<std::uint8_t>(attribute.raw >> (8 * i));
    }
    place += 12;
  }
  if (!thresholds) {
    to[367] = 0x11;         // off-line: EXECUTE OFF-LINE IMMEDIATE and self-tests
    wire::store_le16(to + 368, 0x0003);  // saves before power-down; autosave
    to[370] = 0x01;         // error logging
    to[372] = to[373] = 1;  // minutes for a short, an extended self-test
    to[363] = self_tests_ ? self_test_[(self_tests_ - 1) % kept_self_tests].status : 0;
  }
  seal_page(to);
}

/// Runs at once and keeps its result for the logs of self-tests.
bool AtaDevice::self_test(std::uint8_t kind) {
  const bool known = kind <= 0x02 || kind == 0x7f || kind == 0x81 || kind == 0x82;
  if (!known) return false;
  if (kind == 0x00 || kind == 0x7f) return true;  // off-line collection; abort: there is nothing to abort
  SelfTest& test = self_test_[self_tests_++ % kept_self_tests];
  test.kind = kind;
  test.status = bad_.empty() ? 0x00 : 0x70;
  test.hours = static_cast<std::uint16_t>(calendar_.now().seconds() / 3600);
  test.failing_lba = bad_.empty() ? ~std::uint64_t{0} : bad_.front().lba;
  return true;
}

/// ACS-3, table "SMART Self-Test log": 21 entries of 24 bytes, addresses of 28 bits.
void AtaDevice::self_test_page(std::uint8_t* to) const {
  if (self_tests_ == 0) return;
  wire::store_le16(to, 1);  // revision
  for (unsigned i = 0; i < std::min<std::uint64_t>(self_tests_, kept_self_tests); ++i) {
    const SelfTest& test = self_test_[i];
    std::uint8_t* const entry = to + 2 + 24 * i;
    entry[0] = test.kind, entry[1] = test.status;
    wire::store_le16(entry + 2, test.hours);
    wire::store_le32(entry + 5, static_cast<std::uint32_t>(test.failing_lba));
  }
  to[508] = static_cast<std::uint8_t>((self_tests_ - 1) % kept_self_tests + 1);  // the latest
}

/// ACS-3, table "Extended SMART Self-Test log": 19 descriptors of 26 bytes in the one page there is, addresses of 48 bits.
void AtaDevice::extended_self_test_page(std::uint8_t* to) const {
  constexpr unsigned descriptors = 19;
  to[0] = 1;  // version
  if (self_tests_ == 0) return;
  const std::uint64_t oldest = self_tests_ > descriptors ? self_tests_ - descriptors : 0;
  for (std::uint64_t number = oldest; number < self_tests_; ++number) {
    const SelfTest& test = self_test_[number % kept_self_tests];
    std::uint8_t* const entry = to + 4 + 26 * (number % descriptors);
    entry[0] = test.kind, entry[1] = test.status;
    wire::store_le16(entry + 2, test.hours);
    for (unsigned i = 0; i < 6; ++i) entry[5 + i] = static_cast<std::uint8_t>(test.failing_lba >> (8 * i));
  }
  wire::store_le16(to + 2, static_cast<unsigned>((self_tests_ - 1) % descriptors + 1));  // the latest
}

}  // namespace ahcisim::disk
