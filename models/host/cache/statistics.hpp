// SPDX-License-Identifier: MIT
// The statistics of a page cache.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::host {

/// The highest value seen.
class HighWater final : public kit::Stat {
 public:
  HighWater(kit::StatSet& owner, std::string name, std::string unit, std::string meaning)
      : Stat{owner, std::move(name), std::move(unit), std::move(meaning)} {}
  void see(std::uint64_t value) { value_ = std::max(value_, value); }
  std::uint64_t value() const { return value_; }
  std::vector<std::pair<std::string, double>> values() const override { return {{"", static_cast<double>(value_)}}; }
  void reset() override { value_ = 0; }

 private:
  std::uint64_t value_ = 0;
};

struct CacheStatistics : kit::StatSet {
  kit::Counter hits{*this, "hits", "pages", "pages that a read found in the cache, ready to be copied"};
  kit::Counter misses{*this, "misses", "pages", "pages that a read had to wait for"};
  kit::Counter write_hits{*this, "write.hits", "pages", "pages that a write found in the cache"};
  kit::Counter write_misses{*this, "write.misses", "pages", "pages that a write added to the cache"};
  kit::Counter partial{*this, "write.partial", "pages", "pages read first, because a write changes a part of them"};
  kit::Counter reads{*this, "reads", "requests", "reads sent to the device below"};
  kit::Counter ahead{*this, "ahead", "pages", "pages read ahead"};
  kit::Counter ahead_hits{*this, "ahead.hits", "pages", "of them, those used while they were in the cache"};
  kit::Counter write_backs{*this, "writebacks", "requests", "write-backs sent to the device below"};
  kit::Counter write_back_pages{*this, "writebacks.pages", "pages", "pages written back"};
  kit::Counter direct{*this, "direct", "requests", "requests that bypassed the cache"};
  kit::Counter flushes{*this, "flushes", "requests", "flushes sent to the device below"};
  kit::Counter throttled{*this, "throttled", "times", "waits of writers for dirty pages to be written"};
  kit::TimeSum throttled_time{*this, "throttled.time", "time that writers waited for dirty pages to be written"};
  kit::TimeSum kernel_time{*this, "kernel.time", "processor time of the kernel's file layer"};
  kit::Counter errors{*this, "errors", "requests", "reads and write-backs that the device below failed"};
  HighWater dirty{*this, "dirty.highest", "pages", "most pages dirty or being written back at a time"};
};

}  // namespace ahcisim::host
