// SPDX-License-Identifier: MIT
// Entries of the SMART error logs as they lie in their pages (ACS-3, tables "Error log data structure" and "Command data
// structure", and their extended forms).
#include <ahcisim/models/disk/ata/error_log.hpp>

#include <algorithm>

namespace ahcisim::disk {
namespace {

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

/// Where things lie in a log's page, bytes from its start, and how the parts of an entry are written.
struct Layout {
  unsigned index_at, entries_at, count_at;         // of the latest entry from 1 on; of the first one; device error count
  unsigned entry_bytes, command_bytes, state_at;  // state and then hours, from the end of an entry's commands
  void (*command)(std::uint8_t* to, const wire::RegisterH2D& fis, kit::Duration at);
  void (*end)(std::uint8_t* to, const wire::RegisterD2H& end);
};
constexpr Layout summary{1, 2, 452, 90, 12, 27, put_command, put_end};
constexpr Layout extended{2, 4, 500, 124, 18, 31, put_extended_command, put_extended_end};

/// The ring of entries of which there were `count`, into a page of zeros.
template <class Ring>
void write(const Layout& layout, const Ring& ring, std::uint64_t count, std::uint8_t* to) {
  to[0] = 1;  // version
  if (count == 0) return;
  to[layout.index_at] = static_cast<std::uint8_t>((count - 1) % ring.size() + 1);
  for (unsigned i = 0; i < std::min<std::uint64_t>(count, ring.size()); ++i) {
    const auto& entry = ring[i];
    std::uint8_t* const place = to + layout.entries_at + i * layout.entry_bytes;
    for (std::size_t c = entry.first; c < entry.commands.size(); ++c)
      layout.command(place + c * layout.command_bytes, entry.commands[c].fis, entry.commands[c].at);
    std::uint8_t* const end = place + entry.commands.size() * layout.command_bytes;
    layout.end(end, entry.end);
    end[layout.state_at] = static_cast<std::uint8_t>(entry.state);
    wire::store_le16(end + layout.state_at + 1, entry.hours);
  }
  wire::store_le16(to + layout.count_at, std::min<std::uint64_t>(count, 0xffff));
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

void ErrorLog::write_summary(std::uint8_t* to) const { write(summary, summary_, in_summary_, to); }

void ErrorLog::write_extended(std::uint8_t* to) const { write(extended, extended_, in_extended_, to); }

}  // namespace ahcisim::disk
