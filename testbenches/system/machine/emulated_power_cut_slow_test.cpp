// SPDX-License-Identifier: MIT
// Long runs under a virtual machine, 10,000 power cuts each: cache mode by interface by drive, with flushes and forced unit access.
#include <support/emulated_power_cut_run.hpp>

namespace ahcisim {
namespace {

class EmulatedPowerCutLong : public testing::TestWithParam<std::tuple<const char*, const char*, const char*, std::uint64_t>> {};

TEST_P(EmulatedPowerCutLong, KeepsItsPromises) {
  const auto [drive, interface, mode, seed] = GetParam();
  test::PowerCutSetup setup = test::emulated_setup(drive, interface, mode, seed);
  setup.options.writes = 12'000;
  setup.options.fua_percent = 5;
  const host::PowerCutVerdict verdict = test::cut_power(setup);
  if (!host::cache_mode_of(mode).no_flush) {
    EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
    return;
  }
  EXPECT_GT(verdict.cuts_losing_stable, verdict.cuts / 2);
  EXPECT_EQ(verdict.cuts_with_foreign, 0u);
}

std::string name_of(const testing::TestParamInfo<EmulatedPowerCutLong::ParamType>& info) {
  const auto [drive, interface, mode, seed] = info.param;
  return (std::string{drive} == "ultrastar-dc-hc310" ? "Hdd_" : "Ssd_") + std::string{interface} + "_" + mode + "_" + std::to_string(seed);
}

INSTANTIATE_TEST_SUITE_P(All, EmulatedPowerCutLong,
                         testing::Combine(testing::Values("ultrastar-dc-hc310", "samsung-850-pro"), testing::Values("ahci", "ide", "virtio_blk"),
                                          testing::Values("writeback", "none", "writethrough", "directsync", "unsafe"), testing::Values(401u, 402u)),
                         name_of);

}  // namespace
}  // namespace ahcisim
