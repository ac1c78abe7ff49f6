// SPDX-License-Identifier: MIT
// A bare-metal machine whose power is cut 10,000 times: settings in, verdict out. Once in a process.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/power_cut.hpp>
#include <support/flush_dropper.hpp>

namespace ahcisim::test {

struct PowerCutSetup {
  std::vector<std::pair<std::string, std::string>> settings;  ///< as `ahcisim run --set` takes them
  host::StampingOptions options;
  bool drop_flushes = false;
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

inline host::PowerCutVerdict cut_bare_metal(const PowerCutSetup& setup, std::uint64_t cuts = 10'000) {
  std::vector<machine::Setting> all{{"host.probe.fast_probe", "true", "test"}};
  for (const auto& [key, text] : setup.settings) all.push_back({key, text, "test"});
  const machine::Parameters parameters{all};
  kit::Context context{setup.options.seed};
  context.calendar.set_run_ahead_limit(kit::Duration::never());
  machine::BareMetal machine{context, parameters};
  FlushDropper dropper{machine.driver};
  host::BlockDevice& device = setup.drop_flushes ? static_cast<host::BlockDevice&>(dropper) : machine.driver;
  machine::PowerCutCheck check{context, device, *machine.medium(), machine.content(), setup.options};
  sc_core::sc_start();
  return judged(check, context, cuts);
}

}  // namespace ahcisim::test
