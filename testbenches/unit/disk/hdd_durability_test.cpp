// SPDX-License-Identifier: MIT
// What a power cut leaves of a hard disk drive: the order of the arm, write-back, FLUSH, FUA, data rewritten on its way.
#include <algorithm>
#include <cstdio>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include <ahcisim/models/disk/durable_ledger.hpp>
#include <ahcisim/models/disk/hdd/parameters.hpp>
#include <timing/disk/hdd_host.hpp>
#include <unit/disk/byte_medium.hpp>

namespace {

using namespace ahcisim::disk::hdd;
using namespace disk_test;
using hdd_test::Host;

struct Bench {
  explicit Bench(unsigned depth = 1, std::initializer_list<std::pair<const char*, const char*>> changes = {}) {
    for (const auto& [name, value] : changes) parameters.set(name, value);
    drive = make_drive(parameters);
    device = std::make_unique<ByteMedium>(*drive);
    ledger = std::make_unique<DurableLedger>(*drive, device->store);
    host = std::make_unique<Host>(*device, depth, parameters.interface_sector());
  }
  std::uint64_t left(std::uint64_t lba, Duration at) {
    DurableView view = ledger->power_cut(at);
    return number_in(view, lba);
  }
  std::uint64_t left(std::uint64_t lba) { return left(lba, host->now()); }
  HddParameters parameters{catalogue_drive("deskstar-7k500")};
  std::unique_ptr<Drive> drive;
  std::unique_ptr<ByteMedium> device;
  std::unique_ptr<DurableLedger> ledger;
  std::unique_ptr<Host> host;
};
constexpr std::uint64_t far = 500'000'000;

TEST(HddDurability, AWriteThroughIsSafeSectorBySectorAsTheTrackPasses) {
  Bench bench;
  const std::uint64_t lba = bench.drive->mechanics().geometry().track_of(far).first;
  bench.host->one(MediaOp::write, lba, 64, true);
  const Duration end = bench.host->now() - bench.drive->controller().write_completion;
  const auto timeline = bench.ledger->timeline();
  ASSERT_EQ(timeline.size(), 64u);
  const auto& geometry = bench.drive->mechanics().geometry();
  const double sector_ps = static_cast<double>(bench.drive->mechanics().revolution()) / geometry.sectors_per_track(geometry.place(lba).zone);
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_EQ(timeline[i].lba, lba + i) << "an interrupted write leaves its first sectors";
    EXPECT_NEAR(static_cast<double>((end - timeline[i].at).ps()), sector_ps * static_cast<double>(63 - i), 1000) << i;
  }
  EXPECT_EQ(bench.left(lba, timeline[9].at), 1u);
  EXPECT_EQ(bench.left(lba + 10, timeline[9].at), 0u);
}

TEST(HddDurability, AWriteOverTwoTracksIsSafeTrackByTrack) {
  Bench bench;
  const std::uint64_t track = bench.drive->mechanics().geometry().track_of(far).second;
  bench.host->one(MediaOp::write, track - 8, 16, true);
  const auto timeline = bench.ledger->timeline();
  ASSERT_EQ(timeline.size(), 16u);
  // Between the tracks lies a head switch, and that is longer than a sector.
  EXPECT_GT((timeline[8].at - timeline[7].at).us(), 100);
  EXPECT_LT((timeline[7].at - timeline[6].at).us(), 100);
}

TEST(HddDurability, CachedDataIsLostUntilTheIdleArmWritesIt) {
  Bench bench;
  bench.host->one(MediaOp::write, far, 8);
  const Duration written = bench.host->now();
  EXPECT_EQ(bench.left(far), 0u);
  EXPECT_EQ(bench.ledger->unsafe_sectors(written), 8u);
  bench.host->idle(Duration::from_ms(200));
  EXPECT_EQ(bench.left(far), 1u);
  EXPECT_EQ(bench.left(far, written), 0u) << "looking back shows what it was";
  EXPECT_EQ(bench.drive->counts().destages.value(), 1u);
}

