// SPDX-License-Identifier: MIT
// A reservation of a shared resource (a link direction, a DMA engine, a die): busy until, with gaps that later bookings
// may fill. Contention falls out of it; no event is needed. Plain C++.
#pragma once

#include <cstddef>
#include <vector>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::kit {

class Reserve {
 public:
  /// A booked interval.
  struct Interval {
    Duration begin, end;
  };

  /// Books the first free interval of `length` that begins at `earliest` or later. `now` is the caller's time: what
  /// ended before it can never matter again, so `earliest` must not be before `now`.
  Interval book(Duration now, Duration earliest, Duration length) {
    forget_before(now);
    if (head_ == busy_.size() || earliest >= busy_.back().end) return append(earliest, length);
    return fill_gap(earliest, length);
  }
  /// Books `length` of the time that is free from `earliest` on, in pieces where others lie in between. Returns where the
  /// first piece begins and the last one ends; `now` as in book().
  Interval fill(Duration now, Duration earliest, Duration length) {
    forget_before(now);
    if (head_ == busy_.size() || earliest >= busy_.back().end) return append(earliest, length);
    std::size_t next = busy_.size() - 1;
    while (next > head_ && busy_[next - 1].end >= earliest) --next;
    Duration begin = Duration::never(), from = earliest, left = length;
    std::size_t first = next;  // the pieces and what lies between them, up to busy_[next - 1], become one interval
    for (; next < busy_.size() && from + left > busy_[next].begin; ++next) {
      if (busy_[next].begin > from) {
        begin = min(begin, from);
        left -= busy_[next].begin - from;
      } else if (begin == Duration::never()) {
        first = next;
      }
      from = max(from, busy_[next].end);
    }
    begin = min(begin, from);
    total_ += length;
    const Duration end = from + left;
    Duration until = end;
    if (next < busy_.size() && busy_[next].begin == end) until = busy_[next++].end;
    if (first == next) {
      busy_.insert(busy_.begin() + static_cast<std::ptrdiff_t>(first), {begin, until});
    } else {
      busy_[first] = {min(busy_[first].begin, begin), until};
      busy_.erase(busy_.begin() + static_cast<std::ptrdiff_t>(first + 1), busy_.begin() + static_cast<std::ptrdiff_t>(next));
    }
    return {begin, end};
  }
  /// The begin that book() would give, without booking.
  Duration first_fit(Duration earliest, Duration length) const {
    Duration begin = earliest;
    for (std::size_t i = head_; i < busy_.size(); ++i) {
      if (busy_[i].begin >= begin + length) break;
      begin = max(begin, busy_[i].end);
    }
    return begin;
  }
  /// When the last booking ends.
  Duration busy_until() const { return head_ == busy_.size() ? Duration{} : busy_.back().end; }
  /// Total time booked.
  Duration busy_time() const { return total_; }
  /// Forgets every booking (a reset of the resource).
  void clear() {
    busy_.clear();
    head_ = 0;
  }

 private:
  void forget_before(Duration now) {
    while (head_ < busy_.size() && busy_[head_].end <= now) ++head_;
    if (head_ == busy_.size()) {
      clear();
    } else if (head_ >= 64) {
      busy_.erase(busy_.begin(), busy_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
  }
  Interval append(Duration begin, Duration length) {
    total_ += length;
    if (head_ < busy_.size() && busy_.back().end == begin)
      busy_.back().end += length;
    else
      busy_.push_back({begin, begin + length});
    return {begin, begin + length};
  }
  Interval fill_gap(Duration earliest, Duration length) {
    const Duration begin = first_fit(earliest, length);
    if (begin >= busy_.back().end) return append(begin, length);
    std::size_t next = busy_.size() - 1;
    while (next > head_ && busy_[next - 1].begin >= begin) --next;
    total_ += length;
    const Duration end = begin + length;
    const bool joins_previous = next > head_ && busy_[next - 1].end == begin;
    const bool joins_next = busy_[next].begin == end;
    if (joins_previous && joins_next) {
      busy_[next - 1].end = busy_[next].end;
      busy_.erase(busy_.begin() + static_cast<std::ptrdiff_t>(next));
    } else if (joins_previous) {
      busy_[next - 1].end = end;
    } else if (joins_next) {
      busy_[next].begin = begin;
    } else {
      busy_.insert(busy_.begin() + static_cast<std::ptrdiff_t>(next), {begin, end});
    }
    return {begin, end};
  }

  std::vector<Interval> busy_;  // disjoint and in order, from head_ on
  std::size_t head_ = 0;
  Duration total_;
};

}  // namespace ahcisim::kit
