// SPDX-License-Identifier: MIT
// How a drive's flash is divided, and the numbers of its places.
//
// All planes of a die work together: a *page* here is the pages of the same number in every plane, a *block* likewise.
// A *slice* is 4 KiB, the unit of the mapping: logical slices are numbered by address, physical ones (*spots*) by die, block,
// page and position in the page, so that spot / slots is the page and page / pages the block, counted over all dies.
#pragma once

#include <cstdint>

#include <ahcisim/models/disk/ssd/parameters.hpp>

namespace ahcisim::disk::ssd {

inline constexpr std::uint32_t slice_bytes = 4096, slice_sectors = 8;
/// The most slices of a page: 8 planes of 64 KiB.
inline constexpr std::uint32_t max_slots = 128;
/// No spot: the slice holds no data. Also: no block.
inline constexpr std::uint32_t none = 0xFFFFFFFF;

struct Geometry {
  std::uint32_t channels = 0, dies = 0;  ///< dies in all; die d is on channel d mod channels
  std::uint32_t slots = 0;               ///< slices of a page
  std::uint32_t pages = 0;               ///< pages of a block
  std::uint32_t blocks = 0;              ///< blocks of a die
  std::uint32_t slices = 0;              ///< logical slices
  std::uint64_t sectors = 0;             ///< logical sectors

  std::uint32_t block_slots() const { return pages * slots; }
  std::uint32_t page_of(std::uint32_t spot) const { return spot / slots; }
  std::uint32_t block_of(std::uint32_t spot) const { return spot / (slots * pages); }
  std::uint32_t die_of_block(std::uint32_t block) const { return block / blocks; }
  std::uint32_t page_bytes() const { return slots * slice_bytes; }

  /// Where a slice lies on a drive written once in ascending order: pages go round the dies.
  std::uint32_t first_spot(std::uint32_t slice) const {
    const std::uint32_t unit = slice / slots, row = unit / dies, die = unit - row * dies;
    return (die * blocks * pages + row) * slots + (slice - unit * slots);
  }
  /// The inverse; the result may lie beyond `slices`.
  std::uint64_t first_slice(std::uint32_t spot) const {
    const std::uint32_t page = spot / slots, die = page / (blocks * pages), row = page - die * (blocks * pages);
    return (std::uint64_t{row} * dies + die) * slots + spot % slots;
  }
  /// Blocks of a die that hold data on a drive written once in ascending order.
  std::uint32_t first_blocks() const {
    const std::uint64_t stripe = std::uint64_t{dies} * block_slots();
    return static_cast<std::uint32_t>((slices + stripe - 1) / stripe);
  }
};

/// Blocks of a die that are never filled with valid data: two being written, one free for the cleaning, and one block's
/// worth of invalid slices that guarantees the cleaning a victim.
inline constexpr std::uint32_t reserved_blocks = 4;

/// Throws kit::ConfigError where the drive is too large for 32-bit slice numbers or the capacity no multiple of 512 bytes.
Geometry geometry_of(const SsdParameters& parameters);

}  // namespace ahcisim::disk::ssd
