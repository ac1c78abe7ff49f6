// SPDX-License-Identifier: MIT
// What every integrity test expects of its run.
#pragma once

#include <cstdio>

#include <gtest/gtest.h>

#include <support/measure/integrity.hpp>

namespace ahcisim::measure {

/// Runs, prints seed and counts, and expects every request to have been right, and every kind of request among them.
inline IntegrityRun expect_right(const Settings& settings, const IntegrityOptions& options) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  const IntegrityRun run = run_integrity(settings, options);
  std::printf("%s\n", summary_of(run, options).c_str());
  EXPECT_EQ(run.requests, options.requests);
  EXPECT_EQ(run.right, options.requests);
  EXPECT_STREQ(run.first_wrong, "");
  EXPECT_EQ(run.diagnostics, 0u);
  EXPECT_GT(run.reads, options.requests * 4 / 10);
  EXPECT_GT(run.writes, options.requests * 4 / 10);
  EXPECT_GT(run.bytes_compared, options.requests * 1000);
  EXPECT_GT(run.flushes, 0u);
  EXPECT_EQ(run.trims > 0, options.trims);
  return run;
}

}  // namespace ahcisim::measure
