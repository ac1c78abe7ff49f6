// SPDX-License-Identifier: MIT
// The pages of a cache: which are there, in what state, which goes next, which are dirty.
//
// Frames come from a pool that grows up to its limit and never shrinks; every operation takes constant time (amortised where
// a frame must be found by passing over busy ones). Who goes first is decided as in Linux, by two lists: a page enters the
// inactive one, its second use makes it active, frames are taken from the inactive end, and the active list gives up its oldest
// while it is too long (Linux 6.12, mm/vmscan.c and mm/swap.c). Pages that are dirty or have I/O under way are passed over.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ahcisim/models/host/cache/policy/page_set.hpp>
#include <ahcisim/models/host/cache/policy/page_table.hpp>
#include <ahcisim/models/host/cache/policy/read_ahead.hpp>

namespace ahcisim::host {

inline constexpr std::uint32_t page_bytes = 4096;
inline constexpr std::uint32_t page_sectors = page_bytes / 512;

/// One page in the cache.
struct Page {
  enum class Transfer : std::uint8_t { none, reading, writing };
  std::uint64_t index = 0;  ///< which page of the device
  std::uint64_t epoch = 0;  ///< dirty: the generation in which it became so
  std::uint32_t io = 0;     ///< transfer under way: which
  std::uint32_t newer = no_frame, older = no_frame;  ///< neighbours in its list
  Transfer transfer = Transfer::none;
  bool dirty = false;       ///< and the device does not yet, unless a write under way carries it
  bool has_bytes = false;   ///< its content was stored, not only its presence
  bool marker = false;      ///< its use starts the next read-ahead
  bool ahead = false;       ///< read ahead and not yet used
  bool asked = false;       ///< read because a program asked for it, and not yet used
  bool discard = false;     ///< being read, and no longer wanted when it arrives
  bool active = false, referenced = false, used = false;
};

class PageCache final : public PageHistory {
 public:
  /// `limit`: frames, at least 1.
  explicit PageCache(std::uint32_t limit) : limit_{limit} {}

  /// no_frame where the page is not there.
  std::uint32_t find(std::uint64_t page) const { return table_.find(page); }
  bool cached(std::uint64_t page) const override { return find(page) != no_frame; }
  Page& operator[](std::uint32_t frame) { return pages_[frame]; }
  const Page& operator[](std::uint32_t frame) const { return pages_[frame]; }
  /// Takes a frame for a page that is not there, from another page if need be; no_frame where all are busy.
  std::uint32_t add(std::uint64_t page);
  /// The page is forgotten, dirty or not. It has no transfer under way.
  void remove(std::uint32_t frame);
  /// The page was used.
  void touch(std::uint32_t frame);

  void set_dirty(std::uint32_t frame, std::uint64_t epoch);
  void clear_dirty(std::uint32_t frame);
  /// The lowest dirty page from `from` on, or PageSet::none.
  std::uint64_t next_dirty(std::uint64_t from) const { return dirty_.next(from); }
  std::size_t dirty() const { return dirty_.size(); }

  /// The 4096 bytes of a frame; allocated at first use, undefined until written.
  std::uint8_t* bytes(std::uint32_t frame);

  std::uint32_t size() const { return static_cast<std::uint32_t>(table_.size()); }
  std::uint32_t limit() const { return limit_; }
  std::uint32_t active() const { return active_.size; }
  /// Frames ever taken: valid numbers are below it.
  std::uint32_t frames() const { return static_cast<std::uint32_t>(pages_.size()); }
  /// Whether the frame holds a page.
  bool used(std::uint32_t frame) const { return pages_[frame].used; }
  std::uint64_t evictions() const { return evictions_; }

 private:
  struct List {
    std::uint32_t newest = no_frame, oldest = no_frame, size = 0;
  };
  static constexpr std::uint32_t chunk_frames = 64;
  void push(List& list, std::uint32_t frame);
  void unlink(List& list, std::uint32_t frame);
  List& list_of(const Page& page) { return page.active ? active_ : inactive_; }
  void deactivate_oldest();
  bool inactive_is_low() const;
  bool evict_from(List& list);
  bool evict();

  std::uint32_t limit_;
  PageTable table_;
  PageSet dirty_;
  std::vector<Page> pages_;
  std::vector<std::uint32_t> free_;
  std::vector<std::unique_ptr<std::uint8_t[]>> chunks_;
  List active_, inactive_;
  std::uint64_t evictions_ = 0;
};

}  // namespace ahcisim::host
