// SPDX-License-Identifier: MIT
// Long runs on the bare-metal machine, 10,000 power cuts each: mechanics and flash, each way to be promised something.
#include <support/power_cut_run.hpp>

namespace ahcisim {
namespace {

enum class Mode { cached, forced, cache_off };

class MachinePowerCutLong : public testing::TestWithParam<std::tuple<const char*, Mode, std::uint64_t>> {};

TEST_P(MachinePowerCutLong, KeepsItsPromises) {
  const auto [drive, mode, seed] = GetParam();
  test::PowerCutSetup setup;
  setup.settings = {{"machine.drive", drive}};
  setup.options.seed = seed;
  setup.options.first_lba = 1'000'001;  // beside the boundaries of physical sectors and pages
  setup.options.writes = 12'000;
  setup.options.depth = 24;
  setup.options.region_sectors = 8'000;
  setup.options.most_sectors = 64;
  setup.options.flush_every = mode == Mode::forced ? 0 : 40;
  setup.options.longest_pause = kit::Duration::from_us(seed % 2 ? 0 : 3000);
  if (mode == Mode::forced) {
    setup.settings.emplace_back("host.driver.fua", "true");
    setup.options.fua_percent = 30;
  } else if (mode == Mode::cache_off) {
    setup.settings.emplace_back("host.driver.write_cache", "off");
    setup.options.stable_when_acknowledged = true;
  }
  const host::PowerCutVerdict verdict = test::cut_power(setup);
  EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
}

std::string name_of(const testing::TestParamInfo<MachinePowerCutLong::ParamType>& info) {
  const auto [drive, mode, seed] = info.param;
  const char* const mode_name = mode == Mode::cached ? "Cached" : mode == Mode::forced ? "Forced" : "CacheOff";
  return (std::string{drive} == "ultrastar-dc-hc310" ? "Hdd" : "Ssd") + std::string{mode_name} + std::to_string(seed);
}

INSTANTIATE_TEST_SUITE_P(All, MachinePowerCutLong,
                         testing::Combine(testing::Values("ultrastar-dc-hc310", "samsung-850-pro"),
                                          testing::Values(Mode::cached, Mode::forced, Mode::cache_off), testing::Values(201u, 202u)),
                         name_of);

}  // namespace
}  // namespace ahcisim
