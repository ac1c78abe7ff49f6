// SPDX-License-Identifier: MIT
// What a page cache sends to the device below it, in which order, and how long its requests take.
#include <gmock/gmock.h>

#include "cache_bench.hpp"

namespace ahcisim::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using kit::Duration;

/// What the documented costs add up to.
Duration copy(std::uint64_t bytes) { return Duration::from_ns(0.034 * static_cast<double>(bytes)); }
const Duration call = Duration::from_ns(132 + 418), add_page = Duration::from_ns(100);

void expect_near(Duration value, Duration expected) { EXPECT_LE(std::abs((value - expected).ps()), 2) << value.ns() << " ns"; }

std::int64_t sum_of_stages(const Request& request) {
  std::int64_t sum = 0;
  request.tag.account([&](wire::Stage, std::int64_t ps) { sum += ps; });
  return sum;
}

TEST(CachedDevice, a_hit_takes_call_and_copy) {
  CacheBench bench;
  bench.act(Op::read, 800, 8);
  bench.take_log();
  const Request& hit = bench.act(Op::read, 800, 8);
  EXPECT_THAT(bench.take_log(), IsEmpty());
  expect_near(CacheBench::latency(hit), call + copy(4096));
  const Request& part = bench.act(Op::read, 803, 1);
  expect_near(CacheBench::latency(part), call + copy(512));
  EXPECT_EQ(bench.cache->statistics().hits.value(), 2u);
  EXPECT_EQ(bench.cache->statistics().misses.value(), 1u);
}

TEST(CachedDevice, a_miss_takes_what_the_read_below_takes_too) {
  CacheBench bench;
  const Request& miss = bench.act(Op::read, 800, 8);
  EXPECT_THAT(bench.take_log(), ElementsAre("read 800+8"));
  expect_near(CacheBench::latency(miss), call + add_page + bench.below.read_latency + copy(4096));
  // The account is that of the read it waited for, and complete.
  EXPECT_EQ(miss.tag.when(wire::Stage::issued), Duration::from_ns(132 + 418 + 100).ps());
  EXPECT_EQ(miss.tag.when(wire::Stage::media), (Duration::from_ns(650) + bench.below.read_latency).ps());
  EXPECT_EQ(sum_of_stages(miss), CacheBench::latency(miss).ps());
}

TEST(CachedDevice, a_hit_passes_four_points) {
  CacheBench bench;
  bench.act(Op::read, 800, 8);
  const Request& hit = bench.act(Op::read, 800, 8);
  for (std::size_t i = 0; i < wire::stage_count; ++i) {
    const auto stage = static_cast<wire::Stage>(i);
    const bool passed = stage == wire::Stage::submitted || stage == wire::Stage::entered || stage == wire::Stage::woken ||
                        stage == wire::Stage::completed;
    EXPECT_EQ(hit.tag.at[i] >= 0, passed) << wire::name_of(stage);
  }
  EXPECT_EQ(sum_of_stages(hit), CacheBench::latency(hit).ps());
}

TEST(CachedDevice, a_hit_is_one_event) {
  CacheBench bench;
  bench.act(Op::read, 800, 64);
  const std::uint64_t before = bench.context.calendar.events();
  for (int i = 0; i < 10; ++i) bench.submit(Op::read, 800 + i, 8);
  bench.run_for(1);
  EXPECT_EQ(bench.done.size(), 11u);
  EXPECT_EQ(bench.context.calendar.events() - before, 10u);
}

TEST(CachedDevice, a_write_is_done_when_it_is_in_the_cache) {
  CacheBench bench;
  const Request& write = bench.act(Op::write, 800, 16);
  EXPECT_THAT(bench.take_log(), IsEmpty());
  expect_near(CacheBench::latency(write), call + add_page * 2 + copy(8192));
  EXPECT_TRUE(bench.cache->unwritten(800));
  EXPECT_TRUE(bench.cache->unwritten(815));
  EXPECT_FALSE(bench.cache->unwritten(816));
}

TEST(CachedDevice, a_part_of_a_page_is_written_into_what_is_read_first) {
  CacheBench bench;
  bench.act(Op::write, 806, 12);  // 2 sectors of a page, a whole one, 2 sectors of a third
  EXPECT_THAT(bench.take_log(), ElementsAre("read 800+8", "read 816+8"));
  EXPECT_EQ(bench.cache->statistics().partial.value(), 2u);
  bench.act(Op::write, 801, 1);
  EXPECT_THAT(bench.take_log(), IsEmpty());
}

