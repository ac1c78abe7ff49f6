// SPDX-License-Identifier: MIT
// Finding and giving up buffer segments.
#include <ahcisim/models/disk/hdd/buffer.hpp>

#include <algorithm>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk::hdd {

Buffer::Buffer(const BufferSpec& spec)
    : spec_{spec}, starts_(spec.segments), ends_(spec.segments), segments_(spec.segments) {
  if (spec.segments == 0 || spec.segment_sectors == 0)
    throw kit::ConfigError{"disk buffer: needs at least one segment of at least one sector"};
  if (spec.separate_write_segment && spec.segments < 2)
    throw kit::ConfigError{"disk buffer: a separate write segment needs a second one for reads; raise buffer_segments"};
}

bool Buffer::readable(std::size_t index) const {
  const Segment& segment = segments_[index];
  if (segment.state == Segment::State::empty) return false;
  return !segment.written || (spec_.hits_on_written_data && !(spec_.separate_write_segment && index == 0));
}

Buffer::Hit Buffer::find(std::uint64_t lba, std::uint64_t count) const {
  Hit best;
  std::uint64_t best_held = 0;
  for (std::size_t i = 0; i < starts_.size(); ++i) {
    if (lba < starts_[i] || lba >= ends_[i] || !readable(i)) continue;
    const std::uint64_t held = std::min(count, ends_[i] - lba);
    // Written data is the freshest copy, so it wins a tie.
    if (held > best_held || (held == best_held && segments_[i].state == Segment::State::dirty)) {
      best_held = held;
      best.segment = static_cast<std::int32_t>(i);
    }
  }
  if (best.segment >= 0) best.match = best_held == count ? Match::whole : Match::partial;
  return best;
}

bool Buffer::overlaps_dirty(std::uint64_t lba, std::uint64_t count) const {
  if (dirty_ == 0) return false;
  for (const Segment& segment : segments_)
    if (segment.state == Segment::State::dirty && segment.destaged < lba + count && lba < segment.planned_end) return true;
  return false;
}

void Buffer::urge(std::uint64_t lba, std::uint64_t count) {
  for (Segment& segment : segments_)
    if (segment.state == Segment::State::dirty && segment.destaged < lba + count && lba < segment.planned_end)
      segment.urgent = true;
}

std::int32_t Buffer::joinable(std::uint64_t lba, std::uint64_t count) const {
  if (dirty_ == 0) return -1;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    if (segment.state != Segment::State::dirty) continue;
    if (segment.planned_end == lba && lba + count - segment.destaged <= spec_.segment_sectors)
      return static_cast<std::int32_t>(i);
    if (!segment.writing && lba >= segment.destaged && lba + count <= segment.planned_end) return static_cast<std::int32_t>(i);
  }
  return -1;
}

std::int32_t Buffer::victim(bool for_write) const {
  std::size_t first = 0, last = segments_.size();
  if (spec_.separate_write_segment) {
    if (for_write) last = 1; else first = 1;
  }
  std::int32_t best = -1;
  for (std::size_t i = first; i < last; ++i) {
    const Segment& segment = segments_[i];
    if (segment.state == Segment::State::empty) return static_cast<std::int32_t>(i);
    if (segment.state == Segment::State::dirty) continue;
    if (best < 0 || segment.used < segments_[static_cast<std::size_t>(best)].used) best = static_cast<std::int32_t>(i);
  }
  return best;
}

void Buffer::fill(std::int32_t index, std::uint64_t start, std::uint64_t end, bool written) {
  const auto i = static_cast<std::size_t>(index);
  segments_[i].state = Segment::State::clean;
  segments_[i].written = written;
  starts_[i] = end > spec_.segment_sectors ? std::max(start, end - spec_.segment_sectors) : start;
  ends_[i] = end;
  touch(index);
}

void Buffer::grow(std::int32_t index, std::uint64_t end) {
  const auto i = static_cast<std::size_t>(index);
  ends_[i] = std::max(ends_[i], end);
  if (ends_[i] > spec_.segment_sectors) starts_[i] = std::max(starts_[i], ends_[i] - spec_.segment_sectors);
}

void Buffer::claim(std::int32_t index, std::uint64_t lba, std::uint64_t count, std::int64_t now) {
  const auto i = static_cast<std::size_t>(index);
  Segment& segment = segments_[i];
  segment = Segment{};
  segment.state = Segment::State::dirty;
  segment.written = true;
  segment.destaged = lba;
  segment.planned_end = lba + count;
  segment.dirty_time = now;
  starts_[i] = ends_[i] = lba;
  touch(index);
  segment.dirty_since = clock_;
  ++dirty_;
}

void Buffer::arrived(std::int32_t index, std::uint64_t end) {
  const auto i = static_cast<std::size_t>(index);
  ends_[i] = std::max(ends_[i], end);
  if (ends_[i] > spec_.segment_sectors) starts_[i] = std::max(starts_[i], ends_[i] - spec_.segment_sectors);
  touch(index);
}

void Buffer::clean(std::int32_t index) {
  const auto i = static_cast<std::size_t>(index);
  Segment& segment = segments_[i];
  if (segment.state == Segment::State::dirty) --dirty_;
  segment.urgent = segment.queued = segment.writing = false;
  segment.state = Segment::State::clean;
  if (starts_[i] == ends_[i] || !readable(i)) empty(index);
}

void Buffer::empty(std::int32_t index) {
  const auto i = static_cast<std::size_t>(index);
  if (segments_[i].state == Segment::State::dirty) --dirty_;
  segments_[i] = Segment{};
  starts_[i] = ends_[i] = 0;
}

void Buffer::invalidate(std::uint64_t lba, std::uint64_t count) {
  for (std::size_t i = 0; i < segments_.size(); ++i)
    if (segments_[i].state == Segment::State::clean && starts_[i] < lba + count && lba < ends_[i])
      empty(static_cast<std::int32_t>(i));
}

}  // namespace ahcisim::disk::hdd
