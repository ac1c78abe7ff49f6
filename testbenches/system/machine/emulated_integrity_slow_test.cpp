// SPDX-License-Identifier: MIT
// A hundred thousand random requests on each interface of an emulated machine, on each way to the drive, every byte compared.
#include <gtest/gtest.h>

#include <support/expect_right.hpp>

namespace ahcisim::measure {
namespace {

struct Way {
  const char* name;
  const char* cache;
  const char* io;
};
const Way ways[] = {{"through_both_caches", "writeback", "buffered"}, {"through_the_hosts_cache", "writeback", "direct"}, {"past_the_caches", "none", "direct"}};

class EmulatedIntegrityLong : public testing::TestWithParam<std::tuple<const char*, Way>> {};
INSTANTIATE_TEST_SUITE_P(All, EmulatedIntegrityLong, testing::Combine(testing::Values("ahci", "ide", "virtio_blk"), testing::ValuesIn(ways)),
                         [](const auto& info) { return std::string{std::get<0>(info.param)} + "_" + std::get<1>(info.param).name; });

TEST_P(EmulatedIntegrityLong, EveryByteIsRight) {
  const auto& [interface, way] = GetParam();
  IntegrityOptions options;
  options.requests = 100'000;
  options.seed = 40;
  options.scattered = std::string{way.io} == "direct";
  expect_right({{"machine.deployment", "emulated"}, {"machine.drive", "samsung-850-pro"}, {"machine.interface", interface},
                {"image.cache", way.cache}, {"guest.io", way.io}, {"guest.page_cache.size", "16MiB"},
                {"host.page_cache.size", "16MiB"}}, options);
}

}  // namespace
}  // namespace ahcisim::measure
