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
    last_[count_++ % kept] = {begin.ps(), total_};
    total_ += time;
  }
  /// The last access took so much longer in one of its parts.
  void lengthen(wire::Trap part, kit::Duration by) { total_[part] += by.ps(); }
  /// All accesses so far.
  const wire::TrapTime& total() const { return total_; }
  /// All accesses as far as they were over at `at`. What is no longer kept counts as over.
  wire::TrapTime until(kit::Duration at) const {
    const std::size_t oldest = count_ > kept ? count_ - kept : 0;
    const wire::TrapTime* after = &total_;  // with the last access that began before `at`
    std::size_t i = count_;
    for (; i > oldest && last_[(i - 1) % kept].begin >= at.ps(); --i) after = &last_[(i - 1) % kept].before;
    if (i == oldest) return *after;
    const One& one = last_[(i - 1) % kept];
    wire::TrapTime time = one.before;
    std::int64_t left = at.ps() - one.begin;
    for (std::size_t part = 0; part < wire::trap_count; ++part) {
      const std::int64_t over = std::min(left, after->ps[part] - one.before.ps[part]);
      time.ps[part] += over;
      left -= over;
    }
    return time;
  }

 private:
  struct One {
    std::int64_t begin = 0;
    wire::TrapTime before;  // what all accesses before it took
  };
  std::array<One, kept> last_{};
  std::size_t count_ = 0;
  wire::TrapTime total_;
};

}  // namespace ahcisim::host