TEST(HddDurability, AFlushEndsWhenAllIsSafe) {
  Bench bench;
  for (std::uint64_t i = 0; i < 4; ++i) bench.host->one(MediaOp::write, i * 200'000'000, 8);
  EXPECT_EQ(bench.ledger->unsafe_sectors(bench.host->now()), 32u);
  bench.host->one(MediaOp::flush, 0, 0);
  EXPECT_EQ(bench.ledger->unsafe_sectors(bench.host->now()), 0u);
  const auto timeline = bench.ledger->timeline();
  ASSERT_EQ(timeline.size(), 32u);
  EXPECT_LE((bench.host->now() - timeline.back().at).us(), 1000) << "and not much later";
}

TEST(HddDurability, WhatIsRewrittenWhileTheArmIsOnItsWayComesLater) {
  Bench bench{1, {{"destage_delay", "1ms"}}};
  bench.host->one(MediaOp::write, far, 8);
  while (bench.drive->counts().destages.value() == 0) bench.host->idle(Duration::from_us(100));
  bench.host->one(MediaOp::write, far, 8);  // over the link faster than the arm gets there
  const Duration rewritten = bench.host->now();
  bench.host->idle(Duration::from_ms(200));
  const auto timeline = bench.ledger->timeline();
  ASSERT_EQ(timeline.size(), 16u) << "both versions went to the medium";
  EXPECT_GT(timeline[0].at, rewritten);
  EXPECT_EQ(bench.left(far, timeline[7].at), 1u) << "the first pass wrote what the buffer held when the arm set out";
  EXPECT_EQ(bench.left(far, timeline[15].at), 2u);
  EXPECT_EQ(bench.drive->counts().destages.value(), 2u);
}

TEST(HddDurability, ForcedUnitAccessIsNotUndoneByOlderCachedData) {
  Bench bench;
  bench.host->one(MediaOp::write, far, 8);
  bench.host->one(MediaOp::write, far + 4, 1, true);
  const Duration forced = bench.host->now();
  EXPECT_EQ(bench.left(far + 4), 2u);
  EXPECT_EQ(bench.left(far + 3), 0u);
  bench.host->idle(Duration::from_ms(300));
  EXPECT_EQ(bench.left(far + 3), 1u);
  EXPECT_EQ(bench.left(far + 4), 2u);
  EXPECT_EQ(bench.left(far + 4, forced), 2u);
}

TEST(HddDurability, AnAbandonedQueueKeepsTheCache) {
  Bench bench{2};
  bench.host->one(MediaOp::write, far, 8);
  bench.drive->abandon_all(bench.host->now());
  bench.host->idle(Duration::from_ms(300));
  EXPECT_EQ(bench.left(far), 1u);
}

/// Random writes with overlaps, many at a time, cached or forced, and flushes among them: what a command was promised to be safe
/// when it completed is safe then, and the last state of all is what the store says.
void promises(std::uint64_t seed, bool cache) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Bench bench{8};
  bench.drive->set_write_cache(cache);
  std::mt19937_64 random{seed};
  std::map<std::uint64_t, std::uint64_t> stable;  // sector: number that must be there
  for (unsigned round = 0; round < 60; ++round) {
    std::vector<LbaRange> ranges;
    bench.host->run(20, [&](MediaRequest& request) {
      request.op = MediaOp::write;
      request.range = {far + random() % 2000, 1 + random() % 40};
      request.fua = random() % 8 == 0;
      ranges.push_back(request.range);
    });
    if (cache) bench.host->one(MediaOp::flush, 0, 0);
    for (const LbaRange& range : ranges)
      for (std::uint64_t lba = range.lba; lba < range.lba + range.count; ++lba) stable[lba] = number_in(bench.device->store, lba);
    DurableView view = bench.ledger->power_cut(bench.host->now());
    for (const auto& [lba, number] : stable) ASSERT_EQ(number_in(view, lba), number) << "sector " << lba << " in round " << round;
    EXPECT_EQ(bench.ledger->unsafe_sectors(bench.host->now()), 0u);
  }
}
TEST(HddDurability, KeepsItsPromisesWithTheCacheOn) { promises(71, true); }
TEST(HddDurability, KeepsItsPromisesWithoutTheCache) { promises(72, false); }

}  // namespace
