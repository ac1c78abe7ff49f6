// SPDX-License-Identifier: MIT
// How far to read ahead: Linux's on-demand read-ahead of one open file.
//
// A window is a run of pages read at once; the last `async` of them were not asked for, and the first of those carries a
// marker. Who uses the marked page starts the next window while the rest of this one is still unread, so a stream never
// waits. Windows begin at two to four times the request and double up to the limit. A miss that continues no stream reads what
// was asked for and nothing more (Linux 6.12, mm/readahead.c, "On-demand readahead design").
#pragma once

#include <cstdint>

namespace ahcisim::host {

/// Which pages are in the cache.
class PageHistory {
 public:
  virtual bool cached(std::uint64_t page) const = 0;

 protected:
  ~PageHistory() = default;
};

class ReadAhead {
 public:
  struct Window {
    std::uint64_t start = 0;
    std::uint64_t size = 0;   ///< pages; 0: nothing to read
    std::uint64_t async = 0;  ///< of them, those beyond what was asked for: the marker is at marker()
    std::uint64_t marker() const { return start + size - async; }
  };
  /// `limit`: longest window in pages (read_ahead_kb), 0 switches read-ahead off. `longest`: pages of the largest request of
  /// the device, up to which one large read is not cut into windows.
  ReadAhead(std::uint64_t limit, std::uint64_t longest) : limit_{limit}, longest_{longest} {}

  /// `page` is not in the cache, and the call wants `wanted` pages from it on (at least 1).
  Window missed(std::uint64_t page, std::uint64_t wanted, const PageHistory& history);
  /// The page used carries the marker.
  Window marked(std::uint64_t page, std::uint64_t wanted, const PageHistory& history);
  /// A call has read up to before `page_after`.
  void read_up_to(std::uint64_t page_after) { previous_ = page_after; }

 private:
  std::uint64_t limit_for(std::uint64_t wanted) const;
  bool continues(std::uint64_t page) const;
  Window first_window(std::uint64_t page, std::uint64_t wanted, std::uint64_t limit);
  Window next_window(std::uint64_t limit);
  Window settle(std::uint64_t page, std::uint64_t limit);
  static std::uint64_t grown(std::uint64_t size, std::uint64_t limit);

  std::uint64_t limit_, longest_;
  Window window_;
  std::uint64_t previous_ = UINT64_MAX;
};

}  // namespace ahcisim::host
