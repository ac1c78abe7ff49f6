// SPDX-License-Identifier: MIT
// The device's side of a split virtqueue (VIRTIO 1.1, 2.6): takes available descriptor chains, gives back used ones,
// and keeps the notifications of either side down to those that are wanted.
//
// What a driver must not do ends here with the rule it broke; the owner decides what becomes of it. Nothing is followed
// further than the queue is long.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ahcisim/models/virtio/features.hpp>
#include <ahcisim/models/virtio/guest_memory.hpp>
#include <ahcisim/models/virtio/ring_layout.hpp>
#include <ahcisim/models/virtio/statistics.hpp>

namespace ahcisim::virtio {

/// The buffers of one descriptor chain: first those the device reads, then those it writes (2.6.4.2).
struct Chain {
  struct Buffer {
    std::uint64_t address;
    std::uint32_t bytes;
  };
  std::vector<Buffer> buffers;
  unsigned readable = 0;  ///< the first so many are the device-readable ones
  std::uint64_t readable_bytes = 0, writable_bytes = 0;
  bool empty_buffer = false;  ///< a descriptor of length 0 was among them; it is left out
  void clear() {
    buffers.clear();
    readable = 0;
    readable_bytes = writable_bytes = 0;
    empty_buffer = false;
  }
};

/// Null where all is well, else the rule that was broken, with its section.
using Fault = const char*;

class Virtqueue {
 public:
  Virtqueue(GuestMemory& memory, BlkStatistics& statistics) : memory_{memory}, statistics_{statistics} {}

  /// What the driver has accepted; before the queue is used.
  void accept(Features features);
  /// Takes the queue into use, from index 0 on.
  Fault enable(const RingLayout& layout);
  void disable() { enabled_ = false; }
  bool enabled() const { return enabled_; }
  const RingLayout& layout() const { return layout_; }

  // In all of these `when` is the time the first access to memory begins, and becomes the time the last has ended.
  /// Reads the available index: `waiting` requests are there that were not taken yet.
  Fault look(kit::Duration& when, unsigned& waiting);
  /// The head of the next available chain. Only while something is waiting.
  Fault take(kit::Duration& when, std::uint16_t& head);
  /// Follows a chain.
  Fault follow(std::uint16_t head, kit::Duration& when, Chain& chain);
  /// Tells the driver not to notify, and to do so again (2.6.10).
  Fault forbid_notifications(kit::Duration& when);
  Fault allow_notifications(kit::Duration& when);
  /// Puts a used element into the ring, which the driver does not see before publish().
  Fault give_back(std::uint16_t head, std::uint32_t bytes_written, kit::Duration& when);
  /// Moves the used index over what was given back. `notify`: whether the driver wants to hear of it (2.6.7.2).
  Fault publish(kit::Duration& when, bool& notify);
  /// Chains taken and not given back.
  unsigned outstanding() const { return static_cast<std::uint16_t>(next_available_ - next_used_); }

 private:
  class Walk;
  Fault load(Walk& walk, unsigned index, kit::Duration& when, Descriptor& descriptor);
  Fault enter_indirect(Walk& walk, const Descriptor& descriptor, kit::Duration& when);
  Fault write_used(std::uint64_t address, std::uint16_t value, kit::Duration& when);
  Fault read_available(std::uint64_t address, std::uint16_t& value, kit::Duration& when);

  GuestMemory& memory_;
  BlkStatistics& statistics_;
  RingLayout layout_;
  bool enabled_ = false;
  bool event_index_ = false, indirect_ = false, notify_on_empty_ = false;
  std::uint16_t next_available_ = 0;  // the next chain to take
  std::uint16_t seen_available_ = 0;  // the driver's index when last read
  std::uint16_t next_used_ = 0;       // where the next used element goes
  std::uint16_t published_ = 0;       // the used index as the driver sees it
  std::unique_ptr<std::uint8_t[]> table_;  // an indirect table, once one was needed
};

}  // namespace ahcisim::virtio
