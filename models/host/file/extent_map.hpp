// SPDX-License-Identifier: MIT
// Where the blocks of a file lie on its disk, now and after a power cut.
//
// The file is cut into extents of up to 64 blocks of 4 KiB, each of which has one place on the disk. A block is a hole, or
// written (readers look at the disk), or complete (its data has reached the cache or disk, so its mapping may be journalled).
// What a power cut leaves are the blocks that were complete as of the last commit. An extent keeps the place it once took,
// also while all of it is a hole again: there is one for each. Plain C++.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ahcisim/models/host/cache/policy/page_table.hpp>

namespace ahcisim::host {

inline constexpr std::uint32_t block_sectors = 8;

class ExtentMap {
 public:
  /// A piece of the file that is one on the disk, or one hole.
  struct Run {
    std::uint64_t sector = 0;    ///< on the disk, unless it is a hole
    std::uint64_t sectors = 0;
    bool hole = false;
  };
  /// `first`: sector of the disk where the places begin; `sectors`: size of the file, a multiple of 8; `extent_blocks`: 1 … 64.
  /// A sparse file is all holes and takes places in an order drawn from `seed`; any other is complete and committed.
  ExtentMap(std::uint64_t first, std::uint64_t sectors, std::uint32_t extent_blocks, bool sparse, std::uint64_t seed);

  /// The run that begins at a sector of the file, at most `most` sectors.
  Run find(std::uint64_t sector, std::uint64_t most) const;
  /// Whether the block has its data on the disk or on the way there.
  bool written(std::uint64_t block) const { return bit_of(block, &Extent::written); }
  /// Blocks `first` … `end` - 1 are about to be written. True where any was not before: the mapping changes.
  bool allocate(std::uint64_t first, std::uint64_t end);
  /// Their data is where a commit may rely on it.
  void complete(std::uint64_t first, std::uint64_t end);
  /// They become holes. True where any was none before.
  bool punch(std::uint64_t first, std::uint64_t end);

  /// Extents that changed since the last begin_commit().
  std::size_t changed() const { return changed_.size(); }
  /// What has changed so far is being committed; what changes from now on is for the next commit.
  void begin_commit();
  /// That was commit `number`: 1 or more, rising.
  void end_commit(std::uint64_t number);
  /// From now on every commit is remembered that changes what a power cut leaves: some bytes each.
  void remember_commits() { remember_ = true; }

  /// Where the sector is read from now; nothing for a hole.
  std::optional<std::uint64_t> place(std::uint64_t sector) const;
  /// Where it would be read from after a power cut now; nothing where it would be a hole.
  std::optional<std::uint64_t> committed_place(std::uint64_t sector) const;
  /// The place that the sector has, or had before it became a hole; nothing where it never had one.
  std::optional<std::uint64_t> place_ever(std::uint64_t sector) const;
  /// Numbers of the commits with which a power cut began to leave the sector at its place, a hole there, and so on by turns;
  /// begins with 0 where it was there from the beginning, empty where it never was. Of remembered commits only.
  std::vector<std::uint64_t> commits_of(std::uint64_t sector) const;
  std::uint64_t extents_allocated() const { return taken_; }

 private:
  static constexpr std::uint32_t no_place = UINT32_MAX;
  struct Extent {
    std::uint64_t written = 0, complete = 0, committed = 0;  // a bit for each block
    std::uint32_t place = no_place;
    bool listed = false;  // among those changed
  };
  struct Snapshot {
    std::uint32_t extent;
    std::uint64_t complete;
  };
  struct Commit {
    std::uint64_t number, committed;
  };
  Extent fresh(std::uint64_t index) const;
  Extent at(std::uint64_t index) const;
  std::uint32_t record(std::uint64_t index);
  void change(std::uint32_t entry);
  std::uint32_t take_place();
  bool bit_of(std::uint64_t block, std::uint64_t Extent::*bits) const {
    return at(block / blocks_).*bits >> (block % blocks_) & 1;
  }
  template <class Function> void for_extents(std::uint64_t first, std::uint64_t end, Function&& function);
  std::uint64_t sector_of(std::uint32_t place, std::uint64_t sector) const {
    return first_ + std::uint64_t{place} * blocks_ * block_sectors + sector % (std::uint64_t{blocks_} * block_sectors);
  }

  std::uint64_t first_;
  std::uint32_t blocks_;
  std::uint32_t places_;
  bool sparse_;
  std::uint64_t step_ = 1, shift_ = 0;  // of the order of places
  std::uint32_t taken_ = 0;
  PageTable table_;
  std::vector<Extent> extents_;          // those that were ever touched
  std::vector<std::uint32_t> changed_;
  std::vector<Snapshot> committing_;
  bool remember_ = false;
  std::vector<std::vector<Commit>> commits_;  // by the extents' entries
};

}  // namespace ahcisim::host
