// SPDX-License-Identifier: MIT
// Shortest positioning time first, seek and rotation together, with ageing (Seltzer, Chen and Ousterhout 1990,
// "Disk scheduling revisited"; Jacobson and Wilkes 1991): what a drive does with a queue of tagged commands.
#pragma once

#include <algorithm>
#include <cmath>

#include <ahcisim/models/disk/hdd/seek_order.hpp>

namespace ahcisim::disk::hdd {

class SptfOrder final : public SeekOrder {
 public:
  /// `age_weight` of the time waited is taken off an access's positioning time. Whoever has waited longer than
  /// `age_limit` is served before all others, the oldest first: with q commands outstanding no wait exceeds
  /// age_limit plus q accesses. A sector that comes round within `margin` after the arm has settled is not counted on:
  /// firmware allows for seeks that take longer than predicted.
  SptfOrder(kit::Ratio age_weight, kit::Duration age_limit, kit::Duration margin)
      : weight_{static_cast<std::int64_t>(std::lround(age_weight.value * 1024))}, limit_{age_limit.ps()}, margin_{margin.ps()} {}

  std::size_t choose(const Candidate* queue, std::size_t count, const Mechanics& mechanics, Arm arm,
                     std::int64_t now) override {
    const std::int64_t phase = mechanics.phase_at(now), overdue = now - limit_, weight = weight_, margin = margin_;
    // A head that is to move on to the next sector or track needs no margin: that is what skew is for.
    const std::int64_t head_switch = mechanics.spec().read_head_switch.ps();
    const std::int64_t longest_switch = std::max(head_switch, mechanics.spec().write_head_switch.ps());
    const Candidate* best = queue;
    std::int64_t best_cost = INT64_MAX;
    for (const Candidate *one = queue, *end = queue + count; one != end; ++one) {
      if (one->arrived < overdue) return oldest(queue, count);
      std::int64_t moved = mechanics.arm_time(arm.cylinder, one->cylinder, one->write);
      if (__builtin_expect(moved <= longest_switch, 0)) {
        moved = mechanics.seek(arm, one->cylinder, one->head, one->write);
        if (moved > head_switch) moved += margin;
      } else {
        moved += margin;
      }
      const std::int64_t bound = moved - ((now - one->arrived) >> 10) * weight;
      if (bound >= best_cost) continue;  // its seek alone is too long
      const std::int64_t late = std::max<std::int64_t>(one->ready - now, 0);
      const std::int64_t cost = bound + late + mechanics.wait(phase + moved + late, one->phase);
      if (cost < best_cost) {
        best_cost = cost;
        best = one;
      }
    }
    return static_cast<std::size_t>(best - queue);
  }

 private:
  std::int64_t weight_, limit_, margin_;
};

}  // namespace ahcisim::disk::hdd
