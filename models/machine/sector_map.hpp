// SPDX-License-Identifier: MIT
// Where the sectors of a program's disk are kept, where that disk is an image on another one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::machine {

/// Where a sector of the program's disk is kept. Before `since` a power cut leaves zeros of it; never(): always.
struct SectorPlace {
  std::uint64_t sector = 0;   ///< of the disk that keeps it
  kit::Duration since;
};
/// Nothing where the sector is kept nowhere. Places do not change during a run, and no two sectors share one.
using SectorMap = std::function<std::optional<SectorPlace>(std::uint64_t sector)>;

}  // namespace ahcisim::machine
