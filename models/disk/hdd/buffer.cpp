// SPDX-License-Identifier: MIT
// Finding and giving up buffer segments.
#include <ahcisim/models/disk/hdd/buffer.hpp>

#include <algorithm>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk::hdd {

Buffer::Buffer(const BufferSpec& spec)
    : spec_{spec}, starts_(spec.segments), lengths_(spec.segments), segments_(spec.segments), before_(spec.segments + 1),
      after_(spec.segments + 1) {
  if (spec.segments == 0 || spec.segment_sectors == 0)
    throw kit::ConfigError{"disk buffer: needs at least one segment of at least one sector"};
  if (spec.separate_write_segment && spec.segments < 2)
    throw kit::ConfigError{"disk buffer: a separate write segment needs a second one for reads; raise buffer_segments"};
  while (std::uint64_t{1} << stretch_bits_ < spec.segment_sectors) ++stretch_bits_;
  std::size_t stretches = 64;
  while (stretches < std::size_t{16} * spec.segments) stretches *= 2;
  touched_.resize(stretches);
  for (std::uint32_t i = 0; i <= spec.segments; ++i) {
    before_[i] = i == 0 ? spec.segments : i - 1;
    after_[i] = i == spec.segments ? 0 : i + 1;
  }
}

void Buffer::move(std::uint32_t index, std::uint32_t before) {
  if (index == before) return;
  after_[before_[index]] = after_[index];
  before_[after_[index]] = before_[index];
  before_[index] = before_[before];
  after_[index] = before;
  after_[before_[before]] = index;
  before_[before] = index;
}

/// A segment keeps the last segment_sectors of what passes through it.
void Buffer::set(std::size_t index, std::uint64_t start, std::uint64_t end) {
  if (end - start > spec_.segment_sectors) start = end - spec_.segment_sectors;
  count(index, -1);
  starts_[index] = start;
  lengths_[index] = end - start;
  count(index, 1);
}

void Buffer::count(std::size_t index, int by) {
  if (lengths_[index] == 0) return;
  const std::uint64_t first = starts_[index], last = first + lengths_[index] - 1;
  touched(first) = static_cast<std::uint16_t>(touched(first) + by);
  if (first >> stretch_bits_ != last >> stretch_bits_) touched(last) = static_cast<std::uint16_t>(touched(last) + by);
}

bool Buffer::readable(std::size_t index) const {
  const Segment& segment = segments_[index];
  if (segment.state == Segment::State::empty) return false;
  return !segment.written || (spec_.hits_on_written_data && !(spec_.separate_write_segment && index == 0));
}

Buffer::Hit Buffer::find(std::uint64_t lba, std::uint64_t count) const {
  Hit best;
  if (touched_[(lba >> stretch_bits_) & (touched_.size() - 1)] == 0) return best;
  std::uint64_t best_held = 0;
  const std::uint64_t *starts = starts_.data(), *lengths = lengths_.data();
  const std::size_t n = starts_.size();
  // `within` wraps to something huge in front of a segment. Most searches find nothing, so look without branching first.
  std::size_t found = 0, i = 0;
  for (; i + 4 <= n; i += 4)
    found += std::size_t{lba - starts[i] < lengths[i]} + (lba - starts[i + 1] < lengths[i + 1]) +
             (lba - starts[i + 2] < lengths[i + 2]) + (lba - starts[i + 3] < lengths[i + 3]);
  for (; i < n; ++i) found += lba - starts[i] < lengths[i];
  if (found == 0) return best;
  for (i = 0; i < n; ++i) {
    const std::uint64_t within = lba - starts[i];
    if (within >= lengths[i] || !readable(i)) continue;
    const std::uint64_t held = std::min(count, lengths[i] - within);
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
  for (std::uint32_t i = after_[root()]; i != root(); i = after_[i]) {
    if (spec_.separate_write_segment && for_write != (i == 0)) continue;
    if (segments_[i].state != Segment::State::dirty) return static_cast<std::int32_t>(i);
  }
  return -1;
}

void Buffer::fill(std::int32_t index, std::uint64_t start, std::uint64_t end, bool written) {
  const auto i = static_cast<std::size_t>(index);
  segments_[i].state = Segment::State::clean;
  segments_[i].written = written;
  set(i, start, end);
  touch(index);
}

void Buffer::grow(std::int32_t index, std::uint64_t end) {
  const auto i = static_cast<std::size_t>(index);
  set(i, starts_[i], std::max(starts_[i] + lengths_[i], end));
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
  set(i, lba, lba);
  touch(index);
  segment.dirty_since = ++clock_;
  ++dirty_;
}

void Buffer::arrived(std::int32_t index, std::uint64_t lba, std::uint64_t count) {
  const auto i = static_cast<std::size_t>(index);
  Segment& segment = segments_[i];
  set(i, starts_[i], std::max(starts_[i] + lengths_[i], lba + count));
  if (segment.incoming) --segment.incoming;
  if (segment.writing) segment.rewritten = std::min(segment.rewritten, lba);
  else segment.destaged = std::min(segment.destaged, lba);
  touch(index);
}

bool Buffer::destaged(std::int32_t index, std::uint64_t end) {
  Segment& segment = segments_[static_cast<std::size_t>(index)];
  segment.destaged = std::min(end, segment.rewritten);
  segment.rewritten = ~std::uint64_t{0};
  segment.writing = false;
  return segment.destaged < segment.planned_end || segment.incoming != 0;
}

void Buffer::clean(std::int32_t index) {
  const auto i = static_cast<std::size_t>(index);
  Segment& segment = segments_[i];
  if (segment.state == Segment::State::dirty) --dirty_;
  segment.urgent = segment.queued = segment.writing = false;
  segment.incoming = 0;
  segment.state = Segment::State::clean;
  if (lengths_[i] == 0 || !readable(i)) empty(index);
}

void Buffer::empty(std::int32_t index) {
  const auto i = static_cast<std::size_t>(index);
  if (segments_[i].state == Segment::State::dirty) --dirty_;
  segments_[i] = Segment{};
  set(i, 0, 0);
  move(static_cast<std::uint32_t>(index), after_[root()]);  // first to be taken
}

void Buffer::invalidate(std::uint64_t lba, std::uint64_t count) {
  for (std::size_t i = 0; i < segments_.size(); ++i)
    if (segments_[i].state == Segment::State::clean && starts_[i] < lba + count && lba < starts_[i] + lengths_[i])
      empty(static_cast<std::int32_t>(i));
}

}  // namespace ahcisim::disk::hdd
