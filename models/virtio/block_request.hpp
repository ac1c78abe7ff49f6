// SPDX-License-Identifier: MIT
// A request as it lies in the driver's buffers (VIRTIO 1.1, 5.2.6), and as the device keeps it while it is outstanding.
#pragma once

#include <cstdint>
#include <vector>

#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/virtio/virtqueue.hpp>

namespace ahcisim::virtio {

inline constexpr std::uint32_t VIRTIO_BLK_T_IN = 0;
inline constexpr std::uint32_t VIRTIO_BLK_T_OUT = 1;
inline constexpr std::uint32_t VIRTIO_BLK_T_FLUSH = 4;
inline constexpr std::uint32_t VIRTIO_BLK_T_GET_ID = 8;
inline constexpr std::uint32_t VIRTIO_BLK_T_DISCARD = 11;
inline constexpr std::uint32_t VIRTIO_BLK_T_WRITE_ZEROES = 13;

inline constexpr std::uint8_t VIRTIO_BLK_S_OK = 0;
inline constexpr std::uint8_t VIRTIO_BLK_S_IOERR = 1;
inline constexpr std::uint8_t VIRTIO_BLK_S_UNSUPP = 2;

/// The header every request begins with.
struct RequestHeader {
  static constexpr unsigned size = 16;
  std::uint32_t type;
  std::uint64_t sector;
  static RequestHeader parse(const std::uint8_t* at) { return {load_le32(at), load_le64(at + 8)}; }
};

/// One range of a discard or write-zeroes request.
struct RangeEntry {
  static constexpr unsigned size = 16;
  static constexpr std::uint32_t UNMAP = 1;
  std::uint64_t sector;
  std::uint32_t num_sectors;
  std::uint32_t flags;
  static RangeEntry parse(const std::uint8_t* at) { return {load_le64(at), load_le32(at + 8), load_le32(at + 12)}; }
};

/// GET_ID: the string's room; shorter ones end with a zero byte (5.2.6).
inline constexpr unsigned id_bytes = 20;

struct BlkRequest {
  disk::MediaRequest media;
  Chain chain;
  std::uint16_t queue = 0, head = 0;
  bool taken = false;        // between the available and the used ring
  bool orphan = false;       // its queue went out of use meanwhile: its buffers must not be touched
  bool handed = false;       // it counts among those handed to the medium, which …
  bool at_medium = false;    // … has not completed it yet
  bool moved = false;        // its data has moved, at moved_at
  std::uint8_t status = VIRTIO_BLK_S_OK;
  std::uint32_t type = 0;
  std::uint64_t status_address = 0;
  // The data: `data_bytes` from `first_skip` bytes into buffer `first` on.
  unsigned first = 0;
  std::uint32_t first_skip = 0;
  std::uint64_t data_bytes = 0;
  std::uint64_t given = 0;   // data bytes written to the driver's buffers, from the first on without a gap
  kit::Duration fetched, moved_at, done_at;
  std::vector<disk::LbaRange> ranges;  // discard, write zeroes
  bool unmap = false;        // write zeroes: all ranges may be deallocated
  unsigned next_range = 0;
  BlkRequest* next_waiting = nullptr;  // for the medium

  bool reads() const { return type == VIRTIO_BLK_T_IN; }
  bool writes() const { return type == VIRTIO_BLK_T_OUT; }
  bool ranged() const { return type == VIRTIO_BLK_T_DISCARD || type == VIRTIO_BLK_T_WRITE_ZEROES; }
};

}  // namespace ahcisim::virtio
