// SPDX-License-Identifier: MIT
// A million random requests with command queueing, every byte compared.
#include <gtest/gtest.h>

#include <support/expect_right.hpp>

namespace ahcisim::measure {
namespace {

TEST(Integrity, AMillionRequests) {
  IntegrityOptions options;
  options.requests = 1'000'000;
  options.seed = 20;
  expect_right({{"machine.drive", "samsung-850-pro"}}, options);
}

}  // namespace
}  // namespace ahcisim::measure
