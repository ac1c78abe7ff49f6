// SPDX-License-Identifier: MIT
// Logical to physical: where each slice lies. Costs memory only for what has been rewritten or trimmed.
//
// A preconditioned drive starts with a mapping that arithmetic gives (Geometry::first_spot). Slices that left it are kept
// in leaves of 16, one cache line, found through a directory of one word a leaf: a look-up is three loads, no search. Parts of
// the directory in which nothing was ever moved are not even read: not every kernel backs such reads with a shared page.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include <ahcisim/models/disk/ssd/geometry.hpp>

namespace ahcisim::disk::ssd {

class Mapping {
 public:
  Mapping(const Geometry& geometry, bool preconditioned);

  /// The spot of a slice, or `none` where it holds no data. Range of `slice`: below Geometry::slices.
  std::uint32_t find(std::uint32_t slice) const {
    if (!touched_[slice / part_slices]) return start_of(slice);
    const std::uint32_t entry = directory_[slice / leaf_slices];
    if (entry == untouched) return start_of(slice);
    if (entry == empty) return none;
    const std::uint32_t spot = leaf(entry)[slice % leaf_slices];
    return spot == unmoved ? start_of(slice) : spot;
  }
  /// `spot` may be `none`.
  void set(std::uint32_t slice, std::uint32_t spot) {
    touched_[slice / part_slices] = true;
    std::uint32_t& entry = directory_[slice / leaf_slices];
    if (entry == untouched || entry == empty) entry = make_leaf(entry);
    leaf(entry)[slice % leaf_slices] = spot;
  }
  /// The slices of leaf `slice / 16` hold no data any more; gives its memory back.
  void clear_leaf(std::uint32_t slice);
  /// Whether no slice of this leaf holds data, without looking at each.
  bool leaf_empty(std::uint32_t slice) const {
    if (!touched_[slice / part_slices]) return !preconditioned_;
    const std::uint32_t entry = directory_[slice / leaf_slices];
    return entry == empty || (entry == untouched && !preconditioned_);
  }
  static constexpr std::uint32_t leaf_slices = 16;

 private:
  static constexpr std::uint32_t untouched = 0, empty = 1, first_leaf = 2;  // of the directory
  static constexpr std::uint32_t unmoved = none - 1;                        // in a leaf
  static constexpr std::uint32_t slab_leaves = 1024;
  static constexpr std::uint32_t part_slices = 1024 * leaf_slices;  // whose words in the directory fill a page of 4 KiB
  struct alignas(64) Leaf : std::array<std::uint32_t, leaf_slices> {};
  struct Free {
    void operator()(void* memory) const;
  };

  std::uint32_t start_of(std::uint32_t slice) const { return preconditioned_ ? geometry_.first_spot(slice) : none; }
  Leaf& leaf(std::uint32_t entry) { return slabs_[(entry - first_leaf) / slab_leaves][(entry - first_leaf) % slab_leaves]; }
  const Leaf& leaf(std::uint32_t entry) const {
    return slabs_[(entry - first_leaf) / slab_leaves][(entry - first_leaf) % slab_leaves];
  }
  std::uint32_t make_leaf(std::uint32_t entry);

  const Geometry& geometry_;
  bool preconditioned_;
  std::unique_ptr<std::uint32_t[], Free> directory_;  // backed page by page as it is touched
  std::vector<std::uint8_t> touched_;                 // parts of the directory that are
  std::vector<std::unique_ptr<Leaf[]>> slabs_;
  std::vector<std::uint32_t> free_;
  std::uint32_t leaves_ = 0;
};

}  // namespace ahcisim::disk::ssd
