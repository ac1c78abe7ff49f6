// SPDX-License-Identifier: MIT
// Random buffered and direct requests with data against an oracle of bytes: nobody ever sees anything but the last write, and
// what a flush or FUA promised is on the device.
#include <cstring>
#include <vector>

#include <ahcisim/models/kit/random.hpp>

#include "cache_bench.hpp"

namespace ahcisim::host {
namespace {

/// Keeps 16 random requests outstanding, none of which shares a page with another while one of the two writes.
class Exerciser : public RequestOwner {
 public:
  Exerciser(std::uint64_t seed, std::uint64_t sectors, unsigned requests, const std::function<void(CacheBench&)>& change = {})
      : random_{seed, "cached_data"}, bench{change, sectors}, oracle_(sectors * sector_bytes), begun_(sectors), ended_(sectors), left_{requests} {
    for (std::size_t i = 0; i < bench.below.bytes().size(); ++i)
      oracle_[i] = bench.below.bytes()[i] = static_cast<std::uint8_t>(i * 7 + i / 512);
    bench.below.latency_of = [this](const Request&) { return kit::Duration::from_ns(static_cast<double>(random_.between(1, 300'000))); };
  }
  void run() {
    slots_.resize(16);
    for (Slot& slot : slots_) start(slot, bench.context.calendar.now());
    bench.run_for(10'000);
    ASSERT_EQ(completions, started_);
    ASSERT_EQ(left_, 0u);
    Request& flush = bench.act(Op::flush, 0, 0);
    ASSERT_EQ(flush.status, RequestStatus::ok);
    EXPECT_EQ(std::memcmp(oracle_.data(), bench.below.bytes().data(), oracle_.size()), 0) << "the device, after a flush";
  }
  unsigned completions = 0;
  std::uint64_t promises = 0;

 private:
  struct Slot {
    Request request;
    bool busy = false;
    std::vector<std::uint8_t> data;
    std::uint64_t inspected = 0;
    kit::Duration submitted;
  };
  static Slot& slot_of(const Request& request) { return *static_cast<Slot*>(request.context); }

  bool collides(const Request& request) const {
    for (const Slot& other : slots_) {
      if (!other.busy || other.request.op == Op::flush) continue;
      if (request.op == Op::read && other.request.op == Op::read) continue;
      // Direct next to buffered in one page at one time is for programs to avoid (open(2), O_DIRECT): the page's other sectors
      // are written back with it.
      const std::uint64_t first = request.lba / page_sectors, end = (request.lba + request.sectors - 1) / page_sectors + 1;
      const std::uint64_t other_first = other.request.lba / page_sectors;
      const std::uint64_t other_end = (other.request.lba + other.request.sectors - 1) / page_sectors + 1;
      if (first < other_end && other_first < end) return true;
    }
    return false;
  }
  void start(Slot& slot, kit::Duration at) {
    if (left_ == 0) return;
    --left_;
    Request& request = slot.request;
    const std::uint64_t kind = random_.between(0, 99), sectors = oracle_.size() / sector_bytes;
    request.op = kind < 45 ? Op::read : kind < 90 ? Op::write : kind < 95 ? Op::flush : Op::trim;
    do {
      request.sectors = static_cast<std::uint32_t>(random_.between(1, random_.between(0, 3) ? 24 : 200));
      request.lba = random_.between(0, sectors - request.sectors);
    } while (collides(request));
    request.fua = request.op == Op::write && random_.between(0, 19) == 0;
    request.flush_first = request.op == Op::write && random_.between(0, 19) == 0;
    request.with_data = true;
    request.owner = this;
    request.context = &slot;
    request.tag.open(++started_);
    slot.busy = true;
    slot.inspected = 0;
    slot.data.resize(request.sectors * sector_bytes);
    std::uint8_t* truth = oracle_.data() + request.lba * sector_bytes;
    if (request.op == Op::write) {
      for (std::uint8_t& byte : slot.data) byte = static_cast<std::uint8_t>(random_.engine()());
      std::memcpy(truth, slot.data.data(), slot.data.size());
    } else if (request.op == Op::trim) {
      std::memset(truth, 0, slot.data.size());
    }
    BlockDevice& door = random_.between(0, 3) ? bench.cache->buffered() : bench.cache->direct();
    slot.submitted = at + kit::Duration::from_ns(static_cast<double>(random_.between(0, 50'000)));
    if (changes(request)) std::fill_n(begun_.begin() + static_cast<std::ptrdiff_t>(request.lba), request.sectors, slot.submitted);
    door.submit(request, slot.submitted);
  }
  static bool changes(const Request& request) { return request.op == Op::write || request.op == Op::trim; }
  bool on_device(std::uint64_t sector) {
    return std::memcmp(oracle_.data() + sector * sector_bytes, bench.below.bytes().data() + sector * sector_bytes, sector_bytes) == 0;
  }
  /// Every write that was done when a flush came, and is the last of its sector, is on the device when the flush is done.
  void check_flushed(const Slot& slot) {
    for (std::uint64_t sector = 0; sector < begun_.size(); ++sector)
      if (ended_[sector] <= slot.submitted && begun_[sector] <= ended_[sector] && begun_[sector] > kit::Duration{}) {
        ++promises;
        ASSERT_TRUE(on_device(sector)) << sector;
      }
  }
  void completed(Request& request, kit::Duration at) override {
    ++completions;
    Slot& slot = slot_of(request);
    slot.busy = false;
    EXPECT_EQ(request.status, RequestStatus::ok);
    if (request.op == Op::read) {
      ASSERT_EQ(slot.inspected, slot.data.size()) << "every byte once";
      ASSERT_EQ(std::memcmp(slot.data.data(), oracle_.data() + request.lba * sector_bytes, slot.data.size()), 0)
          << FakeBlockDevice::text_of(request) << ", request " << request.tag.id;
    }
    const auto first = static_cast<std::ptrdiff_t>(request.lba);
    if (changes(request)) std::fill_n(ended_.begin() + first, request.sectors, at);
    if (request.op == Op::flush) check_flushed(slot);
    for (std::uint64_t sector = request.lba; request.fua && sector < request.lba + request.sectors; ++sector)
      ASSERT_TRUE(on_device(sector)) << sector;
    std::int64_t sum = 0;
    request.tag.account([&](wire::Stage, std::int64_t ps) { sum += ps; });
    EXPECT_EQ(sum, CacheBench::latency(request).ps());
    start(slot, at);
  }
  void fill(const Request& request, std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override {
    ASSERT_LE(offset + bytes, slot_of(request).data.size());
    std::memcpy(data, slot_of(request).data.data() + offset, bytes);
  }
  void inspect(const Request& request, const std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override {
    ASSERT_LE(offset + bytes, slot_of(request).data.size());
    std::memcpy(slot_of(request).data.data() + offset, data, bytes);
    slot_of(request).inspected += bytes;
  }

  kit::Random random_;

 public:
  CacheBench bench;

 private:
  std::vector<std::uint8_t> oracle_;
  std::vector<kit::Duration> begun_, ended_;  // of the last write of each sector
  std::vector<Slot> slots_;
  unsigned left_;
  std::uint64_t started_ = 0;
};

TEST(CachedData, random_requests_see_the_last_write) {
  constexpr std::uint64_t seed = 19991231;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Exerciser exerciser{seed, 8003, 6000};  // the last page has three sectors
  exerciser.run();
  EXPECT_GT(exerciser.bench.cache->statistics().ahead_hits.value(), 0u);
  EXPECT_GT(exerciser.promises, 100'000u);
}

TEST(CachedData, random_requests_in_a_tiny_cache_see_the_last_write) {
  constexpr std::uint64_t seed = 20000101;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Exerciser exerciser{seed, 8003, 6000, [](CacheBench& bench) {
                        bench.parameters.size.set(kit::Bytes{256 << 10});
                        bench.parameters.queue.set(3);
                      }};
  exerciser.run();
  EXPECT_GT(exerciser.bench.cache->pages().evictions(), 1000u);
  EXPECT_GT(exerciser.bench.cache->statistics().throttled.value(), 0u);
}

/// What was read or written without data before is not mistaken for data.
TEST(CachedData, data_is_read_again_where_a_page_has_none) {
  struct Reader : CacheBench {
    std::vector<std::uint8_t> seen;
    void inspect(const Request&, const std::uint8_t* data, std::uint64_t, std::uint32_t bytes) override { seen.insert(seen.end(), data, data + bytes); }
  } bench;
  std::fill(bench.below.bytes().begin(), bench.below.bytes().end(), std::uint8_t{0xa5});
  bench.act(Op::read, 800, 8);
  bench.act(Op::write, 1600, 8);
  bench.act(Op::read, 800, 8, [](Request& r) { r.with_data = true; });
  EXPECT_EQ(bench.seen, std::vector<std::uint8_t>(4096, 0xa5));
  bench.seen.clear();
  bench.act(Op::read, 1600, 8, [](Request& r) { r.with_data = true; });
  EXPECT_EQ(bench.seen, std::vector<std::uint8_t>(4096, 0));
}

}  // namespace
}  // namespace ahcisim::host
