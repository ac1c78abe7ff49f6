// SPDX-License-Identifier: MIT
// Seek time over distance: measured points, or a curve through the three figures a data sheet gives.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::disk::hdd {

/// A measured or computed point of a seek curve: cylinders travelled, time until settled.
struct SeekPoint {
  std::uint32_t cylinders = 0;
  kit::Duration time;
};

/// The three seek figures of a data sheet: to the neighbouring cylinder, between two uniformly random cylinders, and
/// over the whole stroke.
struct SeekFigures {
  kit::Duration single_track, average, full_stroke;
};

/// One time per distance, so that a look-up is one array access. Times are stored in units of 16 ps (below 68 ms).
class SeekCurve {
 public:
  SeekCurve() = default;
  /// Linear between the points, and on through the last two beyond them. Points in ascending distance, at least one,
  /// else kit::ConfigError; distance 0 takes no time.
  static SeekCurve through(const std::vector<SeekPoint>& points, std::uint32_t cylinders);
  /// a + b·√(d−1) + c·(d−1): acceleration-bound short seeks, coasting long ones (Lee and Katz, 1993). Throws
  /// kit::ConfigError where the three figures admit no rising curve.
  static SeekCurve fitted(const SeekFigures& figures, std::uint32_t cylinders);
  /// The same with every seek longer by `extra` (the write settle); distance 0 stays free.
  SeekCurve longer_by(kit::Duration extra) const;

  /// Time to travel `distance` cylinders, in picoseconds; distance below the number of cylinders.
  std::int64_t picoseconds(std::uint32_t distance) const { return std::int64_t{times_[distance]} << shift; }
  kit::Duration time(std::uint32_t distance) const { return kit::Duration::from_ps(picoseconds(distance)); }
  std::uint32_t cylinders() const { return static_cast<std::uint32_t>(times_.size()); }
  /// Mean over two independent, uniformly random cylinders (a distance of 0 counts, taking no time).
  kit::Duration uniform_average() const;

 private:
  static constexpr int shift = 4;
  static std::uint32_t stored(double ps);
  std::vector<std::uint32_t> times_;
};

}  // namespace ahcisim::disk::hdd
