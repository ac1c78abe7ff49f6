// SPDX-License-Identifier: MIT
// Cylinder, head and sector addresses (ATA/ATAPI-5, register delivered data transfer command sector addressing). Plain C++.
//
// Obsolete since ATA/ATAPI-6, and still understood by disks: IDENTIFY DEVICE tells a default translation in words 1, 3 and 6, and
// INITIALIZE DEVICE PARAMETERS sets another.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace ahcisim::disk {

struct ChsTranslation {
  unsigned heads = 16;             ///< 1 to 16
  unsigned sectors_per_track = 63; ///< 1 to 255

  /// What cylinders, heads and sectors reach of a larger disk: 16383 * 16 * 63 (ATA/ATAPI-5, annex on IDENTIFY DEVICE data).
  static constexpr std::uint64_t most_sectors = 16'514'064;

  /// Cylinders of a disk of `sectors`.
  std::uint64_t cylinders(std::uint64_t sectors) const {
    return std::min<std::uint64_t>(std::min(sectors, most_sectors) / (heads * sectors_per_track), 65535);
  }
  /// Sectors that can be addressed.
  std::uint64_t reach(std::uint64_t sectors) const { return cylinders(sectors) * heads * sectors_per_track; }
  /// The sector at an address; none where head or sector do not exist. Sectors are counted from 1.
  std::optional<std::uint64_t> lba(unsigned cylinder, unsigned head, unsigned sector) const {
    if (head >= heads || sector == 0 || sector > sectors_per_track) return std::nullopt;
    return (std::uint64_t{cylinder} * heads + head) * sectors_per_track + sector - 1;
  }
};

}  // namespace ahcisim::disk
