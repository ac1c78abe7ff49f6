// SPDX-License-Identifier: MIT
// The drive through the Medium interface: hits, read-ahead, write-back, FLUSH, FUA, priority, spindle, abandoned queues.
#include <gtest/gtest.h>

#include <random>

#include <ahcisim/models/disk/hdd/parameters.hpp>
#include <timing/disk/hdd_host.hpp>

namespace {

using namespace ahcisim::disk::hdd;
using namespace hdd_test;
using ahcisim::wire::Stage;

/// A drive with some parameters changed, and a host for it.
struct Bench {
  explicit Bench(unsigned depth = 1, std::initializer_list<std::pair<const char*, const char*>> changes = {}) {
    for (const auto& [name, value] : changes) parameters.set(name, value);
    drive = make_drive(parameters);
    host = std::make_unique<Host>(*drive, depth, parameters.interface_sector());
  }
  double ms(MediaOp op, std::uint64_t lba, std::uint64_t count = 8, bool fua = false) { return host->one(op, lba, count, fua).ms(); }
  HddParameters parameters{catalogue_drive("deskstar-7k500")};
  std::unique_ptr<Drive> drive;
  std::unique_ptr<Host> host;
};
constexpr std::uint64_t far = 500'000'000;
constexpr double hit = 0.1;  // ms: overhead and 8 sectors over the link

TEST(HddDrive, ReadsHitWhatWasReadAndReadAhead) {
  Bench bench;
  EXPECT_GT(bench.ms(MediaOp::read, far), 1);
  EXPECT_LT(bench.ms(MediaOp::read, far), hit) << "the same again";
  bench.host->idle(Duration::from_ms(30));
  EXPECT_LT(bench.ms(MediaOp::read, far + 8), hit) << "what follows has been read ahead";
  EXPECT_LT(bench.ms(MediaOp::read, far + 900), hit);
  EXPECT_EQ(bench.drive->counts().read_hits.value(), 3u);
  EXPECT_GT(bench.drive->counts().sectors_read_ahead.value(), 900u);
  EXPECT_EQ(bench.drive->counts().positionings.value(), 1u);
}

TEST(HddDrive, WithoutLookAheadNothingIsReadAhead) {
  Bench bench;
  bench.drive->set_look_ahead(false);
  bench.ms(MediaOp::read, far);
  bench.host->idle(Duration::from_ms(30));
  EXPECT_GT(bench.ms(MediaOp::read, far + 8), 1);
  EXPECT_EQ(bench.drive->counts().sectors_read_ahead.value(), 0u);
}

TEST(HddDrive, AReadBehindReadAheadJoinsIt) {
  Bench bench;
  bench.ms(MediaOp::read, far, 64);
  // 512 sectors at about 900 a revolution: the head needs 4.7 ms; a repositioning would cost a revolution more.
  const double ms = bench.ms(MediaOp::read, far + 64, 512);
  EXPECT_LT(ms, 8.4);
  EXPECT_EQ(bench.drive->counts().positionings.value(), 1u);
}

TEST(HddDrive, AReadEndsReadAheadElsewhere) {
  Bench bench;
  bench.ms(MediaOp::read, far);
  const double ms = bench.ms(MediaOp::read, 1000);
  EXPECT_GT(ms, 5);
  EXPECT_LT(ms, 25);
  bench.host->idle(Duration::from_ms(50));
  EXPECT_GT(bench.ms(MediaOp::read, far + 900), 1) << "it had come only a little way";
}

TEST(HddDrive, WritesAreTakenAndWrittenWhenIdle) {
  Bench bench;
  EXPECT_LT(bench.ms(MediaOp::write, far), hit);
  EXPECT_LT(bench.ms(MediaOp::write, 1000), hit);
  EXPECT_EQ(bench.drive->counts().destages.value(), 0u);
  bench.host->idle(Duration::from_ms(200));
  EXPECT_EQ(bench.drive->counts().destages.value(), 2u);
  EXPECT_EQ(bench.drive->next_decision(), Duration::never()) << "a drive with nothing to do asks for nothing";
  EXPECT_LT(bench.ms(MediaOp::read, far), hit) << "written data stays readable";
}

TEST(HddDrive, AWriteOffTheArmsTrackTakesWhatOneBehindAReadTakesAndMore) {
  Bench bench{1, {{"write_hit_after_read", "0.3ms"}, {"write_hit_after_write", "0.1ms"}, {"write_hit_off_track", "0.05ms"}}};
  const double transfer = 8 * bench.parameters.interface_sector().ms(), rounding = 1e-6;
  bench.ms(MediaOp::write, far);
  bench.host->idle(Duration::from_ms(200));  // the arm has written it and stays there
  EXPECT_NEAR(bench.ms(MediaOp::write, far + 8), 0.1 + transfer, rounding) << "behind a write, on the track";
  EXPECT_NEAR(bench.ms(MediaOp::write, 1000), 0.3 + 0.05 + transfer, rounding) << "behind a write, off the track";
  bench.host->idle(Duration::from_ms(200));
  bench.drive->set_look_ahead(false);
  bench.ms(MediaOp::read, far + 24);
  EXPECT_NEAR(bench.ms(MediaOp::write, far + 32), 0.3 + transfer, rounding) << "behind a read, on the track";
  EXPECT_NEAR(bench.ms(MediaOp::write, 2000), 0.3 + 0.05 + transfer, rounding);
}

TEST(HddDrive, ABusyArmIsOnTheTrackItIsBoundFor) {
  Bench bench{1, {{"write_hit_after_read", "0.3ms"}, {"write_hit_after_write", "0.1ms"}, {"destage_delay", "0ms"}}};
  const double transfer = 8 * bench.parameters.interface_sector().ms(), rounding = 1e-6;
  bench.ms(MediaOp::write, far);
  bench.host->idle(Duration::from_ms(200));
  bench.ms(MediaOp::write, 1000);  // the arm sets out for it at once
  EXPECT_NEAR(bench.ms(MediaOp::write, 1016), 0.1 + transfer, rounding) << "where it is bound for";
  EXPECT_NEAR(bench.ms(MediaOp::write, far + 64), 0.3 + transfer, rounding) << "where it came from";
  EXPECT_EQ(bench.drive->counts().write_stalls.value(), 0u);
}

TEST(HddDrive, SequentialWritesJoin) {
  Bench bench;
  for (std::uint64_t i = 0; i < 32; ++i) bench.ms(MediaOp::write, far + 8 * i);
  EXPECT_EQ(bench.drive->counts().joined_writes.value(), 31u);
  bench.host->idle(Duration::from_ms(200));
  EXPECT_EQ(bench.drive->counts().destages.value(), 1u);
}

TEST(HddDrive, AFlushWaitsForTheMedium) {
  Bench bench;
  EXPECT_LT(bench.host->one(MediaOp::flush, 0, 0).ms(), hit) << "nothing to flush";
  for (std::uint64_t i = 0; i < 4; ++i) bench.ms(MediaOp::write, i * 200'000'000);
  const double ms = bench.host->one(MediaOp::flush, 0, 0).ms();
  EXPECT_EQ(bench.drive->counts().destages.value(), 4u);
  EXPECT_GT(ms, 10);
  EXPECT_LT(ms, 4 * 30);
}

TEST(HddDrive, ForceUnitAccessAndNoCacheReachTheMedium) {
  Bench bench;
  EXPECT_GT(bench.ms(MediaOp::write, far, 8, true), 1);
  EXPECT_EQ(bench.drive->counts().positionings.value(), 1u);
  EXPECT_LT(bench.ms(MediaOp::write, 1000), hit);
  bench.drive->set_write_cache(false);
  bench.host->idle(Duration::from_ms(100));
  EXPECT_EQ(bench.drive->counts().destages.value(), 1u) << "what the cache held goes to the medium";
  EXPECT_GT(bench.ms(MediaOp::write, far), 1);
}

TEST(HddDrive, AReadOfDirtyDataIsAHitOrWaitsForIt) {
  Bench bench;
  bench.ms(MediaOp::write, far);
  EXPECT_LT(bench.ms(MediaOp::read, far), hit);
  EXPECT_EQ(bench.drive->counts().destages.value(), 0u);
  // Half of it dirty: first to the medium, then read.
  EXPECT_GT(bench.ms(MediaOp::read, far - 8, 16), 1);
  EXPECT_EQ(bench.drive->counts().destages.value(), 1u);
  Bench strict{1, {{"hits_on_written_data", "false"}}};
  strict.ms(MediaOp::write, far);
  EXPECT_GT(strict.ms(MediaOp::read, far), 1);
  EXPECT_EQ(strict.drive->counts().destages.value(), 1u);
}

TEST(HddDrive, AWriteMakesCopiesStale) {
  Bench bench{1, {{"hits_on_written_data", "false"}}};
  bench.ms(MediaOp::read, far, 64);
  bench.host->idle(Duration::from_ms(30));
  EXPECT_LT(bench.ms(MediaOp::read, far), hit);
  bench.ms(MediaOp::write, far + 16);
  EXPECT_GT(bench.ms(MediaOp::read, far), 1);
}

TEST(HddDrive, VerifyReadsWithoutATransfer) {
  Bench bench;
  EXPECT_GT(bench.ms(MediaOp::verify, far), 1);
  EXPECT_LT(bench.ms(MediaOp::verify, far), hit);
}

TEST(HddDrive, AFullCacheWritesAtTheArmsSpeed) {
  Bench bench;
  std::mt19937_64 random{11};
  double slowest = 0;
  for (int i = 0; i < 300; ++i) slowest = std::max(slowest, bench.ms(MediaOp::write, random() % 120'000'000 * 8));
  EXPECT_GT(bench.drive->counts().write_stalls.value(), 200u);
  EXPECT_GT(slowest, 1);
  EXPECT_LT(slowest, 60);
}

TEST(HddDrive, DestagesDoNotStarveReadsNorReadsDestages) {
  Bench bench{8};
  std::mt19937_64 random{12};
  bench.host->run(3000, [&](MediaRequest& request) {
    request.op = random() % 2 ? MediaOp::write : MediaOp::read;
    request.range = {random() % 120'000'000 * 8, 8};
  });
  EXPECT_GT(bench.drive->counts().destages.value(), 1000u);
  EXPECT_LT(bench.host->longest().ms(), 1000);
}

TEST(HddDrive, TagsTellTheStagesInOrder) {
  Bench bench;
  bench.ms(MediaOp::read, far);
  const auto& tag = bench.host->tag(0);
  EXPECT_GE(tag.when(Stage::selected), 0);
  EXPECT_GT(tag.when(Stage::positioned), tag.when(Stage::selected));
  EXPECT_GE(tag.when(Stage::rotated), tag.when(Stage::positioned));
  EXPECT_GT(tag.when(Stage::media), tag.when(Stage::rotated));
  EXPECT_LE(tag.when(Stage::media), bench.host->now().ps());
  const auto& counts = bench.drive->counts();
  EXPECT_EQ(counts.seek_time.value().ps(), tag.when(Stage::positioned) - tag.when(Stage::selected));
  EXPECT_EQ(counts.rotational_wait.value().ps(), tag.when(Stage::rotated) - tag.when(Stage::positioned));
}

TEST(HddDrive, PriorityGoesFirst) {
  Bench bench{32};
  std::mt19937_64 random{13};
  for (unsigned i = 0; i < 31; ++i) bench.host->put(i, MediaOp::read, random() % 120'000'000 * 8, 8);
  bench.host->put(31, MediaOp::read, 976'000'000, 8, 2);
  EXPECT_NE(bench.host->wait(), 31u) << "the one the arm was sent to at once";
  EXPECT_EQ(bench.host->wait(), 31u);
}

TEST(HddDrive, AStoppedSpindleTakesItsTime) {
  Bench bench;
  bench.ms(MediaOp::read, far);
  bench.drive->stop_spindle(bench.host->now());
  EXPECT_LT(bench.ms(MediaOp::read, far), hit) << "the buffer needs no spindle";
  EXPECT_NEAR(bench.ms(MediaOp::read, 1000), bench.parameters.spin_up().ms(), 40);
  EXPECT_LT(bench.ms(MediaOp::read, far / 2), 40) << "and then it turns";
  EXPECT_EQ(bench.drive->counts().spin_ups.value(), 1u);
}

TEST(HddDrive, AnAbandonedQueueIsForgotten) {
  Bench bench{32};
  std::mt19937_64 random{14};
  for (unsigned i = 0; i < 16; ++i) bench.host->put(i, i % 2 ? MediaOp::read : MediaOp::write, random() % 120'000'000 * 8, 8);
  const unsigned long before = bench.host->completed();
  bench.drive->abandon_all(bench.host->now());
  // New commands are served as ever; nothing of the old queue moves the arm.
  Host fresh{*bench.drive, 1, bench.parameters.interface_sector()};
  EXPECT_LT(fresh.one(MediaOp::read, far, 8).ms(), 60);
  fresh.idle(Duration::from_seconds(1));
  EXPECT_EQ(bench.drive->next_decision(), Duration::never());
  EXPECT_EQ(bench.host->completed(), before);
  EXPECT_EQ(bench.drive->counts().destages.value(), 0u) << "writes whose data never came are not written";
  EXPECT_LT(fresh.one(MediaOp::flush, 0, 0).ms(), hit);
}

// Whatever comes, in whatever mix: every command ends, in order of time, and the drive falls asleep at last.
TEST(HddDrive, AnyMixEnds) {
  constexpr unsigned seed = 15;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  for (const std::string& name : catalogue_names()) {
    for (const unsigned depth : {1u, 7u, 32u}) {
      HddParameters parameters{catalogue_drive(name)};
      parameters.set("queue_order", depth == 7 ? "elevator" : "sptf");
      const auto drive = make_drive(parameters);
      Host host{*drive, depth, parameters.interface_sector()};
      std::mt19937_64 random{seed};
      const std::uint64_t sectors = drive->facts().sectors;
      std::uint64_t lba = 0;
      host.run(2000, [&](MediaRequest& request) {
        const auto kind = random() % 100;
        request.op = kind < 45 ? MediaOp::read : kind < 90 ? MediaOp::write : kind < 95 ? MediaOp::verify : MediaOp::flush;
        request.fua = random() % 10 == 0;
        request.priority = static_cast<std::uint8_t>(random() % 20 == 0 ? 2 : 0);
        const std::uint64_t count = random() % 50 == 0 ? 1 + random() % 5000 : 1 + random() % 64;
        if (random() % 3 == 0) lba = random() % sectors;
        else if (random() % 4 == 0) lba = random() % 2000;
        if (random() % 40 == 0) lba = sectors - 1;
        request.range = {lba, std::min(count, sectors - lba)};
        lba = (lba + request.range.count) % sectors;
      });
      EXPECT_EQ(host.completed(), 2000u) << name;
      host.idle(Duration::from_seconds(20));
      EXPECT_EQ(drive->next_decision(), Duration::never()) << name;
    }
  }
}

}  // namespace
