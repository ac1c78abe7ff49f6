// SPDX-License-Identifier: MIT
// The judge of power cuts: each rule by hand, and the sweep against the definitions taken word by word.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include <ahcisim/models/host/power_cut/judge.hpp>

namespace ahcisim::host {
namespace {

using kit::Duration;
using namespace kit::literals;
using Kind = SectorContent::Kind;

DurableChange safe(Duration at, std::uint64_t sector, std::uint64_t version) { return {at, sector, {Kind::stamped, version}}; }

TEST(Stamp, TellsItsSectorAndItsWriteAndNothingElsePasses) {
  std::uint8_t bytes[sector_bytes] = {};
  EXPECT_EQ(read_stamp(bytes, 7).kind, Kind::blank);
  write_stamp(bytes, 7, 42);
  EXPECT_EQ(read_stamp(bytes, 7).kind, Kind::stamped);
  EXPECT_EQ(read_stamp(bytes, 7).version, 42u);
  EXPECT_EQ(read_stamp(bytes, 8).kind, Kind::foreign) << "it belongs elsewhere";
  for (const std::size_t place : {0u, 9u, 17u, 25u, 31u, 32u, 300u, 511u}) {
    bytes[place] ^= 1;
    EXPECT_EQ(read_stamp(bytes, 7).kind, Kind::foreign) << "byte " << place;
    bytes[place] ^= 1;
  }
  std::uint8_t torn[sector_bytes];
  write_stamp(torn, 7, 41);
  std::copy(bytes, bytes + 256, torn);
  EXPECT_EQ(read_stamp(torn, 7).kind, Kind::foreign) << "half a sector";
}

TEST(PowerCutJudge, AFlushPromisesWhatWasAcknowledgedBeforeIt) {
  WriteHistory history;
  const auto early = history.write_submitted(0, 2, false, 1_us);
  history.write_acknowledged(early, 2_us);
  const auto late = history.write_submitted(8, 1, false, 1_us);
  const auto flush = history.flush_submitted(2_us);  // in the instant of the answer: behind it
  history.write_acknowledged(late, 3_us);
  history.flush_acknowledged(flush, 10_us);
  const PowerCutJudge judge{history, {safe(20_us, 0, early), safe(30_us, 1, early)}};
  EXPECT_EQ(judge.examine({9_us}).lost_stable, 0u);
  EXPECT_EQ(judge.examine({9_us}).lost_acknowledged, 2u) << "allowed";
  const PowerCutVerdict lost = judge.examine({10_us, 20_us, 29_us});
  EXPECT_EQ(lost.cuts_losing_stable, 3u) << "one of two sectors is not enough";
  EXPECT_EQ(lost.lost_stable, 3u);
  EXPECT_EQ(lost.cuts_out_of_order, 0u);
  EXPECT_FALSE(lost.holds());
  EXPECT_NE(lost.first_breach.find("write 1 (sectors 0 to 1"), std::string::npos) << lost.first_breach;
  EXPECT_NE(lost.first_breach.find("sector 0 holds zeros"), std::string::npos) << lost.first_breach;
  EXPECT_TRUE(judge.examine({30_us}).holds());
  EXPECT_EQ(judge.examine({30_us}).most_lost_acknowledged, 1u) << "the write that the flush did not cover";
}

TEST(PowerCutJudge, AFlushThatNeverReturnedPromisesNothing) {
  WriteHistory history;
  history.write_acknowledged(history.write_submitted(0, 1, false, 1_us), 2_us);
  history.flush_submitted(3_us);
  EXPECT_TRUE(PowerCutJudge(history, {}).examine({1_s}).holds());
}

TEST(PowerCutJudge, AWriteThroughIsPromisedWithItsAnswer) {
  WriteHistory history;
  const auto write = history.write_submitted(0, 1, true, 1_us);
  history.write_acknowledged(write, 5_us);
  const PowerCutJudge judge{history, {safe(6_us, 0, write)}};
  EXPECT_EQ(judge.examine({4_us, 5_us, 6_us}).cuts_losing_stable, 1u);
}

TEST(PowerCutJudge, ANewerVersionWillDoAnOlderOneWillNot) {
  WriteHistory history;
  const auto first = history.write_submitted(0, 1, true, 1_us);
  history.write_acknowledged(first, 2_us);
  const auto second = history.write_submitted(0, 1, true, 2_us);
  history.write_acknowledged(second, 3_us);
  history.write_submitted(0, 1, true, 4_us);  // never answered
  EXPECT_TRUE(PowerCutJudge(history, {safe(2_us, 0, 1), safe(3_us, 0, 2), safe(9_us, 0, 3)}).examine({3_us, 9_us}).holds());
  EXPECT_FALSE(PowerCutJudge(history, {safe(2_us, 0, 1), safe(9_us, 0, 3)}).examine({8_us}).holds());
}

TEST(PowerCutJudge, WritesUnderWayTogetherMayEndInEitherOrder) {
  WriteHistory history;
  const auto first = history.write_submitted(0, 1, true, 1_us), second = history.write_submitted(0, 1, true, 2_us);
  history.write_acknowledged(first, 5_us);
  history.write_acknowledged(second, 5_us);
  EXPECT_TRUE(PowerCutJudge(history, {safe(3_us, 0, second), safe(4_us, 0, first)}).examine({5_us}).holds());
}

TEST(PowerCutJudge, AWriteAfterTheFlushMustNotSurviveOneBeforeIt) {
  WriteHistory history;
  const auto before = history.write_submitted(0, 1, false, 1_us);
  history.write_acknowledged(before, 2_us);
  history.flush_acknowledged(history.flush_submitted(3_us), 4_us);
  const auto after = history.write_submitted(1, 1, false, 4_us);
  EXPECT_EQ(PowerCutJudge(history, {safe(6_us, 1, after)}).examine({5_us, 6_us}).cuts_out_of_order, 1u);
  EXPECT_TRUE(PowerCutJudge(history, {safe(4_us, 0, before), safe(6_us, 1, after)}).examine({6_us}).holds());
}

TEST(PowerCutJudge, BytesThatNobodyWroteThere) {
  WriteHistory history;
  const auto write = history.write_submitted(4, 2, false, 5_us);
  const auto finds = [&](DurableChange change) { return PowerCutJudge(history, {change}).examine({10_us}).cuts_with_foreign; };
  EXPECT_EQ(finds(safe(6_us, 4, write)), 0u);
  EXPECT_EQ(finds(safe(4_us, 4, write)), 1u) << "before it was written";
  EXPECT_EQ(finds(safe(6_us, 6, write)), 1u) << "beyond its end";
  EXPECT_EQ(finds(safe(6_us, 4, 9)), 1u) << "by no write known";
  EXPECT_EQ(finds({6_us, 4, {Kind::foreign, 0}}), 1u);
  EXPECT_EQ(finds({6_us, 77, {Kind::foreign, 0}}), 0u) << "other sectors may hold what they like";
  const PowerCutVerdict healed = PowerCutJudge(history, {{6_us, 4, {Kind::foreign, 0}}, safe(7_us, 4, write)}).examine({6_us, 7_us});
  EXPECT_EQ(healed.cuts_with_foreign, 1u);
}

TEST(PowerCutJudge, ACutThatBreaksAnyRuleCountsOnce) {
  WriteHistory history;
  const auto first = history.write_submitted(0, 1, true, 1_us), second = history.write_submitted(1, 1, false, 1_us);
  history.write_acknowledged(first, 2_us);
  history.write_acknowledged(second, 2_us);
  // Lost from 2 to 5 us; bytes that nobody wrote from 4 to 7 us.
  const PowerCutJudge judge{history, {safe(5_us, 0, first), {4_us, 1, {Kind::foreign, 0}}, safe(7_us, 1, second)}};
  const PowerCutVerdict verdict = judge.examine({1_us, 3_us, 4_us, 5_us, 6_us, 8_us});
  EXPECT_EQ(verdict.cuts_losing_stable, 2u);
  EXPECT_EQ(verdict.cuts_with_foreign, 3u);
  EXPECT_EQ(verdict.cuts_with_any_breach, 4u);
  EXPECT_FALSE(verdict.holds());
}

/// The three rules, read off for one instant.
PowerCutVerdict by_definition(const WriteHistory& history, const std::vector<DurableChange>& changes, Duration at) {
  std::map<std::uint64_t, SectorContent> disk;
  for (const DurableChange& change : changes)  // in the order of time
    if (change.at <= at) disk[change.sector] = change.content;
  PowerCutVerdict verdict;
  verdict.cuts = 1;
  Duration earliest_promise = Duration::never();
  for (const auto& write : history.writes()) {
    if (write.acknowledged > at) continue;
    bool missing = false;
    for (std::uint64_t sector = write.lba; sector < write.lba + write.sectors; ++sector) {
      const SectorContent content = disk[sector];
      if (content.kind != Kind::stamped) {
        missing = true;
        continue;
      }
      const auto& held = history.writes()[content.version - 1];
      missing = missing || (write.submitted >= held.over && (write.submitted > held.submitted || &write > &held));
    }
    if (!missing) continue;
    Duration promise = write.stable ? write.acknowledged : Duration::never();
    for (const auto& flush : history.flushes())
      if (flush.submitted >= write.acknowledged) promise = min(promise, flush.acknowledged);
    (promise <= at ? verdict.lost_stable : verdict.lost_acknowledged) += 1;
    if (promise <= at) earliest_promise = min(earliest_promise, promise);
  }
  for (const auto& [sector, held] : disk) {
    if (held.kind == Kind::foreign) verdict.cuts_with_foreign = 1;
    if (held.kind == Kind::stamped && history.writes()[held.version - 1].submitted >= earliest_promise) verdict.cuts_out_of_order = 1;
  }
  return verdict;
}

/// A program on a disk that keeps its word most of the time.
struct RandomRun {
  explicit RandomRun(std::uint64_t seed, unsigned writes, std::uint64_t region) : random{seed} {
    for (unsigned i = 0; i < writes; ++i) {
      now += Duration::from_ns(static_cast<double>(random() % 300));
      const Duration answer = now + Duration::from_ns(static_cast<double>(random() % 2000));
      if (random() % 8 == 0) {
        const auto flush = history.flush_submitted(now);
        if (random() % 8) history.flush_acknowledged(flush, answer);
        continue;
      }
      const std::uint64_t lba = random() % region;
      const auto sectors = static_cast<std::uint32_t>(1 + random() % 6);
      const auto version = history.write_submitted(lba, sectors, random() % 4 == 0, now);
      if (random() % 10 == 0) history.write_failed(version, answer); else history.write_acknowledged(version, answer);
      for (std::uint64_t sector = lba; sector < lba + sectors; ++sector) {
        const unsigned kind = random() % 20;
        const Duration at = now + Duration::from_ns(static_cast<double>(random() % 4000));
        if (kind == 0) changes.push_back({at, sector, {Kind::foreign, 0}});
        else if (kind != 1) changes.push_back(safe(at, sector, version));
      }
    }
    std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  }
  std::mt19937_64 random;
  WriteHistory history;
  std::vector<DurableChange> changes;
  Duration now;
};

TEST(PowerCutJudge, TheSweepCountsWhatTheDefinitionsSay) {
  constexpr std::uint64_t seed = 2026;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::uint64_t lost = 0, reordered = 0;
  for (std::uint64_t round = 0; round < 20; ++round) {
    RandomRun run{seed + round, 60, 30};
    const PowerCutJudge judge{run.history, run.changes};
    for (unsigned i = 0; i < 200; ++i) {
      const Duration at = Duration::from_ns(static_cast<double>(run.random() % 20'000));
      const PowerCutVerdict expected = by_definition(run.history, run.changes, at), found = judge.examine({at});
      ASSERT_EQ(found.lost_stable, expected.lost_stable) << "round " << round << ", " << at.ns() << " ns";
      ASSERT_EQ(found.lost_acknowledged, expected.lost_acknowledged) << "round " << round << ", " << at.ns() << " ns";
      ASSERT_EQ(found.cuts_with_foreign, expected.cuts_with_foreign) << "round " << round << ", " << at.ns() << " ns";
      ASSERT_EQ(found.cuts_with_any_breach, expected.lost_stable != 0 || expected.cuts_with_foreign != 0);
      // Once a later write was there, its overwriting does not mend the order: the sweep may find more.
      ASSERT_GE(found.cuts_out_of_order, expected.cuts_out_of_order) << "round " << round << ", " << at.ns() << " ns";
      lost += found.lost_stable, reordered += found.cuts_out_of_order;
    }
  }
  EXPECT_GT(lost, 100u) << "the runs show something";
  EXPECT_GT(reordered, 100u);
}

TEST(PowerCutJudge, ManyCutsOfALongRunCostLittle) {
  RandomRun run{5, 20'000, 4000};
  const std::clock_t begin = std::clock();
  const PowerCutVerdict verdict = PowerCutJudge(run.history, run.changes).examine(10'000, Duration{}, run.now, 5);
  EXPECT_EQ(verdict.cuts, 10'000u);
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 3) << "s of processor time";
}

}  // namespace
}  // namespace ahcisim::host
