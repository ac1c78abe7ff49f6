// SPDX-License-Identifier: MIT
// What the trapped accesses of a virtual processor took, added up; and how much of it was over at some time just past.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <ahcisim/models/kit/units.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::host {

class TrapLog {
 public:
  /// The accesses that are kept one by one: more than an interrupt handler makes between a command's end and finding it done.
  static constexpr std::size_t kept = 32;
  /// An access from `begin` on, no earlier than the end of the one before.
  void add(kit::Duration begin, const wire::TrapTime& time) {
    last_[count_++ % kept] = {begin.ps(), begin.ps() + time.sum(), time};
    total_ += time;
  }
  /// The last access took so much longer in one of its parts.
  void lengthen(wire::Trap part, kit::Duration by) {
    One& last = last_[(count_ - 1) % kept];
    last.time[part] += by.ps();
    last.end += by.ps();
    total_[part] += by.ps();
  }
  /// All accesses so far.
  const wire::TrapTime& total() const { return total_; }
  /// All accesses as far as they were over at `at`. What is no longer kept counts as over.
  wire::TrapTime until(kit::Duration at) const {
    wire::TrapTime time = total_;
    const std::size_t oldest = count_ > kept ? count_ - kept : 0;
    for (std::size_t i = count_; i-- > oldest;) {
      const One& one = last_[i % kept];
      if (one.end <= at.ps()) break;
      if (one.begin >= at.ps()) {
        time = time - one.time;
        continue;
      }
      std::int64_t left = at.ps() - one.begin;
      for (std::size_t part = 0; part < wire::trap_count; ++part) {
        const std::int64_t over = std::min(left, one.time.ps[part]);
        time.ps[part] -= one.time.ps[part] - over;
        left -= over;
      }
    }
    return time;
  }

 private:
  struct One {
    std::int64_t begin = 0, end = 0;
    wire::TrapTime time;
  };
  std::array<One, kept> last_{};
  std::size_t count_ = 0;
  wire::TrapTime total_;
};

}  // namespace ahcisim::host
