// SPDX-License-Identifier: MIT
// The program that stamps its writes, on a device of constant service time.
#include <algorithm>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/host/power_cut/stamp.hpp>
#include <ahcisim/models/host/power_cut/stamping_workload.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {
namespace {

using kit::Duration;

/// Answers after 100 us, takes the data in two pieces, and fails writes at one place.
struct Device final : BlockDevice {
  explicit Device(kit::Calendar& c) : calendar{c} {}
  void submit(Request& request, Duration at) override {
    EXPECT_GE(at, calendar.now());
    most = std::max(most, ++open);
    if (request.op == IoRequest::Op::write) {
      EXPECT_TRUE(request.with_data);
      EXPECT_FALSE(flushing && barrier) << "a barrier holds writes back";
      lowest = std::min(lowest, request.lba), highest = std::max(highest, request.lba + request.sectors);
      sizes.insert(request.sectors);
      forced += request.fua;
      std::vector<std::uint8_t> bytes(request.sectors * sector_bytes);
      const std::uint32_t first = request.sectors / 2 * sector_bytes;
      request.owner->fill(request, bytes.data(), 0, first);
      request.owner->fill(request, bytes.data() + first, first, static_cast<std::uint32_t>(bytes.size()) - first);
      ++writes;
      for (std::uint32_t i = 0; i < request.sectors; ++i) {
        const SectorContent content = read_stamp(&bytes[i * sector_bytes], request.lba + i);
        EXPECT_EQ(content.kind, SectorContent::Kind::stamped);
        EXPECT_EQ(content.version, writes);
      }
    } else {
      EXPECT_EQ(request.op, IoRequest::Op::flush);
      ++flushes, flushing = true, barrier = flushes % 2 == 0;
    }
    calendar.at<&Device::done>(at + Duration::from_us(100), this, reinterpret_cast<std::uint64_t>(&request));
  }
  void done(std::uint64_t what) {
    Request& request = *reinterpret_cast<Request*>(what);
    --open;
    if (request.op == IoRequest::Op::flush) flushing = false;
    request.status = request.lba == bad ? RequestStatus::media_error : RequestStatus::ok;
    request.owner->completed(request, calendar.now() + Duration::from_us(1));
  }
  std::uint64_t capacity() const override { return 1 << 20; }
  unsigned max_depth() const override { return 32; }
  bool is_ready() const override { return true; }
  void listen(DeviceListener& l) override { listener = &l; }
  kit::Calendar& calendar;
  DeviceListener* listener = nullptr;
  int open = 0, most = 0;
  std::uint64_t writes = 0, flushes = 0, forced = 0, lowest = ~std::uint64_t{0}, highest = 0, bad = ~std::uint64_t{0};
  bool flushing = false, barrier = false;
  std::set<std::uint32_t> sizes;
};

struct Bench {
  explicit Bench(const StampingOptions& options) : device{context.calendar}, workload{context.calendar, device, options} {}
  void run() {
    device.listener->ready(Duration{});
    sc_core::sc_start();
  }
  kit::Context context;
  Device device;
  StampingWorkload workload;
};

StampingOptions options_of(std::uint64_t seed) {
  StampingOptions options;
  options.first_lba = 5000;
  options.region_sectors = 1000;
  options.writes = 1000;
  options.fua_percent = 25;
  options.seed = seed;
  return options;
}

TEST(StampingWorkload, WritesFlushesAndRemembers) {
  Bench bench{options_of(1)};
  bench.run();
  EXPECT_TRUE(bench.workload.finished());
  EXPECT_EQ(bench.device.writes, 1000u);
  EXPECT_GE(bench.device.flushes, 1000u / 16 / 2) << "writes that began before a flush fill the next";
  EXPECT_EQ(bench.device.most, 8);
  EXPECT_GE(bench.device.lowest, 5000u);
  EXPECT_LE(bench.device.highest, 6000u);
  EXPECT_EQ(*bench.device.sizes.begin(), 1u);
  EXPECT_EQ(*bench.device.sizes.rbegin(), 64u);
  EXPECT_NEAR(static_cast<double>(bench.device.forced), 250, 60);
  const WriteHistory& history = bench.workload.history();
  ASSERT_EQ(history.writes().size(), 1000u);
  EXPECT_EQ(history.flushes().size(), bench.device.flushes);
  std::uint64_t stable = 0;
  for (const auto& write : history.writes()) {
    EXPECT_EQ(write.acknowledged - write.submitted, Duration::from_us(101));
    stable += write.stable;
  }
  EXPECT_EQ(stable, bench.device.forced);
  EXPECT_EQ(bench.workload.finished_at(), history.flushes().back().acknowledged) << "it ends with a flush";
}

TEST(StampingWorkload, PausesAndAlignment) {
  StampingOptions options = options_of(2);
  options.longest_pause = Duration::from_ms(1);
  options.first_lba = 8;
  options.alignment = 8;
  options.flush_every = 0;
  options.stable_when_acknowledged = true;
  Bench bench{options};
  bench.run();
  EXPECT_TRUE(bench.workload.finished());
  EXPECT_EQ(bench.device.flushes, 0u);
  for (const auto& write : bench.workload.history().writes()) {
    EXPECT_EQ((write.lba | write.sectors) % 8, 0u);
    EXPECT_TRUE(write.stable);
  }
  // 125 writes after each other at each of 8 places, each 101 us and half a millisecond's pause on average.
  EXPECT_NEAR((bench.workload.finished_at() - bench.workload.started_at()).ms(), 125 * 0.6, 12);
}

TEST(StampingWorkload, AFailedWriteIsNotAcknowledged) {
  StampingOptions options = options_of(3);
  options.alignment = 64;
  Bench bench{options};
  bench.device.bad = 5000 + 64 * 3;
  bench.run();
  std::uint64_t failed = 0;
  for (const auto& write : bench.workload.history().writes()) {
    EXPECT_EQ(write.acknowledged == Duration::never(), write.lba == bench.device.bad);
    EXPECT_NE(write.over, Duration::never());
    failed += write.lba == bench.device.bad;
  }
  EXPECT_EQ(bench.workload.errors(), failed);
  EXPECT_GT(failed, 20u);
}

TEST(StampingWorkload, RefusesWhatContradictsItself) {
  kit::Context context;
  Device device{context.calendar};
  const auto refused = [&](auto change) {
    StampingOptions options = options_of(4);
    change(options);
    EXPECT_THROW((StampingWorkload{context.calendar, device, options}), kit::ConfigError);
  };
  refused([](StampingOptions& options) { options.depth = 0; });
  refused([](StampingOptions& options) { options.alignment = 0; });
  refused([](StampingOptions& options) { options.alignment = 128; });
  refused([](StampingOptions& options) { options.region_sectors = 63; });
}

}  // namespace
}  // namespace ahcisim::host