TEST(CachedDevice, a_flush_waits_for_what_is_written_and_then_flushes_below) {
  CacheBench bench;
  bench.act(Op::write, 160, 8);
  bench.act(Op::write, 16, 16);
  bench.act(Op::write, 32, 8);
  bench.below.log_ends = true;
  bench.act(Op::flush, 0, 0);
  EXPECT_THAT(bench.take_log(), ElementsAre("write 16+24", "write 160+8", "end write 16+24", "end write 160+8", "flush", "end flush", "done flush"));
  EXPECT_FALSE(bench.cache->unwritten(160));
  // Nothing is dirty: only the device is flushed.
  bench.act(Op::flush, 0, 0);
  EXPECT_THAT(bench.take_log(), ElementsAre("flush", "end flush", "done flush"));
}

TEST(CachedDevice, a_flush_waits_for_write_backs_of_others_too) {
  CacheBench bench;
  bench.below.log_ends = true;
  bench.below.latency_of = [](const Request& r) { return Duration::from_us(r.op == Op::write && r.lba == 0 ? 400 : 50); };
  bench.submit(Op::write, 0, 8, fua);
  bench.run_for(0.1);
  bench.submit(Op::write, 800, 8);
  bench.submit(Op::flush, 0, 0);
  bench.run_for(2);
  const Log log = bench.take_log();
  const auto place = [&](const char* entry) { return std::find(log.begin(), log.end(), entry) - log.begin(); };
  EXPECT_LT(place("end write 800+8"), place("end write 0+8"));
  EXPECT_LT(place("end write 0+8"), place("flush"));
  EXPECT_EQ(std::count(log.begin(), log.end(), "flush"), 2);
}

TEST(CachedDevice, a_flush_does_not_wait_for_what_is_written_after_it) {
  CacheBench bench;
  bench.act(Op::write, 0, 8);
  bench.submit(Op::flush, 0, 0);
  bench.run_for(0.01);
  bench.submit(Op::write, 800, 8);
  bench.run_for(5);
  EXPECT_THAT(bench.take_log(), ElementsAre("write 0+8", "flush"));
  EXPECT_TRUE(bench.cache->unwritten(800));
}

TEST(CachedDevice, a_page_written_again_during_its_write_back_is_written_again) {
  CacheBench bench;
  bench.below.log_ends = true;
  bench.submit(Op::write, 0, 8);
  bench.submit(Op::flush, 0, 0);
  bench.run_for(0.01);
  bench.submit(Op::write, 0, 8);
  bench.submit(Op::flush, 0, 0);
  bench.run_for(5);
  EXPECT_THAT(bench.take_log(), ElementsAre("done write 0+8", "write 0+8", "done write 0+8", "end write 0+8", "write 0+8", "flush",
                                            "end write 0+8", "flush", "end flush", "done flush", "end flush", "done flush"));
}

TEST(CachedDevice, a_fua_write_is_written_back_and_flushed) {
  CacheBench bench;
  bench.act(Op::write, 800, 8);
  bench.below.log_ends = true;
  bench.act(Op::write, 0, 8, fua);
  EXPECT_THAT(bench.take_log(), ElementsAre("write 0+8", "end write 0+8", "flush", "end flush", "done write 0+8 fua"));
  EXPECT_TRUE(bench.cache->unwritten(800));  // not its business
}

TEST(CachedDevice, flush_first_flushes_what_was_written_before) {
  CacheBench bench;
  bench.act(Op::write, 0, 8);
  bench.act(Op::write, 800, 8, flush_first);
  EXPECT_THAT(bench.take_log(), ElementsAre("write 0+8", "flush"));
  EXPECT_TRUE(bench.cache->unwritten(800));
}

TEST(CachedDevice, direct_requests_pass_through) {
  CacheBench bench;
  const Request& read = bench.submit_direct(Op::read, 3, 5);
  bench.submit_direct(Op::write, 16, 2, fua);
  bench.run_for(1);
  EXPECT_THAT(bench.take_log(), ElementsAre("read 3+5", "write 16+2 fua"));
  expect_near(CacheBench::latency(read), Duration::from_ns(132) + bench.below.read_latency);
  EXPECT_EQ(sum_of_stages(read), CacheBench::latency(read).ps());
  EXPECT_EQ(bench.cache->pages().size(), 0u);
}

