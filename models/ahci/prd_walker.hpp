// SPDX-License-Identifier: MIT
// Walks a command's PRDT (AHCI 1.3.1, 4.2.3.3): which memory the next bytes of the transfer belong to. It keeps a window
// of entries; whoever moves data loads the next one when the walker asks for it. Plain C++.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <ahcisim/models/ahci/command.hpp>

namespace ahcisim::ahci {

class PrdWalker {
 public:
  /// A run of bytes in one PRD.
  struct Piece {
    std::uint64_t address;
    std::uint32_t bytes;
    bool interrupt;  ///< the PRD ends with this piece and asks for an interrupt (DPS)
  };

  /// `window` entries are kept.
  explicit PrdWalker(unsigned window) : window_(window) {}

  /// A new command: its PRDT's address and length; nothing is loaded.
  void open(std::uint64_t table, std::uint16_t entries) {
    table_ = table;
    entries_ = entries;
    loaded_ = 0;
    first_ = 0;
    rewind();
  }
  /// Takes `count` entries from index `first` on as they lie in memory.
  void load(std::uint32_t first, unsigned count, const std::uint8_t* from) {
    first_ = first;
    loaded_ = std::min<unsigned>(count, static_cast<unsigned>(window_.size()));
    for (unsigned i = 0; i < loaded_; ++i) window_[i] = PrdEntry::parse(from + i * PrdEntry::size);
  }
  /// All entries are used up.
  bool exhausted() const { return index_ >= entries_; }
  /// The current entry is in the window; else load wanted_count() entries from wanted_address(), as index().
  bool ready() const { return index_ - first_ < loaded_; }
  std::uint32_t index() const { return index_; }
  std::uint64_t wanted_address() const { return table_ + std::uint64_t{index_} * PrdEntry::size; }
  unsigned wanted_count() const {
    return static_cast<unsigned>(std::min<std::uint64_t>(window_.size(), entries_ - index_));
  }
  /// The current entry. Requires ready().
  const PrdEntry& entry() const { return window_[index_ - first_]; }
  /// The next run of at most `limit` bytes. Requires ready() and limit > 0.
  Piece take(std::uint32_t limit) {
    const PrdEntry& now = entry();
    const std::uint32_t bytes = std::min(limit, now.bytes - within_);
    Piece piece{now.DBA + within_, bytes, false};
    position_ += bytes;
    within_ += bytes;
    if (within_ == now.bytes) {
      piece.interrupt = now.I;
      within_ = 0;
      ++index_;
    }
    return piece;
  }
  /// Bytes from the start of the transfer.
  std::uint64_t position() const { return position_; }
  void rewind() {
    index_ = within_ = 0;
    position_ = 0;
  }

 private:
  std::vector<PrdEntry> window_;
  std::uint64_t table_ = 0;
  std::uint64_t position_ = 0;
  std::uint32_t entries_ = 0;
  std::uint32_t first_ = 0, loaded_ = 0;
  std::uint32_t index_ = 0, within_ = 0;
};

}  // namespace ahcisim::ahci
