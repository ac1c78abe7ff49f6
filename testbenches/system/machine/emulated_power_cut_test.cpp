// SPDX-License-Identifier: MIT
// Power cuts under a virtual machine: each cache mode on each interface keeps what it promises, and unsafe does not.
#include <support/emulated_power_cut_run.hpp>

namespace ahcisim {
namespace {

using host::PowerCutVerdict;
using test::cut_power;
using test::emulated_setup;
using test::PowerCutSetup;

const char* const interfaces[] = {"ahci", "ide", "virtio_blk"};
const char* const safe_modes[] = {"writeback", "none", "writethrough", "directsync"};
constexpr const char* hard_disk = "ultrastar-dc-hc310";

class EmulatedPowerCut : public testing::TestWithParam<std::tuple<const char*, const char*>> {
 protected:
  static PowerCutSetup setup(std::uint64_t seed, const char* drive = hard_disk) {
    return emulated_setup(drive, std::get<0>(GetParam()), std::get<1>(GetParam()), seed);
  }
  static bool is(const char* interface) { return std::string{std::get<0>(GetParam())} == interface; }
};
INSTANTIATE_TEST_SUITE_P(All, EmulatedPowerCut, testing::Combine(testing::ValuesIn(interfaces), testing::ValuesIn(safe_modes)),
                         [](const auto& info) { return std::string{std::get<0>(info.param)} + "_" + std::get<1>(info.param); });

TEST_P(EmulatedPowerCut, WritesWithFlushes) {
  const PowerCutSetup flushed = setup(301);
  const PowerCutVerdict verdict = cut_power(flushed);
  EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
  if (!flushed.options.stable_when_acknowledged) {
    EXPECT_GT(verdict.cuts_losing_acknowledged, verdict.cuts / 2) << "what no flush has covered is lost: the price of the cache";
  }
}

// AHCI: the guest's write carries the bit; IDE and virtio-blk: a flush follows it.
TEST_P(EmulatedPowerCut, ForcedUnitAccess) {
  PowerCutSetup forced = setup(302);
  if (is("ahci")) forced.settings.emplace_back("guest.driver.fua", "true");
  forced.options.fua_percent = 30;
  forced.options.flush_every = 0;
  forced.options.writes = 1'500;
  const PowerCutVerdict verdict = cut_power(forced);
  EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
}

TEST_P(EmulatedPowerCut, ThroughTheGuestsPageCache) {
  PowerCutSetup buffered = setup(303);
  buffered.settings.emplace_back("guest.io", "buffered");
  buffered.options.stable_when_acknowledged = false;
  buffered.options.fua_percent = 3;
  const PowerCutVerdict verdict = cut_power(buffered);
  EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
  EXPECT_GT(verdict.cuts_losing_acknowledged, verdict.cuts / 2) << "the guest's own cache has something to lose";
}

TEST_P(EmulatedPowerCut, OnASolidStateDrive) {
  const PowerCutVerdict verdict = cut_power(setup(304, "samsung-850-pro"));
  EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
}

// The journal has to find the block again, too.
TEST_P(EmulatedPowerCut, OfAFileThatGrows) {
  PowerCutSetup sparse = setup(305);
  sparse.settings.insert(sparse.settings.end(), {{"image.file.layout", "sparse"}});
  sparse.options.fua_percent = 3;
  sparse.options.writes = 1'500;
  const PowerCutVerdict verdict = cut_power(sparse);
  EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
}

class EmulatedPowerCutUnsafe : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, EmulatedPowerCutUnsafe, testing::ValuesIn(interfaces));

TEST_P(EmulatedPowerCutUnsafe, LosesWhatItHasPromised) {
  PowerCutSetup setup = emulated_setup(hard_disk, GetParam(), "unsafe", 306);
  setup.options.fua_percent = 3;
  const PowerCutVerdict verdict = cut_power(setup);
  EXPECT_GT(verdict.cuts_losing_stable, verdict.cuts / 2) << "data that was flushed";
  EXPECT_GT(verdict.cuts_out_of_order, 0u) << "the host writes back in an order of its own";
  EXPECT_EQ(verdict.cuts_with_foreign, 0u) << "it loses, but it does not make up";
}

// The test can fail on every interface: a flush of the program that gets lost now and then is missed.
TEST_P(EmulatedPowerCutUnsafe, SafeModesWithAForgottenFlushAreFoundOut) {
  PowerCutSetup setup = emulated_setup(hard_disk, GetParam(), "writeback", 308);
  setup.dropped_flushes = 3;
  const PowerCutVerdict verdict = cut_power(setup);
  EXPECT_GT(verdict.cuts_losing_stable, 0u);
  EXPECT_EQ(verdict.cuts_with_foreign, 0u);
}

// A guest that takes the disk's word for safe where the mode has a cache is found out.
TEST(EmulatedPowerCutCheck, PromisingTooMuchIsFoundOut) {
  PowerCutSetup wrong = emulated_setup(hard_disk, "ahci", "none", 307);
  wrong.options.stable_when_acknowledged = true;
  EXPECT_FALSE(cut_power(wrong).holds());
}

}  // namespace
}  // namespace ahcisim
