// SPDX-License-Identifier: MIT
// The flash translation layer: whatever is written, trimmed and cleaned, every slice has its own place and every count agrees.
#include <algorithm>
#include <iostream>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/disk/ssd/ftl.hpp>

namespace ahcisim::disk::ssd {
namespace {

using kit::Duration;

struct Small : SsdParameters {
  Small(const char* capacity, double over_provisioning, bool preconditioned = true) {
    set("capacity", capacity);
    channels.set(2);
    dies.set(2);
    pages_per_block.set(16);
    this->over_provisioning.set(kit::Ratio{over_provisioning});
    set("precondition", preconditioned ? "sequential" : "none");
  }
};

/// A translation layer, and what it should hold.
struct Rig {
  explicit Rig(const SsdParameters& parameters)
      : geometry{geometry_of(parameters)}, nand{parameters, geometry, statistics},
        ftl{geometry, parameters, nand, statistics}, holds(geometry.slices, parameters.precondition() == "sequential") {}

  void write(std::uint32_t slice) {
    now += 10_us;
    if (ftl.write(slice, now)) ftl.seal(now, now);
    holds[slice] = true;
    ++written;
  }
  void trim(std::uint32_t first, std::uint32_t count) {
    const auto held = std::count(holds.begin() + first, holds.begin() + first + count, true);
    ASSERT_EQ(ftl.trim(first, count), static_cast<std::uint64_t>(held));
    std::fill(holds.begin() + first, holds.begin() + first + count, false);
  }
  /// Programmed slots for each slice written since the last call.
  double write_amplification() {
    const std::uint64_t slots = statistics.pages_programmed.value() * geometry.slots;
    const double result = static_cast<double>(slots - slots_before) / static_cast<double>(written - written_before);
    slots_before = slots;
    written_before = written;
    return result;
  }
  void check() {
    std::vector<std::uint32_t> owner(std::size_t{geometry.dies} * geometry.blocks * geometry.block_slots(), none);
    std::vector<std::uint32_t> valid(std::size_t{geometry.dies} * geometry.blocks, 0);
    std::uint64_t by_die = 0, by_block = 0;
    for (std::uint32_t slice = 0; slice < geometry.slices; ++slice) {
      const std::uint32_t spot = ftl.find(slice);
      ASSERT_EQ(spot != none, holds[slice]) << "slice " << slice;
      if (spot == none) continue;
      ASSERT_LT(spot, owner.size());
      ASSERT_EQ(owner[spot], none) << "slices " << slice << " and " << owner[spot] << " share spot " << spot;
      owner[spot] = slice;
      ++valid[geometry.block_of(spot)];
      ASSERT_EQ(ftl.blocks().slice_at(spot), slice);
    }
    for (std::uint32_t block = 0; block < valid.size(); ++block) {
      ASSERT_EQ(ftl.blocks().valid_in(block), valid[block]) << "block " << block;
      by_block += valid[block];
    }
    for (std::uint32_t die = 0; die < geometry.dies; ++die) {
      by_die += ftl.blocks().valid_on(die);
      ASSERT_GE(ftl.blocks().free_blocks(die), 1u) << "die " << die;
    }
    ASSERT_EQ(by_die, by_block);
  }

