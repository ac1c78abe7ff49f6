// SPDX-License-Identifier: MIT
// The flash blocks of a drive: free lists, victims, erasing.
#include <ahcisim/models/disk/ssd/blocks.hpp>

#include <algorithm>

namespace ahcisim::disk::ssd {

Blocks::Blocks(const Geometry& g, bool preconditioned)
    : geometry_{g}, blocks_(std::size_t{g.dies} * g.blocks), heads_(std::size_t{g.dies} * (g.block_slots() + 1), none),
      lowest_(g.dies, g.block_slots() + 1), valid_(g.dies, 0), free_first_(g.dies, none), free_last_(g.dies, none),
      free_count_(g.dies, 0) {
  const std::uint32_t used = preconditioned ? g.first_blocks() : 0;
  for (std::uint32_t die = 0; die < g.dies; ++die)
    for (std::uint32_t number = 0; number < g.blocks; ++number) {
      const std::uint32_t index = die * g.blocks + number;
      if (number >= used) {
        put_free(die, index);
        continue;
      }
      // Only the last block may be partly filled: count its pages where first_slice() stays below the capacity.
      std::uint32_t valid = g.block_slots();
      const std::uint32_t spot = index * g.block_slots();
      while (valid != 0 && g.first_slice(spot + valid - 1) >= g.slices) --valid;
      blocks_[index].valid = valid;
      valid_[die] += valid;
      close(index);
    }
}

void Blocks::put_free(std::uint32_t die, std::uint32_t index) {
  blocks_[index].use = Use::free;
  blocks_[index].next = none;
  if (free_last_[die] != none)
    blocks_[free_last_[die]].next = index;
  else
    free_first_[die] = index;
  free_last_[die] = index;
  ++free_count_[die];
}

std::uint32_t Blocks::open(std::uint32_t die) {
  const std::uint32_t index = free_first_[die];
  Block& block = blocks_[index];
  free_first_[die] = block.next;
  if (block.next == none) free_last_[die] = none;
  --free_count_[die];
  block.use = Use::open;
  if (!spare_contents_.empty()) {
    block.contents = spare_contents_.back();
    spare_contents_.pop_back();
  } else {
    block.contents = static_cast<std::uint32_t>(contents_.size());
    contents_.push_back(std::make_unique<std::uint32_t[]>(geometry_.block_slots()));
  }
  return index;
}

void Blocks::forget_contents(Block& block) {
  if (block.contents != none) spare_contents_.push_back(block.contents);
  block.contents = none;
}

std::uint32_t Blocks::victim(std::uint32_t die) {
  std::uint32_t& lowest = lowest_[die];
  while (lowest < geometry_.block_slots() && head(die, lowest) == none) ++lowest;
  if (lowest >= geometry_.block_slots()) return none;  // every closed block is fully valid
  const std::uint32_t index = head(die, lowest);
  unlink(index);
  blocks_[index].use = Use::victim;
  return index;
}

void Blocks::erase(std::uint32_t index) {
  Block& block = blocks_[index];
  forget_contents(block);
  ++block.erases;
  put_free(geometry_.die_of_block(index), index);
}

}  // namespace ahcisim::disk::ssd
