// SPDX-License-Identifier: MIT
// Solid state drives against their rated and measured figures, behind a path of the cost of AHCI over SATA 6 Gb/s.
#include <iostream>
#include <random>

#include <gtest/gtest.h>

#include <timing/disk/ssd_closed_loop.hpp>

namespace ahcisim::disk::ssd {
namespace {

/// A drive of the catalogue, run by a closed loop of random or sequential commands.
struct Bench {
  explicit Bench(const SsdParameters& parameters) : drive{parameters}, loop{drive} {}
  ClosedLoop::Result random(MediaOp op, unsigned depth, std::uint64_t count) {
    const std::uint64_t slices = drive.facts().sectors / 8;
    return loop.run(depth, count, [&] { return Command{op, numbers() % slices * 8, 8, false}; });
  }
  ClosedLoop::Result sequential(MediaOp op, unsigned depth, std::uint64_t count, std::uint32_t sectors) {
    return loop.run(depth, count, [&] {
      const Command command{op, next, sectors, false};
      next += sectors;
      return command;
    });
  }
  ~Bench() { EXPECT_EQ(loop.faults, 0u) << "answers in the past"; }
  Drive drive;
  ClosedLoop loop;
  std::mt19937_64 numbers{1};
  std::uint64_t next = 0;
};

void expect_within(const char* what, double measured, double expected, double tolerance) {
  std::cout << what << ": " << measured << ", expected " << expected << " +-" << tolerance * 100 << " %\n";
  EXPECT_NEAR(measured, expected, expected * tolerance) << what;
}

SsdParameters& drive_named(SsdParameters& parameters, const char* name) {
  apply_drive(parameters, name);
  return parameters;
}

TEST(SsdFigures, Samsung850ProRandomReadsRiseWithTheQueue) {
  SsdParameters parameters;
  Bench bench{drive_named(parameters, "samsung-850-pro")};
  double before = 0;
  for (const unsigned depth : {1u, 2u, 4u, 8u, 16u, 32u}) {
    const double iops = bench.random(MediaOp::read, depth, 30'000).iops;
    std::cout << "QD" << depth << ": " << iops << " IOPS\n";
    EXPECT_GT(iops, before);
    before = iops;
    if (depth == 1) expect_within("QD1 IOPS", iops, 10'000, 0.05);
    if (depth == 32) expect_within("QD32 IOPS", iops, 100'000, 0.05);
  }
}

TEST(SsdFigures, Samsung850ProWrites) {
  SsdParameters parameters;
  Bench bench{drive_named(parameters, "samsung-850-pro")};
  expect_within("random write QD1 IOPS", bench.random(MediaOp::write, 1, 20'000).iops, 36'000, 0.05);
  expect_within("random write QD32 IOPS", bench.random(MediaOp::write, 32, 50'000).iops, 90'000, 0.05);
  expect_within("sequential write MB/s", bench.sequential(MediaOp::write, 32, 20'000, 256).bytes_per_second / 1e6, 520, 0.03);
}

TEST(SsdFigures, Samsung850ProReadsFasterThanTheLink) {
  SsdParameters parameters;
  drive_named(parameters, "samsung-850-pro");
  Drive drive{parameters};
  Path no_link{kit::Duration::from_us(2), kit::Duration::from_us(1), {}, 1e12, {}};
  ClosedLoop loop{drive, no_link};
  std::uint64_t next = 0;
  const auto result = loop.run(32, 20'000, [&] { next += 256; return Command{MediaOp::read, next - 256, 256, false}; });
  std::cout << "sequential read " << result.bytes_per_second / 1e6 << " MB/s\n";
  EXPECT_GE(result.bytes_per_second, 560e6);
}

TEST(SsdFigures, IntelS4500) {
  SsdParameters parameters;
  Bench bench{drive_named(parameters, "intel-s4500")};
  expect_within("random read latency us", bench.random(MediaOp::read, 1, 10'000).mean.us(), 110, 0.05);
  expect_within("random read QD32 IOPS", bench.random(MediaOp::read, 32, 50'000).iops, 72'000, 0.05);
  expect_within("sequential 4 KiB read latency us", bench.sequential(MediaOp::read, 1, 20'000, 8).mean.us(), 36, 0.05);
  expect_within("sequential read MB/s", bench.sequential(MediaOp::read, 32, 20'000, 256).bytes_per_second / 1e6, 500, 0.03);
  expect_within("sequential 4 KiB write latency us", bench.sequential(MediaOp::write, 1, 10'000, 8).mean.us(), 36, 0.05);
  expect_within("random write latency us", bench.random(MediaOp::write, 1, 10'000).mean.us(), 52, 0.05);
  expect_within("sequential write MB/s", bench.sequential(MediaOp::write, 32, 30'000, 256).bytes_per_second / 1e6, 490, 0.03);
}

TEST(SsdFigures, IntelS4500SustainsItsRandomWritesAfterTheDriveIsFull) {
  SsdParameters parameters;
  drive_named(parameters, "intel-s4500");
  // A slice of the drive: as many dies, smaller blocks, erased in as much less time; the share of spare blocks is the same.
  parameters.capacity.set(kit::Bytes{std::int64_t{2} << 30});
  parameters.t_erase.set(parameters.t_erase() * 8 / parameters.pages_per_block());
  parameters.pages_per_block.set(8);
  Bench bench{parameters};
  bench.random(MediaOp::write, 32, 2 * bench.drive.geometry().slices);
  const auto result = bench.random(MediaOp::write, 32, 200'000);
  std::cout << "write amplification " << bench.drive.write_amplification() << "\n";
  expect_within("sustained random write QD32 IOPS", result.iops, 33'000, 0.15);
}

}  // namespace
}  // namespace ahcisim::disk::ssd
