// SPDX-License-Identifier: MIT
// Rings and descriptor chains of the split virtqueue.
#include <ahcisim/models/virtio/virtqueue.hpp>

namespace ahcisim::virtio {

using kit::Duration;

/// The table that a chain is followed in: the queue's own, or an indirect one.
class Virtqueue::Walk {
 public:
  explicit Walk(const RingLayout& layout) : table{layout.descriptor_table}, entries{layout.size} {}
  std::uint64_t table;
  std::uint32_t entries;
  bool indirect = false;
  const std::uint8_t* loaded = nullptr;  // the whole table, where it was read at once
};

void Virtqueue::accept(Features features) {
  event_index_ = features & VIRTIO_F_RING_EVENT_IDX;
  indirect_ = features & VIRTIO_F_RING_INDIRECT_DESC;
  notify_on_empty_ = features & VIRTIO_F_NOTIFY_ON_EMPTY;
}

Fault Virtqueue::enable(const RingLayout& layout) {
  enabled_ = false;
  if (layout.size == 0 || (layout.size & (layout.size - 1)))
    return "queue size that is no power of two (VIRTIO 1.1, 2.6)";
  if (layout.descriptor_table % RingLayout::descriptor_alignment ||
      layout.available % RingLayout::available_alignment || layout.used % RingLayout::used_alignment)
    return "virtqueue that is not aligned (VIRTIO 1.1, 2.6)";
  if (layout.size != layout_.size) table_.reset();
  layout_ = layout;
  next_available_ = seen_available_ = next_used_ = published_ = 0;
  enabled_ = true;
  return nullptr;
}

Fault Virtqueue::read_available(std::uint64_t address, std::uint16_t& value, Duration& when) {
  std::uint8_t raw[2];
  if (!memory_.read(address, raw, sizeof raw, when, statistics_.available_accesses))
    return "available ring where there is no memory (VIRTIO 1.1, 2.6.6)";
  value = load_le16(raw);
  return nullptr;
}

Fault Virtqueue::write_used(std::uint64_t address, std::uint16_t value, Duration& when) {
  std::uint8_t raw[2];
  store_le16(raw, value);
  if (!memory_.write(address, raw, sizeof raw, when, statistics_.used_accesses))
    return "used ring where there is no memory (VIRTIO 1.1, 2.6.8)";
  return nullptr;
}

Fault Virtqueue::look(Duration& when, unsigned& waiting) {
  if (Fault fault = read_available(layout_.available_idx(), seen_available_, when)) return fault;
  waiting = static_cast<std::uint16_t>(seen_available_ - next_available_);
  if (waiting > layout_.size) return "available index more than the queue size ahead (VIRTIO 1.1, 2.6.6)";
  return nullptr;
}

Fault Virtqueue::take(Duration& when, std::uint16_t& head) {
  if (Fault fault = read_available(layout_.available_ring(next_available_), head, when)) return fault;
  if (head >= layout_.size) return "available ring names a descriptor beyond the table (VIRTIO 1.1, 2.6.6)";
  ++next_available_;
  return nullptr;
}

Fault Virtqueue::load(Walk& walk, unsigned index, Duration& when, Descriptor& descriptor) {
  if (index >= walk.entries) return "next descriptor beyond the table (VIRTIO 1.1, 2.6.5)";
  if (walk.loaded) {
    descriptor = Descriptor::parse(walk.loaded + index * Descriptor::size);
    return nullptr;
  }
  std::uint8_t raw[Descriptor::size];
  if (!memory_.read(walk.table + std::uint64_t{index} * Descriptor::size, raw, sizeof raw, when,
                    statistics_.descriptor_reads))
    return "descriptor where there is no memory (VIRTIO 1.1, 2.6.5)";
  descriptor = Descriptor::parse(raw);
  return nullptr;
}

/// A table of no more entries than the queue has is read at once, a larger one entry by entry: most of it cannot be
/// used.
Fault Virtqueue::enter_indirect(Walk& walk, const Descriptor& descriptor, Duration& when) {
  if (!indirect_) return "indirect descriptor without VIRTIO_F_RING_INDIRECT_DESC (VIRTIO 1.1, 2.6.5.3.1)";
  if (walk.indirect) return "indirect descriptor within an indirect table (VIRTIO 1.1, 2.6.5.3.1)";
  if (descriptor.flags & VIRTQ_DESC_F_NEXT) return "descriptor with both INDIRECT and NEXT (VIRTIO 1.1, 2.6.5.3.1)";
  if (descriptor.len == 0 || descriptor.len % Descriptor::size)
    return "indirect table whose length is no multiple of 16 (VIRTIO 1.1, 2.6.5.3)";
  walk.indirect = true;
  walk.table = descriptor.addr;
  walk.entries = descriptor.len / Descriptor::size;
  if (walk.entries > layout_.size) return nullptr;
  if (!table_) table_ = std::make_unique<std::uint8_t[]>(std::size_t{layout_.size} * Descriptor::size);
  if (!memory_.read(walk.table, table_.get(), descriptor.len, when, statistics_.descriptor_reads))
    return "indirect table where there is no memory (VIRTIO 1.1, 2.6.5.3)";
  walk.loaded = table_.get();
  return nullptr;
}

Fault Virtqueue::follow(std::uint16_t head, Duration& when, Chain& chain) {
  chain.clear();
  Walk walk{layout_};
  unsigned index = head, count = 0;
  for (;;) {
    Descriptor descriptor;
    if (Fault fault = load(walk, index, when, descriptor)) return fault;
    if (descriptor.flags & VIRTQ_DESC_F_INDIRECT) {
      if (Fault fault = enter_indirect(walk, descriptor, when)) return fault;
      index = 0;
      continue;
    }
    if (++count > layout_.size) return "descriptor chain longer than the queue, or a loop (VIRTIO 1.1, 2.6.5.2)";
    const bool writable = descriptor.flags & VIRTQ_DESC_F_WRITE;
    if (!writable && chain.buffers.size() > chain.readable)
      return "device-readable descriptor after a device-writable one (VIRTIO 1.1, 2.6.4.2)";
    if (descriptor.len == 0) {
      chain.empty_buffer = true;
    } else {
      chain.buffers.push_back({descriptor.addr, descriptor.len});
      (writable ? chain.writable_bytes : chain.readable_bytes) += descriptor.len;
      if (!writable) ++chain.readable;
    }
    if (!(descriptor.flags & VIRTQ_DESC_F_NEXT)) return nullptr;
    index = descriptor.next;
  }
}

Fault Virtqueue::forbid_notifications(Duration& when) {
  // With the event index the driver notifies when it passes avail_event, which stays behind it: nothing to write.
  return event_index_ ? nullptr : write_used(layout_.used_flags(), VIRTQ_USED_F_NO_NOTIFY, when);
}

Fault Virtqueue::allow_notifications(Duration& when) {
  return event_index_ ? write_used(layout_.avail_event(), next_available_, when)
                      : write_used(layout_.used_flags(), 0, when);
}

Fault Virtqueue::give_back(std::uint16_t head, std::uint32_t bytes_written, Duration& when) {
  std::uint8_t raw[RingLayout::used_element_size];
  store_le32(raw, head);
  store_le32(raw + 4, bytes_written);
  if (!memory_.write(layout_.used_ring(next_used_), raw, sizeof raw, when, statistics_.used_accesses))
    return "used ring where there is no memory (VIRTIO 1.1, 2.6.8)";
  ++next_used_;
  return nullptr;
}

Fault Virtqueue::publish(Duration& when, bool& notify) {
  const std::uint16_t before = published_;
  published_ = next_used_;
  if (Fault fault = write_used(layout_.used_idx(), published_, when)) return fault;
  std::uint16_t word = 0;
  if (Fault fault = read_available(event_index_ ? layout_.used_event() : layout_.available_flags(), word, when))
    return fault;
  notify = event_index_ ? wants_event(word, published_, before) : !(word & VIRTQ_AVAIL_F_NO_INTERRUPT);
  if (notify || !notify_on_empty_ || outstanding() != 0) return nullptr;
  unsigned waiting = 0;  // VIRTIO_F_NOTIFY_ON_EMPTY: the device has run out of available buffers (6.3)
  if (Fault fault = look(when, waiting)) return fault;
  notify = waiting == 0;
  return nullptr;
}

}  // namespace ahcisim::virtio
