// SPDX-License-Identifier: MIT
// The policies of a page cache: look-up, which page goes, the order of dirty pages, read-ahead windows, limits.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/host/cache/policy/dirty_limits.hpp>
#include <ahcisim/models/host/cache/policy/page_cache.hpp>
#include <ahcisim/models/kit/random.hpp>

namespace ahcisim::host {
namespace {

using Window = ReadAhead::Window;

void expect_window(const Window& window, std::uint64_t start, std::uint64_t size, std::uint64_t async) {
  EXPECT_EQ(window.start, start);
  EXPECT_EQ(window.size, size);
  EXPECT_EQ(window.async, async);
}

TEST(PageTable, agrees_with_a_map) {
  constexpr std::uint64_t seed = 20261127;
  SCOPED_TRACE(seed);
  kit::Random random{seed, "page_table"};
  PageTable table;
  std::map<std::uint64_t, std::uint32_t> oracle;
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    // Neighbours, multiples of large powers of two and far pages.
    const std::uint64_t page = random.between(0, 400) << (random.between(0, 2) * 20);
    const auto known = oracle.find(page);
    ASSERT_EQ(table.find(page), known == oracle.end() ? no_frame : known->second);
    if (known == oracle.end()) {
      table.insert(page, i);
      oracle[page] = i;
    } else {
      table.erase(page);
      oracle.erase(known);
    }
  }
  EXPECT_EQ(table.size(), oracle.size());
  for (const auto& [page, frame] : oracle) EXPECT_EQ(table.find(page), frame);
}

TEST(PageSet, yields_pages_in_ascending_order) {
  constexpr std::uint64_t seed = 4711;
  SCOPED_TRACE(seed);
  kit::Random random{seed, "page_set"};
  PageSet set;
  std::set<std::uint64_t> oracle;
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t page = random.between(0, 500) << (random.between(0, 7) * 7);
    if (random.between(0, 1)) {
      set.insert(page);
      oracle.insert(page);
    } else {
      set.erase(page);
      oracle.erase(page);
    }
    const std::uint64_t from = random.between(0, 600) << (random.between(0, 7) * 7);
    const auto next = oracle.lower_bound(from);
    ASSERT_EQ(set.next(from), next == oracle.end() ? PageSet::none : *next) << from;
  }
  EXPECT_EQ(set.size(), oracle.size());
}

TEST(PageCache, the_page_unused_for_longest_goes_first) {
  PageCache cache{4};
  for (std::uint64_t page : {10, 11, 12, 13}) cache.add(page);
  EXPECT_EQ(cache.size(), 4u);
  cache.add(14);
  EXPECT_FALSE(cache.cached(10));
  EXPECT_TRUE(cache.cached(11));
  EXPECT_EQ(cache.size(), 4u);
}

TEST(PageCache, a_page_used_twice_outlives_a_scan) {
  PageCache cache{8};
  cache.add(1000);
  cache.touch(cache.find(1000));
  EXPECT_EQ(cache.active(), 0u);
  cache.touch(cache.find(1000));
  EXPECT_EQ(cache.active(), 1u);
  for (std::uint64_t page = 0; page < 100; ++page) {
    cache.add(page);
    cache.touch(cache.find(page));
  }
  EXPECT_TRUE(cache.cached(1000));
  EXPECT_FALSE(cache.cached(90));
}

TEST(PageCache, the_active_list_gives_up_its_oldest_when_it_is_the_longer_one) {
  PageCache cache{8};
  for (std::uint64_t page = 0; page < 8; ++page) {
    cache.add(page);
    cache.touch(cache.find(page));
    cache.touch(cache.find(page));
  }
  EXPECT_EQ(cache.active(), 8u);
  cache.add(100);
  EXPECT_EQ(cache.active(), 4u);
  EXPECT_FALSE(cache.cached(0));
  EXPECT_TRUE(cache.cached(1));
}

TEST(PageCache, busy_pages_stay) {
  PageCache cache{3};
  cache.set_dirty(cache.add(1), 1);
  cache[cache.add(2)].transfer = Page::Transfer::reading;
  cache[cache.add(3)].transfer = Page::Transfer::writing;
  EXPECT_EQ(cache.add(4), no_frame);
  cache.clear_dirty(cache.find(1));
  EXPECT_NE(cache.add(4), no_frame);
  EXPECT_FALSE(cache.cached(1));
}

TEST(PageCache, a_forgotten_page_is_not_dirty) {
  PageCache cache{8};
  cache.set_dirty(cache.add(7), 1);
  cache.set_dirty(cache.add(5), 1);
  cache.set_dirty(cache.find(5), 2);
  EXPECT_EQ(cache[cache.find(5)].epoch, 1u);  // dirty since
  EXPECT_EQ(cache.next_dirty(0), 5u);
  cache.remove(cache.find(5));
  EXPECT_EQ(cache.next_dirty(0), 7u);
  EXPECT_EQ(cache.dirty(), 1u);
}

