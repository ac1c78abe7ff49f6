// SPDX-License-Identifier: MIT
// The generator: coverage, distribution, mix and determinism, and the pace of a stream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ahcisim/models/host/workload/generator.hpp>
#include <ahcisim/models/host/workload/stream.hpp>
#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "workload_support.hpp"

namespace ahcisim::host {
namespace {
using namespace kit::literals;
using testing::HasSubstr;
using Op = IoRequest::Op;

std::vector<IoRequest> take(RequestSource& source, std::size_t count) {
  std::vector<IoRequest> requests(count);
  for (IoRequest& r : requests) EXPECT_TRUE(source.next(r));
  return requests;
}

TEST(Permutation, IsOneToOneForAnySizeAndDependsOnTheKey) {
  for (std::uint64_t n : {1ull, 2ull, 3ull, 5ull, 16ull, 17ull, 1000ull, 4096ull, 65537ull}) {
    const Permutation one{n, 1}, other{n, 2};
    std::vector<bool> seen(n);
    std::uint64_t same = 0, fixed = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::uint64_t image = one(i);
      ASSERT_LT(image, n);
      ASSERT_FALSE(seen[image]);
      seen[image] = true;
      same += image == other(i);
      fixed += image == i;
    }
    if (n >= 1000) {
      EXPECT_LT(same, 12u) << n;  // one expected by chance
      EXPECT_LT(fixed, 12u) << n;
    }
  }
}

TEST(Generator, UniformBlocksAreAlignedInsideAndEven) {
  Pattern p;
  p.first = 1000;
  p.span = 8 * 64 + 7;  // the remainder is no block
  p.sectors = 8;
  Generator g{p};
  std::vector<int> hits(64);
  constexpr int count = 64 * 1000;
  for (const IoRequest& r : take(g, count)) {
    ASSERT_EQ(r.op, Op::read);
    ASSERT_EQ(r.sectors, 8u);
    ASSERT_GE(r.lba, 1000u);
    ASSERT_EQ((r.lba - 1000) % 8, 0u);
    ASSERT_LT((r.lba - 1000) / 8, 64u);
    ++hits[(r.lba - 1000) / 8];
  }
  double chi = 0;
  for (int h : hits) chi += (h - 1000.0) * (h - 1000.0) / 1000.0;
  EXPECT_LT(chi, 120) << "63 degrees of freedom: above 120 has a probability of 2e-5";
}

TEST(Generator, ShuffledTakesEachBlockOnceAPassAndPassesDiffer) {
  Pattern p;
  p.order = Pattern::Order::shuffled;
  p.span = 8 * 1000;
  Generator g{p};
  const auto first = take(g, 1000), second = take(g, 1000);
  std::set<std::uint64_t> blocks;
  int same = 0;
  for (std::size_t i = 0; i < 1000; ++i) blocks.insert(first[i].lba), same += first[i].lba == second[i].lba;
  EXPECT_EQ(blocks.size(), 1000u);
  EXPECT_LT(same, 12);
}

/// What a disk's arm notices: the distance between one request and the next is a third of the span on average
/// (1/18 is the variance of the difference of two uniform numbers), for the keyed permutation as for
/// independent draws.
TEST(Generator, RandomOrdersHaveTheSeekDistancesOfUniformDraws) {
  for (auto order : {Pattern::Order::uniform, Pattern::Order::shuffled}) {
    for (std::uint64_t blocks : {50'000ull, 65'536ull, 65'537ull, 10'000'000'000ull}) {
      Pattern p;
      p.order = order;
      p.sectors = 1;
      p.span = blocks;
      Generator g{p};
      const auto r = take(g, 50'000);
      double sum = 0, mean = 0;
      for (std::size_t i = 0; i < r.size(); ++i) {
        mean += static_cast<double>(r[i].lba) / static_cast<double>(blocks) / 50'000;
        if (i > 0)
          sum += std::fabs(static_cast<double>(r[i].lba) - static_cast<double>(r[i - 1].lba)) /
                 static_cast<double>(blocks);
      }
      EXPECT_NEAR(sum / 49'999, 1.0 / 3, 5 * std::sqrt(1.0 / 18 / 25'000)) << blocks;
      EXPECT_NEAR(mean, 0.5, 5 * std::sqrt(1.0 / 12 / 50'000)) << blocks;
    }
  }
}

TEST(Generator, SequentialWalksAndStartsOver) {
  Pattern p;
  p.order = Pattern::Order::sequential;
  p.first = 80;
  p.span = 24;
  Generator g{p};
  std::vector<std::uint64_t> lbas;
  for (const IoRequest& r : take(g, 5)) lbas.push_back(r.lba);
  EXPECT_THAT(lbas, testing::ElementsAre(80, 88, 96, 80, 88));
}

TEST(Generator, MixedSequentialDirectionsWalkEachByItself) {
  Pattern p;
  p.order = Pattern::Order::sequential;
  p.read_percent = 70;
  p.span = 8 * 100000;
  Generator g{p};
  std::uint64_t next[2] = {0, 0};
  for (const IoRequest& r : take(g, 50000)) {
    ASSERT_EQ(r.lba, next[r.is_write()]);
    next[r.is_write()] += 8;
  }
  EXPECT_NEAR(static_cast<double>(next[0]) / 8, 35000, 500);  // 5 sigma
}

TEST(Generator, CountEndsItAndFlushesComeAfterEveryNthWrite) {
  Pattern p;
  p.read_percent = 0;
  p.span = 8000;
  p.count = 6;
  p.flush_every = 3;
  p.think = 5_us;
  Generator g{p};
  EXPECT_EQ(g.size_hint(), 6u);
  for (int pass = 0; pass < 2; ++pass, g.rewind()) {
    std::string ops;
    IoRequest r;
    bool first = true;
    while (g.next(r)) {
      ops += r.op == Op::flush ? 'F' : 'W';
      EXPECT_EQ(r.think, first || r.op == Op::flush ? 0_us : 5_us);
      first = false;
    }
    EXPECT_EQ(ops, "WWWFWWWF");
    EXPECT_EQ(g.progress(), 1);
  }
}

TEST(Generator, SameSeedSameRequestsAlsoAfterRewind) {
  for (auto order : {Pattern::Order::uniform, Pattern::Order::shuffled, Pattern::Order::zipf}) {
    Pattern p;
    p.order = order;
    p.span = 1 << 20;
    p.read_percent = 50;
    Generator one{p}, two{p};
    p.seed = 2;
    Generator other{p};
    const auto a = take(one, 500), b = take(two, 500), c = take(other, 500);
    one.rewind();
    const auto again = take(one, 500);
    int same = 0;
    for (std::size_t i = 0; i < 500; ++i) {
      ASSERT_EQ(a[i].lba, b[i].lba);
      ASSERT_EQ(a[i].op, b[i].op);
      ASSERT_EQ(a[i].lba, again[i].lba);
      same += a[i].lba == c[i].lba;
    }
    EXPECT_LT(same, 100);
  }
}

/// Pins the sequence: a results folder is to be the same on every machine and with every later version.
TEST(Generator, TheSequenceOfSeedOneIsPinned) {
  Pattern p;
  p.span = 8ull << 20;
  Generator g{p};
  std::vector<std::uint64_t> blocks;
  for (const IoRequest& r : take(g, 3)) blocks.push_back(r.lba / 8);
  EXPECT_THAT(blocks, testing::ElementsAre(728767, 1009036, 359280));
}

TEST(Generator, ZipfFollowsItsLaw) {
  constexpr std::uint64_t blocks = 1000;
  for (double exponent : {0.6, 1.0, 1.4}) {
    const Zipf zipf{blocks, exponent};
    boost::random::mt19937_64 random{7};
    std::vector<double> hits(blocks);
    constexpr int draws = 1'500'000;  // enough to see the 3 % that a missing rejection would make
    for (int i = 0; i < draws; ++i) {
      const std::uint64_t rank = zipf(random);
      ASSERT_LT(rank, blocks);
      hits[rank] += 1;
    }
    double norm = 0;
    for (std::uint64_t k = 1; k <= blocks; ++k) norm += std::pow(static_cast<double>(k), -exponent);
    for (std::uint64_t k : {1ull, 2ull, 10ull, 100ull}) {
      const double expected = draws * std::pow(static_cast<double>(k), -exponent) / norm;
      EXPECT_NEAR(hits[k - 1], expected, 5 * std::sqrt(expected)) << "rank " << k << " exponent " << exponent;
    }
  }
}

TEST(Generator, RefusesWhatMakesNoSense) {
  Pattern p;
  p.span = 7;
  EXPECT_THAT(error_of([&] {
                Generator{p, "x"};
              }),
              HasSubstr("x: the span of 7 sectors holds no block of 8"));
  p.span = 8000;
  p.sectors = 0;
  EXPECT_THAT(error_of([&] { Generator{p, "x"}; }), HasSubstr("block of 0 sectors"));
  p.sectors = 8;
  p.order = Pattern::Order::zipf;
  p.zipf_exponent = 0;
  EXPECT_THAT(error_of([&] { Generator{p, "x"}; }), HasSubstr("Zipf"));
}

TEST(Pace, KeepsEachDirectionToItsRate) {
  Stream stream;
  EXPECT_FALSE(stream.paced());
  stream.byte_rate = {4096e3, 0, 0};
  stream.request_rate = {0, 100, 0};
  EXPECT_TRUE(stream.paced());
  Pace pace{stream};
  IoRequest read, write, flush;
  read.sectors = write.sectors = 8;
  write.op = Op::write;
  flush.op = Op::flush;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(pace.not_before(read), kit::Duration::from_ms(i));
    EXPECT_EQ(pace.not_before(write), kit::Duration::from_ms(10 * i));
    EXPECT_EQ(pace.not_before(flush), 0_ps);
    pace.issued(read);
    pace.issued(write);
    pace.issued(flush);
  }
}

}  // namespace
}  // namespace ahcisim::host
