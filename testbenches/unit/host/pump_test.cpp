// SPDX-License-Identifier: MIT
// The pump against a device of constant service time: the rules of workload/stream.hpp, and the books.
#include <algorithm>
#include <functional>
#include <memory>

#include <gtest/gtest.h>

#include <ahcisim/models/host/pump.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {
namespace {

using kit::Duration;

/// Yields a list.
struct ListSource final : RequestSource {
  explicit ListSource(std::vector<IoRequest> r) : requests{std::move(r)} {}
  bool next(IoRequest& request) override {
    if (position == requests.size()) return false;
    request = requests[position++];
    return true;
  }
  void rewind() override { position = 0; }
  double progress() const override { return requests.empty() ? 1 : static_cast<double>(position) / static_cast<double>(requests.size()); }
  std::string describe() const override { return "list"; }
  std::vector<IoRequest> requests;
  std::size_t position = 0;
};

/// Answers each request after 100 us, any number at a time.
struct ConstantDevice final : BlockDevice {
  explicit ConstantDevice(kit::Calendar& c) : calendar{c} {}
  void submit(Request& request, Duration at) override {
    EXPECT_GE(at, calendar.now());
    submitted.push_back({request.lba, at});
    most = std::max(most, ++open);
    calendar.at<&ConstantDevice::done>(at + Duration::from_us(100), this, reinterpret_cast<std::uint64_t>(&request));
  }
  void done(std::uint64_t what) {
    Request& request = *reinterpret_cast<Request*>(what);
    --open;
    request.status = request.lba == bad ? RequestStatus::media_error : RequestStatus::ok;
    request.tag.stamp(wire::Stage::media, calendar.now().ps());
    const Duration at = calendar.now() + Duration::from_us(1);
    request.tag.stamp(wire::Stage::completed, at.ps());
    request.owner->completed(request, at);
  }
  std::uint64_t capacity() const override { return 1 << 20; }
  unsigned max_depth() const override { return 32; }
  bool is_ready() const override { return true; }
  void listen(DeviceListener& l) override { listener = &l; }
  kit::Calendar& calendar;
  DeviceListener* listener = nullptr;
  std::vector<std::pair<std::uint64_t, Duration>> submitted;
  std::uint64_t bad = ~std::uint64_t{0};
  int open = 0, most = 0;
};

struct Bench {
  void add(std::vector<IoRequest> requests, const std::function<void(Stream&)>& change = {}) {
    Stream stream;
    stream.name = "s" + std::to_string(pump.streams().size());
    stream.source = std::make_unique<ListSource>(std::move(requests));
    if (change) change(stream);
    pump.add(std::move(stream));
  }
  void run() {
    device.listener->ready(Duration{});
    sc_core::sc_start();
  }
  Duration when(std::size_t i) const { return device.submitted.at(i).second; }
  kit::Context context;
  ConstantDevice device{context.calendar};
  Pump pump{"pump", context, device};
};

std::vector<IoRequest> reads(unsigned n, const std::function<void(IoRequest&, unsigned)>& change = {}) {
  std::vector<IoRequest> all;
  for (unsigned i = 0; i < n; ++i) {
    IoRequest request;
    request.lba = 8 * i, request.sectors = 8;
    if (change) change(request, i);
    all.push_back(request);
  }
  return all;
}

TEST(Pump, closed_loop_keeps_its_depth) {
  Bench bench;
  bench.add(reads(1000), [](Stream& s) { s.depth = 7; });
  bench.run();
  EXPECT_TRUE(bench.pump.finished());
  EXPECT_EQ(bench.device.most, 7);
  EXPECT_EQ(bench.pump.completions(), 1000u);
  EXPECT_EQ(bench.pump.statistics().read_latency.mean(), Duration::from_us(101));
  EXPECT_NEAR(bench.pump.statistics().iops.value(), 7 / 101e-6, 300);
  EXPECT_NEAR(bench.pump.statistics().depth.value(), 7, 0.05);
  EXPECT_NEAR(bench.pump.statistics().read_rate.value(), 4096 * 7 / 101e-6, 1.2e6);
}

TEST(Pump, open_loop_issues_at_the_recorded_times) {
  Bench bench;
  bench.add(reads(10, [](IoRequest& r, unsigned i) { r.at = Duration::from_us(30.0 * i); }),
            [](Stream& s) { s.loop = Stream::Loop::open, s.depth = 0; });
  bench.run();
  for (unsigned i = 0; i < 10; ++i) EXPECT_EQ(bench.when(i), Duration::from_us(30.0 * i));
}

TEST(Pump, open_loop_latency_counts_the_wait_for_room) {
  Bench bench;
  bench.add(reads(3, [](IoRequest& r, unsigned) { r.at = Duration{}; }), [](Stream& s) { s.loop = Stream::Loop::open, s.depth = 1; });
  bench.run();
  EXPECT_EQ(bench.pump.statistics().latency.highest(), Duration::from_us(303));
}

TEST(Pump, thinking_drains_the_stream_first) {
  Bench bench;
  bench.add(reads(4, [](IoRequest& r, unsigned i) { if (i == 2) r.think = Duration::from_us(500); }), [](Stream& s) { s.depth = 4; });
  bench.run();
  EXPECT_EQ(bench.when(1), Duration{});
  EXPECT_EQ(bench.when(2), Duration::from_us(601));
  EXPECT_EQ(bench.when(3), Duration::from_us(601));
}

TEST(Pump, rate_is_kept) {
  Bench bench;
  bench.add(reads(101), [](Stream& s) { s.depth = 8, s.request_rate[0] = 1000; });
  bench.run();
  EXPECT_EQ(bench.when(100), Duration::from_ms(100));
}

TEST(Pump, runtime_ends_the_stream) {
  Bench bench;
  bench.add(reads(1000), [](Stream& s) { s.runtime = Duration::from_us(1000); });
  bench.run();
  EXPECT_TRUE(bench.pump.finished());
  EXPECT_EQ(bench.pump.completions(), 10u);  // at 0, 101 … 909 us
}

TEST(Pump, phases_follow_each_other) {
  Bench bench;
  bench.add(reads(3));
  bench.add(reads(0));
  bench.add(reads(2, [](IoRequest& r, unsigned i) { r.lba = 1000 + i; }), [](Stream& s) { s.phase = 1; });
  bench.add(reads(0), [](Stream& s) { s.phase = 2; });
  bench.run();
  EXPECT_TRUE(bench.pump.finished());
  EXPECT_EQ(bench.device.submitted.at(3), (std::pair<std::uint64_t, Duration>{1000, Duration::from_us(303)}));
  EXPECT_EQ(bench.pump.finished_at(), Duration::from_us(505));
}

TEST(Pump, warm_up_is_not_counted) {
  Bench bench;
  bench.pump.set_warm_up(4);
  bench.add(reads(10));
  bench.run();
  EXPECT_EQ(bench.pump.statistics().requests.value(), 6u);
  EXPECT_EQ(bench.pump.statistics().warm_up.value(), 4u);
  EXPECT_EQ(bench.pump.statistics().time.begin, Duration::from_us(404));
  EXPECT_NEAR(bench.pump.statistics().iops.value(), 1 / 101e-6, 1);
}

TEST(Pump, stages_sum_to_the_latency) {
  Bench bench;
  bench.add(reads(100), [](Stream& s) { s.depth = 3; });
  bench.run();
  Duration sum;
  for (const auto& stage : bench.pump.stages().stages) sum += stage->sum();
  EXPECT_EQ(sum, Duration::from_us(101) * 100);
}

TEST(Pump, request_beyond_the_disk_ends_the_run_with_its_number) {
  Bench bench;
  bench.add(reads(5, [](IoRequest& r, unsigned i) { if (i == 3) r.lba = (1 << 20) - 7; }));
  bench.run();
  try {
    bench.pump.rethrow();
    FAIL() << "accepted";
  } catch (const kit::ConfigError& error) {
    EXPECT_NE(std::string{error.what()}.find("request 4 ends at sector 1048577 but the disk has 1048576"), std::string::npos) << error.what();
  }
}

TEST(Pump, check_requests_finds_it_before_anything_is_sent) {
  Stream stream;
  stream.name = "trace";
  stream.source = std::make_unique<ListSource>(reads(5));
  EXPECT_THROW(check_requests(stream, 39), kit::ConfigError);
  stream.source->rewind();
  EXPECT_NO_THROW(check_requests(stream, 40));
  IoRequest first;
  ASSERT_TRUE(stream.source->next(first));
  EXPECT_EQ(first.lba, 0u);
}

TEST(Pump, failed_requests_are_counted_apart) {
  Bench bench;
  bench.device.bad = 16;
  bench.add(reads(5));
  bench.run();
  EXPECT_EQ(bench.pump.statistics().errors.value(), 1u);
  EXPECT_EQ(bench.pump.statistics().requests.value(), 4u);
}

TEST(Pump, device_that_never_is_ready_ends_the_run) {
  Bench bench;
  bench.add(reads(5));
  bench.device.listener->failed("no disk", Duration{});
  EXPECT_TRUE(bench.pump.finished());
  EXPECT_EQ(bench.pump.failure(), "no disk");
  EXPECT_EQ(bench.pump.issued(), 0u);
}

}  // namespace
}  // namespace ahcisim::host
