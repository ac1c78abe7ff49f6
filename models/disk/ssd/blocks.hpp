// SPDX-License-Identifier: MIT
// The flash blocks of a drive: how much of each is valid, who is free, who is the best to clean, and what each slot holds.
#pragma once

#include <memory>
#include <vector>

#include <ahcisim/models/disk/ssd/geometry.hpp>

namespace ahcisim::disk::ssd {

/// Closed blocks hang in lists by their number of valid slices, one set of lists to a die, so that a change costs a
/// relink and the block with the fewest valid slices (the greedy victim) is found without a search. All operations are
/// O(1) but victim(), whose scan over empty lists is paid for by the slices it then moves.
class Blocks {
 public:
  Blocks(const Geometry& geometry, bool preconditioned);

  /// The slice that was written to a spot of a block with valid slices, or `none`; whether it is still there only the mapping
  /// knows.
  std::uint32_t slice_at(std::uint32_t spot) const {
    const Block& block = blocks_[geometry_.block_of(spot)];
    if (block.contents != none) return contents_[block.contents][spot % geometry_.block_slots()];
    const std::uint64_t slice = geometry_.first_slice(spot);
    return slice < geometry_.slices ? static_cast<std::uint32_t>(slice) : none;
  }
  /// A slice is written to a spot of a block in use.
  void fill(std::uint32_t spot, std::uint32_t slice) {
    Block& block = blocks_[geometry_.block_of(spot)];
    contents_[block.contents][spot % geometry_.block_slots()] = slice;
    ++block.valid;
    ++valid_[geometry_.die_of_block(geometry_.block_of(spot))];
  }
  /// A slot is programmed without data.
  void pad(std::uint32_t spot) { contents_[blocks_[geometry_.block_of(spot)].contents][spot % geometry_.block_slots()] = none; }
  /// The slice at a spot moved away or was trimmed.
  void invalidate(std::uint32_t spot) {
    const std::uint32_t index = geometry_.block_of(spot);
    Block& block = blocks_[index];
    --valid_[geometry_.die_of_block(index)];
    if (block.use != Use::closed) {
      --block.valid;
      return;
    }
    unlink(index);
    if (--block.valid == 0) forget_contents(block);
    link(index);
  }

  /// Takes the free block of a die that has waited longest, which levels wear. The die must have one.
  std::uint32_t open(std::uint32_t die);
  /// An open block is full.
  void close(std::uint32_t block) {
    blocks_[block].use = Use::closed;
    link(block);
  }
  /// The closed block of a die with the fewest valid slices, or `none` where all are fully valid. The block leaves the lists.
  std::uint32_t victim(std::uint32_t die);
  /// A victim without valid slices is erased and free again.
  void erase(std::uint32_t block);

  std::uint32_t free_blocks(std::uint32_t die) const { return free_count_[die]; }
  std::uint32_t valid_in(std::uint32_t block) const { return blocks_[block].valid; }
  /// Valid slices of a die.
  std::uint32_t valid_on(std::uint32_t die) const { return valid_[die]; }
  std::uint32_t erases_of(std::uint32_t block) const { return blocks_[block].erases; }
  std::uint32_t count() const { return static_cast<std::uint32_t>(blocks_.size()); }

 private:
  enum class Use : std::uint8_t { free, open, closed, victim };
  struct Block {
    std::uint32_t valid = 0, erases = 0;
    std::uint32_t next = none, previous = none;  // in a list by valid slices; next also in the free list
    std::uint32_t contents = none;               // of contents_; none: as the preconditioning left it
    Use use = Use::free;
  };

  std::uint32_t& head(std::uint32_t die, std::uint32_t valid) { return heads_[die * (geometry_.block_slots() + 1) + valid]; }
  void link(std::uint32_t index) {
    Block& block = blocks_[index];
    const std::uint32_t die = geometry_.die_of_block(index);
    std::uint32_t& first = head(die, block.valid);
    block.previous = none;
    block.next = first;
    if (first != none) blocks_[first].previous = index;
    first = index;
    if (block.valid < lowest_[die]) lowest_[die] = block.valid;
  }
  void unlink(std::uint32_t index) {
    Block& block = blocks_[index];
    if (block.previous != none)
      blocks_[block.previous].next = block.next;
    else
      head(geometry_.die_of_block(index), block.valid) = block.next;
    if (block.next != none) blocks_[block.next].previous = block.previous;
  }
  void put_free(std::uint32_t die, std::uint32_t index);
  /// Gives back the memory of what was written to a block of which nothing is valid any more.
  void forget_contents(Block& block);

  const Geometry& geometry_;
  std::vector<Block> blocks_;
  std::vector<std::uint32_t> heads_;
  std::vector<std::uint32_t> lowest_, valid_, free_first_, free_last_, free_count_;  // by die
  std::vector<std::unique_ptr<std::uint32_t[]>> contents_;
  std::vector<std::uint32_t> spare_contents_;
};

}  // namespace ahcisim::disk::ssd
