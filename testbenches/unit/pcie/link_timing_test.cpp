// SPDX-License-Identifier: MIT
// Sizes and rates of TLPs, how transfers are cut, and the small pieces of flow control.
#include <gtest/gtest.h>

#include <ahcisim/models/pcie/flow_control.hpp>
#include <ahcisim/models/pcie/link_timing.hpp>

namespace ahcisim::pcie {
namespace {

using kit::Duration;
using namespace kit::literals;

LinkTiming timing(const char* generation, const char* lanes, const char* payload = "256B", const char* completion = "max_payload",
                  const char* boundary = "64B") {
  LinkParameters p;
  p.set("generation", generation);
  p.set("lanes", lanes);
  p.set("max_payload", payload);
  p.set("completion_size", completion);
  p.set("read_completion_boundary", boundary);
  return LinkTiming{p};
}

// The Ack and UpdateFC limits are quoted by pcie-bench: 8 B of each for so many bytes. Beyond 8 GT/s, where
// it has none, the formula with the internal delay of 8 GT/s.
TEST(LinkTiming, LeavesToTlpsWhatDllpsAndSkipsDoNotTake) {
  const struct { const char *generation, *lanes, *payload; double raw, limit; } rows[] = {
      {"1", "1", "128B", 250e6, 237}, {"1", "4", "128B", 1e9, 73},     {"2", "1", "128B", 500e6, 288}, {"2", "8", "128B", 4e9, 118},
      {"3", "1", "128B", 8e9 / 8 * 128 / 130, 333}, {"3", "8", "256B", 8e9 * 128 / 130, 203},
      {"4", "1", "128B", 2e9 * 128 / 130, 333},     {"4", "8", "256B", 16e9 * 128 / 130, 203},
      {"5", "16", "512B", 64e9 * 128 / 130, 182}};
  for (const auto& row : rows)
    EXPECT_NEAR(timing(row.generation, row.lanes, row.payload).tlp_rate().bytes_per_second,
                row.raw * (1 - 16 / row.limit - 4.0 / 1538), row.raw * 1e-9)
        << row.generation << " x" << row.lanes;
}

TEST(LinkTiming, CutsWritesAtNaturalBoundaries) {
  EXPECT_EQ(LinkTiming::blocks(0, 256, 256), 1u);
  EXPECT_EQ(LinkTiming::blocks(1, 256, 256), 2u);
  EXPECT_EQ(LinkTiming::blocks(255, 1, 256), 1u);
  EXPECT_EQ(LinkTiming::blocks(255, 2, 256), 2u);
  EXPECT_EQ(LinkTiming::blocks(0xffffffffffff0000, 65535, 128), 512u);
  EXPECT_EQ(LinkTiming::padded(0, 1), 4u);
  EXPECT_EQ(LinkTiming::padded(3, 2), 8u) << "two bytes in two dwords";
}

// Counted completion by completion, against the closed form.
void count_completions(const LinkTiming& link, std::uint64_t boundary) {
  for (std::uint64_t address = 0x1000; address < 0x1000 + 600; address += 7)
    for (std::uint32_t bytes = 1; bytes < 3000; bytes += 61) {
      std::uint32_t count = 0;
      const std::uint64_t end = address + bytes;
      for (std::uint64_t at = address; at < end;) {
        const std::uint64_t request_end = std::min(end, (at + 512) & ~std::uint64_t{511});
        while (at < request_end) {
          const std::uint64_t next = link.completion_end(at, request_end);
          ASSERT_GT(next, at);
          ASSERT_LE(next - at, 256u);
          ASSERT_TRUE(next == request_end || next % boundary == 0);
          at = next;
          ++count;
        }
      }
      ASSERT_EQ(link.completions(address, bytes), count) << address << '+' << bytes;
    }
}

TEST(LinkTiming, CountsCompletionsAsTheyAreCut) {
  for (const char* size : {"max_payload", "boundary"}) {
    SCOPED_TRACE(size);
    count_completions(timing("3", "4", "256B", size), 64);
    count_completions(timing("3", "4", "256B", size, "128B"), 128);
  }
}

// PCI Express Base, 2.3.1.1: all completions but a request's last end at a multiple of RCB.
TEST(LinkTiming, CutsCompletionsAtTheBoundaryOfTheRootComplex) {
  const LinkTiming each_64 = timing("3", "4", "256B", "boundary", "64B"),
                   each_128 = timing("3", "4", "256B", "boundary", "128B"),
                   large_64 = timing("3", "4", "256B", "max_payload", "64B"),
                   large_128 = timing("3", "4", "256B", "max_payload", "128B");
  EXPECT_EQ(each_128.completion_end(0x1040, 0x1140), 0x1080u) << "to the first boundary";
  EXPECT_EQ(each_128.completion_end(0x1080, 0x1140), 0x1100u) << "from one to the next";
  EXPECT_EQ(each_128.completion_end(0x1100, 0x1140), 0x1140u) << "the rest";
  EXPECT_EQ(large_128.completion_end(0x1040, 0x1140), 0x1100u) << "the last boundary that 256 B reach";
  EXPECT_EQ(large_64.completion_end(0x1040, 0x1140), 0x1140u);
  EXPECT_EQ(each_64.completions(0x1040, 256), 4u);
  EXPECT_EQ(each_128.completions(0x1040, 256), 3u);
  EXPECT_EQ(large_64.completions(0x1040, 256), 1u);
  EXPECT_EQ(large_128.completions(0x1040, 256), 2u);
  EXPECT_EQ(each_128.completions(0x1000, 4096), 32u) << "aligned: one for each 128 B";
  EXPECT_EQ(large_128.completions(0x1000, 4096), 16u) << "aligned: one for each 256 B";
  EXPECT_EQ(each_128.completions(0x107f, 2), 2u) << "a byte on either side";
}

TEST(LinkTiming, UsesLongHeadersFrom4GiBOn) {
  const LinkTiming link = timing("3", "4");
  EXPECT_EQ(link.request_bytes(0xffffffff), 20u);
  EXPECT_EQ(link.request_bytes(0x100000000), 24u);
}

TEST(LinkTiming, RefusesWidthsNoLinkHas) {
  LinkParameters p;
  p.set("lanes", "3");
  EXPECT_THROW(LinkTiming{p}, kit::ConfigError);
  EXPECT_THROW(p.set("generation", "6"), kit::ConfigError);
  LinkParameters q;
  q.set("max_payload", "200B");
  EXPECT_THROW(LinkTiming{q}, kit::ConfigError);
}

TEST(Credits, AreTakenAndComeBack) {
  Credits credits{2, 8};
  EXPECT_EQ(credits.take(0_ns, 10_ns, 4), 10_ns);
  credits.release(100_ns);
  EXPECT_EQ(credits.take(0_ns, 11_ns, 5), 100_ns) << "data: 4 left";
  credits.release(200_ns);
  EXPECT_EQ(credits.take(0_ns, 101_ns, 0), 101_ns);
  credits.release(201_ns);
  EXPECT_EQ(credits.take(0_ns, 102_ns, 0), 200_ns) << "headers";
  credits.release(300_ns);
  EXPECT_EQ(credits.take(0_ns, 1_us, 100), 1_us) << "more than the buffer: goes when it is empty";
  Credits infinite{0, 0};
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(infinite.take(0_ns, 5_ns, 64), 5_ns);
    infinite.release(1_us);
  }
}

TEST(Credits, KnowWhetherATrainWaits) {
  const Credits credits{8, 64};
  EXPECT_FALSE(credits.binds(8, 40_ns, 300_ns)) << "eight TLPs fill the loop";
  EXPECT_TRUE(credits.binds(16, 40_ns, 300_ns)) << "four do not";
  EXPECT_FALSE((Credits{0, 0}.binds(16, 1_ns, 1_ms)));
}

TEST(Tags, AreFreeAgainInTurn) {
  Tags tags{2};
  EXPECT_TRUE(tags.available(2, 0_ns));
  EXPECT_FALSE(tags.available(3, 1_s));
  tags.take(100_ns);
  tags.take(200_ns);
  EXPECT_FALSE(tags.available(1, 99_ns));
  Tags more = tags, less = tags;
  more.limit(3);
  EXPECT_TRUE(more.available(1, 0_ns)) << "a new one is free at once";
  EXPECT_FALSE(more.available(2, 99_ns));
  EXPECT_TRUE(more.available(2, 100_ns));
  less.limit(1);
  EXPECT_FALSE(less.available(1, 199_ns)) << "those that go are the ones free first";
  EXPECT_TRUE(less.available(1, 200_ns));
  EXPECT_TRUE(tags.available(1, 100_ns));
  EXPECT_FALSE(tags.available(2, 100_ns));
  EXPECT_TRUE(tags.available(2, 200_ns));
}

TEST(PostedOrder, HoldsOnlyWhatIsSentLater) {
  PostedOrder order;
  order.record(100_ns, 500_ns);
  EXPECT_EQ(order.not_before(99_ns), 99_ns);
  EXPECT_EQ(order.not_before(100_ns), 500_ns);
  EXPECT_EQ(order.not_before(600_ns), 600_ns);
}

}  // namespace
}  // namespace ahcisim::pcie
