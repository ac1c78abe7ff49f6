// SPDX-License-Identifier: MIT
// The mapping of a file.
#include <ahcisim/models/host/file/extent_map.hpp>

#include <algorithm>
#include <numeric>

#include <ahcisim/models/kit/random.hpp>

namespace ahcisim::host {
namespace {

/// Bits `first` … `end` - 1 of a word.
std::uint64_t bits(std::uint64_t first, std::uint64_t end) {
  const std::uint64_t below_end = end >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << end) - 1;
  return below_end & ~std::uint64_t{0} << first;
}

}  // namespace

ExtentMap::ExtentMap(std::uint64_t first, std::uint64_t sectors, std::uint32_t extent_blocks, bool sparse, std::uint64_t seed)
    : first_{first},
      blocks_{extent_blocks},
      places_{static_cast<std::uint32_t>((sectors + std::uint64_t{extent_blocks} * block_sectors - 1) / (std::uint64_t{extent_blocks} * block_sectors))},
      sparse_{sparse} {
  if (!sparse_ || places_ < 3) return;
  // place = step * n + shift modulo the number of places: every place once, and neighbours far apart.
  kit::Random random{seed, "extents"};
  do {
    step_ = random.between(1, places_ - 1);
  } while (std::gcd<std::uint64_t>(step_, places_) != 1);
  shift_ = random.between(0, places_ - 1);
}

/// An extent that nobody touched yet.
ExtentMap::Extent ExtentMap::fresh(std::uint64_t index) const {
  Extent extent;
  if (sparse_) return extent;
  extent.written = extent.complete = extent.committed = ~std::uint64_t{0};
  extent.place = static_cast<std::uint32_t>(index);
  return extent;
}

ExtentMap::Extent ExtentMap::at(std::uint64_t index) const {
  const std::uint32_t entry = table_.find(index);
  return entry == no_frame ? fresh(index) : extents_[entry];
}

std::uint32_t ExtentMap::record(std::uint64_t index) {
  const std::uint32_t known = table_.find(index);
  if (known != no_frame) return known;
  const auto entry = static_cast<std::uint32_t>(extents_.size());
  extents_.push_back(fresh(index));
  table_.insert(index, entry);
  return entry;
}

void ExtentMap::change(std::uint32_t entry) {
  if (extents_[entry].listed) return;
  extents_[entry].listed = true;
  changed_.push_back(entry);
}

std::uint32_t ExtentMap::take_place() { return static_cast<std::uint32_t>((step_ * taken_++ + shift_) % places_); }

template <class Function> void ExtentMap::for_extents(std::uint64_t first, std::uint64_t end, Function&& function) {
  while (first < end) {
    const std::uint64_t index = first / blocks_, base = index * blocks_, stop = std::min(end, base + blocks_);
    function(index, bits(first - base, stop - base));
    first = stop;
  }
}

bool ExtentMap::allocate(std::uint64_t first, std::uint64_t end) {
  bool changed = false;
  for_extents(first, end, [&](std::uint64_t index, std::uint64_t mask) {
    const Extent now = at(index);
    if (now.place != no_place && (now.written & mask) == mask) return;
    changed = true;
    Extent& extent = extents_[record(index)];
    if (extent.place == no_place) extent.place = take_place();
    extent.written |= mask;
  });
  return changed;
}

void ExtentMap::complete(std::uint64_t first, std::uint64_t end) {
  for_extents(first, end, [&](std::uint64_t index, std::uint64_t mask) {
    const std::uint32_t entry = table_.find(index);
    if (entry == no_frame) return;
    Extent& extent = extents_[entry];
    const std::uint64_t news = mask & extent.written & ~extent.complete;
    if (!news) return;
    extent.complete |= news;
    change(entry);
  });
}

bool ExtentMap::punch(std::uint64_t first, std::uint64_t end) {
  bool changed = false;
  for_extents(first, end, [&](std::uint64_t index, std::uint64_t mask) {
    if ((at(index).written & mask) == 0) return;
    changed = true;
    const std::uint32_t entry = record(index);
    Extent& extent = extents_[entry];
    extent.written &= ~mask;
    extent.complete &= ~mask;
    change(entry);
  });
  return changed;
}

void ExtentMap::begin_commit() {
  for (const std::uint32_t entry : changed_) {
    Extent& extent = extents_[entry];
    extent.listed = false;
    committing_.push_back({entry, extent.complete});
  }
  changed_.clear();
}

void ExtentMap::end_commit(std::uint64_t number) {
  for (const Snapshot& snapshot : committing_) {
    Extent& extent = extents_[snapshot.extent];
    if (extent.committed == snapshot.complete) continue;
    extent.committed = snapshot.complete;
    if (!remember_) continue;
    commits_.resize(extents_.size());
    commits_[snapshot.extent].push_back({number, snapshot.complete});
  }
  committing_.clear();
}

ExtentMap::Run ExtentMap::find(std::uint64_t sector, std::uint64_t most) const {
  const std::uint64_t extent_sectors = std::uint64_t{blocks_} * block_sectors;
  Run run;
  while (run.sectors < most) {
    const std::uint64_t at_sector = sector + run.sectors, block = at_sector / block_sectors;
    const Extent extent = at(at_sector / extent_sectors);
    const bool hole = !(extent.written >> (block % blocks_) & 1);
    const std::uint64_t place = hole ? 0 : sector_of(extent.place, at_sector);
    if (run.sectors == 0)
      run.sector = place, run.hole = hole;
    else if (hole != run.hole || (!hole && place != run.sector + run.sectors))
      break;
    // As far as the extent goes on in the same way.
    const std::uint64_t rest = (hole ? extent.written : ~extent.written) >> (block % blocks_);
    const std::uint64_t same = std::min<std::uint64_t>(rest ? static_cast<std::uint64_t>(__builtin_ctzll(rest)) : 64, blocks_ - block % blocks_);
    run.sectors = std::min(most, run.sectors + (block + same) * block_sectors - at_sector);
  }
  return run;
}

std::optional<std::uint64_t> ExtentMap::place(std::uint64_t sector) const {
  const Run run = find(sector, 1);
  return run.hole ? std::nullopt : std::optional{run.sector};
}

std::optional<std::uint64_t> ExtentMap::committed_place(std::uint64_t sector) const {
  const std::uint64_t block = sector / block_sectors;
  if (!bit_of(block, &Extent::committed)) return std::nullopt;
  return sector_of(at(block / blocks_).place, sector);
}

std::optional<std::uint64_t> ExtentMap::place_ever(std::uint64_t sector) const {
  const std::uint32_t place = at(sector / block_sectors / blocks_).place;
  return place == no_place ? std::nullopt : std::optional{sector_of(place, sector)};
}

std::vector<std::uint64_t> ExtentMap::commits_of(std::uint64_t sector) const {
  const std::uint64_t block = sector / block_sectors, index = block / blocks_;
  std::vector<std::uint64_t> changes;
  bool there = !sparse_;
  if (there) changes.push_back(0);
  const std::uint32_t entry = table_.find(index);
  if (entry == no_frame || entry >= commits_.size()) return changes;
  for (const Commit& commit : commits_[entry]) {
    if (static_cast<bool>(commit.committed >> (block % blocks_) & 1) == there) continue;
    there = !there;
    changes.push_back(commit.number);
  }
  return changes;
}

}  // namespace ahcisim::host
