// SPDX-License-Identifier: MIT
// The flash translation layer: garbage collection.
#include <ahcisim/models/disk/ssd/ftl.hpp>

#include <algorithm>

namespace ahcisim::disk::ssd {

using kit::Duration;

bool Ftl::choose_victim(std::uint32_t die) {
  Cleaning& c = cleaning_[die];
  if (c.victim != none) return true;
  c.victim = blocks_.victim(die);
  if (c.victim == none) return false;
  c.cursor = c.moved = 0;
  c.valid = blocks_.valid_in(c.victim);
  statistics_.gc_victims.add();
  return true;
}

void Ftl::clean_some(std::uint32_t die, Duration now) {
  Cleaning& c = cleaning_[die];
  const auto idle = [&] { return c.victim == none && blocks_.free_blocks(die) > low_water_; };
  if (idle()) {
    c.debt = 0;
    return;
  }
  c.debt += geometry_.slots;
  while (!idle() && choose_victim(die)) {
    // The victim must be empty by the time the host has used what it yields.
    const std::int64_t yields = geometry_.block_slots() - c.valid;
    if (c.valid != 0 && c.moved * yields >= c.debt * c.valid) return;
    clean_page(die, now);
  }
}

void Ftl::clean_until(std::uint32_t die, std::uint32_t free_blocks, Duration now) {
  // Ends: a die with room has a block's worth of invalid slices among its closed blocks (reserved_blocks).
  while (blocks_.free_blocks(die) < free_blocks && choose_victim(die))
    while (cleaning_[die].victim != none) clean_page(die, now);
}

void Ftl::clean_page(std::uint32_t die, Duration now) {
  Cleaning& c = cleaning_[die];
  const std::uint32_t victim = c.victim;
  std::uint32_t& cursor = c.cursor;
  std::uint32_t moved = 0;
  if (blocks_.valid_in(victim) == 0) cursor = geometry_.pages;
  for (; moved == 0 && cursor != geometry_.pages; ++cursor) {
    const std::uint32_t first = (victim * geometry_.pages + cursor) * geometry_.slots;
    std::uint32_t from[max_slots], slices[max_slots];
    for (std::uint32_t spot = first; spot != first + geometry_.slots; ++spot) {
      const std::uint32_t slice = blocks_.slice_at(spot);
      if (slice == none || mapping_.find(slice) != spot) continue;
      from[moved] = spot;
      slices[moved++] = slice;
    }
    if (moved == 0) continue;
    nand_.read_behind(die, moved, now);
    for (std::uint32_t i = 0; i < moved; ++i) move(die, slices[i], from[i], now);
    c.moved += moved;
  }
  if (cursor == geometry_.pages) {
    blocks_.erase(victim);
    nand_.erase(die, now);
    c.debt -= geometry_.block_slots() - c.valid;
    c.victim = none;
  }
}

void Ftl::move(std::uint32_t die, std::uint32_t slice, std::uint32_t from, Duration now) {
  Cleaning& c = cleaning_[die];
  if (c.fill == 0) {
    if (c.block == none) {
      c.block = blocks_.open(die);
      c.page = c.block * geometry_.pages;
    } else {
      ++c.page;
    }
  }
  const std::uint32_t spot = c.page * geometry_.slots + c.fill++;
  blocks_.invalidate(from);
  mapping_.set(slice, spot);
  blocks_.fill(spot, slice);
  statistics_.gc_slices.add();
  if (c.fill != geometry_.slots) return;
  c.fill = 0;
  nand_.program(die, c.page, now, now);
  if (c.page % geometry_.pages == geometry_.pages - 1) {
    blocks_.close(c.block);
    c.block = none;
  }
}

}  // namespace ahcisim::disk::ssd
