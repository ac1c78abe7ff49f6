// SPDX-License-Identifier: MIT
// A reservation of a shared resource (a link direction, a DMA engine, a die): busy until, with gaps that later bookings
// may fill. Contention falls out of it; no event is needed. Plain C++.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::kit {

class Reserve {
 public:
  /// A booked interval.
  struct Interval {
    Interval() = default;
    Interval(Duration begin, Duration end) : begin{begin}, end{end} {}
    Duration begin, end;
  };

  /// Books the first free interval of `length` that begins at `earliest` or later. `now` is the caller's time: what
  /// ended before it can never matter again, so `earliest` must not be before `now`.
  Interval book(Duration now, Duration earliest, Duration length) {
    return fits_behind(now, earliest) ? append(now, earliest, length) : fill_gap(now, earliest, length);
  }
  /// Books `length` of the time that is free from `earliest` on, in pieces where others lie in between. Returns where the
  /// first piece begins and the last one ends; `now` as in book().
  Interval fill(Duration now, Duration earliest, Duration length) {
    if (fits_behind(now, earliest)) return append(now, earliest, length);
    std::size_t next = size_ - 1;
    while (next > head_ && busy_[next - 1].end >= earliest) --next;
    Duration begin = Duration::never(), from = earliest, left = length;
    std::size_t first = next;  // the pieces and what lies between them, up to busy_[next - 1], become one interval
    for (; next < size_ && from + left > busy_[next].begin; ++next) {
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
    if (next < size_ && busy_[next].begin == end) until = busy_[next++].end;
    if (first == next) {
      insert(first, {begin, until});
    } else {
      busy_[first] = {min(busy_[first].begin, begin), until};
      erase(first + 1, next);
    }
    end_ = busy_[size_ - 1].end;
    return {begin, end};
  }
  /// The begin that book() would give, without booking.
  Duration first_fit(Duration earliest, Duration length) const {
    return earliest >= end_ ? earliest : gap(earliest, length).begin;
  }
  /// When the last booking ends.
  Duration busy_until() const { return end_; }
  /// Total time booked.
  Duration busy_time() const { return total_; }
  /// Forgets every booking (a reset of the resource).
  void clear() {
    head_ = size_ = 0;
    end_ = {};
  }

 private:
  static constexpr std::size_t kept = 64;  // intervals, before those of the past are thrown away

  struct Gap {
    Duration begin;
    std::size_t next;  // the interval behind it
  };
  Gap gap(Duration earliest, Duration length) const {
    Gap found{earliest, head_};
    for (; found.next < size_; ++found.next) {
      const Interval& busy = busy_[found.next];
      if (busy.begin >= found.begin + length) break;
      found.begin = max(found.begin, busy.end);
    }
    return found;
  }
  void forget_before(Duration now) {
    while (head_ < size_ && busy_[head_].end <= now) ++head_;
    if (head_ < kept && head_ < size_) return;
    erase(0, head_);
    head_ = 0;
  }
  /// Whether everything else has ended: the common case, which looks at no interval.
  bool fits_behind(Duration now, Duration earliest) {
    if (earliest >= end_) return true;
    forget_before(now);
    return size_ == 0;
  }
  Interval append(Duration now, Duration begin, Duration length) {
    const Duration end = begin + length;
    total_ += length;
    if (size_ > 0 && begin == end_) {
      busy_[size_ - 1].end = end;
    } else {
      if (size_ >= kept) forget_before(now);
      if (size_ == busy_.size()) grow();
      busy_[size_++] = {begin, end};
    }
    end_ = end;
    return {begin, end};
  }
  Interval fill_gap(Duration now, Duration earliest, Duration length) {
    const auto [begin, next] = gap(earliest, length);
    if (next == size_) return append(now, begin, length);
    total_ += length;
    const Duration end = begin + length;
    const bool joins_previous = next > head_ && busy_[next - 1].end == begin;
    const bool joins_next = busy_[next].begin == end;
    if (joins_previous && joins_next) {
      busy_[next - 1].end = busy_[next].end;
      erase(next, next + 1);
    } else if (joins_previous) {
      busy_[next - 1].end = end;
    } else if (joins_next) {
      busy_[next].begin = begin;
    } else {
      insert(next, {begin, end});
    }
    return {begin, end};
  }
  void insert(std::size_t at, Interval interval) {
    if (size_ == busy_.size()) grow();
    std::copy_backward(busy_.begin() + static_cast<std::ptrdiff_t>(at), busy_.begin() + static_cast<std::ptrdiff_t>(size_),
                       busy_.begin() + static_cast<std::ptrdiff_t>(size_ + 1));
    busy_[at] = interval;
    ++size_;
  }
  void erase(std::size_t from, std::size_t to) {
    std::copy(busy_.begin() + static_cast<std::ptrdiff_t>(to), busy_.begin() + static_cast<std::ptrdiff_t>(size_),
              busy_.begin() + static_cast<std::ptrdiff_t>(from));
    size_ -= to - from;
  }
  [[gnu::cold]] void grow() { busy_.resize(2 * size_ + 8); }

  std::vector<Interval> busy_;  // the first size_: disjoint and in order; those before head_ are the past
  std::size_t size_ = 0;        // held apart, so that the common case of one more is a store and not a call
  std::size_t head_ = 0;        // below size_, unless both are 0
  Duration end_;                // of the last interval
  Duration total_;
};

}  // namespace ahcisim::kit
