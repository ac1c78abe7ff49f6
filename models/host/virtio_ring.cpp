// SPDX-License-Identifier: MIT
// The driver's side of a split virtqueue.
#include <ahcisim/models/host/virtio_ring.hpp>

#include <cstring>

#include <boost/endian/conversion.hpp>

#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::host {

using namespace virtio_name;
using boost::endian::load_little_u16;
using boost::endian::store_little_u16;
using boost::endian::store_little_u64;
using wire::load_le32;
using wire::store_le32;

namespace {
constexpr std::uint64_t page = 4096;
std::uint64_t up(std::uint64_t bytes, std::uint64_t alignment) { return (bytes + alignment - 1) & ~(alignment - 1); }
/// 2.6: table, available ring with used_event, used ring with avail_event on the next page.
std::uint64_t used_offset(unsigned size) { return up(16ull * size + 6 + 2ull * size, page); }
std::uint64_t ring_bytes(unsigned size) { return used_offset(size) + 6 + 8ull * size; }
void put_descriptor(std::uint8_t* at, std::uint64_t address, std::uint32_t bytes, std::uint16_t flags, unsigned next) {
  store_little_u64(at, address);
  store_le32(at + 8, bytes);
  store_little_u16(at + 12, flags);
  store_little_u16(at + 14, static_cast<std::uint16_t>(next));
}
}  // namespace

VirtioRing::VirtioRing(Memory& memory, unsigned entries) : entries_{entries} {
  base_ = memory.allocate(ring_bytes(entries), page);
  ring_ = memory.at(base_, ring_bytes(entries));
  extra_address_ = memory.allocate(64ull * entries, 64);
  extra_ = memory.at(extra_address_, 64ull * entries);
  tables_address_ = memory.allocate(16ull * entries * entries, 16);
  tables_ = memory.at(tables_address_, 16ull * entries * entries);
  next_.resize(entries);
  length_.resize(entries);
  pieces_.reserve(entries);
}

void VirtioRing::start(unsigned size, bool indirect, bool event_index) {
  size_ = size;
  indirect_ = indirect;
  event_index_ = event_index;
  available_ = 16ull * size;
  used_ = used_offset(size);
  std::memset(ring_, 0, ring_bytes(size));
  for (unsigned i = 0; i < size; ++i) next_[i] = static_cast<std::uint16_t>(i + 1), length_[i] = 0;
  free_head_ = 0;
  free_count_ = size;
  put_index_ = available_index_ = notified_index_ = used_index_ = 0;
}

unsigned VirtioRing::begin(std::uint32_t type, std::uint64_t sector) {
  begun_ = free_head_;
  std::uint8_t* const header = extra(begun_);
  store_le32(header, type);
  store_le32(header + 4, 0);
  store_little_u64(header + 8, sector);
  header[status_offset] = 0xff;  // the device writes it
  pieces_.clear();
  return begun_;
}

/// struct virtio_blk_discard_write_zeroes (5.2.6).
void VirtioRing::add_range(std::uint64_t sector, std::uint32_t sectors) {
  std::uint8_t* const range = extra(begun_) + range_offset;
  store_little_u64(range, sector);
  store_le32(range + 8, sectors);
  store_le32(range + 12, 0);
  add(extra_address(begun_) + range_offset, range_bytes);
}

void VirtioRing::put(bool device_writes) {
  indirect_ ? put_indirect(device_writes) : put_chain(device_writes);
  store_little_u16(ring_ + available_ + 4 + 2 * (put_index_ % size_), static_cast<std::uint16_t>(begun_));
  ++put_index_;
}

/// Header, data and status through the table; one descriptor of the ring (2.6.5.3).
void VirtioRing::put_indirect(bool device_writes) {
  const std::uint64_t offset = 16ull * entries_ * begun_;
  std::uint8_t* const table = tables_ + offset;
  unsigned i = 0;
  put_descriptor(table, extra_address(begun_), header_bytes, DESC_F_NEXT, 1);
  for (const Piece& piece : pieces_) {
    ++i;
    put_descriptor(table + 16 * i, piece.address, piece.bytes,
                   static_cast<std::uint16_t>(DESC_F_NEXT | (device_writes ? DESC_F_WRITE : 0)), i + 1);
  }
  ++i;
  put_descriptor(table + 16 * i, extra_address(begun_) + status_offset, 1, DESC_F_WRITE, 0);
  free_head_ = next_[begun_];
  --free_count_;
  length_[begun_] = 1;
  put_descriptor(descriptor(begun_), tables_address_ + offset, 16 * (i + 1), DESC_F_INDIRECT, 0);
}

void VirtioRing::put_chain(bool device_writes) {
  unsigned here = begun_;
  const auto one = [&](std::uint64_t address, std::uint32_t bytes, std::uint16_t flags) {
    put_descriptor(descriptor(here), address, bytes, flags, next_[here]);
    here = next_[here];
  };
  one(extra_address(begun_), header_bytes, DESC_F_NEXT);
  for (const Piece& piece : pieces_)
    one(piece.address, piece.bytes, static_cast<std::uint16_t>(DESC_F_NEXT | (device_writes ? DESC_F_WRITE : 0)));
  one(extra_address(begun_) + status_offset, 1, DESC_F_WRITE);
  const auto taken = static_cast<std::uint16_t>(pieces_.size() + 2);
  free_head_ = here;
  free_count_ -= taken;
  length_[begun_] = taken;
}

void VirtioRing::publish() { store_little_u16(ring_ + available_ + 2, ++available_index_); }

/// 2.6.7.1 and 2.6.10.1.
bool VirtioRing::wants_notification() {
  const std::uint16_t old = notified_index_;
  notified_index_ = available_index_;
  if (!event_index_) return !(load_little_u16(ring_ + used_) & USED_F_NO_NOTIFY);
  const std::uint16_t event = load_little_u16(ring_ + used_ + 4 + 8ull * size_);
  return static_cast<std::uint16_t>(available_index_ - event - 1) < static_cast<std::uint16_t>(available_index_ - old);
}

/// With an event index nothing has to be done: it lies behind what was used.
void VirtioRing::suppress_interrupts() {
  if (!event_index_) store_little_u16(ring_ + available_, AVAIL_F_NO_INTERRUPT);
}

void VirtioRing::arm_interrupts() {
  if (event_index_)
    store_little_u16(ring_ + available_ + 4 + 2ull * size_, used_index_);
  else
    store_little_u16(ring_ + available_, 0);
}

bool VirtioRing::has_used() const { return load_little_u16(ring_ + used_ + 2) != used_index_; }

VirtioRing::Used VirtioRing::take_used() {
  const std::uint32_t head = load_le32(ring_ + used_ + 4 + 8 * (used_index_ % size_));
  ++used_index_;
  if (head >= size_ || length_[head] == 0) return {head, false, 0};
  unsigned last = head;
  for (unsigned left = length_[head]; left > 1; --left) last = next_[last];
  next_[last] = static_cast<std::uint16_t>(free_head_);
  free_head_ = head;
  free_count_ += length_[head];
  length_[head] = 0;
  return {head, true, extra(head)[status_offset]};
}

}  // namespace ahcisim::host
