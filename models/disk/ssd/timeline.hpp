// SPDX-License-Identifier: MIT
// A resource reserved ahead of time that lets later, shorter uses slip into the gaps between earlier reservations.
#pragma once

#include <array>
#include <cstdint>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::disk::ssd {

/// A flash channel is asked for at the time a die will be ready, which may be a millisecond ahead behind a program; a
/// plain "busy until" would keep everybody else waiting for that. Reservations are kept in order of time; those that are
/// over are forgotten. What is reserved while `capacity` of them are kept gets its gap but is not kept, which errs towards idle
/// for times that far ahead.
class Timeline {
 public:
  /// Takes the first gap of `length` from `earliest` on and returns its start. `now` is a lower bound of every `earliest`
  /// still to come.
  kit::Duration reserve(kit::Duration earliest, kit::Duration length, kit::Duration now) {
    while (count_ != 0 && at(0).end <= now) ++first_, --count_;
    if (count_ == 0 || at(count_ - 1).end <= earliest) return append(earliest, length);
    // The usual place is near the end.
    std::uint32_t place = count_;
    while (place != 0 && earliest < at(place - 1).end) --place;
    // at(place) is the first to end after `earliest`.
    kit::Duration start = earliest;
    while (place != count_ && at(place).begin < start + length) start = kit::max(start, at(place).end), ++place;
    if (place == count_) return append(start, length);
    insert(place, start, length);
    return start;
  }
  kit::Duration last_end() const { return count_ ? at(count_ - 1).end : kit::Duration{}; }

 private:
  static constexpr std::uint32_t capacity = 128;
  struct Span {
    kit::Duration begin, end;
  };
  Span& at(std::uint32_t index) { return spans_[(first_ + index) % capacity]; }
  const Span& at(std::uint32_t index) const { return spans_[(first_ + index) % capacity]; }

  kit::Duration append(kit::Duration start, kit::Duration length) {
    if (count_ != 0 && at(count_ - 1).end == start)
      at(count_ - 1).end = start + length;
    else if (count_ != capacity)
      at(count_++) = {start, start + length};
    return start;
  }
  void insert(std::uint32_t place, kit::Duration start, kit::Duration length) {
    if (at(place).begin == start + length) {
      at(place).begin = start;
      return;
    }
    if (place != 0 && at(place - 1).end == start) {
      at(place - 1).end = start + length;
      return;
    }
    if (count_ == capacity) return;
    for (std::uint32_t index = count_++; index > place; --index) at(index) = at(index - 1);
    at(place) = {start, start + length};
  }

  std::array<Span, capacity> spans_;
  std::uint32_t first_ = 0, count_ = 0;
};

}  // namespace ahcisim::disk::ssd
