// SPDX-License-Identifier: MIT
// Where a block lies on a DVD, and how long the drive takes to get there and to read it. Plain C++.
//
// The disc is a spiral of constant pitch on which every block has the same length, so radius and number of turns follow from the
// block's number: r² = r0² + n · length · pitch / π. All else is made from these two.
#pragma once

#include <cstdint>

#include <ahcisim/models/disk/optical/parameters.hpp>
#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::disk::optical {

inline constexpr std::uint32_t block_bytes = 2048;
/// Blocks that are corrected together, and so read together (ECMA-267: an ECC block is 16 sectors).
inline constexpr std::uint32_t ecc_blocks = 16;

/// A single-layer DVD-ROM of 120 mm (ECMA-267).
namespace dvd {
inline constexpr double first_radius = 24.0e-3, last_radius = 58.0e-3;  ///< of the data zone, metres
inline constexpr double track_pitch = 0.74e-6;                          ///< metres
inline constexpr double track_speed = 3.49;                             ///< metres per second at 1x
inline constexpr double bytes_per_second = 1'385'000;                   ///< of user data at 1x
inline constexpr double block_length = track_speed * block_bytes / bytes_per_second;
}  // namespace dvd

class OpticalTiming {
 public:
  /// Throws kit::ConfigError where short_seek, access and full_stroke admit no rising curve.
  explicit OpticalTiming(const OpticalParameters& parameters);

  /// Blocks that the data zone has room for.
  static std::uint64_t capacity();
  /// Of the place where a block begins, metres.
  static double radius(std::uint64_t block);
  /// Of the spiral, from block 0 to the beginning of a block.
  static double turns(std::uint64_t block);

  /// One revolution while the head is at a block.
  kit::Duration revolution(std::uint64_t block) const;
  /// The track passes under the head, from the beginning of one block to that of another behind it.
  kit::Duration read_time(std::uint64_t from, std::uint64_t to) const;
  /// The head moves; where rotation is clv, the spindle changes its speed meanwhile.
  kit::Duration seek_time(std::uint64_t from, std::uint64_t to) const;
  /// Until the beginning of a block comes under the head that is on its track at `now`. cav: from where the disc is at that time;
  /// clv: half a revolution, as the disc's place after so many changes of speed is anybody's guess.
  kit::Duration rotational_wait(std::uint64_t block, kit::Duration now) const;
  /// User data at a block.
  kit::Rate rate(std::uint64_t block) const;
  /// What `access` of the parameters says, computed from the parts: command, seek, half a revolution, an ECC block.
  kit::Duration mean_access() const;

 private:
  void fit_seek_curve(const OpticalParameters& parameters);
  double seek_seconds(double distance) const;
  /// Of f(from, to) over uniformly random pairs of places on a full disc.
  template <class F> static double mean_over_pairs(F&& f);

  const bool cav_;
  const double speed_;       // metres per second of the track: at the last radius, or everywhere
  const double revolution_;  // cav, seconds
  const kit::Duration command_;
  const double spindle_change_;
  double short_ = 0, root_ = 0, linear_ = 0;  // seek over a fraction x of the stroke: short + root √x + linear x, seconds
};

}  // namespace ahcisim::disk::optical
