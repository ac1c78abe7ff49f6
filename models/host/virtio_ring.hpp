// SPDX-License-Identifier: MIT
// The driver's side of a split virtqueue (VIRTIO 1.1, 2.6) and the header and status of each request, in memory.
#pragma once

#include <cstdint>
#include <vector>

#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/host/virtio_names.hpp>

namespace ahcisim::host {

class VirtioRing {
 public:
  /// Bytes of a request that lie beside its data: struct virtio_blk_req's header, its status, and a range to discard.
  static constexpr unsigned header_bytes = 16, status_offset = 16, range_offset = 32, range_bytes = 16;

  /// Takes the memory for a ring of up to `entries` (a power of two).
  VirtioRing(Memory& memory, unsigned entries);

  /// An empty ring of `size` entries, at most those there is memory for; all its parts in the legacy layout (2.6.2),
  /// which modern devices take as well.
  void start(unsigned size, bool indirect, bool event_index);
  unsigned size() const { return size_; }
  std::uint64_t descriptors() const { return base_; }
  std::uint64_t available() const { return base_ + available_; }
  std::uint64_t used() const { return base_ + used_; }
  unsigned free() const { return free_count_; }
  /// Most data pieces of one request.
  unsigned most_pieces() const { return (indirect_ ? entries_ : size_) - 2; }
  /// Whether a request of any length fits.
  bool has_room(unsigned pieces) const { return free_count_ >= (indirect_ ? 1 : pieces + 2); }

  /// A request: begin, its data pieces, put. The head's number is what the device returns; it is not available yet.
  unsigned begin(std::uint32_t type, std::uint64_t sector);
  void add(std::uint64_t address, std::uint32_t bytes) { pieces_.push_back({address, bytes}); }
  void add_range(std::uint64_t sector, std::uint32_t sectors);
  void put(bool device_writes);
  /// Takes back a request that was begun and will not be put.
  void forget() { pieces_.clear(); }
  /// Makes the oldest request that was put available.
  void publish();
  /// Whether the device wants to be notified of what was published since this was asked last.
  bool wants_notification();

  /// Tells the device to hold interrupts back; arm() lets it send them again.
  void suppress_interrupts();
  void arm_interrupts();
  bool has_used() const;
  struct Used {
    std::uint32_t head;
    bool valid;           ///< the head of a request that is outstanding
    std::uint8_t status;  ///< of the request, where valid
  };
  /// The next used entry; its descriptors are free again.
  Used take_used();

 private:
  struct Piece {
    std::uint64_t address;
    std::uint32_t bytes;
  };
  std::uint8_t* descriptor(unsigned i) const { return ring_ + 16 * i; }
  std::uint64_t extra_address(unsigned head) const { return extra_address_ + 64ull * head; }
  std::uint8_t* extra(unsigned head) const { return extra_ + 64ull * head; }
  void put_chain(bool device_writes);
  void put_indirect(bool device_writes);

  const unsigned entries_;
  std::uint64_t base_, extra_address_, tables_address_;
  std::uint8_t *ring_, *extra_, *tables_;
  unsigned size_ = 0;
  std::uint64_t available_ = 0, used_ = 0;
  bool indirect_ = false, event_index_ = false;

  std::vector<std::uint16_t> next_, length_;  // free list and chains; descriptors of each head outstanding, 0 = none
  unsigned free_head_ = 0, free_count_ = 0;
  std::uint16_t put_index_ = 0, available_index_ = 0, notified_index_ = 0, used_index_ = 0;
  unsigned begun_ = 0;
  std::vector<Piece> pieces_;
};

}  // namespace ahcisim::host
