// SPDX-License-Identifier: MIT
// An emulated machine whose host's power is cut 10,000 times: settings in, verdict on the guest's program out. Once in a process.
#pragma once

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <ahcisim/models/machine/emulated.hpp>
#include <support/power_cut_run.hpp>

namespace ahcisim::test {

/// Where the image's sectors lie on the host's drive, and since when the file system would find them there. In a sparse file the
/// extents must be of one block: those of more are committed several times, and a map knows the last time only.
inline machine::SectorMap map_of(host::HostFile& file) {
  return [&file](std::uint64_t sector) -> std::optional<machine::SectorPlace> {
    const std::optional<std::uint64_t> place = file.committed_sector(sector);
    if (!place) return std::nullopt;
    return machine::SectorPlace{*place, file.committed_at(sector)};
  };
}

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

inline host::PowerCutVerdict cut_emulated(const PowerCutSetup& setup, std::uint64_t cuts = 10'000) {
  std::vector<machine::Setting> all{{"host.probe.fast_probe", "true", "test"}};
  for (const auto& [key, text] : setup.settings) all.push_back({key, text, "test"});
  const machine::Parameters parameters{all};
  kit::Context context{setup.options.seed};
  context.calendar.set_run_ahead_limit(kit::Duration::never());
  machine::Emulated machine{context, parameters};
  machine::PowerCutCheck check{context, machine.device(), *machine.medium(), machine.host().drive()->content(), setup.options};
  sc_core::sc_start();
  EXPECT_EQ(machine.failure(), "");
  return judged(check, context, cuts, map_of(*machine.host().host_file()));
}

}  // namespace ahcisim::test