TEST(CachedDevice, direct_waits_for_dirty_pages_of_its_range_and_drops_them) {
  CacheBench bench;
  bench.act(Op::write, 0, 8);
  bench.act(Op::write, 800, 8);
  bench.below.log_ends = true;
  bench.submit_direct(Op::read, 0, 16);
  bench.run_for(1);
  EXPECT_THAT(bench.take_log(), ElementsAre("write 0+8", "end write 0+8", "read 0+16", "end read 0+16", "done read 0+16"));
  EXPECT_TRUE(bench.cache->pages().cached(0));  // a direct read drops nothing
  bench.submit_direct(Op::write, 4, 8);
  bench.run_for(1);
  EXPECT_FALSE(bench.cache->pages().cached(0));
  EXPECT_TRUE(bench.cache->pages().cached(100));
  bench.take_log();
  bench.act(Op::read, 0, 8);
  EXPECT_EQ(bench.take_log().front(), "read 0+32");
}

TEST(CachedDevice, a_trim_discards_dirty_pages_unwritten_and_goes_below) {
  CacheBench bench;
  bench.act(Op::write, 0, 32);
  bench.act(Op::trim, 4, 20);  // pages 1 and 2 wholly
  EXPECT_THAT(bench.take_log(), ElementsAre("write 0+8", "trim 4+20"));
  EXPECT_FALSE(bench.cache->unwritten(8));
  EXPECT_TRUE(bench.cache->unwritten(24));
}

TEST(CachedDevice, sequential_reads_are_read_ahead) {
  CacheBench bench;
  // 128 KiB at most: windows of 4, 8, 16, 32 pages, each begun when the marker of the one before is used.
  for (std::uint64_t page = 0; page < 29; ++page) bench.act(Op::read, page * 8, 8);
  EXPECT_THAT(bench.take_log(), ElementsAre("read 0+32", "read 32+64", "read 96+128", "read 224+256", "read 480+256"));
  EXPECT_EQ(bench.cache->statistics().misses.value(), 1u);
  EXPECT_EQ(bench.cache->statistics().ahead.value(), 3u + 8 + 16 + 32 + 32);
  EXPECT_EQ(bench.cache->statistics().ahead_hits.value(), 28u);
}

TEST(CachedDevice, many_readers_of_a_page_wait_for_one_read) {
  CacheBench bench;
  for (int i = 0; i < 5; ++i) bench.submit(Op::read, 800, 8);
  bench.run_for(1);
  EXPECT_THAT(bench.take_log(), ElementsAre("read 800+8"));
  EXPECT_EQ(bench.done.size(), 5u);
}

TEST(CachedDevice, readiness_and_capacity_come_from_below) {
  CacheBench bench{[](CacheBench& b) { b.below.is_ready_ = false; }};
  EXPECT_FALSE(bench.is_ready);
  EXPECT_EQ(bench.cache->capacity(), 0u);
  bench.submit(Op::read, 0, 8);
  bench.run_for(1);
  EXPECT_TRUE(bench.done.empty());
  bench.below.become_ready();
  EXPECT_TRUE(bench.is_ready);
  EXPECT_EQ(bench.cache->direct().capacity(), 65536u);
  bench.run_for(1);
  EXPECT_EQ(bench.done.size(), 1u);
}

TEST(CachedDevice, a_device_that_fails_answers_everything) {
  CacheBench bench{[](CacheBench& b) { b.below.is_ready_ = false; }};
  const Request& early = bench.submit(Op::read, 0, 8);
  bench.below.fail("no disk");
  const Request& late = bench.submit(Op::flush, 0, 0);
  bench.run_for(1);
  EXPECT_EQ(bench.failure, "no disk");
  EXPECT_EQ(early.status, RequestStatus::gone);
  EXPECT_EQ(late.status, RequestStatus::gone);
}

TEST(CachedDevice, requests_that_cannot_be_are_refused) {
  CacheBench bench;
  const Segment segment{0, 4096};
  EXPECT_EQ(bench.act(Op::read, 65532, 8).status, RequestStatus::out_of_range);
  EXPECT_EQ(bench.act(Op::read, ~std::uint64_t{0} - 3, 8).status, RequestStatus::out_of_range);
  EXPECT_EQ(bench.act(Op::write, 0, 0).status, RequestStatus::unsupported);
  EXPECT_EQ(bench.act(Op::read, 0, 8, [&](Request& r) { r.segments = &segment, r.segment_count = 1; }).status, RequestStatus::unsupported);
  EXPECT_THAT(bench.take_log(), IsEmpty());
}

}  // namespace
}  // namespace ahcisim::host
