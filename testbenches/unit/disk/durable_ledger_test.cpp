// SPDX-License-Identifier: MIT
// The ledger against a medium that says what the test wants: which version a power cut leaves, and how far back that is known.
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/disk/durable_ledger.hpp>
#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <unit/disk/byte_medium.hpp>

namespace {

using namespace disk_test;
using namespace ahcisim::kit::literals;

MediumFacts facts_of(std::uint64_t sectors) {
  MediumFacts facts;
  facts.sectors = sectors;
  return facts;
}

/// A medium whose reports the test makes.
struct Reporter final : Medium {
  MediumFacts facts() const override { return facts_of(1 << 20); }
  void submit(MediaRequest&, Duration) override {}
  void transferred(MediaRequest&, Duration) override {}
  Duration next_decision() const override { return Duration::never(); }
  void advance(Duration) override {}
  void set_write_cache(bool) override {}
  void set_look_ahead(bool) override {}
  void abandon_all(Duration) override {}
  void stop_spindle(Duration) override {}
  void attach(MediumClient&) override {}
  StatSet& statistics() override { return none; }
  DurabilityListener* listener() { return durability_; }
  StatSet none;
};

struct Bench {
  /// The store gets `content` in every byte, as the device would have done before.
  std::uint64_t write(std::uint64_t lba, std::uint32_t sectors, std::uint8_t content, Duration now) {
    const std::vector<std::uint8_t> bytes(sectors * sector_bytes, content);
    store.write(lba, sectors, bytes.data());
    return medium.listener()->accepted({lba, sectors}, false, now);
  }
  /// Before anybody listens.
  void write_before(std::uint64_t lba, std::uint8_t content) {
    const std::vector<std::uint8_t> bytes(sector_bytes, content);
    store.write(lba, 1, bytes.data());
  }
  void safe(std::uint64_t lba, std::uint64_t sectors, std::uint64_t version, Duration first, Duration last) {
    medium.listener()->persisted({lba, sectors}, version, first, last);
  }
  /// First and last byte of a sector after a power cut, which must be the same.
  int left(const DurableLedger& ledger, std::uint64_t lba, Duration at) {
    std::uint8_t bytes[sector_bytes];
    DurableView view = ledger.power_cut(at);
    view.read(lba, 1, bytes);
    EXPECT_EQ(bytes[0], bytes[sector_bytes - 1]);
    return bytes[0];
  }
  Reporter medium;
  SparseStore store{1 << 20};
};

TEST(DurableLedger, ASectorIsOldUntilItIsSafe) {
  Bench bench;
  DurableLedger ledger{bench.medium, bench.store};
  const std::uint64_t first = bench.write(100, 4, 0x11, 10_us);
  EXPECT_EQ(bench.left(ledger, 100, 1_s), 0) << "never reported safe";
  EXPECT_EQ(ledger.unsafe_sectors(1_s), 4u);
  bench.safe(100, 4, first, 20_us, 20_us);
  const std::uint64_t second = bench.write(101, 1, 0x22, 30_us);
  bench.safe(101, 1, second, 50_us, 50_us);
  EXPECT_EQ(bench.left(ledger, 100, Duration::from_ps((20_us).ps() - 1)), 0);
  EXPECT_EQ(bench.left(ledger, 100, 20_us), 0x11);
  EXPECT_EQ(bench.left(ledger, 101, 49_us), 0x11) << "the newer version is in the buffer";
  EXPECT_EQ(bench.left(ledger, 101, 50_us), 0x22);
  EXPECT_EQ(ledger.unsafe_sectors(40_us), 1u);
  EXPECT_EQ(ledger.unsafe_sectors(50_us), 0u);
  EXPECT_EQ(ledger.power_cut(40_us).version(101), first);
  EXPECT_EQ(ledger.power_cut(40_us).version(99), 0u);
}

TEST(DurableLedger, WhatIsRewrittenMeanwhileIsNotWhatWentToTheMedium) {
  Bench bench;
  DurableLedger ledger{bench.medium, bench.store};
  const std::uint64_t old = bench.write(0, 8, 1, 1_us);
  const std::uint64_t fresh = bench.write(4, 8, 2, 2_us);
  bench.safe(0, 12, old, 10_us, 10_us);  // the arm set out before the second write came
  for (std::uint64_t lba = 0; lba < 8; ++lba) EXPECT_EQ(bench.left(ledger, lba, 10_us), 1) << lba;
  for (std::uint64_t lba = 8; lba < 12; ++lba) EXPECT_EQ(bench.left(ledger, lba, 10_us), 0) << lba;
  bench.safe(4, 8, fresh, 20_us, 20_us);
  EXPECT_EQ(bench.left(ledger, 3, 20_us), 1);
  EXPECT_EQ(bench.left(ledger, 4, 20_us), 2);
}

TEST(DurableLedger, OlderDataNeverComesOverNewer) {
  Bench bench;
  DurableLedger ledger{bench.medium, bench.store};
  const std::uint64_t old = bench.write(0, 1, 1, 1_us), fresh = bench.write(0, 1, 2, 2_us);
  bench.safe(0, 1, fresh, 10_us, 10_us);
  bench.safe(0, 1, old, 20_us, 20_us);
  EXPECT_EQ(bench.left(ledger, 0, 15_us), 2);
  EXPECT_EQ(bench.left(ledger, 0, 25_us), 2);
  const auto timeline = ledger.timeline();
  ASSERT_EQ(timeline.size(), 1u);
  EXPECT_EQ(timeline[0].version, fresh);
}

TEST(DurableLedger, SectorsBecomeSafeOneByOne) {
  Bench bench;
  DurableLedger ledger{bench.medium, bench.store};
  const std::uint64_t version = bench.write(1000, 11, 7, 0_us);
  bench.safe(1000, 11, version, 10_us, 20_us);
  for (std::uint64_t lba = 0; lba < 11; ++lba) {
    EXPECT_EQ(bench.left(ledger, 1000 + lba, Duration::from_ps((10_us).ps() + static_cast<std::int64_t>(lba) * 1'000'000 - 1)), 0);
    EXPECT_EQ(bench.left(ledger, 1000 + lba, Duration::from_ps((10_us).ps() + static_cast<std::int64_t>(lba) * 1'000'000)), 7);
  }
  const auto timeline = ledger.timeline();
  ASSERT_EQ(timeline.size(), 11u);
  EXPECT_EQ(timeline[3].at, 13_us);
  EXPECT_EQ(timeline[3].lba, 1003u);
  EXPECT_EQ(timeline[3].bytes[0], 7);
}

TEST(DurableLedger, TrimsReadAsZerosOnceSafe) {
  Bench bench;
  DurableLedger ledger{bench.medium, bench.store};
  bench.safe(0, 8, bench.write(0, 8, 5, 1_us), 2_us, 2_us);
  const std::uint64_t kept = ledger.kept_bytes();
  bench.store.trim(0, 1 << 20);
  const std::uint64_t trim = bench.medium.listener()->accepted({0, 1 << 20}, true, 3_us);
  EXPECT_EQ(ledger.kept_bytes(), kept) << "a trim of the whole disk takes no memory";
  bench.safe(0, 1 << 20, trim, 4_us, 4_us);
  EXPECT_EQ(bench.left(ledger, 7, 3_us), 5);
  EXPECT_EQ(bench.left(ledger, 7, 4_us), 0);
  EXPECT_EQ(bench.left(ledger, 500, 4_us), 0);
}

TEST(DurableLedger, KnowsWhatTheDiskHeldBefore) {
  Bench bench;
  bench.write_before(10, 0x55);
  DurableLedger::Options options;
  options.watched = {8, 16};
  options.before = DurableLedger::Before::copied;
  DurableLedger ledger{bench.medium, bench.store, options};
  const std::uint64_t version = bench.write(10, 2, 0x66, 5_us);
  bench.safe(10, 2, version, 9_us, 9_us);
  EXPECT_EQ(bench.left(ledger, 10, 8_us), 0x55);
  EXPECT_EQ(bench.left(ledger, 11, 8_us), 0);
  EXPECT_EQ(bench.left(ledger, 10, 9_us), 0x66);
  bench.write(2, 1, 0x77, 10_us);
  EXPECT_EQ(bench.left(ledger, 2, 10_us), 0x77) << "not watched: counts as safe";
  options.watched = {0, 1 << 20};
  options.most_bytes = 1 << 20;
  EXPECT_THROW((DurableLedger{bench.medium, bench.store, options}), ahcisim::kit::ConfigError);
}

TEST(DurableLedger, ForgetsTheOlderHalfButNothingThatCouldBeLeft) {
  Bench bench;
  DurableLedger::Options options;
  options.most_bytes = 1 << 20;
  DurableLedger ledger{bench.medium, bench.store, options};
  bench.safe(0, 8, bench.write(0, 8, 9, 1_us), 2_us, 2_us);  // written once, kept for ever
  std::uint64_t last = 0;
  Duration now;
  for (unsigned i = 0; i < 20'000; ++i) {
    now = Duration::from_us(10.0 + i);
    last = bench.write(8 + 8 * (i % 16), 8, static_cast<std::uint8_t>(1 + i % 250), now);
    bench.safe(8 + 8 * (i % 16), 8, last, now + 5_us, now + 5_us);
    ASSERT_LE(ledger.kept_bytes(), options.most_bytes + 4096);
  }
  EXPECT_GT(ledger.horizon(), 15_ms);
  EXPECT_LT(ledger.horizon(), now);
  EXPECT_EQ(bench.left(ledger, 0, ledger.horizon()), 9);
  EXPECT_EQ(ledger.power_cut(now + 5_us).version(8 + 8 * (19'999 % 16)), last);
  EXPECT_EQ(ledger.power_cut(now).version(8 + 8 * (19'999 % 16)), last - 16);
  EXPECT_THROW(ledger.power_cut(1_ms), std::out_of_range);
}

TEST(DurableLedger, ThePowerCutViewIsADiskToReadFrom) {
  Bench bench;
  DurableLedger ledger{bench.medium, bench.store};
  DurableView view = ledger.power_cut(0_us);
  std::vector<std::uint8_t> bytes(2 * sector_bytes);
  EXPECT_TRUE(view.read_only());
  EXPECT_EQ(view.sectors(), bench.store.sectors());
  EXPECT_THROW(view.write(0, 1, bytes.data()), std::logic_error);
  EXPECT_THROW(view.trim(0, 1), std::logic_error);
  EXPECT_THROW(view.read((1 << 20) - 1, 2, bytes.data()), std::out_of_range);
}

TEST(DurableLedger, AMediumWithoutABufferIsSafeAtOnceAndNobodyListensAfterwards) {
  InstantMedium medium{facts_of(4096)};
  ByteMedium device{medium};
  struct : MediumClient {
    void may_transfer(MediaRequest&, Duration) override {}
    void complete(MediaRequest&, Duration) override {}
  } client;
  device.attach(client);
  MediaRequest request;
  request.op = MediaOp::write;
  request.range = {8, 2};
  {
    DurableLedger ledger{medium, device.store};
    device.submit(request, 1_us);
    device.transferred(request, 2_us);
    DurableView before = ledger.power_cut(1_us), after = ledger.power_cut(2_us);
    EXPECT_EQ(number_in(before, 8), 0u);
    EXPECT_EQ(number_in(after, 9), 1u);
    EXPECT_EQ(ledger.versions(), 1u);
  }
  device.submit(request, 3_us);
  device.transferred(request, 4_us);
}

}  // namespace
