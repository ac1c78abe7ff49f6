// SPDX-License-Identifier: MIT
// The radix tree of a set of pages.
#include <ahcisim/models/host/cache/policy/page_set.hpp>

namespace ahcisim::host {
namespace {

constexpr std::uint64_t bit(unsigned slot) { return std::uint64_t{1} << slot; }

template <class T> std::uint32_t take(std::vector<T>& pool, std::vector<std::uint32_t>& free) {
  if (free.empty()) {
    pool.emplace_back();
    return static_cast<std::uint32_t>(pool.size() - 1);
  }
  const std::uint32_t entry = free.back();
  free.pop_back();
  return entry;
}

}  // namespace

std::uint32_t PageSet::new_node() { return take(nodes_, free_nodes_); }
std::uint32_t PageSet::new_leaf() { return take(leaves_, free_leaves_); }

void PageSet::insert(std::uint64_t page) {
  while (!covers(page)) {
    const std::uint32_t above = new_node();
    if (nodes_[root_].mask) {
      nodes_[above].mask = 1;
      nodes_[above].branch[0] = root_;
    } else {
      free_nodes_.push_back(root_);
    }
    root_ = above;
    ++levels_;
  }
  std::uint32_t node = root_;
  for (unsigned level = levels_; level > 0; --level) {
    const unsigned slot = slot_of(page, level);
    if (!(nodes_[node].mask & bit(slot))) {
      const std::uint32_t made = level == 1 ? new_leaf() : new_node();
      nodes_[node].mask |= bit(slot);
      nodes_[node].branch[slot] = made;
    }
    node = nodes_[node].branch[slot];
  }
  size_ += leaves_[node] >> (page & 63) & 1 ? 0 : 1;
  leaves_[node] |= bit(page & 63);
}

void PageSet::erase(std::uint64_t page) {
  if (!covers(page)) return;
  std::array<std::uint32_t, most_levels + 2> path{};
  path[levels_] = root_;
  for (unsigned level = levels_; level > 0; --level) {
    const Node& node = nodes_[path[level]];
    if (!(node.mask & bit(slot_of(page, level)))) return;
    path[level - 1] = node.branch[slot_of(page, level)];
  }
  std::uint64_t& leaf = leaves_[path[0]];
  if (!(leaf & bit(page & 63))) return;
  --size_;
  leaf &= ~bit(page & 63);
  if (leaf) return;
  free_leaves_.push_back(path[0]);
  for (unsigned level = 1; level <= levels_; ++level) {
    Node& node = nodes_[path[level]];
    node.mask &= ~bit(slot_of(page, level));
    if (node.mask || level == levels_) return;
    free_nodes_.push_back(path[level]);
  }
}

std::uint64_t PageSet::search_leaf(std::uint64_t leaf, std::uint64_t from) {
  const std::uint64_t left = leaf & ~std::uint64_t{0} << from;
  return left ? static_cast<std::uint64_t>(__builtin_ctzll(left)) : none;
}

std::uint64_t PageSet::search(std::uint32_t index, unsigned level, std::uint64_t from) const {
  const Node& node = nodes_[index];
  const unsigned width = 6 * level, first = static_cast<unsigned>(from >> width);
  for (std::uint64_t left = node.mask & ~std::uint64_t{0} << first; left; left &= left - 1) {
    const auto slot = static_cast<unsigned>(__builtin_ctzll(left));
    const std::uint64_t rest = slot == first ? from & (bit(width) - 1) : 0;
    const std::uint64_t found =
        level == 1 ? search_leaf(leaves_[node.branch[slot]], rest) : search(node.branch[slot], level - 1, rest);
    if (found != none) return std::uint64_t{slot} << width | found;
  }
  return none;
}

std::uint64_t PageSet::next(std::uint64_t from) const { return covers(from) ? search(root_, levels_, from) : none; }

}  // namespace ahcisim::host
