// SPDX-License-Identifier: MIT
// A solid state drive as a medium: what FLUSH, FUA, the write buffer and the look-ahead promise, and that no order of
// commands is left unanswered.
#include <fstream>
#include <iostream>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ahcisim/models/disk/ssd/drive.hpp>
#include <timing/disk/ssd_closed_loop.hpp>

namespace ahcisim::disk::ssd {
namespace {

using kit::Duration;
using ::testing::HasSubstr;

/// The device's side, by hand: remembers the answers.
struct Device final : MediumClient {
  void may_transfer(MediaRequest& request, Duration at) override { transfers[request.index] = at; }
  void complete(MediaRequest& request, Duration at) override { completions[request.index] = at; }
  std::map<unsigned, Duration> transfers, completions;
};

struct Bench {
  explicit Bench(const SsdParameters& parameters) : drive{parameters} { drive.attach(device); }
  /// Issues a command and ends its transfer as soon as it may; returns when it is complete.
  Duration run(MediaOp op, std::uint64_t lba, std::uint64_t sectors, bool fua = false) {
    MediaRequest request;
    request.op = op;
    request.range = {lba, sectors};
    request.fua = fua;
    request.tag = &tag;
    request.index = index;
    tag.open(index);
    LbaRange trim = request.range;
    request.trims = &trim;
    request.trim_count = op == MediaOp::trim;
    drive.submit(request, now);
    if (op == MediaOp::read || op == MediaOp::write) {
      EXPECT_GE(device.transfers.at(index), now);
      drive.transferred(request, device.transfers.at(index));
    }
    const Duration done = device.completions.at(index++);
    EXPECT_GE(done, now);
    latency = done - now;
    return now = done;
  }
  Drive drive;
  Device device;
  wire::RequestTag tag;
  Duration now, latency;
  unsigned index = 0;
};

struct Client : SsdParameters {
  Client() { capacity.set(kit::Bytes{std::int64_t{256} << 20}); pages_per_block.set(16); }
};
struct Protected : Client {
  Protected() { power_loss_protection.set(true); }
};

TEST(SsdDrive, ACachedWriteDoesNotWaitForTheFlash) {
  const Client parameters;
  Bench bench{parameters};
  bench.run(MediaOp::write, 0, 8);
  EXPECT_LT(bench.latency, 100_us);
  EXPECT_EQ(bench.drive.counters().pages_programmed.value(), 0u);
}

TEST(SsdDrive, FlushProgramsWhatIsInTheBufferOnce) {
  const Client parameters;
  Bench bench{parameters};
  bench.run(MediaOp::write, 0, 8);
  bench.run(MediaOp::flush, 0, 0);
  EXPECT_GE(bench.latency, parameters.t_program());
  EXPECT_EQ(bench.drive.counters().pages_programmed.value(), 1u);
  EXPECT_EQ(bench.drive.counters().slots_padded.value(), bench.drive.geometry().slots - 1);
  bench.run(MediaOp::flush, 0, 0);
  EXPECT_LT(bench.latency, 100_us) << "nothing left to do";
}

TEST(SsdDrive, FlushWaitsForProgramsUnderWay) {
  const Client parameters;
  Bench bench{parameters};
  bench.run(MediaOp::write, 0, bench.drive.geometry().slots * 8);  // a full page: programmed at once
  EXPECT_EQ(bench.drive.counters().pages_programmed.value(), 1u);
  EXPECT_LT(bench.latency, parameters.t_program());
  bench.run(MediaOp::flush, 0, 0);
  EXPECT_GE(bench.latency + 200_us, parameters.t_program());
}

TEST(SsdDrive, ForceUnitAccessWaitsForItsProgram) {
  const Client parameters;
  Bench bench{parameters};
  bench.run(MediaOp::write, 0, 8, true);
  EXPECT_GE(bench.latency, parameters.t_program());
}

TEST(SsdDrive, WithoutTheWriteCacheEveryWriteWaits) {
  const Client parameters;
  Bench bench{parameters};
  bench.drive.set_write_cache(false);
  bench.run(MediaOp::write, 0, 8);
  EXPECT_GE(bench.latency, parameters.t_program());
  bench.drive.set_write_cache(true);
  bench.run(MediaOp::write, 0, 8);
  EXPECT_LT(bench.latency, 100_us);
}

TEST(SsdDrive, CapacitorsMakeFlushAndForceUnitAccessCheap) {
  const Protected parameters;
  Bench bench{parameters};
  bench.run(MediaOp::write, 0, 8, true);
  EXPECT_LT(bench.latency, 100_us);
  bench.run(MediaOp::flush, 0, 0);
  EXPECT_LT(bench.latency, 100_us);
  bench.drive.set_write_cache(false);
  bench.run(MediaOp::write, 0, 8);
  EXPECT_LT(bench.latency, 100_us);
  EXPECT_EQ(bench.drive.counters().pages_programmed.value(), 0u);
}

TEST(SsdDrive, WhatIsInTheBufferIsReadFromThere) {
  const Client parameters;
  Bench bench{parameters};
  bench.run(MediaOp::write, 800, 8);
  bench.run(MediaOp::read, 800, 8);
  EXPECT_EQ(bench.drive.counters().pages_read.value(), 0u);
  EXPECT_EQ(bench.drive.counters().buffer_hits.value(), 1u);
  bench.run(MediaOp::write, 800, 8);
  EXPECT_EQ(bench.drive.counters().coalesced.value(), 1u);
  bench.run(MediaOp::flush, 0, 0);
  bench.run(MediaOp::read, 800, 8);
  EXPECT_EQ(bench.drive.counters().pages_read.value(), 1u) << "programmed: it must come from the flash";
  EXPECT_GE(bench.latency, parameters.t_read());
}

TEST(SsdDrive, APartOfASliceIsCompletedFromTheFlash) {
  const Client parameters;
  Bench bench{parameters};
  bench.run(MediaOp::write, 801, 2);
  EXPECT_EQ(bench.drive.counters().pages_read.value(), 1u);
  bench.run(MediaOp::write, 803, 2);
  EXPECT_EQ(bench.drive.counters().pages_read.value(), 1u) << "in the buffer by now";
  bench.run(MediaOp::write, 1600, 8);
  EXPECT_EQ(bench.drive.counters().pages_read.value(), 1u) << "whole slices need no reading";
}

TEST(SsdDrive, TrimmedSectorsCostNoFlash) {
  const Client parameters;
  Bench bench{parameters};
  bench.run(MediaOp::trim, 4, 100);  // whole slices 1 … 12 of sectors 4 … 103
  EXPECT_EQ(bench.drive.counters().slices_trimmed.value(), 12u);
  bench.run(MediaOp::read, 8, 8);
  EXPECT_EQ(bench.drive.counters().pages_read.value(), 0u);
  EXPECT_EQ(bench.drive.counters().unmapped_reads.value(), 1u);
  bench.run(MediaOp::read, 0, 8);
  EXPECT_EQ(bench.drive.counters().pages_read.value(), 1u) << "a slice trimmed in part stays";
}

TEST(SsdDrive, AnUnwrittenDriveHasNothingToRead) {
  Client parameters;
  parameters.set("precondition", "none");
  Bench bench{parameters};
  bench.run(MediaOp::read, 12345, 64);
  EXPECT_EQ(bench.drive.counters().pages_read.value(), 0u);
}

TEST(SsdDrive, SequentialReadersFindTheirDataInMemory) {
  const Client parameters;
  Bench bench{parameters};
  for (std::uint64_t lba = 0; lba < 4096; lba += 8) bench.run(MediaOp::read, lba, 8);
  EXPECT_GE(bench.drive.counters().look_ahead_hits.value(), 500u);
  EXPECT_LT(bench.latency, parameters.t_read());
  bench.run(MediaOp::write, 4104, 8);
  bench.run(MediaOp::flush, 0, 0);
  bench.now += 10_ms;
  bench.run(MediaOp::read, 4096, 8);
  EXPECT_GE(bench.latency, parameters.t_read()) << "what was overwritten is read again";
}

TEST(SsdDrive, WithoutLookAheadEveryReadGoesToTheFlash) {
  const Client parameters;
  Bench bench{parameters};
  bench.drive.set_look_ahead(false);
  for (std::uint64_t lba = 0; lba < 800; lba += 8) bench.run(MediaOp::read, lba, 8);
  EXPECT_EQ(bench.drive.counters().pages_read.value(), 100u);
  EXPECT_GE(bench.latency, parameters.t_read());
}

TEST(SsdDrive, AVerificationReadsWithoutATransfer) {
  const Client parameters;
  Bench bench{parameters};
  bench.run(MediaOp::verify, 100, 8);
  EXPECT_TRUE(bench.device.transfers.empty());
  EXPECT_GE(bench.latency, parameters.t_read());
}

TEST(SsdDrive, OnePageIsOneReadOfAllPlanes) {
  const Client parameters;
  Bench bench{parameters};
  bench.run(MediaOp::read, 0, bench.drive.geometry().slots * 8);
  EXPECT_EQ(bench.drive.counters().pages_read.value(), 1u);
  bench.run(MediaOp::read, 10'000, bench.drive.geometry().slots * 16);
  EXPECT_LE(bench.drive.counters().pages_read.value(), 4u);
}

TEST(SsdDrive, AReadWaitsForAProgramNoLongerThanItsSuspension) {
  Client parameters;
  parameters.channels.set(1);
  parameters.dies.set(1);
  Bench bench{parameters};
  bench.run(MediaOp::write, 0, bench.drive.geometry().slots * 8 * 8);  // eight programs on the only die
  bench.run(MediaOp::read, 100'000, 8);
  EXPECT_LT(bench.latency, parameters.t_suspend() + 500_us) << "not the 10 ms of the programs";
  EXPECT_GE(bench.latency, parameters.t_suspend() + parameters.t_read());
}

TEST(SsdDrive, ReadsOfOneDieTakeTurns) {
  Client parameters;
  parameters.channels.set(1);
  parameters.dies.set(2);
  Bench bench{parameters};
  MediaRequest requests[3];
  const std::uint64_t page = bench.drive.geometry().slots * 8;
  for (unsigned i = 0; i < 3; ++i) {
    requests[i].range = {i == 0 ? 0 : i == 1 ? 10 * page : 21 * page, 8};  // dies 0, 0, 1
    requests[i].index = i;
    bench.drive.submit(requests[i], bench.now);
  }
  const auto& ready = bench.device.transfers;
  EXPECT_GE(ready.at(1), ready.at(0) + parameters.t_read());
  EXPECT_LT(ready.at(2), ready.at(0) + parameters.t_read()) << "the other die does not wait";
}

TEST(SsdDrive, AFullBufferMakesWritesWait) {
  const Client parameters;
  Bench bench{parameters};
  Duration longest;
  for (std::uint64_t lba = 0; lba < 400'000; lba += 1024) {
    bench.run(MediaOp::write, lba, 1024);
    longest = max(longest, bench.latency);
  }
  EXPECT_LT(longest, 20_ms);
  Client tiny;
  tiny.write_buffer.set(256_KiB);
  tiny.channels.set(1);
  tiny.dies.set(1);
  Bench slow{tiny};
  slow.run(MediaOp::write, 0, 65536);  // 32 MiB through a buffer of 256 KiB onto one die
  const double rate = 32.0 * 1048576 / slow.now.seconds(), die = 32768 / (parameters.t_program() + 82_us).seconds();
  EXPECT_NEAR(rate, die, die * 0.1) << "the rate of the die";
}

TEST(SsdDrive, AbandonedCommandsLeaveNothingBehind) {
  Client parameters;
  parameters.write_buffer.set(256_KiB);
  Bench bench{parameters};
  std::array<MediaRequest, 32> requests;
  for (unsigned round = 0; round < 10; ++round) {
    bench.device.transfers.clear();
    for (unsigned i = 0; i < 32; ++i) {
      requests[i] = MediaRequest{};
      requests[i].op = MediaOp::write;
      requests[i].range = {i * 256, 256};
      requests[i].index = 1000 + i;
      bench.drive.submit(requests[i], bench.now);
    }
    EXPECT_LT(bench.device.transfers.size(), 32u) << "the buffer does not hold all";
    EXPECT_GE(bench.device.transfers.size(), 1u);
    bench.drive.abandon_all(bench.now);
    bench.now += 100_ms;
  }
  EXPECT_TRUE(bench.device.completions.empty());
  bench.run(MediaOp::write, 0, 8);
  EXPECT_LT(bench.latency, 100_us);
  EXPECT_EQ(bench.drive.next_decision(), Duration::never());
}

TEST(SsdDrive, StagesFollowEachOther) {
  const Client parameters;
  Bench bench{parameters};
  std::mt19937 random{43};
  for (unsigned i = 0; i < 2000; ++i) {
    const Duration begin = bench.now;
    bench.run(random() % 2 ? MediaOp::read : MediaOp::write, random() % 4000 * 8, 8, random() % 4 == 0);
    std::int64_t before = begin.ps();
    for (const auto stage : {wire::Stage::selected, wire::Stage::positioned, wire::Stage::media}) {
      if (bench.tag.when(stage) < 0) continue;
      ASSERT_GE(bench.tag.when(stage), before) << name_of(stage);
      before = bench.tag.when(stage);
    }
    ASSERT_LE(before, bench.device.transfers.at(bench.index - 1).ps());
    ASSERT_GE(bench.tag.when(wire::Stage::media), 0);
  }
}

/// 32 commands of every kind outstanding: each must be answered, none in the past.
ClosedLoop::Result storm(Drive& drive, std::uint64_t count, unsigned seed) {
  ClosedLoop loop{drive};
  std::mt19937_64 random{seed};
  const std::uint64_t sectors = drive.facts().sectors;
  const auto result = loop.run(32, count, [&] {
    Command command;
    const auto kind = random() % 100;
    command.op = kind < 40 ? MediaOp::read : kind < 85 ? MediaOp::write : kind < 90 ? MediaOp::verify : kind < 95 ? MediaOp::trim : MediaOp::flush;
    const std::uint64_t most = random() % 16 == 0 ? 4096 : 64;
    command.lba = random() % (sectors - most);
    command.sectors = 1 + static_cast<std::uint32_t>(random() % most);
    command.fua = random() % 8 == 0;
    return command;
  });
  EXPECT_EQ(loop.faults, 0u) << "answers in the past";
  return result;
}

TEST(SsdDrive, EveryCommandOfAStormIsAnsweredAndTheSameSeedGivesTheSameTimes) {
  const unsigned seed = 47;
  std::cout << "seed " << seed << "\n";
  for (const char* name : {"samsung-850-pro", "intel-s4500"}) {
    SsdParameters parameters;
    apply_drive(parameters, name);
    parameters.capacity.set(kit::Bytes{std::int64_t{128} << 20});
    parameters.pages_per_block.set(16);
    parameters.write_buffer.set(1_MiB);
    Drive first{parameters}, second{parameters};
    const auto a = storm(first, 30'000, seed), b = storm(second, 30'000, seed);
    EXPECT_GT(first.counters().gc_victims.value(), 0u);
    EXPECT_EQ(a.mean, b.mean);
    EXPECT_EQ(a.longest, b.longest);
    for (std::size_t i = 0; i < first.statistics().all().size(); ++i)
      EXPECT_EQ(first.statistics().all()[i]->values(), second.statistics().all()[i]->values());
  }
}

TEST(SsdDrive, RandomReadsOfAWholeDriveNeedNoMemory) {
  const SsdParameters parameters;  // 512 GB
  Drive drive{parameters};
  ClosedLoop loop{drive};
  std::mt19937_64 random{53};
  const std::uint64_t slices = drive.facts().sectors / 8;
  const auto reads = [&](std::uint64_t count) {
    return loop.run(32, count, [&] { return Command{MediaOp::read, random() % slices * 8, 8, false}; });
  };
  const auto resident = [] {
    std::ifstream status{"/proc/self/statm"};
    std::uint64_t size = 0, pages = 0;
    status >> size >> pages;
    return pages * 4;
  };
  reads(1000);
  const std::uint64_t before = resident();
  reads(300'000);
  EXPECT_LT(resident(), before + 1024) << "KiB";
  EXPECT_LT(before, 60'000u) << "KiB";
}

TEST(SsdDrive, TellsWhatIdentifyNeeds) {
  const SsdParameters parameters;
  const MediumFacts facts = Drive{parameters}.facts();
  EXPECT_FALSE(facts.priority) << "commands are booked as they come";
  EXPECT_EQ(facts.sectors, 1000215216u);
  EXPECT_EQ(facts.rotation_rate, 1u);
  EXPECT_TRUE(facts.trim);
}

}  // namespace
}  // namespace ahcisim::disk::ssd
