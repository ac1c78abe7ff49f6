// SPDX-License-Identifier: MIT
// The elevator (LOOK): on in the direction of travel while anything lies there, then back. It knows cylinders only,
// as a scheduler outside the drive does, and pays the full rotational wait.
#pragma once

#include <ahcisim/models/disk/hdd/seek_order.hpp>

namespace ahcisim::disk::hdd {

class ElevatorOrder final : public SeekOrder {
 public:
  std::size_t choose(const Candidate* queue, std::size_t count, const Mechanics&, Arm arm, std::int64_t) override {
    std::size_t best = nearest_ahead(queue, count, arm);
    if (best == count) {
      inwards_ = !inwards_;
      best = nearest_ahead(queue, count, arm);
    }
    return best;
  }

 private:
  /// Nearest cylinder in the direction of travel, the one that waited longest on a tie; `count` where there is none.
  std::size_t nearest_ahead(const Candidate* queue, std::size_t count, Arm arm) const {
    std::size_t best = count;
    std::uint32_t best_distance = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t cylinder = queue[i].cylinder;
      if (inwards_ ? cylinder < arm.cylinder : cylinder > arm.cylinder) continue;
      const std::uint32_t distance = inwards_ ? cylinder - arm.cylinder : arm.cylinder - cylinder;
      if (best == count || distance < best_distance ||
          (distance == best_distance && queue[i].arrived < queue[best].arrived)) {
        best = i;
        best_distance = distance;
      }
    }
    return best;
  }
  bool inwards_ = true;
};

}  // namespace ahcisim::disk::hdd
