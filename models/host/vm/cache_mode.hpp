// SPDX-License-Identifier: MIT
// An emulator's cache modes: five names for three switches. Plain data.
#pragma once

#include <string_view>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {

/// QEMU's cache.writeback, cache.direct and cache.no-flush (qemu-options.hx, -drive cache=).
struct CacheMode {
  bool write_back;  ///< the guest is told of a write cache; without it every write is flushed before it completes
  bool direct;      ///< the image is opened with O_DIRECT: the host's page cache is bypassed
  bool no_flush;    ///< the guest's flushes, and those of write through, are ignored

  friend constexpr bool operator==(const CacheMode& a, const CacheMode& b) {
    return a.write_back == b.write_back && a.direct == b.direct && a.no_flush == b.no_flush;
  }
};

struct NamedCacheMode {
  std::string_view name;
  CacheMode mode;
};
inline constexpr NamedCacheMode cache_modes[] = {
    {"writeback", {true, false, false}}, {"none", {true, true, false}},    {"writethrough", {false, false, false}},
    {"directsync", {false, true, false}}, {"unsafe", {true, false, true}},
};
/// Throws kit::ConfigError for a name that is none of them.
inline CacheMode cache_mode_of(std::string_view name) {
  for (const NamedCacheMode& each : cache_modes)
    if (each.name == name) return each.mode;
  throw kit::ConfigError{"unknown cache mode \"" + std::string{name} + "\"; known are writeback, none, writethrough, directsync, unsafe"};
}

}  // namespace ahcisim::host
