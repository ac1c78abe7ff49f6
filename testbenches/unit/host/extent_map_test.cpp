// SPDX-License-Identifier: MIT
// The mapping of a file: holes, places, and what a power cut leaves of it.
#include <algorithm>
#include <array>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ahcisim/models/host/file/extent_map.hpp>
#include <ahcisim/models/kit/random.hpp>

namespace ahcisim::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t first = 1000;

TEST(ExtentMap, a_contiguous_file_is_one_run) {
  const ExtentMap map{first, 4096, 64, false, 1};
  const ExtentMap::Run run = map.find(5, 4000);
  EXPECT_EQ(run.sector, first + 5);
  EXPECT_EQ(run.sectors, 4000u);
  EXPECT_FALSE(run.hole);
  EXPECT_EQ(map.committed_place(77), first + 77);
  EXPECT_THAT(map.commits_of(77), ElementsAre(0u));
}

TEST(ExtentMap, a_sparse_file_is_one_hole) {
  const ExtentMap map{first, 4096, 16, true, 1};
  const ExtentMap::Run run = map.find(5, 4000);
  EXPECT_TRUE(run.hole);
  EXPECT_EQ(run.sectors, 4000u);
  EXPECT_FALSE(map.place(5));
  EXPECT_FALSE(map.committed_place(5));
  EXPECT_THAT(map.commits_of(5), IsEmpty());
  EXPECT_FALSE(map.place_ever(5));
}

TEST(ExtentMap, every_extent_gets_a_place_of_its_own) {
  ExtentMap map{first, 128 * 100, 16, true, 42};
  std::set<std::uint64_t> places;
  bool in_order = true;
  std::uint64_t last = 0;
  for (std::uint64_t extent = 0; extent < 100; ++extent) {
    EXPECT_TRUE(map.allocate(extent * 16, extent * 16 + 16));
    const std::uint64_t place = *map.place(extent * 128);
    EXPECT_GE(place, first);
    EXPECT_LE(place + 128, first + 12800);
    EXPECT_EQ((place - first) % 128, 0u);
    in_order = in_order && place > last;
    last = place;
    places.insert(place);
  }
  EXPECT_EQ(places.size(), 100u);
  EXPECT_FALSE(in_order);
}

TEST(ExtentMap, runs_end_where_the_mapping_does) {
  ExtentMap map{first, 4096, 64, false, 1};
  EXPECT_TRUE(map.punch(2, 4));
  EXPECT_EQ(map.find(0, 4096).sectors, 16u);
  EXPECT_TRUE(map.find(20, 4096).hole);
  EXPECT_EQ(map.find(20, 4096).sectors, 12u);
  EXPECT_EQ(map.find(32, 4064).sectors, 4064u);
  EXPECT_FALSE(map.punch(2, 4));
  EXPECT_TRUE(map.allocate(3, 4));
  EXPECT_FALSE(map.allocate(3, 4));
  EXPECT_EQ(map.find(24, 4072).sectors, 4072u);
  EXPECT_EQ(map.find(16, 4080).sectors, 8u);
}

TEST(ExtentMap, a_commit_covers_what_was_complete_when_it_began) {
  ExtentMap map{first, 4096, 64, true, 1};
  map.remember_commits();
  map.allocate(0, 3);
  map.complete(0, 1);
  EXPECT_EQ(map.changed(), 1u);
  map.begin_commit();
  map.complete(1, 2);
  EXPECT_FALSE(map.committed_place(0));
  map.end_commit(7);
  EXPECT_EQ(map.committed_place(3), map.place(3));
  EXPECT_FALSE(map.committed_place(8));
  EXPECT_THAT(map.commits_of(0), ElementsAre(7u));
  map.begin_commit();
  map.end_commit(9);
  EXPECT_EQ(map.committed_place(8), map.place(8));
  EXPECT_FALSE(map.committed_place(16));  // its data never came
  EXPECT_THAT(map.commits_of(0), ElementsAre(7u)) << "the extent's second commit is not its first block's";
  EXPECT_THAT(map.commits_of(8), ElementsAre(9u));
  EXPECT_THAT(map.commits_of(16), IsEmpty());
}

// A cut after any past commit: looked up afterwards, it leaves what it would have left then.
TEST(ExtentMap, remembers_what_a_cut_would_have_left_after_each_commit) {
  constexpr std::uint64_t seed = 4711, blocks = 40;
  SCOPED_TRACE(seed);
  for (const bool sparse : {true, false}) {
    kit::Random random{seed, "extent_map.commits"};
    ExtentMap map{first, blocks * 8, 8, sparse, seed};
    map.remember_commits();
    std::vector<std::array<std::optional<std::uint64_t>, blocks>> seen;
    for (std::uint64_t step = 1; step <= 400; ++step) {
      const std::uint64_t from = random.between(0, blocks - 1), end = random.between(from + 1, blocks);
      switch (random.between(0, 4)) {
        case 0: map.punch(from, end); break;
        case 1: map.begin_commit(); break;
        case 2: map.end_commit(step); break;
        default: map.allocate(from, end), map.complete(from, (from + end + 1) / 2);
      }
      seen.emplace_back();
      for (std::uint64_t block = 0; block < blocks; ++block) seen.back()[block] = map.committed_place(block * 8 + 3);
    }
    for (std::uint64_t step = 1; step <= seen.size(); ++step)
      for (std::uint64_t block = 0; block < blocks; ++block) {
        const std::vector<std::uint64_t> changes = map.commits_of(block * 8 + 3);
        const bool there = (std::upper_bound(changes.begin(), changes.end(), step) - changes.begin()) % 2 != 0;
        ASSERT_EQ(there ? map.place_ever(block * 8 + 3) : std::nullopt, seen[step - 1][block]) << step << ", block " << block;
      }
  }
}

TEST(ExtentMap, a_hole_is_there_after_a_cut_only_when_committed) {
  ExtentMap map{first, 4096, 64, false, 1};
  map.punch(1, 2);
  EXPECT_FALSE(map.place(8));
  EXPECT_EQ(map.committed_place(8), first + 8);
  map.begin_commit();
  map.end_commit(1);
  EXPECT_FALSE(map.committed_place(8));
}

TEST(ExtentMap, agrees_with_a_list_of_blocks) {
  constexpr std::uint64_t seed = 31337, blocks = 500;
  SCOPED_TRACE(seed);
  kit::Random random{seed, "extent_map"};
  ExtentMap map{first, blocks * 8, 12, true, seed};
  std::vector<bool> written(blocks);
  for (int i = 0; i < 3000; ++i) {
    const std::uint64_t from = random.between(0, blocks - 1), to = random.between(from + 1, blocks);
    const bool writes = random.between(0, 1) != 0;
    bool changes = false;
    for (std::uint64_t block = from; block < to; ++block) {
      changes = changes || written[block] != writes;
      written[block] = writes;
    }
    ASSERT_EQ(writes ? map.allocate(from, to) : map.punch(from, to), changes);
    for (std::uint64_t sector = random.between(0, blocks * 8 - 1); sector < blocks * 8;) {
      const ExtentMap::Run run = map.find(sector, blocks * 8 - sector);
      ASSERT_GT(run.sectors, 0u);
      for (std::uint64_t s = sector; s < sector + run.sectors; ++s) {
        ASSERT_EQ(run.hole, !written[s / 8]);
        ASSERT_EQ(map.place(s).value_or(run.sector + (s - sector)), run.sector + (s - sector));
      }
      sector += run.sectors;
    }
  }
}

}  // namespace
}  // namespace ahcisim::host
