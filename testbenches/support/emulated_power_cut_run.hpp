// SPDX-License-Identifier: MIT
// Emulated machines for power cuts: a guest's program on an interface, a cache mode and a drive.
#pragma once

#include <string>

#include <ahcisim/models/host/vm/cache_mode.hpp>
#include <support/power_cut_run.hpp>

namespace ahcisim::test {

/// A guest's program on the given interface and cache mode, over a drive. Its writes are promised to be safe where the guest is
/// told of no write cache, unless its own page cache holds them.
inline PowerCutSetup emulated_setup(const std::string& drive, const std::string& interface, const std::string& mode, std::uint64_t seed) {
  PowerCutSetup setup;
  // Small page caches, so that they write back while the program runs.
  setup.settings = {{"machine.deployment", "emulated"}, {"machine.drive", drive}, {"machine.interface", interface},
                    {"image.cache", mode}, {"host.page_cache.size", "4MiB"}, {"guest.page_cache.size", "4MiB"}};
  setup.options.seed = seed;
  setup.options.first_lba = 1'000'001;  // beside the boundaries of physical sectors and pages
  setup.options.region_sectors = 8'000;
  setup.options.most_sectors = 64;
  setup.options.depth = 16;
  setup.options.writes = 3'000;
  setup.options.flush_every = 40;
  setup.options.longest_pause = kit::Duration::from_us(seed % 2 ? 0 : 500);
  setup.options.stable_when_acknowledged = !host::cache_mode_of(mode).write_back;
  return setup;
}

}  // namespace ahcisim::test
