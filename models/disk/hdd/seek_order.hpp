// SPDX-License-Identifier: MIT
// In which order queued accesses get the arm: one interface, one small file per policy.
#pragma once

#include <cstddef>
#include <cstdint>

#include <ahcisim/models/disk/hdd/mechanics.hpp>
#include <ahcisim/models/disk/medium.hpp>

namespace ahcisim::disk::hdd {

/// An access that waits for the arm. Everything an order needs of its place is computed once, when it is queued.
struct Candidate {
  std::uint32_t cylinder = 0;
  std::uint32_t head = 0;
  std::int64_t phase = 0;        ///< its first sector's edge after the index mark, ps
  std::int64_t ready = 0;        ///< not before this time: the controller is still busy with the command, ps
  std::int64_t arriving = 0;     ///< a write: when the last of its data arrived in the buffer, ps
  std::int64_t arrived = 0;      ///< when the wait began, ps
  bool write = false;
  std::uint8_t priority = 0;
  std::uint64_t from = 0;        ///< first sector to access
  MediaRequest* request = nullptr;  ///< nullptr: a destage of buffer segment `segment`
  std::int32_t segment = -1;
  Run run;                       ///< a command: what of it lies on the first track
};

/// Names the access that the arm serves next.
class SeekOrder {
 public:
  virtual ~SeekOrder() = default;
  /// Position in `queue` (of `count` ≥ 1 candidates, in no particular order) of the one to serve now.
  virtual std::size_t choose(const Candidate* queue, std::size_t count, const Mechanics& mechanics, Arm arm,
                             std::int64_t now) = 0;
};

/// Position of the one that has waited longest.
inline std::size_t oldest(const Candidate* queue, std::size_t count) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < count; ++i)
    if (queue[i].arrived < queue[best].arrived) best = i;
  return best;
}

}  // namespace ahcisim::disk::hdd
