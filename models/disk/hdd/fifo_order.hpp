// SPDX-License-Identifier: MIT
// First come, first served: what a drive without command queueing does.
#pragma once

#include <ahcisim/models/disk/hdd/seek_order.hpp>

namespace ahcisim::disk::hdd {

class FifoOrder final : public SeekOrder {
 public:
  std::size_t choose(const Candidate* queue, std::size_t count, const Mechanics&, Arm, std::int64_t) override {
    return oldest(queue, count);
  }
};

}  // namespace ahcisim::disk::hdd
