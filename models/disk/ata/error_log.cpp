// SPDX-License-Identifier: MIT
// Entries of the SMART error logs as they lie in their pages (ACS-3, tables "Error log data structure" and "Command data
// structure", and their extended forms).
#include <ahcisim/models/disk/ata/error_log.hpp>

#include <algorithm>

namespace ahcisim::disk {
namespace {

void put_16(std::uint8_t* to, std::uint64_t value) {
  to[0] = static_cast<std::uint8_t>(value);
  to[1] = static_cast<std::uint8_t>(value >> 8);
}

/// Milliseconds since power-on; the field wraps.
std::uint32_t timestamp(kit::Duration at) { return static_cast<std::uint32_t>(at.ps() / 1'000'000'000); }

void put_command(std::uint8_t* to, const wire::RegisterH2D& fis, kit::Duration at) {
  const std::uint8_t bytes[] = {fis.control,  fis.features_7_0, fis.count_7_0, fis.lba_7_0,
                                fis.lba_15_8, fis.lba_23_16,    fis.device,    fis.command};
  std::copy(std::begin(bytes), std::end(bytes), to);
  wire::store_le32(to + 8, timestamp(at));
}

void put_extended_command(std::uint8_t* to, const wire::RegisterH2D& fis, kit::Duration at) {
  const std::uint8_t bytes[] = {fis.control,   fis.features_7_0, fis.features_15_8, fis.count_7_0, fis.count_15_8,
                                fis.lba_7_0,   fis.lba_31_24,    fis.lba_15_8,      fis.lba_39_32, fis.lba_23_16,
                                fis.lba_47_40, fis.device,       fis.command};
  std::copy(std::begin(bytes), std::end(bytes), to);
  wire::store_le32(to + 14, timestamp(at));
}

void put_end(std::uint8_t* to, const wire::RegisterD2H& end) {
  const std::uint8_t bytes[] = {0, end.error, end.count_7_0, end.lba_7_0, end.lba_15_8, end.lba_23_16, end.device, end.status};
  std::copy(std::begin(bytes), std::end(bytes), to);
}

void put_extended_end(std::uint8_t* to, const wire::RegisterD2H& end) {
  const std::uint8_t bytes[] = {0,            end.error,     end.count_7_0, end.count_15_8, end.lba_7_0, end.lba_31_24,
                                end.lba_15_8, end.lba_39_32, end.lba_23_16, end.lba_47_40,  end.device,  end.status};
  std::copy(std::begin(bytes), std::end(bytes), to);
}

}  // namespace

void ErrorLog::record(std::uint64_t number, bool ext, const wire::RegisterD2H& end, State state, kit::Duration now) {
  Entry entry;
  for (unsigned i = 0; i < commands_an_entry; ++i) {
    const std::uint64_t back = commands_an_entry - 1 - i;
    if (number < back || commands_ - (number - back) > seen_.size()) {
      entry.first = i + 1;  // before power-on, or too long ago
      continue;
    }
    entry.commands[i] = seen_[(number - back) % seen_.size()];
  }
  entry.end = end;
  entry.state = state;
  entry.hours = static_cast<std::uint16_t>(now.seconds() / 3600);
  extended_[in_extended_++ % extended_entries] = entry;
  if (!ext) summary_[in_summary_++ % summary_entries] = entry;
}

void ErrorLog::write_summary(std::uint8_t* to) const {
  constexpr unsigned command_bytes = 12, entry_bytes = 90, end_at = commands_an_entry * command_bytes;
  to[0] = 1;  // version
  if (in_summary_ == 0) return;
  to[1] = static_cast<std::uint8_t>((in_summary_ - 1) % summary_entries + 1);  // the latest
  for (unsigned i = 0; i < std::min<std::uint64_t>(in_summary_, summary_entries); ++i) {
    const Entry& entry = summary_[i];
    std::uint8_t* const place = to + 2 + i * entry_bytes;
    for (unsigned c = entry.first; c < commands_an_entry; ++c)
      put_command(place + c * command_bytes, entry.commands[c].fis, entry.commands[c].at);
    put_end(place + end_at, entry.end);
    place[end_at + 27] = static_cast<std::uint8_t>(entry.state);
    put_16(place + end_at + 28, entry.hours);
  }
  put_16(to + 452, std::min<std::uint64_t>(in_summary_, 0xffff));  // device error count
}

void ErrorLog::write_extended(std::uint8_t* to) const {
  constexpr unsigned command_bytes = 18, entry_bytes = 124, end_at = commands_an_entry * command_bytes;
  to[0] = 1;  // version
  if (in_extended_ == 0) return;
  put_16(to + 2, (in_extended_ - 1) % extended_entries + 1);  // the latest
  for (unsigned i = 0; i < std::min<std::uint64_t>(in_extended_, extended_entries); ++i) {
    const Entry& entry = extended_[i];
    std::uint8_t* const place = to + 4 + i * entry_bytes;
    for (unsigned c = entry.first; c < commands_an_entry; ++c)
      put_extended_command(place + c * command_bytes, entry.commands[c].fis, entry.commands[c].at);
    put_extended_end(place + end_at, entry.end);
    place[end_at + 31] = static_cast<std::uint8_t>(entry.state);
    put_16(place + end_at + 32, entry.hours);
  }
  put_16(to + 500, std::min<std::uint64_t>(in_extended_, 0xffff));  // device error count
}

}  // namespace ahcisim::disk
