// SPDX-License-Identifier: MIT
// A program's disk that is an image on another one: what the judge sees of it through the map.
#include <array>
#include <map>

#include <gtest/gtest.h>

#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/machine/power_cut.hpp>

namespace ahcisim {
namespace {

using kit::Duration;
using namespace kit::literals;
using Kind = host::SectorContent::Kind;

struct Disk : disk::MediumClient {
  Disk() { medium.attach(*this); }
  void may_transfer(disk::MediaRequest&, Duration) override {}
  void complete(disk::MediaRequest&, Duration) override {}
  /// The stamp of sector `named` and of write `version` comes to lie in sector `lba`, safe at once.
  void put(std::uint64_t lba, std::uint64_t named, std::uint64_t version, Duration at) {
    std::array<std::uint8_t, disk::sector_bytes> bytes;
    host::write_stamp(bytes.data(), named, version);
    store.write(lba, 1, bytes.data());
    disk::MediaRequest request;
    request.op = disk::MediaOp::write;
    request.range = {lba, 1};
    medium.transferred(request, at);
  }
  static disk::MediumFacts facts() {
    disk::MediumFacts facts;
    facts.sectors = 10'000;
    return facts;
  }
  disk::InstantMedium medium{facts()};
  disk::SparseStore store{10'000};
};

TEST(PowerCutMap, WithoutAMapTheLedgersDiskIsTheProgramsWithinTheRegion) {
  Disk disk;
  const disk::DurableLedger ledger{disk.medium, disk.store};
  disk.put(99, 99, 1, 1_us);
  disk.put(100, 100, 2, 2_us);
  disk.put(100, 101, 3, 3_us);
  disk.put(110, 110, 4, 4_us);
  const auto changes = machine::durable_changes(ledger, 100, 10);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].sector, 100u);
  EXPECT_EQ(changes[0].content.version, 2u);
  EXPECT_EQ(changes[1].content.kind, Kind::foreign) << "another sector's stamp";
}

machine::SectorMap map_of(const std::map<std::uint64_t, machine::SectorPlace>& places, const std::vector<machine::MapCommit>& commits) {
  machine::SectorMap map;
  map.place = [&places](std::uint64_t sector) {
    const auto found = places.find(sector);
    return found == places.end() ? std::nullopt : std::optional{found->second};
  };
  map.commits = [&commits] { return commits; };
  return map;
}

TEST(PowerCutMap, ASectorIsThereWhenItsBytesAndItsPlaceAre) {
  Disk disk;
  const disk::DurableLedger ledger{disk.medium, disk.store};
  const std::map<std::uint64_t, machine::SectorPlace> places{{0, {500, {2}}}, {1, {400, {1}}}, {2, {401, {}}}};
  const std::vector<machine::MapCommit> commits{{500_ns, 9'000, 1}, {3_us, 9'001, 1}};
  disk.put(9'000, 0, 0, 1_us);  // the journal's
  disk.put(9'001, 0, 0, 2_us);  // still of an older commit
  disk.put(500, 0, 1, 2_us);
  disk.put(500, 0, 2, 3_us);
  disk.put(400, 1, 3, 4_us);
  disk.put(401, 2, 4, 4_us);  // allocated, never committed
  disk.put(3, 3, 5, 4_us);    // kept nowhere that the map knows
  disk.put(9'001, 0, 0, 5_us);
  disk.put(500, 0, 6, 9_us);
  host::WriteHistory history;
  for (const std::uint64_t sector : {0, 0, 1, 2, 3, 0}) history.write_acknowledged(history.write_submitted(sector, 1, true, 1_us), 1_us);
  const host::PowerCutJudge judge{history, machine::durable_changes(ledger, 0, 4, map_of(places, commits))};
  EXPECT_EQ(judge.examine({4_us}).lost_stable, 5u) << "the journal has not found sector 0 yet";
  EXPECT_EQ(judge.examine({5_us}).lost_stable, 3u) << "now it holds write 2, of which write 6 is missing";
  EXPECT_EQ(judge.examine({9_us}).lost_stable, 2u) << "sectors 2 and 3 are lost for ever";
  EXPECT_EQ(judge.examine({9_us}).cuts_with_foreign, 0u);
}

// Recovery ends at the first commit that is not there.
TEST(PowerCutMap, ACommitCountsWhenAllOfItIsSafeAndAllBefore) {
  Disk disk;
  const disk::DurableLedger ledger{disk.medium, disk.store};
  const std::map<std::uint64_t, machine::SectorPlace> places{{0, {500, {0}}}, {1, {501, {1}}}, {2, {502, {2, 3, 4}}}, {3, {503, {4}}}};
  const std::vector<machine::MapCommit> commits{{1_us, 9'000, 2}, {2_us, 9'002, 1}, {6_us, 9'003, 1}, {7_us, 9'004, 1}};
  for (const std::uint64_t sector : {0, 1, 2, 3}) disk.put(500 + sector, sector, sector + 1, 1_us);
  disk.put(9'002, 0, 0, 2_us);
  disk.put(9'000, 0, 0, 3_us);
  disk.put(9'001, 0, 0, 4_us);  // now commits 1 and 2
  disk.put(9'003, 0, 0, 6_us);  // a hole instead of sector 2
  const auto there = [&](Duration at) {
    std::string found(4, '-');
    for (const host::DurableChange& change : machine::durable_changes(ledger, 0, 4, map_of(places, commits)))
      if (change.at <= at) found[change.sector] = change.content.kind == Kind::blank ? '-' : 'x';
    return found;
  };
  EXPECT_EQ(there(3_us), "x---");
  EXPECT_EQ(there(4_us), "xxx-");
  EXPECT_EQ(there(5_us), "xxx-");
  EXPECT_EQ(there(6_us), "xx--");
  EXPECT_EQ(there(1_ms), "xx--") << "the disk never had the last commit";
}

TEST(PowerCutMap, WhatTheDiskHeldBeforeIsBlankToTheJudge) {
  Disk disk;
  std::array<std::uint8_t, disk::sector_bytes> old;
  old.fill(0xee);
  disk.store.write(7, 1, old.data());
  disk::DurableLedger::Options options;
  options.watched = {0, 16};
  options.before = disk::DurableLedger::Before::copied;
  const disk::DurableLedger ledger{disk.medium, disk.store, options};
  disk.put(7, 7, 1, 2_us);
  const auto changes = machine::durable_changes(ledger, 0, 16);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].content.kind, Kind::blank);
  EXPECT_EQ(changes[1].content.version, 1u);
}

}  // namespace
}  // namespace ahcisim
