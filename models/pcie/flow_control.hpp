// SPDX-License-Identifier: MIT
// What makes a TLP wait besides the wire: flow-control credits, tags, and posted writes ahead of it. Plain C++.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::pcie {

/// Credits of one type at one receiver (PCI Express Base, 2.6.1). 0 headers or data units are infinite. Calls come with
/// annotated delays and not always in the order of time: what is held from later on does not count yet.
class Credits {
 public:
  Credits(std::uint32_t headers, std::uint32_t data)
      : headers_{headers}, data_{data}, held_(std::max(1u, headers ? headers : data)), capacity_{held_.size()}, data_limit_{data ? data : UINT64_MAX} {}

  /// When a TLP with `data` units that may go at `earliest` has its credits; takes them. A TLP larger than the whole
  /// buffer goes when the buffer is empty. `now` is the caller's time: what came back before it is forgotten.
  kit::Duration take(kit::Duration now, kit::Duration earliest, std::uint32_t data) {
    taken_from_ = earliest;
    taken_data_ = data_ ? std::min(data, data_) : 0;
    // Even with all that is remembered still held there is room: the rule, and nothing needs to be forgotten yet.
    if (count_ < capacity_ && sum_ + taken_data_ <= data_limit_) return earliest;
    return take_tight(now, earliest);
  }
  /// The TLP just taken for has its credits back at the sender at `when`.
  void release(kit::Duration when) {
    if (!headers_ && taken_data_ == 0) return;  // nothing was taken, or all is infinite
    latest_ = kit::max(latest_, when);
    sum_ += taken_data_;
    const std::size_t last = head_ + count_++;
    held_[last < capacity_ ? last : last - capacity_] = {taken_from_, when, taken_data_};
  }
  /// Whether a long train of TLPs of `data` units, `spacing` apart, has to wait for credits that return after `loop`.
  bool binds(std::uint32_t data, kit::Duration spacing, kit::Duration loop) const {
    std::int64_t window = INT64_MAX;
    if (headers_) window = headers_;
    if (data_ && data) window = std::min<std::int64_t>(window, data_ / data);
    return window != INT64_MAX && spacing * window < loop;
  }

 private:
  struct Held {
    kit::Duration from, back;
    std::uint32_t data = 0;
  };
  kit::Duration take_tight(kit::Duration now, kit::Duration earliest) {
    if (latest_ <= now) head_ = 0, count_ = 0, sum_ = 0;
    while (count_ > 0 && held_[head_].back <= now) forget_first();
    if (count_ == capacity_ || sum_ + taken_data_ > data_limit_) taken_from_ = first_fit(earliest);
    if (count_ == capacity_) forget_first();
    return taken_from_;
  }
  void forget_first() {
    sum_ -= held_[head_].data;
    if (++head_ == capacity_) head_ = 0;
    --count_;
  }
  kit::Duration first_fit(kit::Duration when) const {
    for (;;) {
      std::uint32_t headers = 0, data = 0;
      kit::Duration next = kit::Duration::never();
      for (std::size_t i = 0; i < count_; ++i) {
        const Held& held = held_[(head_ + i) % capacity_];
        if (held.from > when || held.back <= when) continue;
        ++headers;
        data += held.data;
        next = kit::min(next, held.back);
      }
      if ((!headers_ || headers < headers_) && (!data_ || data + taken_data_ <= data_)) return when;
      when = next;
    }
  }
  std::uint32_t headers_, data_;
  kit::Duration taken_from_;  // of the TLP taken for last
  std::uint32_t taken_data_ = 0;
  std::vector<Held> held_;    // a ring; of no use where both are infinite
  std::size_t capacity_;
  std::uint64_t data_limit_;
  std::size_t head_ = 0, count_ = 0;
  std::uint64_t sum_ = 0;   // of the data units in the ring
  kit::Duration latest_;    // that any come back
};

/// The tags of one requester (2.2.6.2): how many read requests may be outstanding. Used round-robin.
class Tags {
 public:
  explicit Tags(std::size_t count) : free_at_(count) {}
  /// Whether the next `count` requests find their tags free at `when`.
  bool available(std::size_t count, kit::Duration when) const {
    if (count > free_at_.size()) return false;
    const std::size_t last = next_ + count - 1;
    return latest_ <= when || free_at_[last < free_at_.size() ? last : last - free_at_.size()] <= when;
  }
  kit::Duration next_free() const { return free_at_[next_]; }
  /// From now on there are so many, at least one: more are free at once, those that go are the ones free first.
  void limit(std::size_t count) {
    if (count == free_at_.size()) return;
    std::rotate(free_at_.begin(), free_at_.begin() + static_cast<std::ptrdiff_t>(next_), free_at_.end());
    next_ = 0;
    if (count < free_at_.size()) free_at_.erase(free_at_.begin(), free_at_.end() - static_cast<std::ptrdiff_t>(count));
    else free_at_.insert(free_at_.begin(), count - free_at_.size(), kit::Duration{});
  }
  /// Takes the next tag until `until`.
  void take(kit::Duration until) {
    free_at_[next_] = until;
    latest_ = kit::max(latest_, until);
    if (++next_ == free_at_.size()) next_ = 0;
  }

 private:
  std::vector<kit::Duration> free_at_;
  std::size_t next_ = 0;
  kit::Duration latest_;
};

/// Nothing passes a posted request that was sent before it (2.4.1). Remembers the last few, since calls come with
/// annotated delays and not always in the order of time.
class PostedOrder {
 public:
  /// The earliest time for something sent at `sent`.
  kit::Duration not_before(kit::Duration sent) {
    asked_ = sent;
    return clear_from_ <= sent && sent < clear_to_ ? sent : search(sent);
  }
  /// A posted request sent at `sent` is through at `passed`.
  void record(kit::Duration sent, kit::Duration passed) {
    last_[next_] = {sent, passed};
    next_ = (next_ + 1) % last_.size();
    if (clear_to_ <= sent || passed <= clear_from_) return;
    if (sent <= asked_) clear_from_ = passed;
    else clear_to_ = sent;
  }

 private:
  struct Entry {
    kit::Duration sent = kit::Duration::never(), passed;
  };
  kit::Duration search(kit::Duration sent) {
    kit::Duration through;
    clear_to_ = kit::Duration::never();
    for (const Entry& e : last_) {
      if (e.sent <= sent) through = kit::max(through, e.passed);
      else clear_to_ = kit::min(clear_to_, e.sent);
    }
    clear_from_ = through;
    return kit::max(sent, through);
  }
  std::array<Entry, 8> last_{};
  std::size_t next_ = 0;
  // Whatever is sent from clear_from_ on and before clear_to_ waits for nothing: no entry is sent in that time, and those
  // sent before it are through. It saves nearly every search.
  kit::Duration clear_from_, clear_to_ = kit::Duration::never();
  kit::Duration asked_;  // about what was asked last: what is recorded at it or before is the past
};

}  // namespace ahcisim::pcie
