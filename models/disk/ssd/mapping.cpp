// SPDX-License-Identifier: MIT
// Logical to physical: leaves of the mapping.
#include <ahcisim/models/disk/ssd/mapping.hpp>

#include <cstdlib>
#include <new>

namespace ahcisim::disk::ssd {

void Mapping::Free::operator()(void* memory) const { std::free(memory); }

Mapping::Mapping(const Geometry& geometry, bool preconditioned)
    : geometry_{geometry}, preconditioned_{preconditioned},
      directory_{static_cast<std::uint32_t*>(std::calloc(geometry.slices / leaf_slices + 1, sizeof(std::uint32_t)))},
      touched_(geometry.slices / part_slices + 1) {
  if (!directory_) throw std::bad_alloc{};
}

std::uint32_t Mapping::make_leaf(std::uint32_t entry) {
  std::uint32_t made = first_leaf + leaves_;
  if (!free_.empty()) {
    made = free_.back();
    free_.pop_back();
  } else {
    if (leaves_ % slab_leaves == 0) slabs_.push_back(std::unique_ptr<Leaf[]>{new Leaf[slab_leaves]});
    ++leaves_;
  }
  leaf(made).fill(entry == empty ? none : unmoved);
  return made;
}

void Mapping::clear_leaf(std::uint32_t slice) {
  touched_[slice / part_slices] = true;
  std::uint32_t& entry = directory_[slice / leaf_slices];
  if (entry >= first_leaf) free_.push_back(entry);
  entry = empty;
}

}  // namespace ahcisim::disk::ssd
