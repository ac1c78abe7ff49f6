// SPDX-License-Identifier: MIT
// A machine whose power is cut 10,000 times: settings in, verdict out. Once in a process.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/machine/machine.hpp>
#include <ahcisim/models/machine/power_cut.hpp>
#include <support/flush_dropper.hpp>

namespace ahcisim::test {

struct PowerCutSetup {
  std::vector<std::pair<std::string, std::string>> settings;  ///< as `ahcisim run --set` takes them
  host::StampingOptions options;
  unsigned dropped_flushes = 0;   ///< every how-manieth flush is answered and not done; 0: none
};

/// The verdict after a run, which is expected to have gone well, and a line about it.
inline host::PowerCutVerdict judged(const machine::PowerCutCheck& check, const kit::Context& context, std::uint64_t cuts,
                                    const machine::SectorMap& map = {}) {
  EXPECT_TRUE(check.workload.finished()) << check.workload.failure();
  EXPECT_EQ(check.workload.errors(), 0u);
  EXPECT_EQ(context.diagnostics.count(), 0u);
  const host::PowerCutVerdict verdict = check.verdict(cuts, map);
  std::printf("seed %llu: %zu writes, %zu flushes in %.1f ms; %llu cuts: stable lost at %llu, out of order at %llu, foreign at %llu; "
              "acknowledged lost at %llu, up to %llu writes\n",
              static_cast<unsigned long long>(check.workload.options().seed), check.workload.history().writes().size(),
              check.workload.history().flushes().size(), (check.workload.finished_at() - check.workload.started_at()).ms(),
              static_cast<unsigned long long>(verdict.cuts), static_cast<unsigned long long>(verdict.cuts_losing_stable),
              static_cast<unsigned long long>(verdict.cuts_out_of_order), static_cast<unsigned long long>(verdict.cuts_with_foreign),
              static_cast<unsigned long long>(verdict.cuts_losing_acknowledged),
              static_cast<unsigned long long>(verdict.most_lost_acknowledged));
  return verdict;
}

/// Bare metal or emulated, as the settings say.
inline host::PowerCutVerdict cut_power(const PowerCutSetup& setup, std::uint64_t cuts = 10'000) {
  std::vector<machine::Setting> all{{"host.probe.fast_probe", "true", "test"}};
  for (const auto& [key, text] : setup.settings) all.push_back({key, text, "test"});
  const machine::Parameters parameters{all};
  kit::Context context{setup.options.seed};
  context.calendar.set_run_ahead_limit(kit::Duration::never());
  const std::unique_ptr<machine::Machine> machine = machine::make_machine(context, parameters);
  FlushDropper dropper{machine->device(), setup.dropped_flushes};
  host::BlockDevice& device = setup.dropped_flushes ? dropper : machine->device();
  const machine::Keeper keeper = machine->keeper();
  machine::PowerCutCheck check{context, device, *keeper.medium, *keeper.store, setup.options};
  sc_core::sc_start();
  EXPECT_EQ(machine->failure(), "");
  return judged(check, context, cuts, keeper.map);
}

}  // namespace ahcisim::test
