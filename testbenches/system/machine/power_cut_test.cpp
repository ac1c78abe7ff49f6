// SPDX-License-Identifier: MIT
// Power cuts on the bare-metal machine: what was promised is never lost, what was not promised is, and a disk that lies is found out.
#include <support/power_cut_run.hpp>

namespace ahcisim {
namespace {

using host::PowerCutVerdict;
using test::cut_power;
using test::PowerCutSetup;

const char* const drives[] = {"ultrastar-dc-hc310", "samsung-850-pro", "intel-s4500", "instant"};

/// One process a test, so that each may elaborate: the mode comes with the test, the drive with its parameter.
class MachinePowerCut : public testing::TestWithParam<const char*> {
 protected:
  PowerCutSetup setup(std::uint64_t seed) {
    PowerCutSetup setup;
    setup.settings = {{"machine.drive", GetParam()}};
    setup.options.seed = seed;
    setup.options.first_lba = 100'000;
    setup.options.longest_pause = kit::Duration::from_ms(1);  // so that an idle arm writes back on its own
    return setup;
  }
  /// Whether the drive has anything to lose.
  bool volatile_buffer() const { return GetParam() == drives[0] || GetParam() == drives[1]; }
};

TEST_P(MachinePowerCut, CachedWritesWithFlushes) {
  const PowerCutVerdict verdict = cut_power(setup(101));
  EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
  if (volatile_buffer())
    EXPECT_GT(verdict.cuts_losing_acknowledged, verdict.cuts / 2) << "what no flush has covered is lost: the price of the cache";
  else
    EXPECT_EQ(verdict.cuts_losing_acknowledged, 0u) << "nothing is ever in a volatile buffer";
}

TEST_P(MachinePowerCut, ForcedUnitAccessByTheDisk) {
  PowerCutSetup forced = setup(102);
  forced.settings.emplace_back("host.driver.fua", "true");
  forced.options.fua_percent = 40;
  forced.options.flush_every = 0;
  const PowerCutVerdict verdict = cut_power(forced);
  EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
  if (volatile_buffer()) {
    EXPECT_GT(verdict.cuts_losing_acknowledged, 0u);
  }
}

TEST_P(MachinePowerCut, ForcedUnitAccessByAFlushBehindTheWrite) {
  PowerCutSetup forced = setup(103);
  forced.options.fua_percent = 40;
  forced.options.flush_every = 50;
  const PowerCutVerdict verdict = cut_power(forced);
  EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
}

TEST_P(MachinePowerCut, CacheOff) {
  PowerCutSetup off = setup(104);
  off.settings.emplace_back("host.driver.write_cache", "off");
  off.options.stable_when_acknowledged = true;
  const PowerCutVerdict verdict = cut_power(off);
  EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
}

TEST_P(MachinePowerCut, OneCommandAtATime) {
  PowerCutSetup single = setup(105);
  single.settings.emplace_back("host.driver.ncq", "false");
  single.options.fua_percent = 10;
  const PowerCutVerdict verdict = cut_power(single);
  EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
}

// Parallel ATA: no queue, and a flush behind a write that is to be safe.
TEST_P(MachinePowerCut, OverIde) {
  PowerCutSetup parallel = setup(108);
  parallel.settings.emplace_back("machine.interface", "ide");
  parallel.options.fua_percent = 5;
  const PowerCutVerdict verdict = cut_power(parallel);
  EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
  if (volatile_buffer()) {
    EXPECT_GT(verdict.cuts_losing_acknowledged, 0u);
  }
}

TEST_P(MachinePowerCut, AFlushThatIsForgottenNowAndThenIsFoundOut) {
  PowerCutSetup lying = setup(109);
  lying.dropped_flushes = 4;
  EXPECT_EQ(cut_power(lying).holds(), !volatile_buffer());
}

TEST_P(MachinePowerCut, AFlushThatIsOnlyAnsweredIsFoundOut) {
  PowerCutSetup lying = setup(106);
  lying.dropped_flushes = 1;
  lying.options.fua_percent = 10;
  const PowerCutVerdict verdict = cut_power(lying);
  EXPECT_EQ(verdict.cuts_with_foreign, 0u) << "it loses, but it does not make up";
  if (!volatile_buffer()) {
    EXPECT_TRUE(verdict.holds()) << verdict.first_breach;
    return;
  }
  EXPECT_GT(verdict.cuts_losing_stable, verdict.cuts / 2);
  EXPECT_GT(verdict.cuts_out_of_order, 0u);
  EXPECT_NE(verdict.first_breach, "");
}

TEST_P(MachinePowerCut, PromisingACacheToBeSafeIsFoundOut) {
  PowerCutSetup wrong = setup(107);
  wrong.options.stable_when_acknowledged = true;  // but the cache is on
  const PowerCutVerdict verdict = cut_power(wrong);
  EXPECT_EQ(verdict.holds(), !volatile_buffer());
}

INSTANTIATE_TEST_SUITE_P(Drives, MachinePowerCut, testing::ValuesIn(drives), [](const auto& info) {
  std::string name;
  for (const char letter : std::string{info.param})
    if (letter != '-') name += letter;
  return name;
});

}  // namespace
}  // namespace ahcisim
