// SPDX-License-Identifier: MIT
// When a page cache writes back by itself, when it makes writers wait, and what happens when memory or the disk fails.
#include <gmock/gmock.h>

#include "cache_bench.hpp"

namespace ahcisim::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using kit::Duration;

TEST(CacheWriteBack, old_pages_are_written_at_a_tick_after_30_seconds) {
  CacheBench bench;
  bench.below.log_times = true;
  bench.cache->submit(bench.make(Op::write, 80, 8), Duration::from_ms(2000));
  bench.cache->submit(bench.make(Op::write, 0, 8), Duration::from_ms(22'000));
  bench.run_for(34'900);
  EXPECT_EQ(bench.done.size(), 2u);
  EXPECT_THAT(bench.take_log(), IsEmpty());
  bench.run_for(200);
  // 2 s + 30 s is over at 35 s; the file goes as a whole.
  EXPECT_THAT(bench.take_log(), ElementsAre("write 0+8 @35000000000", "write 80+8 @35000000000"));
}

TEST(CacheWriteBack, begins_above_the_background_limit_and_ends_below_it) {
  CacheBench bench;  // 102 of 1024 pages
  bench.act(Op::write, 0, 102 * 8);
  EXPECT_THAT(bench.take_log(), IsEmpty());
  bench.act(Op::write, 8000, 8);
  EXPECT_THAT(bench.take_log(), ElementsAre("write 0+816"));
  EXPECT_TRUE(bench.cache->unwritten(8000));
}

TEST(CacheWriteBack, neighbours_are_written_together_up_to_the_longest_request) {
  CacheBench bench{[](CacheBench& b) { b.parameters.max_request.set(kit::Bytes{64 << 10}); }};
  for (std::uint64_t page : {39, 3, 2, 1, 0, 7, 38, 37, 36}) bench.act(Op::write, page * 8, 8);
  for (std::uint64_t page = 16; page < 36; ++page) bench.act(Op::write, page * 8, 8);
  bench.act(Op::flush, 0, 0);
  EXPECT_THAT(bench.take_log(), ElementsAre("write 0+32", "write 56+8", "write 128+128", "write 256+64", "flush"));
}

TEST(CacheWriteBack, its_queue_is_limited) {
  CacheBench bench{[](CacheBench& b) { b.parameters.queue.set(4); }};
  for (std::uint64_t page = 0; page < 20; ++page) bench.act(Op::write, page * 16, 8);
  bench.act(Op::flush, 0, 0);
  EXPECT_EQ(bench.below.highest_outstanding, 4u);
  EXPECT_EQ(bench.take_log().size(), 21u);
}

TEST(CacheWriteBack, writers_wait_at_the_dirty_limit) {
  CacheBench bench{[](CacheBench& b) { b.below.write_latency = Duration::from_ms(1); }};
  const Request& write = bench.submit(Op::write, 0, 300 * 8);
  bench.run_for(10);
  EXPECT_EQ(bench.done.size(), 1u);
  const CacheStatistics& statistics = bench.cache->statistics();
  EXPECT_GE(statistics.throttled.value(), 1u);
  EXPECT_EQ(statistics.dirty.value(), 204u);
  // The wait is the latency, but for the copying.
  EXPECT_GT(CacheBench::latency(write), Duration::from_us(900));
  EXPECT_LE(statistics.throttled_time.value() + statistics.kernel_time.value(), CacheBench::latency(write));
  EXPECT_GE(statistics.throttled_time.value() + statistics.kernel_time.value() + Duration::from_ns(10), CacheBench::latency(write));
}

TEST(CacheWriteBack, a_stream_of_writes_goes_at_the_pace_of_the_device) {
  // 100 us for a request of 64 KiB: 655 MB/s.
  CacheBench bench{[](CacheBench& b) { b.parameters.max_request.set(kit::Bytes{64 << 10}), b.parameters.queue.set(1); }};
  bench.below.write_latency = Duration::from_us(100);
  std::uint64_t page = 0;
  bench.on_completion = [&](Request& request, Duration at) {
    if ((page += 16) >= 8192) return;
    request.lba = page * 8;
    request.tag.open(1);
    bench.cache->submit(request, at);
  };
  bench.submit(Op::write, 0, 128);
  bench.run_for(100);
  ASSERT_EQ(bench.done.size(), 512u);
  // What the limit lets be dirty at the end need not have been written.
  const double rate = (512.0 * 65536 - 204 * 4096) / bench.done_at.back().seconds();
  EXPECT_NEAR(rate, 65536 / 100e-6, 0.02 * 65536 / 100e-6);
}

TEST(CacheWriteBack, a_failed_write_back_is_told_to_the_next_flush_once) {
  CacheBench bench;
  bench.below.verdict = [](const Request& r) { return r.op == Op::write ? RequestStatus::media_error : RequestStatus::ok; };
  EXPECT_EQ(bench.act(Op::write, 0, 8).status, RequestStatus::ok);
  EXPECT_EQ(bench.act(Op::flush, 0, 0).status, RequestStatus::media_error);
  EXPECT_EQ(bench.act(Op::flush, 0, 0).status, RequestStatus::ok);
  EXPECT_EQ(bench.act(Op::write, 0, 8, fua).status, RequestStatus::media_error);
}

TEST(CacheWriteBack, only_who_wants_the_bad_page_fails) {
  CacheBench bench;
  bench.below.verdict = [](const Request& r) {
    return r.lba <= 24 && r.lba + r.sectors > 24 ? RequestStatus::media_error : RequestStatus::ok;
  };
  EXPECT_EQ(bench.act(Op::read, 0, 8).status, RequestStatus::ok);  // read ahead up to sector 31
  EXPECT_THAT(bench.take_log(), ElementsAre("read 0+32", "read 0+8"));
  EXPECT_EQ(bench.act(Op::read, 16, 16).status, RequestStatus::media_error);
  EXPECT_EQ(bench.act(Op::write, 25, 1).status, RequestStatus::media_error);  // the rest of its page cannot be read
  EXPECT_EQ(bench.act(Op::write, 24, 8).status, RequestStatus::ok);
}

TEST(CacheWriteBack, a_cache_full_of_pages_under_read_makes_the_rest_wait) {
  CacheBench bench{[](CacheBench& b) { b.parameters.size.set(kit::Bytes{256 << 10}); }};
  for (std::uint64_t i = 0; i < 200; ++i) bench.submit(Op::read, i * 160, 8);
  for (std::uint64_t i = 0; i < 200; ++i) bench.submit(Op::write, i * 160 + 80, 8);
  bench.submit(Op::read, 32000, 16384);
  bench.run_for(50);
  EXPECT_EQ(bench.done.size(), 401u);
  EXPECT_LE(bench.cache->pages().size(), 64u);
}

TEST(CacheWriteBack, work_is_charged_to_the_processor_that_owns_it) {
  struct OneCore final : ProcessorTime {
    Duration free;
    Duration charge(Duration at, Duration work) override { return free = kit::max(at, free) + work; }
  } core;
  CacheBench bench;
  bench.cache->set_processor(core);
  bench.act(Op::read, 0, 8);
  const Duration before = bench.cache->statistics().kernel_time.value();
  const Request& first = bench.submit(Op::read, 0, 8);
  const Request& second = bench.submit(Op::read, 0, 8);
  bench.run_for(1);
  const Duration each = (bench.cache->statistics().kernel_time.value() - before) / 2;
  EXPECT_EQ(CacheBench::latency(first), each);
  EXPECT_EQ(CacheBench::latency(second), each * 2);
}

TEST(CacheWriteBack, drop_clean_leaves_dirty_pages) {
  CacheBench bench;
  bench.act(Op::write, 0, 8);
  bench.act(Op::read, 800, 8);
  bench.cache->drop_clean();
  EXPECT_TRUE(bench.cache->pages().cached(0));
  EXPECT_FALSE(bench.cache->pages().cached(100));
}

}  // namespace
}  // namespace ahcisim::host
