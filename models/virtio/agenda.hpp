// SPDX-License-Identifier: MIT
// What a device has to do and when, in the order of time and, within one time, of arrival. Plain C++.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::virtio {

/// A heap whose room is reserved once, so that adding costs no allocation.
template <class Step> class Agenda {
 public:
  struct Entry {
    kit::Duration when;
    std::uint64_t order;
    Step step;
    std::uint32_t index;
  };
  explicit Agenda(std::size_t room) { entries_.reserve(room); }
  void add(kit::Duration when, Step step, std::uint32_t index) {
    entries_.push_back({when, order_++, step, index});
    std::push_heap(entries_.begin(), entries_.end(), later);
  }
  /// When the first is due; Duration::never() where there is none.
  kit::Duration next() const { return entries_.empty() ? kit::Duration::never() : entries_.front().when; }
  Entry take() {
    std::pop_heap(entries_.begin(), entries_.end(), later);
    const Entry first = entries_.back();
    entries_.pop_back();
    return first;
  }
  void clear() { entries_.clear(); }

 private:
  static bool later(const Entry& a, const Entry& b) { return a.when != b.when ? b.when < a.when : b.order < a.order; }
  std::vector<Entry> entries_;
  std::uint64_t order_ = 0;
};

}  // namespace ahcisim::virtio