/// Which pages a reader has seen, for the read-ahead to look at.
struct Seen final : PageHistory {
  std::set<std::uint64_t> pages;
  bool cached(std::uint64_t page) const override { return pages.count(page) > 0; }
  void add(const Window& window) {
    for (std::uint64_t i = 0; i < window.size; ++i) pages.insert(window.start + i);
  }
};

TEST(ReadAhead, a_stream_begins_with_four_pages_and_doubles_to_the_limit) {
  ReadAhead ahead{32, 320};
  Seen seen;
  expect_window(ahead.missed(0, 1, seen), 0, 4, 3);
  expect_window(ahead.marked(1, 1, seen), 4, 8, 8);
  expect_window(ahead.marked(4, 1, seen), 12, 16, 16);
  expect_window(ahead.marked(12, 1, seen), 28, 32, 32);
  expect_window(ahead.marked(28, 1, seen), 60, 32, 32);
}

TEST(ReadAhead, the_first_window_is_twice_a_middling_request) {
  Seen seen;
  for (const auto& [wanted, size] : std::map<std::uint64_t, std::uint64_t>{{1, 4}, {2, 4}, {3, 8}, {4, 8}, {8, 16}, {9, 32}, {16, 32}}) {
    ReadAhead ahead{32, 320};
    expect_window(ahead.missed(0, wanted, seen), 0, size, size - wanted);
  }
}

TEST(ReadAhead, a_request_beyond_the_limit_is_read_at_once_up_to_the_devices_longest) {
  Seen seen;
  ReadAhead ahead{32, 320};
  // All of it was asked for: half of it counts as ahead, so that the next request finds its window begun.
  expect_window(ahead.missed(0, 256, seen), 0, 256, 128);
  ReadAhead longer{32, 320};
  expect_window(longer.missed(0, 512, seen), 0, 320, 160);
}

TEST(ReadAhead, a_random_miss_reads_what_was_asked_for) {
  ReadAhead ahead{32, 320};
  Seen seen;
  expect_window(ahead.missed(1000, 1, seen), 1000, 1, 0);
  ahead.read_up_to(1001);
  expect_window(ahead.missed(500, 2, seen), 500, 2, 0);
}

TEST(ReadAhead, a_miss_right_after_the_last_read_is_a_stream) {
  ReadAhead ahead{32, 320};
  Seen seen;
  seen.add(ahead.missed(1000, 1, seen));
  ahead.read_up_to(1001);
  expect_window(ahead.missed(1001, 1, seen), 1001, 4, 3);
}

TEST(ReadAhead, pages_before_a_miss_are_witness_of_another_stream) {
  ReadAhead ahead{32, 320};
  Seen seen;
  for (std::uint64_t page = 90; page < 100; ++page) seen.pages.insert(page);
  expect_window(ahead.missed(100, 1, seen), 100, 11, 1);
}

TEST(ReadAhead, the_marker_of_another_stream_continues_that_stream) {
  ReadAhead ahead{32, 320};
  Seen seen;
  for (std::uint64_t page = 200; page < 208; ++page) seen.pages.insert(page);
  // 8 pages are there up to 207; the window behind them is that and one more, doubled.
  expect_window(ahead.marked(200, 1, seen), 208, 18, 18);
}

TEST(ReadAhead, can_be_switched_off) {
  ReadAhead ahead{0, 320};
  Seen seen;
  expect_window(ahead.missed(0, 5, seen), 0, 5, 0);
  EXPECT_EQ(ahead.marked(0, 1, seen).size, 0u);
}

TEST(DirtyLimits, are_parts_of_the_cache) {
  const DirtyLimits limits{1000, kit::Ratio{0.1}, kit::Ratio{0.2}, kit::Duration::from_ms(30'000), kit::Duration::from_ms(5'000)};
  EXPECT_EQ(limits.background(), 100u);
  EXPECT_EQ(limits.limit(), 200u);
  EXPECT_FALSE(limits.throttled(150, 49));
  EXPECT_TRUE(limits.throttled(150, 50));
  const DirtyLimits none{1000, kit::Ratio{0.5}, kit::Ratio{0}, {}, kit::Duration::from_ms(1)};
  EXPECT_EQ(none.limit(), 1u);
  EXPECT_EQ(none.background(), 0u);
}

TEST(DirtyLimits, expiry_falls_on_a_tick) {
  const DirtyLimits limits{1000, kit::Ratio{0.1}, kit::Ratio{0.2}, kit::Duration::from_ms(30'000), kit::Duration::from_ms(5'000)};
  EXPECT_EQ(limits.expiry(kit::Duration{}), kit::Duration::from_ms(30'000));
  EXPECT_EQ(limits.expiry(kit::Duration::from_ps(1)), kit::Duration::from_ms(35'000));
  EXPECT_EQ(limits.expiry(kit::Duration::from_ms(5'000)), kit::Duration::from_ms(35'000));
}

}  // namespace
}  // namespace ahcisim::host
