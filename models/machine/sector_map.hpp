// SPDX-License-Identifier: MIT
// Where the sectors of a program's disk are kept, where that disk is an image on another one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::machine {

/// Where a sector of the program's disk is kept.
struct SectorPlace {
  std::uint64_t sector = 0;   ///< of the disk that keeps it
  /// Numbers of the commits by which a power cut leaves what is there, zeros instead, and so on by turns; 0: from the beginning.
  /// Before the first, and where there is none, it leaves zeros.
  std::vector<std::uint64_t> commits;
};

/// A commit of the file system in which the image lies: in force once these sectors of the disk, written from `since` on, are safe,
/// and so are those of every commit before.
struct MapCommit {
  kit::Duration since;
  std::uint64_t sector = 0;
  std::uint32_t sectors = 1;
};

struct SectorMap {
  /// Nothing where the sector is kept nowhere. A sector has one place in a run, and no two sectors share one. Empty: the program's
  /// disk is the one that keeps the bytes.
  std::function<std::optional<SectorPlace>(std::uint64_t sector)> place;
  std::function<std::vector<MapCommit>()> commits;  ///< numbers 1, 2 …; needed where a place has any
  explicit operator bool() const { return static_cast<bool>(place); }
};

}  // namespace ahcisim::machine
