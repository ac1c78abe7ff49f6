// SPDX-License-Identifier: MIT
// A set of page numbers in ascending order: a radix tree with 64 branches a level, its nodes pooled.
//
// Insertion, removal and the search for the next member take a number of steps that depends on the highest page only (four
// for 64 GiB of pages, five for 4 TiB), and the memory is bounded by the number of members, whatever their pages are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ahcisim::host {

class PageSet {
 public:
  static constexpr std::uint64_t none = UINT64_MAX;
  PageSet() : nodes_(1) {}
  /// Page: below 2⁵⁸. No effect where it is a member.
  void insert(std::uint64_t page);
  /// No effect where it is no member.
  void erase(std::uint64_t page);
  /// The lowest member that is `from` or above, or none.
  std::uint64_t next(std::uint64_t from) const;
  std::size_t size() const { return size_; }

 private:
  static constexpr unsigned most_levels = 9;
  struct Node {
    std::uint64_t mask = 0;  // which branches there are
    std::array<std::uint32_t, 64> branch{};
  };
  static unsigned slot_of(std::uint64_t page, unsigned level) { return static_cast<unsigned>(page >> (6 * level)) & 63; }
  bool covers(std::uint64_t page) const { return page >> (6 * (levels_ + 1)) == 0; }
  std::uint32_t new_node();
  std::uint32_t new_leaf();
  std::uint64_t search(std::uint32_t node, unsigned level, std::uint64_t from) const;
  static std::uint64_t search_leaf(std::uint64_t leaf, std::uint64_t from);

  std::vector<Node> nodes_;             // entry `root_` is the root
  std::vector<std::uint64_t> leaves_;   // 64 pages each
  std::vector<std::uint32_t> free_nodes_, free_leaves_;
  std::uint32_t root_ = 0;
  unsigned levels_ = 1;  // of nodes above the leaves
  std::size_t size_ = 0;
};

}  // namespace ahcisim::host