  SsdStatistics statistics;
  Geometry geometry;
  Nand nand;
  Ftl ftl;
  Duration now;
  std::vector<bool> holds;
  std::uint64_t written = 0, written_before = 0, slots_before = 0;
};

/// Random overwriting after `rounds` times the capacity has settled it.
double settled_amplification(Rig& rig, double fraction_used = 1.0) {
  std::mt19937 random{17};
  const auto span = static_cast<std::uint32_t>(rig.geometry.slices * fraction_used);
  for (std::uint32_t i = 0; i < 3 * rig.geometry.slices; ++i) rig.write(random() % span);
  rig.write_amplification();
  for (std::uint32_t i = 0; i < rig.geometry.slices; ++i) rig.write(random() % span);
  return rig.write_amplification();
}

TEST(SsdFtl, APreconditionedDriveHoldsEverySliceInItsOwnPlace) {
  const Small parameters{"100MiB", 0.1};
  Rig rig{parameters};
  rig.check();
  // Neighbours share a page, the next page is on the next die.
  EXPECT_EQ(rig.ftl.find(7), rig.ftl.find(0) + 7);
  EXPECT_EQ(rig.geometry.die_of_block(rig.geometry.block_of(rig.ftl.find(8))), 1u);
}

TEST(SsdFtl, ACapacityThatFillsNoStripeIsHeldToo) {
  for (const char* capacity : {"4194304B", "10000384B", "33333760B"}) {
    const Small parameters{capacity, 0.07};
    Rig rig{parameters};
    rig.check();
    for (std::uint32_t i = 0; i < 2 * rig.geometry.slices; ++i) rig.write(rig.geometry.slices - 1 - i % rig.geometry.slices);
    rig.check();
  }
}

TEST(SsdFtl, RandomWritesAndTrimsKeepEveryCountRight) {
  for (const bool preconditioned : {true, false}) {
    const Small parameters{"40MiB", 0.12, preconditioned};
    Rig rig{parameters};
    const unsigned seed = 23;
    std::cout << "seed " << seed << "\n";
    std::mt19937 random{seed};
    for (unsigned round = 0; round < 60; ++round) {
      for (unsigned i = 0; i < 2000; ++i) rig.write(random() % rig.geometry.slices);
      const std::uint32_t first = random() % rig.geometry.slices;
      rig.trim(first, random() % std::min(700u, rig.geometry.slices - first));
      if (rig.ftl.fill() != 0 && round % 3 == 0) rig.ftl.seal(rig.now, rig.now);  // a flush
      ASSERT_NO_FATAL_FAILURE(rig.check()) << "round " << round;
    }
    EXPECT_GT(rig.statistics.gc_slices.value(), 1000u) << "the test must have reached the cleaning";
  }
}

TEST(SsdFtl, AFullDriveNeverLocksUp) {
  // The least over-provisioning there is, and the writes that unbalance the dies most: only what lies on one of them.
  const Small parameters{"40MiB", 0.0};
  Rig rig{parameters};
  std::mt19937 random{29};
  for (unsigned round = 0; round < 200'000; ++round) {
    std::uint32_t slice = random() % rig.geometry.slices;
    for (unsigned look = 0; look < 20 && rig.geometry.die_of_block(rig.geometry.block_of(rig.ftl.find(slice))) != 2; ++look)
      slice = random() % rig.geometry.slices;
    rig.write(slice);
  }
  rig.check();
  for (unsigned round = 0; round < 20'000; ++round) {  // each slice padded to a page: flushes after every write
    rig.write(random() % rig.geometry.slices);
    if (rig.ftl.fill() != 0) rig.ftl.seal(rig.now, rig.now);
  }
  rig.check();
}

TEST(SsdFtl, CleaningOnlyWhenABlockIsMissingKeepsEveryCountRightToo) {
  Small parameters{"40MiB", 0.1};
  parameters.gc_low_water.set(0);
  Rig rig{parameters};
  std::mt19937 random{30};
  for (unsigned round = 0; round < 10; ++round) {
    for (unsigned i = 0; i < 20'000; ++i) rig.write(random() % rig.geometry.slices);
    ASSERT_NO_FATAL_FAILURE(rig.check()) << "round " << round;
  }
  EXPECT_GT(rig.statistics.gc_slices.value(), 1000u);
}

TEST(SsdFtl, CleaningKeepsPaceWithTheWrites) {
  const Small parameters{"128MiB", 0.15};
  Rig rig{parameters};
  std::mt19937 random{19};
  std::uint32_t fewest = none;
  std::uint64_t most_at_once = 0;
  for (std::uint32_t i = 0; i < 4 * rig.geometry.slices; ++i) {
    const std::uint64_t before = rig.statistics.gc_slices.value();
    rig.write(random() % rig.geometry.slices);
    most_at_once = std::max(most_at_once, rig.statistics.gc_slices.value() - before);
    for (std::uint32_t die = 0; die < rig.geometry.dies; ++die) fewest = std::min(fewest, rig.ftl.blocks().free_blocks(die));
  }
  EXPECT_GE(fewest, 2u) << "no write must wait for a whole block to be cleaned";
  EXPECT_LT(most_at_once, 2 * rig.geometry.block_slots()) << "slices moved at once";
}

TEST(SsdFtl, SequentialOverwritingAmplifiesNothing) {
  const Small parameters{"64MiB", 0.1};
  Rig rig{parameters};
  for (unsigned pass = 0; pass < 4; ++pass)
    for (std::uint32_t slice = 0; slice < rig.geometry.slices; ++slice) rig.write(slice);
  EXPECT_NEAR(rig.write_amplification(), 1.0, 0.01);
  EXPECT_GT(rig.statistics.erases.value(), 0u);
}

TEST(SsdFtl, MoreOverProvisioningAmplifiesLess) {
  double before = 100;
  for (const double spare : {0.10, 0.15, 0.28, 0.5, 1.0}) {
    Small parameters{"128MiB", spare};
    parameters.pages_per_block.set(4);  // many blocks, of which the open and free ones are a small share, as in a real drive
    Rig rig{parameters};
    const double amplification = settled_amplification(rig);
    std::cout << "over-provisioning " << spare << ": write amplification " << amplification << "\n";
    EXPECT_LT(amplification, before);
    EXPECT_GE(amplification, 1.0);
    // Greedy cleaning under uniform random writes: about (1 + s) / 2s, less for much spare; open and free blocks cost a little.
    EXPECT_LT(amplification, 1.7 * (1 + spare) / (2 * spare));
    EXPECT_GT(amplification, 0.6 * (1 + spare) / (2 * spare));
    before = amplification;
  }
}

TEST(SsdFtl, TrimmedSpaceIsOverProvisioning) {
  const Small parameters{"128MiB", 0.1};
  Rig full{parameters}, trimmed{parameters};
  trimmed.trim(trimmed.geometry.slices * 3 / 4, trimmed.geometry.slices / 4);
  const double with_all = settled_amplification(full, 0.75), with_trim = settled_amplification(trimmed, 0.75);
  std::cout << "write amplification " << with_all << ", with a quarter trimmed " << with_trim << "\n";
  EXPECT_LT(with_trim, 0.7 * with_all);
}

TEST(SsdFtl, WearIsSpreadOverTheBlocks) {
  const Small parameters{"64MiB", 0.2};
  Rig rig{parameters};
  std::mt19937 random{31};
  for (std::uint32_t i = 0; i < 40 * rig.geometry.slices; ++i) rig.write(random() % rig.geometry.slices);
  std::uint32_t least = none, most = 0;
  for (std::uint32_t block = 0; block < rig.ftl.blocks().count(); ++block) {
    least = std::min(least, rig.ftl.blocks().erases_of(block));
    most = std::max(most, rig.ftl.blocks().erases_of(block));
  }
  EXPECT_GT(least, 0u);
  EXPECT_LT(most, 2 * least + 10);
}

TEST(SsdFtl, TheSameWritesGiveTheSameDrive) {
  const Small parameters{"40MiB", 0.1};
  Rig a{parameters}, b{parameters};
  for (Rig* rig : {&a, &b}) {
    std::mt19937 random{37};
    for (unsigned i = 0; i < 50'000; ++i) rig->write(random() % rig->geometry.slices);
  }
  for (std::uint32_t slice = 0; slice < a.geometry.slices; ++slice) ASSERT_EQ(a.ftl.find(slice), b.ftl.find(slice));
  for (std::uint32_t die = 0; die < a.geometry.dies; ++die) EXPECT_EQ(a.nand.backlog_end(die), b.nand.backlog_end(die));
}

}  // namespace
}  // namespace ahcisim::disk::ssd
