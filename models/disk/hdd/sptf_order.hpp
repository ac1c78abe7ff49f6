// SPDX-License-Identifier: MIT
// Shortest positioning time first, seek and rotation together, with ageing (Seltzer, Chen and Ousterhout 1990,
// "Disk scheduling revisited"; Jacobson and Wilkes 1991): what a drive does with a queue of tagged commands.
#pragma once

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
    const std::int64_t phase = mechanics.phase_at(now);
    std::size_t best = 0, first = 0;
    std::int64_t best_cost = INT64_MAX;
    for (std::size_t i = 0; i < count; ++i) {
      const Candidate& one = queue[i];
      if (one.arrived < queue[first].arrived) first = i;
      const std::int64_t held = one.ready > now ? one.ready - now : 0;
      const std::int64_t moved = held + mechanics.seek(arm, one.cylinder, one.head, one.write);
      const std::int64_t credit = ((now - one.arrived) >> 10) * weight_;
      if (moved - credit >= best_cost) continue;  // its seek alone is too long
      // A head that is to move on to the next sector or track needs no margin: that is what skew is for.
      const std::int64_t margin = moved > held && moved - held > mechanics.spec().read_head_switch.ps() ? margin_ : 0;
      const std::int64_t cost = moved + margin - credit + mechanics.wait(phase + moved + margin, one.phase);
      if (cost < best_cost) {
        best_cost = cost;
        best = i;
      }
    }
    return now - queue[first].arrived > limit_ ? first : best;
  }

 private:
  std::int64_t weight_, limit_, margin_;
};

}  // namespace ahcisim::disk::hdd
