// SPDX-License-Identifier: MIT
// The split virtqueue as it lies in memory (VIRTIO 1.1, 2.6). Plain C++.
#pragma once

#include <cstdint>

#include <ahcisim/tlm/little_endian.hpp>

namespace ahcisim::virtio {

using wire::load_le16, wire::load_le32, wire::load_le64, wire::store_le16, wire::store_le32, wire::store_le64;

inline constexpr std::uint16_t VIRTQ_DESC_F_NEXT = 1;
inline constexpr std::uint16_t VIRTQ_DESC_F_WRITE = 2;
inline constexpr std::uint16_t VIRTQ_DESC_F_INDIRECT = 4;
inline constexpr std::uint16_t VIRTQ_AVAIL_F_NO_INTERRUPT = 1;
inline constexpr std::uint16_t VIRTQ_USED_F_NO_NOTIFY = 1;

/// One entry of a descriptor table (2.6.5).
struct Descriptor {
  static constexpr unsigned size = 16;
  std::uint64_t addr;
  std::uint32_t len;
  std::uint16_t flags;
  std::uint16_t next;
  static Descriptor parse(const std::uint8_t* at) {
    return {load_le64(at), load_le32(at + 8), load_le16(at + 12), load_le16(at + 14)};
  }
};

/// Where the three parts of a virtqueue lie, and how large it is. `size` is a power of two up to 32768 (2.6).
struct RingLayout {
  static constexpr unsigned descriptor_alignment = 16, available_alignment = 2, used_alignment = 4;
  static constexpr unsigned used_element_size = 8;
  std::uint64_t descriptor_table = 0, available = 0, used = 0;
  std::uint16_t size = 0;

  std::uint64_t descriptor(unsigned index) const { return descriptor_table + std::uint64_t{index} * Descriptor::size; }
  std::uint64_t available_flags() const { return available; }
  std::uint64_t available_idx() const { return available + 2; }
  std::uint64_t available_ring(std::uint16_t idx) const { return available + 4 + 2u * (idx & (size - 1u)); }
  std::uint64_t used_event() const { return available + 4 + 2u * size; }
  std::uint64_t used_flags() const { return used; }
  std::uint64_t used_idx() const { return used + 2; }
  std::uint64_t used_ring(std::uint16_t idx) const {
    return used + 4 + std::uint64_t{used_element_size} * (idx & (size - 1u));
  }
  std::uint64_t avail_event() const { return used + 4 + std::uint64_t{used_element_size} * size; }

  /// The legacy layout: one piece at a page, the used ring at the next page boundary (2.6.2).
  static constexpr std::uint64_t legacy_page = 4096;
  static RingLayout legacy(std::uint32_t page_number, std::uint16_t size) {
    RingLayout layout;
    layout.size = size;
    layout.descriptor_table = page_number * legacy_page;
    layout.available = layout.descriptor(size);
    const std::uint64_t end = layout.used_event() + 2;
    layout.used = (end + legacy_page - 1) / legacy_page * legacy_page;
    return layout;
  }
};

/// Whether the one who set `event` wants to hear of indices from `before` (excluded) to `now` (2.6.7.2, 2.6.10.1).
constexpr bool wants_event(std::uint16_t event, std::uint16_t now, std::uint16_t before) {
  return static_cast<std::uint16_t>(now - event - 1) < static_cast<std::uint16_t>(now - before);
}

}  // namespace ahcisim::virtio
