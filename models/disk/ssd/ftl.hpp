// SPDX-License-Identifier: MIT
// The flash translation layer: page mapping, where new data goes, and the garbage collection.
//
// New data fills a page in the controller's memory, which is then programmed on the next idle die in turn. Every die
// cleans itself, a few slices for each page the host programs there, from the block with the fewest valid slices; what is
// moved is kept apart from new data. A slice has its spot from the moment it is accepted, before its page is programmed.
#pragma once

#include <vector>

#include <ahcisim/models/disk/ssd/blocks.hpp>
#include <ahcisim/models/disk/ssd/mapping.hpp>
#include <ahcisim/models/disk/ssd/nand.hpp>

namespace ahcisim::disk::ssd {

class Ftl {
 public:
  Ftl(const Geometry& geometry, const SsdParameters& parameters, Nand& nand, SsdStatistics& statistics);

  /// The spot of a slice, or `none`.
  std::uint32_t find(std::uint32_t slice) const { return mapping_.find(slice); }
  /// Whether a spot's data is still in the controller's memory at `time`.
  bool buffered(std::uint32_t spot, kit::Duration time) const {
    const std::uint32_t page = geometry_.page_of(spot), die = page / die_pages_;
    if (page == page_ && fill_ != 0) return true;
    const Cleaning& cleaning = cleaning_[die];
    if (cleaning.fill != 0 && page == cleaning.page) return true;
    return nand_.in_flight(die, page, time);
  }

  /// Accepts a slice of host data. True where it completed a page, which then waits for seal().
  bool write(std::uint32_t slice, kit::Duration now);
  /// Slots of the page being filled that hold data.
  std::uint32_t fill() const { return fill_; }
  /// The slice in a slot of that page, below fill().
  std::uint32_t filled(std::uint32_t slot) const { return blocks_.slice_at(page_ * geometry_.slots + slot); }
  /// Programs the page being filled, padded where it is not full, with data complete at `ready`. Returns when the die has
  /// finished. Call it only with fill() above 0, and before the next write() once the page is full.
  kit::Duration seal(kit::Duration ready, kit::Duration now);
  /// The slices hold no data any more. Returns how many did.
  std::uint64_t trim(std::uint64_t first, std::uint64_t count);

  const Blocks& blocks() const { return blocks_; }
  const Mapping& mapping() const { return mapping_; }

 private:
  /// A die's own page of moved slices and the block it cleans.
  struct Cleaning {
    std::uint32_t victim = none;  ///< block being emptied
    std::uint32_t cursor = 0;     ///< its next page
    std::uint32_t valid = 0;      ///< slices that were to be moved when it was chosen
    std::uint32_t moved = 0;      ///< of them, so far
    std::int64_t debt = 0;        ///< slots the host used that no victim has made up for yet
    std::uint32_t block = none;   ///< block that takes what is moved …
    std::uint32_t page = none;    ///< … its page being filled …
    std::uint32_t fill = 0;       ///< … and how far
  };
  void open_page(kit::Duration now);
  std::uint32_t next_die(kit::Duration now) const;
  bool has_room(std::uint32_t die) const { return blocks_.valid_on(die) + geometry_.slots <= most_valid_; }
  bool choose_victim(std::uint32_t die);
  /// Cleans as much as makes up for a page the host has programmed.
  void clean_some(std::uint32_t die, kit::Duration now);
  void clean_until(std::uint32_t die, std::uint32_t free_blocks, kit::Duration now);
  /// Moves what is valid of the victim's next page; erases the victim after its last.
  void clean_page(std::uint32_t die, kit::Duration now);
  void move(std::uint32_t die, std::uint32_t slice, std::uint32_t from, kit::Duration now);

  const Geometry& geometry_;
  Nand& nand_;
  SsdStatistics& statistics_;
  Mapping mapping_;
  Blocks blocks_;
  const std::uint32_t die_pages_, most_valid_, low_water_;
  std::vector<std::uint32_t> block_;      // by die: the block that takes host data, or none
  std::vector<std::uint32_t> next_page_;  // by die: its next page, within the block
  std::vector<Cleaning> cleaning_;
  std::uint32_t die_ = 0;      // of the page being filled, or the last that was
  std::uint32_t page_ = none;  // page being filled
  std::uint32_t fill_ = 0;
};

}  // namespace ahcisim::disk::ssd
