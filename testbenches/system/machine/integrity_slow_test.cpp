// SPDX-License-Identifier: MIT
// A million random requests with command queueing, every byte compared.
#include <gtest/gtest.h>

#include <cstdio>

#include <support/measure/integrity.hpp>

namespace ahcisim::measure {
namespace {

TEST(Integrity, AMillionRequests) {
  IntegrityOptions options;
  options.requests = 1'000'000;
  options.seed = 20;
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  const IntegrityRun run = run_integrity({{"machine.drive", "samsung-850-pro"}}, options);
  std::printf("%.1f s, %llu bytes compared, %llu pieces\n", run.wall_seconds, static_cast<unsigned long long>(run.bytes_compared),
              static_cast<unsigned long long>(run.prds));
  EXPECT_EQ(run.right, options.requests) << run.first_wrong;
  EXPECT_EQ(run.diagnostics, 0u);
}

}  // namespace
}  // namespace ahcisim::measure
