// SPDX-License-Identifier: MIT
// What the arm does now: a train of passes over tracks, known beforehand to the picosecond, read-ahead included.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <ahcisim/models/disk/hdd/mechanics.hpp>

namespace ahcisim::disk::hdd {

class Flow {
 public:
  enum class Kind : std::uint8_t { none, read, write, destage };

  Kind kind = Kind::none;
  std::int32_t segment = -1;   ///< buffer segment read into or destaged from; -1: none
  std::uint64_t next = 0;      ///< one past the last sector planned
  std::uint64_t limit = 0;     ///< read-ahead goes up to here

  Flow() { passes_.reserve(64); }
  const std::vector<Pass>& passes() const { return passes_; }
  std::int64_t end() const { return passes_.back().end; }
  /// Forgets the passes; the next one starts at `lba`.
  void start(Kind what, std::int32_t into, std::uint64_t lba) {
    kind = what;
    segment = into;
    next = limit = lba;
    passes_.clear();
  }
  /// Plans the pass over the sectors from `next` on whose place is known.
  void plan_run(const Mechanics& mechanics, Arm arm, std::int64_t start, const Run& run, bool write) {
    passes_.push_back(mechanics.pass(arm, start, next, run, write));
    next += run.count;
  }
  void stop() { kind = Kind::none; segment = -1; }
  /// Plans passes from `arm`, free at `start`, over [next, until).
  void plan(const Mechanics& mechanics, Arm arm, std::int64_t start, std::uint64_t until, bool write) {
    while (next < until) {
      passes_.push_back(mechanics.pass(arm, start, next, until - next, write));
      next += passes_.back().count;
      arm = passes_.back().arm;
      start = passes_.back().end;
    }
  }
  Pass& first() { return passes_.front(); }
  /// Passes that ended before `now` are of no further interest, the last one excepted.
  void forget_before(std::int64_t now) {
    std::size_t done = 0;
    while (done + 1 < passes_.size() && passes_[done].end <= now) ++done;
    if (done > 16) passes_.erase(passes_.begin(), passes_.begin() + static_cast<std::ptrdiff_t>(done));
  }
  /// One past the last sector that is through at `now`.
  std::uint64_t reached(std::int64_t now, const Mechanics& mechanics) const {
    for (std::size_t i = passes_.size(); i-- > 0;) {
      const Pass& pass = passes_[i];
      if (now >= pass.end) return pass.lba + pass.count;
      if (now <= pass.begin) {
        if (i == 0) return pass.lba;
        continue;
      }
      const auto done = static_cast<std::uint64_t>((now - pass.begin) * pass.per_track / mechanics.revolution());
      return pass.lba + std::min<std::uint64_t>(pass.count, pass.passed == pass.count ? done : done * pass.count / pass.passed);
    }
    return next;
  }
  /// When sector `lba`, which lies in `pass`, is through.
  static std::int64_t through(const Pass& pass, std::uint64_t lba, const Mechanics& mechanics) {
    const auto index = static_cast<std::uint32_t>(lba - pass.lba) + 1;
    if (index >= pass.count) return pass.end;
    return pass.begin + mechanics.sectors_time(index, pass.per_track);
  }
  /// When sector `lba` is through; 0 where it lies in front of the passes known.
  std::int64_t through(std::uint64_t lba, const Mechanics& mechanics) const {
    for (std::size_t i = passes_.size(); i-- > 0;)
      if (lba >= passes_[i].lba && lba < passes_[i].lba + passes_[i].count) return through(passes_[i], lba, mechanics);
    return 0;
  }

 private:
  std::vector<Pass> passes_;
};

}  // namespace ahcisim::disk::hdd
