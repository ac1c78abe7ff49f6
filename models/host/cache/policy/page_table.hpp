// SPDX-License-Identifier: MIT
// Which frame holds a page: a flat open-addressing table, at most half full, without an allocation per page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ahcisim::host {

/// A frame's number, or none.
inline constexpr std::uint32_t no_frame = UINT32_MAX;

class PageTable {
 public:
  PageTable() : cells_(std::size_t{1} << first_bits) {}
  /// no_frame where the page is not there.
  std::uint32_t find(std::uint64_t page) const {
    for (std::size_t at = home(page);; at = (at + 1) & mask())
      if (cells_[at].frame == no_frame || cells_[at].page == page) return cells_[at].frame;
  }
  /// The page must not be there.
  void insert(std::uint64_t page, std::uint32_t frame) {
    if (++size_ * 2 > cells_.size()) grow();
    place(page, frame);
  }
  /// The page must be there. What was pushed away from its home by it moves up, so that no tombstones remain.
  void erase(std::uint64_t page) {
    std::size_t hole = home(page);
    while (cells_[hole].page != page || cells_[hole].frame == no_frame) hole = (hole + 1) & mask();
    for (std::size_t at = (hole + 1) & mask(); cells_[at].frame != no_frame; at = (at + 1) & mask()) {
      const std::size_t distance = (at - home(cells_[at].page)) & mask();
      if (distance < ((at - hole) & mask())) continue;
      cells_[hole] = cells_[at];
      hole = at;
    }
    cells_[hole].frame = no_frame;
    --size_;
  }
  std::size_t size() const { return size_; }

 private:
  struct Cell {
    std::uint64_t page = 0;
    std::uint32_t frame = no_frame;
  };
  static constexpr unsigned first_bits = 8;
  std::size_t mask() const { return cells_.size() - 1; }
  /// Fibonacci hashing: neighbouring pages spread evenly.
  std::size_t home(std::uint64_t page) const { return static_cast<std::size_t>((page * 0x9e3779b97f4a7c15u) >> shift_); }
  void place(std::uint64_t page, std::uint32_t frame) {
    std::size_t at = home(page);
    while (cells_[at].frame != no_frame) at = (at + 1) & mask();
    cells_[at] = {page, frame};
  }
  void grow() {
    std::vector<Cell> old(cells_.size() * 2);
    std::swap(old, cells_);
    --shift_;
    for (const Cell& cell : old)
      if (cell.frame != no_frame) place(cell.page, cell.frame);
  }

  std::vector<Cell> cells_;
  std::size_t size_ = 0;
  unsigned shift_ = 64 - first_bits;
};

}  // namespace ahcisim::host
