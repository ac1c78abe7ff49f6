// SPDX-License-Identifier: MIT
// Starting, stopping, PRDs and the data they name.
#include <ahcisim/models/ide/bus_master.hpp>

#include <algorithm>
#include <utility>

#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::ide {

using kit::Duration;

namespace {
constexpr std::uint32_t segment = 0x10000;
/// `bytes` further within the same 64 KiB.
std::uint32_t wrapped(std::uint32_t address, std::uint32_t bytes) {
  return (address & ~(segment - 1)) | ((address + bytes) & (segment - 1));
}
}  // namespace

BusMaster::BusMaster(unsigned channel, std::string place, kit::Context& context, IdeStatistics& statistics,
                     DmaEngine& engine, kit::RegisterBank& bank)
    : registers{bank, channel}, place_{std::move(place)}, context_{context}, statistics_{statistics}, engine_{engine} {}

void BusMaster::start(Duration when) {
  running_ = true;
  ended_ = failed_ = last_ = false;
  table_ = registers.table.value();
  left_ = 0;
  fetch_at_ = when;
  registers.status.BMIDEA = 1;
}

/// What is under way is given up: the next start begins at the table's first PRD.
void BusMaster::stop() {
  running_ = false;
  registers.status.BMIDEA = 0;
  if (failed_) registers.status.ERR = 1;
  failed_ = false;
}

void BusMaster::update(Duration when) {
  if (!running_ || !ended_ || when < ends_at_) return;
  registers.status.BMIDEA = 0;
  if (failed_) registers.status.ERR = 1;
  failed_ = false;
}

void BusMaster::reset() {
  running_ = ended_ = failed_ = false;
  left_ = 0;
  drained_ = Duration{};
}

void BusMaster::fail(Duration when) {
  ended_ = failed_ = true;
  ends_at_ = when;
  diagnose("bus-master access that memory does not answer (Bus Master IDE 1.0, Error Conditions)", when);
}

/// Whether there is a region with bytes left; fetches the next PRD where needed. `usable` becomes no earlier than its
/// arrival.
bool BusMaster::region(Duration& usable) {
  if (!running_ || ended_) return false;
  if (left_ != 0) return true;
  std::uint8_t raw[8];
  const DmaResult fetched = engine_.read(fetch_at_, table_, raw, sizeof raw);
  statistics_.prds.add();
  if (!fetched.ok) {
    fail(fetched.end);
    return false;
  }
  if (wrapped(table_, sizeof raw) < table_)
    diagnose("PRD table crosses 64 KiB (Bus Master IDE 1.0, Descriptor Tables)", fetched.end);
  table_ = wrapped(table_, sizeof raw);
  const std::uint32_t count = static_cast<std::uint32_t>(raw[4] | raw[5] << 8), address = wire::load_le32(raw);
  if ((count | address) & 1)
    diagnose("odd address or count in a PRD (Bus Master IDE 1.0, Physical Region Descriptor)", fetched.end);
  address_ = address & ~1u;
  left_ = (count & ~1u) != 0 ? count & ~1u : segment;
  last_ = (raw[7] & 0x80) != 0;
  if ((address_ & (segment - 1)) + left_ > segment)
    diagnose("region crosses 64 KiB (Bus Master IDE 1.0, Physical Region Descriptor)", fetched.end);
  usable = kit::max(usable, fetched.end);
  return true;
}

/// Bytes that can be moved in one transaction.
std::uint32_t BusMaster::piece(std::uint32_t most) const {
  return std::min({most, left_, segment - (address_ & (segment - 1))});
}

void BusMaster::advance(std::uint32_t bytes, Duration end) {
  address_ = wrapped(address_, bytes);
  left_ -= bytes;
  if (left_ != 0 || !last_) return;
  ended_ = true;
  ends_at_ = end;
}

BusMaster::Moved BusMaster::to_memory(const std::uint8_t* from, std::uint32_t bytes, Duration earliest, const DmaPace& pace) {
  Moved moved{0, kit::max(earliest, drained_), earliest};
  while (moved.bytes < bytes && region(moved.cable_end)) {
    const std::uint32_t now = piece(bytes - moved.bytes);
    const Duration begin = moved.cable_end + pace.opening, end = begin + pace.word * ((now + 1) / 2);
    const DmaResult written = engine_.write(begin, end, address_, from + moved.bytes, now);
    drained_ = moved.memory_end = written.end;
    if (!written.ok) {
      fail(written.end);
      break;
    }
    fetch_at_ = begin;
    advance(now, kit::max(written.end, end + pace.closing));
    moved.bytes += now;
    moved.cable_end = end + pace.closing;
  }
  return moved;
}

BusMaster::Moved BusMaster::from_memory(std::uint8_t* to, std::uint32_t bytes, Duration earliest, const DmaPace& pace) {
  Moved moved{0, earliest, earliest};
  while (moved.bytes < bytes && region(moved.cable_end)) {
    const std::uint32_t now = piece(bytes - moved.bytes);
    const DmaResult read = engine_.read(kit::max(earliest, fetch_at_), address_, to + moved.bytes, now);
    moved.memory_end = read.end;
    if (!read.ok) {
      fail(read.end);
      break;
    }
    fetch_at_ = read.begin;
    const Duration begin = kit::max(moved.cable_end + pace.opening, read.first);
    moved.cable_end = kit::max(begin + pace.word * ((now + 1) / 2), read.end) + pace.closing;
    advance(now, moved.cable_end);
    moved.bytes += now;
  }
  return moved;
}

}  // namespace ahcisim::ide
