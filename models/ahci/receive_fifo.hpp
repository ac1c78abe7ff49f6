// SPDX-License-Identifier: MIT
// A port's receive buffer: when the last dword of a Data FIS can be accepted, given how fast earlier bytes leave for
// memory. Beyond its capacity the link is held (HOLD, Serial ATA 3.x, 9.4.8). Plain C++.
#pragma once

#include <array>
#include <cstdint>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::ahci {

class ReceiveFifo {
 public:
  explicit ReceiveFifo(std::int64_t capacity) : capacity_{capacity} {}

  /// A Data FIS of `bytes` whose last dword could arrive at `arrival` and whose bytes leave between the two other times.
  /// Returns when the last dword is accepted: not before all but `capacity` of the bytes so far have left.
  kit::Duration accept(kit::Duration arrival, std::int64_t bytes, kit::Duration leave_begin, kit::Duration leave_end) {
    total_ += bytes;
    segments_[next_++ % segments_.size()] = {total_ - bytes, total_, leave_begin, leave_end};
    const std::int64_t needed = total_ - capacity_;
    if (needed <= 0) return arrival;
    for (std::size_t back = 1; back <= segments_.size(); ++back) {
      const Segment& s = segments_[(next_ - back) % segments_.size()];
      if (s.from >= needed) continue;
      const auto part = static_cast<double>(needed - s.from) / static_cast<double>(s.to - s.from);
      const auto span = static_cast<double>((s.end - s.begin).ps());
      return kit::max(arrival, s.begin + kit::Duration::from_ps(static_cast<std::int64_t>(span * part + 0.5)));
    }
    return arrival;
  }
  void clear() { *this = ReceiveFifo{capacity_}; }

 private:
  struct Segment {
    std::int64_t from = 0, to = 0;
    kit::Duration begin, end;
  };
  std::int64_t capacity_;
  std::int64_t total_ = 0;
  std::uint32_t next_ = 0;
  std::array<Segment, 64> segments_{};  // 512-byte PIO blocks fill 32 KiB with these
};

}  // namespace ahcisim::ahci
