// SPDX-License-Identifier: MIT
// What a power cut leaves of a solid state drive: page by page, FLUSH, FUA, capacitors.
#include <cstdio>
#include <random>

#include <gtest/gtest.h>

#include <ahcisim/models/disk/durable_ledger.hpp>
#include <ahcisim/models/disk/ssd/drive.hpp>
#include <timing/disk/hdd_host.hpp>
#include <unit/disk/byte_medium.hpp>

namespace ahcisim::disk::ssd {
namespace {

using disk_test::ByteMedium;
using disk_test::number_in;
using hdd_test::Host;
using kit::Duration;

struct Client : SsdParameters {
  Client() { capacity.set(kit::Bytes{std::int64_t{256} << 20}); pages_per_block.set(16); }
};
struct Protected : Client {
  Protected() { power_loss_protection.set(true); }
};

struct Bench {
  explicit Bench(const SsdParameters& parameters, unsigned depth = 1)
      : drive{parameters}, device{drive}, ledger{drive, device.store}, host{device, depth, Duration::from_ns(850)} {}
  std::uint64_t left(std::uint64_t lba, Duration at) {
    DurableView view = ledger.power_cut(at);
    return number_in(view, lba);
  }
  std::uint64_t left(std::uint64_t lba) { return left(lba, host.now()); }
  Drive drive;
  ByteMedium device;
  DurableLedger ledger;
  Host host;
};

TEST(SsdDurability, ACachedWriteIsLostUntilItsPageIsProgrammed) {
  const Client parameters;
  Bench bench{parameters};
  bench.host.one(MediaOp::write, 0, 8);
  EXPECT_EQ(bench.left(0, Duration::from_seconds(10)), 0u) << "its page is not full, and nobody flushes";
  const std::uint64_t slots = bench.drive.geometry().slots;
  for (std::uint64_t i = 1; i < slots; ++i) bench.host.one(MediaOp::write, 8 * i, 8);
  const Duration full = bench.host.now();
  EXPECT_EQ(bench.left(0, full), 0u);
  EXPECT_EQ(bench.left(0, full + parameters.t_program() / 2), 0u) << "an interrupted program leaves nothing";
  const auto timeline = bench.ledger.timeline();
  ASSERT_EQ(timeline.size(), slots * slice_sectors);
  EXPECT_EQ(timeline.front().at, timeline.back().at) << "a page is programmed whole";
  EXPECT_GE(timeline.front().at - full, parameters.t_program() - Duration::from_us(20));
  EXPECT_EQ(bench.left(8 * slots - 1, timeline.back().at), slots);
}

TEST(SsdDurability, FlushAndForceUnitAccessEndWhenTheFlashHasIt) {
  const Client parameters;
  Bench bench{parameters};
  bench.host.one(MediaOp::write, 0, 8);
  bench.host.one(MediaOp::flush, 0, 0);
  EXPECT_EQ(bench.left(0), 1u);
  const Duration programmed = bench.ledger.timeline().back().at;
  EXPECT_EQ(bench.host.now(), programmed + parameters.flush_journal()) << "the journal is what FLUSH waits for besides";
  bench.host.one(MediaOp::write, 8, 8, true);
  EXPECT_EQ(bench.left(8), 2u);
}

TEST(SsdDurability, WhatIsRewrittenWhileItsPageIsProgrammedComesLater) {
  const Client parameters;
  Bench bench{parameters, 2};
  bench.host.one(MediaOp::write, 0, 8);
  bench.host.put(0, MediaOp::flush, 0, 0);
  bench.host.put(1, MediaOp::write, 4, 8);
  bench.host.wait();
  const Duration rewritten = bench.host.now();
  bench.host.wait();
  const Duration flushed = bench.host.now();
  ASSERT_LT(rewritten, flushed);
  EXPECT_EQ(bench.left(4), 1u) << "the flush wrote what had come before it";
  EXPECT_EQ(bench.left(8), 0u);
  bench.host.one(MediaOp::flush, 0, 0);
  EXPECT_EQ(bench.left(3), 1u);
  EXPECT_EQ(bench.left(4), 2u);
  EXPECT_EQ(bench.left(4, flushed), 1u);
}

TEST(SsdDurability, CapacitorsMakeEveryAcceptedWriteSafe) {
  const Protected parameters;
  Bench bench{parameters};
  bench.host.one(MediaOp::write, 0, 9);
  EXPECT_EQ(bench.left(0), 1u);
  EXPECT_EQ(bench.left(8), 1u);
  EXPECT_EQ(bench.ledger.unsafe_sectors(bench.host.now()), 0u);
}

TEST(SsdDurability, OfTheCatalogueOnlyTheServerDriveHasThem) {
  for (const std::string& name : known_drives()) {
    SsdParameters parameters;
    apply_drive(parameters, name);
    EXPECT_EQ(parameters.power_loss_protection(), name == "intel-s4500") << name;
  }
}

TEST(SsdDurability, ATrimIsSafeWhenItCompletes) {
  const Client parameters;
  Bench bench{parameters};
  bench.host.one(MediaOp::write, 0, 16);
  bench.host.one(MediaOp::flush, 0, 0);
  const Duration flushed = bench.host.now();
  const LbaRange range{0, 8};
  bench.host.run(1, [&](MediaRequest& request) {
    request.op = MediaOp::trim;
    request.trims = &range;
    request.trim_count = 1;
  });
  EXPECT_EQ(bench.left(0, flushed), 1u);
  EXPECT_EQ(bench.left(0), 0u);
  EXPECT_EQ(bench.left(8), 1u);
}

TEST(SsdDurability, KeepsItsPromises) {
  constexpr std::uint64_t seed = 73;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  const Client parameters;
  Bench bench{parameters, 16};
  std::mt19937_64 random{seed};
  for (unsigned round = 0; round < 30; ++round) {
    bench.host.run(40, [&](MediaRequest& request) {
      request.op = MediaOp::write;
      request.range = {random() % 4000, 1 + random() % 100};
      request.fua = random() % 8 == 0;
    });
    bench.host.one(MediaOp::flush, 0, 0);
    EXPECT_EQ(bench.ledger.unsafe_sectors(bench.host.now()), 0u);
    DurableView view = bench.ledger.power_cut(bench.host.now());
    for (std::uint64_t lba = 0; lba < 4100; ++lba)
      ASSERT_EQ(number_in(view, lba), number_in(bench.device.store, lba)) << "sector " << lba << " in round " << round;
  }
}

}  // namespace
}  // namespace ahcisim::disk::ssd
