// SPDX-License-Identifier: MIT
// Read look-ahead: recognises sequential readers and keeps what was read for them before they asked.
//
// Works in units of one flash page's worth of logical slices. A reader is recognised when a read begins where an earlier
// one ended. SET FEATURES AAh/55h switches it.
#pragma once

#include <array>
#include <cstdint>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::disk::ssd {

/// One sequential reader: where it will go on, and the units read ahead of it with the time each is in memory.
struct Reader {
  static constexpr std::uint32_t most_units = 512;
  std::uint64_t next_lba = ~std::uint64_t{0};
  std::uint64_t begin = 0, end = 0;  ///< units [begin, end) are in memory or on their way
  std::uint64_t used = 0;            ///< for replacing the one not used for longest
  std::array<kit::Duration, most_units> ready;

  bool holds(std::uint64_t unit) const { return begin <= unit && unit < end; }
  kit::Duration& ready_at(std::uint64_t unit) { return ready[unit % most_units]; }
};

class LookAhead {
 public:
  /// The reader that goes on at `lba`, or null: then one is set up that would go on after this read.
  Reader* match(std::uint64_t lba, std::uint64_t sectors) {
    Reader* oldest = &readers_[0];
    for (Reader& reader : readers_) {
      if (reader.next_lba == lba) {
        reader.next_lba = lba + sectors;
        reader.used = ++uses_ + patience;
        return &reader;
      }
      if (reader.used < oldest->used) oldest = &reader;
    }
    oldest->next_lba = lba + sectors;
    oldest->begin = oldest->end = 0;
    oldest->used = ++uses_;
    return nullptr;
  }
  /// Units [first, last] change: what was read ahead of them is forgotten.
  void drop(std::uint64_t first, std::uint64_t last) {
    for (Reader& reader : readers_)
      if (first < reader.end && reader.begin <= last) reader.begin = reader.end = 0;
  }
  void drop_all() {
    for (Reader& reader : readers_) reader.begin = reader.end = 0, reader.next_lba = ~std::uint64_t{0};
  }

 private:
  /// So many reads elsewhere a recognised reader outlives, and a first read does not.
  static constexpr std::uint64_t patience = 64;
  std::array<Reader, 8> readers_;
  std::uint64_t uses_ = 0;
};

}  // namespace ahcisim::disk::ssd
