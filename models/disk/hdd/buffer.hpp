// SPDX-License-Identifier: MIT
// The drive's buffer: segments of consecutive sectors, each clean (a copy of the medium) or dirty (newer than it).
#pragma once

#include <cstdint>
#include <vector>

namespace ahcisim::disk::hdd {

struct BufferSpec {
  std::uint32_t segments = 1;
  std::uint32_t write_segments = 1;       ///< how many may be dirty at a time
  std::uint64_t segment_sectors = 1;
  bool separate_write_segment = false;    ///< segment 0 takes writes only, and nothing else does
  bool hits_on_written_data = true;
};

struct Segment {
  enum class State : std::uint8_t { empty, clean, dirty };
  State state = State::empty;
  bool written = false;            ///< filled by writes
  bool queued = false;             ///< stands in the queue of destages
  bool writing = false;            ///< the arm is on it
  bool urgent = false;             ///< a read waits for it to become clean
  std::uint64_t planned_end = 0;   ///< dirty: end once the transfers under way have ended
  std::uint64_t destaged = 0;      ///< dirty: first sector not yet on the medium
  std::uint64_t rewritten = ~std::uint64_t{0};  ///< first sector that came anew while the arm was on the segment
  std::uint32_t incoming = 0;      ///< transfers into it under way
  std::uint64_t dirty_since = 0;   ///< stamp of the first write
  std::int64_t dirty_time = 0;     ///< when the first write arrived, ps
};

class Buffer {
 public:
  enum class Match : std::uint8_t { none, partial, whole };
  struct Hit {
    Match match = Match::none;
    std::int32_t segment = -1;
  };

  explicit Buffer(const BufferSpec& spec);
  const BufferSpec& spec() const { return spec_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(segments_.size()); }
  Segment& operator[](std::int32_t index) { return segments_[static_cast<std::size_t>(index)]; }
  std::uint64_t start(std::int32_t index) const { return starts_[static_cast<std::size_t>(index)]; }
  std::uint64_t end(std::int32_t index) const {
    return starts_[static_cast<std::size_t>(index)] + lengths_[static_cast<std::size_t>(index)];
  }
  std::uint32_t dirty() const { return dirty_; }

  /// The segment that holds the beginning of [lba, lba + count), the one that holds most of it first.
  Hit find(std::uint64_t lba, std::uint64_t count) const;
  /// Whether newer data than the medium's lies in the range.
  bool overlaps_dirty(std::uint64_t lba, std::uint64_t count) const;
  /// Every dirty segment in the range is wanted clean.
  void urge(std::uint64_t lba, std::uint64_t count);
  /// A dirty segment that a write of the range continues, or lies in wholly; -1 where there is none with room.
  std::int32_t joinable(std::uint64_t lba, std::uint64_t count) const;
  /// The segment to give up for new data: an empty one, else the clean one unused longest; -1 where all are dirty.
  std::int32_t victim(bool for_write) const;

  /// Makes a segment hold [start, end) as a copy of the medium.
  void fill(std::int32_t index, std::uint64_t start, std::uint64_t end, bool written);
  /// Read data grew up to `end`; what no longer fits falls off the front.
  void grow(std::int32_t index, std::uint64_t end);
  /// Starts a dirty segment for a write whose data is on its way.
  void claim(std::int32_t index, std::uint64_t lba, std::uint64_t count, std::int64_t now);
  /// The range has arrived in a dirty segment.
  void arrived(std::int32_t index, std::uint64_t lba, std::uint64_t count);
  /// The arm has written a dirty segment up to `end`; tells whether anything is left to write or to come.
  bool destaged(std::int32_t index, std::uint64_t end);
  /// All of it is on the medium (or never arrived).
  void clean(std::int32_t index);
  void empty(std::int32_t index);
  /// Copies that a write makes stale are dropped.
  void invalidate(std::uint64_t lba, std::uint64_t count);
  void touch(std::int32_t index) { move(static_cast<std::uint32_t>(index), root()); }
  /// Counts the dirty segments begun so far.
  std::uint64_t clock() const { return clock_; }

 private:
  bool readable(std::size_t index) const;
  std::uint32_t root() const { return size(); }
  /// Takes a segment out of the order of use and puts it in front of another (the root: to the end, used last).
  void move(std::uint32_t index, std::uint32_t before);
  void set(std::size_t index, std::uint64_t start, std::uint64_t end);
  std::uint16_t& touched(std::uint64_t lba) { return touched_[(lba >> stretch_bits_) & (touched_.size() - 1)]; }
  /// Counts a segment in (+1) or out (-1) of the stretches it touches.
  void count(std::size_t index, int by);
  BufferSpec spec_;
  std::vector<std::uint64_t> starts_, lengths_;  // apart from the rest, so that a search touches few cache lines
  std::vector<Segment> segments_;
  /// How many segments touch each stretch of the medium as long as a segment, by the stretch's number modulo the size:
  /// 0 tells that a search would find nothing.
  std::vector<std::uint16_t> touched_;
  int stretch_bits_ = 0;
  std::vector<std::uint32_t> before_, after_;    // the order of use, a ring through the root: unused longest first
  std::uint64_t clock_ = 0;
  std::uint32_t dirty_ = 0;
};

}  // namespace ahcisim::disk::hdd
