// SPDX-License-Identifier: MIT
// When dirty pages are written back and when writers must wait (Linux: Documentation/admin-guide/sysctl/vm.rst, dirty_*).
#pragma once

#include <algorithm>
#include <cstdint>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::host {

class DirtyLimits {
 public:
  /// `pages`: frames of the cache, of which the ratios are parts. The limit is at least one page, the background limit below it.
  DirtyLimits(std::uint64_t pages, kit::Ratio background, kit::Ratio limit, kit::Duration expire, kit::Duration interval)
      : limit_{std::max<std::uint64_t>(part(pages, limit), 1)},
        background_{std::min(part(pages, background), limit_ - 1)},
        expire_{expire},
        interval_{interval} {}
  /// More dirty pages than this are written back in the background …
  std::uint64_t background() const { return background_; }
  /// … and a writer waits while as many are dirty or being written.
  std::uint64_t limit() const { return limit_; }
  bool throttled(std::uint64_t dirty, std::uint64_t writing) const { return dirty + writing >= limit_; }
  /// When the periodic write-back finds what has been dirty since `since`: its first tick at which that is older than the
  /// expiry.
  kit::Duration expiry(kit::Duration since) const {
    const std::int64_t old = (since + expire_).ps(), interval = interval_.ps();
    return kit::Duration::from_ps((old + interval - 1) / interval * interval);
  }

 private:
  static std::uint64_t part(std::uint64_t pages, kit::Ratio ratio) {
    return static_cast<std::uint64_t>(static_cast<double>(pages) * ratio.value);
  }
  std::uint64_t limit_, background_;
  kit::Duration expire_, interval_;
};

}  // namespace ahcisim::host
