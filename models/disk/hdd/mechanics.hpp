// SPDX-License-Identifier: MIT
// Arm and platters: how long from where the arm is now until a sector has passed under a head. Plain arithmetic.
//
// The platters turn with absolute time: the angle under the heads at time t is t modulo one revolution, whatever
// happens to the arm or the spindle's power. Nothing is ever reset, so two drives built alike are in phase.
#pragma once

#include <cstdint>
#include <vector>

#include <ahcisim/models/disk/hdd/geometry.hpp>
#include <ahcisim/models/disk/hdd/seek_curve.hpp>
#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::disk::hdd {

/// What moves, and how fast.
struct MechanicsSpec {
  kit::Duration revolution;
  SeekCurve read_seek, write_seek;
  kit::Duration read_head_switch, write_head_switch;  ///< to another surface of the same cylinder
};

/// Where the arm is.
struct Arm {
  std::uint32_t cylinder = 0;
  std::uint32_t head = 0;
};

/// Sectors of one track passing under a head, and how the arm came there.
struct Pass {
  std::uint64_t lba = 0;
  std::uint32_t count = 0;      ///< logical sectors
  std::uint32_t passed = 0;     ///< physical sectors, slipped ones included
  std::uint32_t per_track = 0;
  Arm arm;
  std::int64_t moving = 0;      ///< ps: the arm leaves
  std::int64_t settled = 0;     ///< ps: the arm is on the track
  std::int64_t begin = 0;       ///< ps: the first sector's edge
  std::int64_t end = 0;         ///< ps: the last sector is through
};

class Mechanics {
 public:
  Mechanics(const LayoutSpec& layout, MechanicsSpec spec);
  const Geometry& geometry() const { return geometry_; }
  const MechanicsSpec& spec() const { return spec_; }
  std::int64_t revolution() const { return revolution_; }

  /// Time of the arm alone from one cylinder to another until a read (write) may start, ps.
  std::int64_t arm_time(std::uint32_t from, std::uint32_t to, bool write) const {
    const std::uint32_t distance = from < to ? to - from : from - to;
    return write ? spec_.write_seek.picoseconds(distance) : spec_.read_seek.picoseconds(distance);
  }
  /// Time from one track to another until a read (write) may start, ps. 0 on the same track.
  std::int64_t seek(Arm from, std::uint32_t cylinder, std::uint32_t head, bool write) const {
    const std::int64_t arm = arm_time(from.cylinder, cylinder, write);
    const std::int64_t heads = from.head == head ? 0 : write ? write_head_switch_ : read_head_switch_;
    return arm < heads ? heads : arm;
  }
  /// An angle as time since the index mark, ps.
  std::int64_t phase_of(std::uint64_t angle) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::int64_t>((static_cast<Wide>(angle) * static_cast<std::uint64_t>(revolution_)) >> 64);
  }
  /// Wait from `phase` (ps since the index mark, any multiple of revolutions on top) until `target` comes round, ps.
  std::int64_t wait(std::int64_t phase, std::int64_t target) const {
    while (phase >= revolution_) phase -= revolution_;
    std::int64_t wait = target - phase;
    if (wait < 0) wait += revolution_;
    // A head that has just finished the sector in front is there: rounding must not cost a revolution.
    return wait > revolution_ - rounding ? 0 : wait;
  }
  std::int64_t phase_at(std::int64_t time) const { return time % revolution_; }
  /// Time for `sectors` of a track of `per_track`, ps.
  std::int64_t sectors_time(std::uint32_t sectors, std::uint32_t per_track) const {
    return (static_cast<std::int64_t>(sectors) * revolution_ + per_track / 2) / per_track;
  }
  /// Brings the arm from where it is at `start` over as much of [lba, lba + count) as one track holds.
  Pass pass(Arm from, std::int64_t start, std::uint64_t lba, std::uint64_t count, bool write) const {
    return pass(from, start, lba, geometry_.run(lba, count), write);
  }
  /// The same over sectors whose place is known: `run` is geometry().run() of them.
  Pass pass(Arm from, std::int64_t start, std::uint64_t lba, const Run& run, bool write) const;

 private:
  static constexpr std::int64_t rounding = 1000;  // ps
  Geometry geometry_;
  MechanicsSpec spec_;
  std::int64_t revolution_, read_head_switch_, write_head_switch_;
};

}  // namespace ahcisim::disk::hdd
