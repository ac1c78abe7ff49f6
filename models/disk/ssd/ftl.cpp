// SPDX-License-Identifier: MIT
// The flash translation layer: new data and trimming.
#include <ahcisim/models/disk/ssd/ftl.hpp>

#include <algorithm>

namespace ahcisim::disk::ssd {

using kit::Duration;

namespace {

/// A small drive with few spare blocks must not clean what the host is about to overwrite anyway.
std::uint32_t low_water_of(const Geometry& geometry, std::int64_t wanted) {
  const std::int64_t spare = geometry.blocks - geometry.first_blocks();
  return static_cast<std::uint32_t>(std::min(wanted, spare / 2));
}

}  // namespace

Ftl::Ftl(const Geometry& g, const SsdParameters& p, Nand& nand, SsdStatistics& statistics)
    : geometry_{g}, nand_{nand}, statistics_{statistics}, mapping_{g, p.precondition() == "sequential"},
      blocks_{g, p.precondition() == "sequential"}, die_pages_{g.blocks * g.pages},
      most_valid_{(g.blocks - reserved_blocks) * g.block_slots()}, low_water_{low_water_of(g, p.gc_low_water())},
      block_(g.dies, none), next_page_(g.dies, 0), cleaning_(g.dies), die_{g.dies - 1} {}

std::uint32_t Ftl::next_die(Duration now) const {
  std::uint32_t best = none;
  for (std::uint32_t step = 1; step <= geometry_.dies; ++step) {
    const std::uint32_t die = (die_ + step) % geometry_.dies;
    if (!has_room(die)) continue;
    if (nand_.backlog_end(die) <= now) return die;
    if (best == none || nand_.backlog_end(die) < nand_.backlog_end(best)) best = die;
  }
  // All dies together take more than the capacity (geometry_of), so one has room.
  return best;
}

void Ftl::open_page(Duration now) {
  die_ = next_die(now);
  if (block_[die_] == none) {
    clean_until(die_, 2, now);  // one stays for the cleaning
    block_[die_] = blocks_.open(die_);
    next_page_[die_] = 0;
  }
  page_ = block_[die_] * geometry_.pages + next_page_[die_]++;
}

bool Ftl::write(std::uint32_t slice, Duration now) {
  const std::uint32_t old = mapping_.find(slice);
  if (old != none) {
    if (fill_ != 0 && geometry_.page_of(old) == page_) {  // still in memory: written over
      statistics_.coalesced.add();
      return false;
    }
    blocks_.invalidate(old);
  }
  // The cleaning that open_page() may do must not find this slice: it has no spot just now.
  if (fill_ == 0) {
    if (old != none) mapping_.set(slice, none);
    open_page(now);
  }
  const std::uint32_t spot = page_ * geometry_.slots + fill_++;
  mapping_.set(slice, spot);
  blocks_.fill(spot, slice);
  return fill_ == geometry_.slots;
}

Duration Ftl::seal(Duration ready, Duration now) {
  for (; fill_ != geometry_.slots; ++fill_) {
    blocks_.pad(page_ * geometry_.slots + fill_);
    statistics_.slots_padded.add();
  }
  fill_ = 0;
  const Duration end = nand_.program(die_, page_, ready, now).end;
  if (next_page_[die_] == geometry_.pages) {
    blocks_.close(block_[die_]);
    block_[die_] = none;
  }
  clean_some(die_, now);
  return end;
}

std::uint64_t Ftl::trim(std::uint64_t first, std::uint64_t count) {
  std::uint64_t held = 0;
  const std::uint64_t end = first + count;
  for (std::uint64_t at = first; at < end;) {
    const auto slice = static_cast<std::uint32_t>(at);
    const bool whole = at % Mapping::leaf_slices == 0 && end - at >= Mapping::leaf_slices;
    const std::uint64_t stop = std::min<std::uint64_t>(end, (at / Mapping::leaf_slices + 1) * Mapping::leaf_slices);
    if (mapping_.leaf_empty(slice)) {
      at = stop;
      continue;
    }
    for (; at < stop; ++at) {
      const std::uint32_t spot = mapping_.find(static_cast<std::uint32_t>(at));
      if (spot == none) continue;
      ++held;
      blocks_.invalidate(spot);
      if (!whole) mapping_.set(static_cast<std::uint32_t>(at), none);
    }
    if (whole) mapping_.clear_leaf(slice);
  }
  return held;
}

}  // namespace ahcisim::disk::ssd
