// SPDX-License-Identifier: MIT
// The optical drive's mechanics: simulated time equals the formulas, and both what data sheets and reviews say.
#include <cmath>
#include <cstdio>
#include <random>

#include <unit/disk/optical_bench.hpp>

namespace ahcisim::disk::optical {
namespace {

constexpr double pi = 3.14159265358979323846;

/// A drive with a full disc that is ready.
struct Full : Drive {
  explicit Full(const char* rotation = "cav") : Drive{make_disc(OpticalTiming::capacity()), rotation} { settle(); }

  /// Reads `count` blocks in commands of `each`, one after the other; bytes per second from the first data to the last.
  double sequential(std::uint32_t from, std::uint32_t count, std::uint32_t each) {
    Duration first;
    for (std::uint32_t block = from; block < from + count; block += each) {
      mechanism.read(block, each, now);
      if (block == from) first = mechanism.in_buffer(block + each - 1);
      now = kit::max(now, mechanism.in_buffer(block + each - 1));
    }
    return (count - each) * double{block_bytes} / (now - first).seconds();
  }
};

TEST(OpticalGeometry, AFullDiscHasTheCapacityOfTheStandard) {
  // ECMA-267: 4.70 GB on a single layer; the spiral's area by its pitch is its length.
  EXPECT_NEAR(static_cast<double>(OpticalTiming::capacity()) * block_bytes, 4.70e9, 0.02e9);
  EXPECT_DOUBLE_EQ(OpticalTiming::radius(0), 0.024);
  EXPECT_NEAR(OpticalTiming::radius(OpticalTiming::capacity()), 0.058, 1e-7);
  EXPECT_NEAR(OpticalTiming::turns(OpticalTiming::capacity()), 0.034 / 0.74e-6, 1);
}

TEST(OpticalTimingTest, ConstantAngularVelocity) {
  const OpticalParameters parameters;
  const OpticalTiming timing{parameters};
  const double turn = 2 * pi * 0.058 / (16 * 3.49);
  EXPECT_NEAR(timing.revolution(0).seconds(), turn, 1e-9);
  EXPECT_NEAR(60 / turn, 9194, 2) << "revolutions a minute";
  const std::uint64_t end = OpticalTiming::capacity();
  EXPECT_NEAR(timing.rate(end).bytes_per_second, 16 * 1.385e6, 1e3);
  EXPECT_NEAR(timing.rate(0).bytes_per_second / timing.rate(end).bytes_per_second, 24.0 / 58, 1e-4) << "6.6x where the data begins";
  EXPECT_NEAR(timing.read_time(0, end).seconds(), 34e-3 / 0.74e-6 * turn, 1e-3) << "as many revolutions as the spiral has turns";
}

TEST(OpticalTimingTest, ConstantLinearVelocity) {
  OpticalParameters parameters;
  parameters.set("rotation", "clv");
  parameters.set("speed", "4");
  const OpticalTiming timing{parameters};
  const std::uint64_t end = OpticalTiming::capacity();
  for (const std::uint64_t block : {std::uint64_t{0}, end / 2, end}) EXPECT_NEAR(timing.rate(block).bytes_per_second, 4 * 1.385e6, 1);
  EXPECT_NEAR(timing.revolution(end).seconds() / timing.revolution(0).seconds(), 58.0 / 24, 1e-4);
  EXPECT_NEAR(timing.seek_time(0, end).ms(), 190, 0.01) << "the head's way takes longer than the spindle's change";
  parameters.set("spindle_change", "400ms");
  const OpticalTiming slow{parameters};
  EXPECT_NEAR(slow.seek_time(0, end).ms(), 400, 0.1);
  const double half = (1 / 0.024 - 1 / OpticalTiming::radius(end / 2)) / (1 / 0.024 - 1 / 0.058);
  EXPECT_NEAR(slow.seek_time(0, end / 2).ms(), 400 * half, 0.1);
}

TEST(OpticalTimingTest, SeekCurveGoesThroughItsFigures) {
  const OpticalParameters parameters;
  const OpticalTiming timing{parameters};
  const std::uint64_t end = OpticalTiming::capacity();
  EXPECT_NEAR(timing.seek_time(1000, 1000).ms(), 25, 1e-6);
  EXPECT_NEAR(timing.seek_time(0, end).ms(), 190, 0.01);
  EXPECT_EQ(timing.seek_time(0, end / 2), timing.seek_time(end / 2, 0));
  EXPECT_NEAR(timing.mean_access().ms(), 105, 0.1);
  Duration before;
  for (std::uint64_t to = 0; to < end; to += end / 50) {
    EXPECT_GE(timing.seek_time(0, to), before);
    before = timing.seek_time(0, to);
  }
}

TEST(OpticalTimingTest, FiguresThatContradictAreRefused) {
  OpticalParameters parameters;
  parameters.set("full_stroke", "60ms");
  EXPECT_THROW((OpticalTiming{parameters}), kit::ConfigError);
}

// The data sheet's 105 ms (LiteOn SOHD-167T), over reads of single blocks at random places.
TEST(OpticalFigures, RandomAccessTakesWhatTheDataSheetSays) {
  Full drive;
  constexpr unsigned seed = 7, count = 4000;
  std::mt19937_64 random{seed};
  Duration sum;
  for (unsigned i = 0; i < count; ++i) {
    const auto block = static_cast<std::uint32_t>(random() % OpticalTiming::capacity());
    const Duration decoded = drive.now + drive.parameters.command();
    drive.mechanism.read(block, 1, decoded);
    sum += drive.mechanism.in_buffer(block) - drive.now;
    drive.now = drive.mechanism.in_buffer(block);
  }
  const double mean = (sum / count).ms();
  std::printf("random access (seed %u): %.1f ms\n", seed, mean);
  EXPECT_NEAR(mean, 105, 105 * 0.02);
}

TEST(OpticalFigures, SequentialReadsGoAsFastAsTheTrackPasses) {
  Full drive;
  const auto end = static_cast<std::uint32_t>(OpticalTiming::capacity() / ecc_blocks * ecc_blocks);
  const double inner = drive.sequential(0, 16384, 32), outer = drive.sequential(end - 16384, 16384, 32);
  std::printf("sequential: inner %.2f MB/s, outer %.2f MB/s\n", inner / 1e6, outer / 1e6);
  const auto rate = [&](double block) {  // 16x at 58 mm, in proportion to the radius elsewhere
    return 16 * 1.385e6 * std::sqrt(24.0 * 24 + block / end * (58.0 * 58 - 24.0 * 24)) / 58;
  };
  EXPECT_NEAR(outer, rate(end - 8192.0), outer * 0.001);
  EXPECT_NEAR(inner, rate(8192), inner * 0.001);
}

// Nero CD-DVD Speed on a pressed single-layer disc in a LiteOn drive: 16.27x at the end, 12.16x on average (cdrinfo.com, review
// 14040): a ratio of 0.747, which is the mean radius of a block over the last one's.
TEST(OpticalFigures, TheMeanOverTheDiscIsTheReviewsPartOfTheEnd) {
  const OpticalParameters parameters;
  const OpticalTiming timing{parameters};
  double sum = 0;
  constexpr unsigned steps = 1000;
  for (unsigned i = 0; i < steps; ++i) sum += timing.rate(OpticalTiming::capacity() * i / steps).bytes_per_second;
  EXPECT_NEAR(sum / steps / timing.rate(OpticalTiming::capacity()).bytes_per_second, 12.16 / 16.27, 0.005);
}

TEST(OpticalFigures, ConstantLinearVelocityIsTheSameEverywhere) {
  Full drive{"clv"};
  const auto end = static_cast<std::uint32_t>(OpticalTiming::capacity() / ecc_blocks * ecc_blocks);
  EXPECT_NEAR(drive.sequential(0, 16384, 32), 16 * 1.385e6, 16 * 1.385e6 * 0.005);
  EXPECT_NEAR(drive.sequential(end - 16384, 16384, 32), 16 * 1.385e6, 16 * 1.385e6 * 0.005);
}

TEST(OpticalFigures, ABlockWithinTheBufferIsThereAtOnce) {
  Full drive;
  drive.mechanism.read(0, 16, drive.now);
  drive.now = drive.mechanism.in_buffer(15) + Duration::from_ms(100);  // time to read 512 KiB ahead, and to wait on the track
  drive.mechanism.read(100, 100, drive.now);
  EXPECT_LE(drive.mechanism.in_buffer(199), drive.now);
  EXPECT_EQ(drive.mechanism.statistics().seeks.value(), 0u);
  // 256 blocks of buffer lie behind block 16; the head has waited there, and needs a revolution at most to go on.
  drive.mechanism.read(272, 16, drive.now);
  const Duration there = drive.mechanism.in_buffer(272);
  EXPECT_LE(there - drive.now, drive.mechanism.timing().revolution(0) + drive.mechanism.timing().read_time(272, 288) + Duration::from_ns(1));
  EXPECT_EQ(drive.mechanism.statistics().seeks.value(), 0u);
}

TEST(OpticalFigures, FromTheTrayToTheFirstBlock) {
  Drive drive{nullptr};
  drive.mechanism.open(drive.now);
  drive.settle();
  drive.mechanism.place(make_disc(1000));
  const Duration begin = drive.now;
  drive.mechanism.close(drive.now);
  drive.settle();
  EXPECT_TRUE(drive.mechanism.ready());
  EXPECT_EQ(drive.now - begin, 1500_ms + 4000_ms + 2000_ms);
}

}  // namespace
}  // namespace ahcisim::disk::optical
