// SPDX-License-Identifier: MIT
// What a recorded medium writes down of the requests that reach it.
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/host/workload/blkparse_trace.hpp>
#include <ahcisim/models/machine/recorded_medium.hpp>

namespace ahcisim::machine {
namespace {

using disk::LbaRange;
using disk::MediaOp;
using Op = host::IoRequest::Op;

/// Answers reads and flushes at once, a write when its data has come, as an instant medium does; nothing at all when it is mute.
struct Inner final : disk::Medium {
  disk::InstantMedium instant{[] {
    disk::MediumFacts facts;
    facts.sectors = 1000;
    return facts;
  }()};
  bool mute = false;
  disk::MediumFacts facts() const override { return instant.facts(); }
  void submit(disk::MediaRequest& request, kit::Duration now) override {
    if (!mute) instant.submit(request, now);
  }
  void transferred(disk::MediaRequest& request, kit::Duration now) override { instant.transferred(request, now); }
  kit::Duration next_decision() const override { return kit::Duration::never(); }
  void advance(kit::Duration) override {}
  void set_write_cache(bool) override {}
  void set_look_ahead(bool) override {}
  void abandon_all(kit::Duration) override {}
  void stop_spindle(kit::Duration) override {}
  void attach(disk::MediumClient& client) override { instant.attach(client); }
  kit::StatSet& statistics() override { return instant.statistics(); }
  void watch_durability(disk::DurabilityListener* listener) override { instant.watch_durability(listener); }
};

struct Bench : disk::MediumClient, disk::DurabilityListener {
  Bench() {
    auto made = std::make_unique<Inner>();
    inner = made.get();
    medium = std::make_unique<RecordedMedium>(std::move(made));
    medium->attach(*this);
    path = (std::filesystem::temp_directory_path() / ("ahcisim-recorded-" + std::to_string(::getpid()))).string();
  }
  ~Bench() { std::filesystem::remove(path); }
  void may_transfer(disk::MediaRequest& request, kit::Duration at) override {
    if (request.op == MediaOp::write) medium->transferred(request, at);  // an instant read has completed by then
  }
  void complete(disk::MediaRequest&, kit::Duration) override { ++completed; }
  std::uint64_t accepted(const LbaRange&, bool, kit::Duration) override { return ++versions; }
  void persisted(const LbaRange&, std::uint64_t, kit::Duration, kit::Duration) override {}
  disk::MediaRequest& submit(MediaOp op, LbaRange range = {}, bool fua = false) {
    disk::MediaRequest& request = requests.emplace_back();
    request.op = op;
    request.range = range;
    request.fua = fua;
    medium->submit(request, {});
    return request;
  }
  void trim(const std::vector<LbaRange>& ranges) {
    disk::MediaRequest& request = requests.emplace_back();
    request.op = MediaOp::trim;
    request.trims = ranges.data();
    request.trim_count = static_cast<std::uint32_t>(ranges.size());
    medium->submit(request, {});
  }
  std::vector<host::IoRequest> written() {
    medium->close();
    std::vector<host::IoRequest> all;
    host::BlkparseTrace trace{path};
    for (host::IoRequest each; trace.next(each);) all.push_back(each);
    return all;
  }
  Inner* inner;
  std::unique_ptr<RecordedMedium> medium;
  std::deque<disk::MediaRequest> requests;
  std::string path;
  unsigned completed = 0, versions = 0;
};

TEST(RecordedMedium, EveryKindOfRequestInItsOrder) {
  Bench bench;
  bench.submit(MediaOp::read, {1, 1});
  EXPECT_EQ(bench.medium->trace(), nullptr) << "before record()";
  bench.medium->record(bench.path);
  bench.submit(MediaOp::read, {8, 16});
  bench.submit(MediaOp::write, {100, 1});
  bench.submit(MediaOp::write, {101, 2}, true);
  bench.submit(MediaOp::flush);
  bench.submit(MediaOp::verify, {3, 4});
  bench.trim({{5, 6}, {0, 0}, {900, 100}});
  EXPECT_EQ(bench.completed, 7u);
  EXPECT_EQ(bench.medium->trace()->requests(), 6u);
  const auto all = bench.written();
  ASSERT_EQ(all.size(), 6u) << "an empty range and a verification are none";
  const struct {
    Op op;
    std::uint64_t lba;
    std::uint32_t sectors;
    bool fua;
  } wanted[] = {{Op::read, 8, 16, false}, {Op::write, 100, 1, false}, {Op::write, 101, 2, true},
                {Op::flush, 0, 0, false}, {Op::trim, 5, 6, false},    {Op::trim, 900, 100, false}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].op, wanted[i].op) << i;
    EXPECT_EQ(all[i].lba, wanted[i].lba) << i;
    EXPECT_EQ(all[i].sectors, wanted[i].sectors) << i;
    EXPECT_EQ(all[i].fua, wanted[i].fua) << i;
  }
}

TEST(RecordedMedium, TimesAreTheWalls) {
  Bench bench;
  bench.medium->record(bench.path);
  bench.submit(MediaOp::read, {0, 1});
  ::usleep(20'000);
  bench.submit(MediaOp::read, {1, 1});
  const auto all = bench.written();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_GE(all[1].at, kit::Duration::from_ms(20));
  EXPECT_LT(all[1].at, kit::Duration::from_ms(5000));
}

TEST(RecordedMedium, WhatIsAbandonedIsTakenBack) {
  Bench bench;
  bench.medium->record(bench.path);
  bench.submit(MediaOp::read, {0, 1});
  bench.inner->mute = true;
  bench.submit(MediaOp::write, {1, 1}, true);
  bench.submit(MediaOp::flush);
  bench.trim({{7, 1}});
  bench.medium->abandon_all({});
  bench.medium->abandon_all({});
  bench.inner->mute = false;
  bench.submit(MediaOp::write, {1, 1}, true);
  EXPECT_EQ(bench.medium->trace()->requests(), 2u);
  const auto all = bench.written();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].op, Op::read);
  EXPECT_EQ(all[1].op, Op::write);
}

TEST(RecordedMedium, WhoWatchesDurabilityIsTold) {
  Bench bench;
  bench.medium->watch_durability(&bench);
  bench.submit(MediaOp::write, {1, 1});
  EXPECT_EQ(bench.versions, 1u);
}

}  // namespace
}  // namespace ahcisim::machine
