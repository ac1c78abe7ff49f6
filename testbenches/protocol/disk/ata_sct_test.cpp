// SPDX-License-Identifier: MIT
// SCT Command Transport (ACS-3, clause 8): byte by byte as the specification has it, and what it changes.
#include <gtest/gtest.h>

#include "fake_host.hpp"

namespace ahcisim::disk {
namespace {

using Page = std::vector<std::uint8_t>;

unsigned word_at(const Page& page, unsigned byte) { return page[byte] | page[byte + 1] << 8; }
Page key(const std::vector<unsigned>& words) {
  Page page(512);
  unsigned at = 0;
  for (const unsigned value : words) {
    page[at++] = static_cast<std::uint8_t>(value);
    page[at++] = static_cast<std::uint8_t>(value >> 8);
  }
  return page;
}

/// The three ways to the logs: READ/WRITE LOG EXT, READ/WRITE LOG DMA EXT, SMART READ/WRITE LOG.
enum class Way { pio, dma, smart };

struct SctBench : Bench {
  SctBench() { start(); }
  Way way = Way::pio;
  wire::RegisterH2D log(bool write, std::uint8_t address, unsigned count = 1) const {
    if (way == Way::smart) return fis(0xb0, 0xc24f00u | address, count, write ? 0xd6 : 0xd5);
    const bool dma = way == Way::dma;
    return fis(write ? (dma ? 0x57 : 0x3f) : (dma ? 0x47 : 0x2f), address, count);
  }
  /// An SCT command; what came back in Count and LBA 7:0.
  unsigned command(const std::vector<unsigned>& words) {
    execute(log(true, 0xe0), key(words));
    const auto& d2h = result();
    return d2h.count_7_0 | d2h.lba_7_0 << 8;
  }
  const wire::RegisterD2H& result() const { return host.last(FisType::register_d2h)->as<wire::RegisterD2H>(); }
  Page read(std::uint8_t address) {
    execute(log(false, address));
    return data();
  }
  bool good() const { return (host.status & 1) == 0; }
  bool write_cache() {
    execute(fis(0xec));
    return word_at(data(), 2 * 85) & 0x20;
  }
};

class AtaSct : public ::testing::TestWithParam<Way> {
 protected:
  SctBench b;
  void SetUp() override { b.way = GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Ways, AtaSct, ::testing::Values(Way::pio, Way::dma, Way::smart), [](const auto& info) {
  return std::string{info.param == Way::pio ? "pio" : info.param == Way::dma ? "dma" : "smart"};
});

TEST(AtaSctOffer, IdentifyAndTheDirectoryTellIt) {
  SctBench b;
  b.execute(Bench::fis(0xec));
  EXPECT_EQ(word_at(b.data(), 2 * 206), 0x0039u);  // SCT; Error Recovery Control, Feature Control, Data Tables
  const Page directory = b.read(0x00);
  EXPECT_EQ(word_at(directory, 2 * 0xe0), 1u);
  EXPECT_EQ(word_at(directory, 2 * 0xe1), 1u);
}

TEST_P(AtaSct, StatusAtRest) {
  const Page status = b.read(0xe0);
  ASSERT_EQ(status.size(), 512u);
  EXPECT_EQ(word_at(status, 0), 3u);   // format version
  EXPECT_EQ(word_at(status, 4), 1u);   // level
  EXPECT_EQ(status[10], 0u);           // active, waiting for a command
  EXPECT_EQ(word_at(status, 14), 0u);  // Extended Status code
  for (unsigned at = 200; at < 205; ++at) EXPECT_EQ(status[at], 35u) << "byte " << at;
  EXPECT_EQ(word_at(status, 206), 0u);  // over the limit, under it: never
  EXPECT_EQ(word_at(status, 210), 0u);
}

TEST_P(AtaSct, ErrorRecoveryTimersAreKept) {
  EXPECT_EQ(b.command({3, 2, 1}), 0u);
  EXPECT_EQ(b.command({3, 1, 1, 0x0146}), 0u);
  EXPECT_TRUE(b.good());
  EXPECT_EQ(b.command({3, 1, 2, 70}), 0u);
  EXPECT_EQ(b.command({3, 2, 1}), 0x0146u);
  EXPECT_EQ(b.command({3, 2, 2}), 70u);
  EXPECT_TRUE(b.good());
  const Page status = b.read(0xe0);
  EXPECT_EQ(word_at(status, 14), 0u);
  EXPECT_EQ(word_at(status, 16), 3u);
  EXPECT_EQ(word_at(status, 18), 2u);
}

TEST_P(AtaSct, WriteCacheIsForcedAgainstSetFeatures) {
  EXPECT_EQ(b.command({4, 2, 1}), 1u);  // SET FEATURES decides
  b.command({4, 1, 1, 3});              // forced off
  EXPECT_FALSE(b.write_cache());
  b.execute(Bench::fis(0xef, 0, 0, 0x02));
  EXPECT_TRUE(b.good());  // accepted, without effect
  EXPECT_FALSE(b.write_cache());
  b.command({4, 1, 1, 2});  // forced on
  b.execute(Bench::fis(0xef, 0, 0, 0x82));
  EXPECT_TRUE(b.good());
  EXPECT_TRUE(b.write_cache());
  EXPECT_EQ(b.command({4, 2, 1}), 2u);
  b.command({4, 1, 1, 1});
  EXPECT_FALSE(b.write_cache());  // as SET FEATURES had it last
  EXPECT_EQ(b.command({4, 3, 1}), 0u);
}

TEST_P(AtaSct, TemperatureHistoryFollowsItsInterval) {
  EXPECT_EQ(b.command({4, 2, 3}), 1u);
  EXPECT_EQ(b.command({4, 1, 3, 5}), 0u);  // every five minutes; the history begins anew
  EXPECT_EQ(b.command({4, 2, 3}), 5u);
  b.run(Duration::from_seconds(16 * 60));
  b.command({5, 1, 2});
  EXPECT_TRUE(b.good());
  EXPECT_EQ(b.result().lba_15_8 | b.result().lba_23_16 << 8, 1);  // sectors to read
  const Page table = b.read(0xe1);
  ASSERT_EQ(table.size(), 512u);
  EXPECT_EQ(word_at(table, 0), 2u);  // format version
  EXPECT_EQ(word_at(table, 2), 1u);  // sampling period
  EXPECT_EQ(word_at(table, 4), 5u);  // interval
  EXPECT_GT(table[7], table[6]);     // limit above what is recommended
  EXPECT_LT(table[9], table[8]);
  EXPECT_EQ(word_at(table, 30), 128u);
  EXPECT_EQ(word_at(table, 32), 3u);  // 0, 5, 10, 15 minutes
  for (unsigned entry = 0; entry < 128; ++entry)
    EXPECT_EQ(table[34 + entry], entry < 4 ? 35u : 0x80u) << "entry " << entry;
}

TEST_P(AtaSct, DataIsThereOnceAndOnlyAfterItsCommand) {
  for (int round = 0; round < 2; ++round) {
    b.execute(b.log(false, 0xe1));
    EXPECT_EQ(b.host.status, 0x51);
    EXPECT_EQ(b.host.error, wire::error::ABRT);
    EXPECT_EQ(b.result().count_7_0, 0x0b);
    EXPECT_EQ(word_at(b.read(0xe0), 14), 0x000bu);
    b.command({5, 1, 2});
    EXPECT_EQ(b.read(0xe1).size(), 512u);
  }
  b.command({5, 1, 2});
  b.command({3, 2, 1});  // another command: the table is no longer there
  b.execute(b.log(false, 0xe1));
  EXPECT_EQ(b.host.error, wire::error::ABRT);
}

struct Hostile {
  const char* name;
  std::vector<unsigned> words;
  unsigned status;
};
class AtaSctRefuses : public ::testing::TestWithParam<Hostile> {};
TEST_P(AtaSctRefuses, WithItsExtendedStatus) {
  SctBench b;
  for (const Way way : {Way::pio, Way::dma, Way::smart}) {
    b.way = way;
    EXPECT_EQ(b.command(GetParam().words), GetParam().status);
    EXPECT_EQ(b.host.status, 0x51);
    EXPECT_EQ(b.host.error, wire::error::ABRT);
    EXPECT_EQ(word_at(b.read(0xe0), 14), GetParam().status);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Commands, AtaSctRefuses,
    ::testing::Values(Hostile{"nothing", {0}, 0x10}, Hostile{"long_sector_access", {1, 1}, 0x10},
                      Hostile{"write_same", {2, 0x102}, 0x10}, Hostile{"action_6", {6, 1}, 0x10},
                      Hostile{"action_ffff", {0xffff, 0xffff, 0xffff, 0xffff, 0xffff}, 0x10},
                      Hostile{"recovery_function", {3, 3, 1}, 0x04}, Hostile{"recovery_selection", {3, 1, 3}, 0x05},
                      Hostile{"feature_function", {4, 4, 1}, 0x0c}, Hostile{"feature_function_0", {4, 0, 1}, 0x0c},
                      Hostile{"reordering", {4, 1, 2, 1}, 0x0d}, Hostile{"feature_code", {4, 2, 4}, 0x0d},
                      Hostile{"cache_state", {4, 1, 1, 4}, 0x0e}, Hostile{"interval_0", {4, 1, 3, 0}, 0x0e},
                      Hostile{"options", {4, 1, 1, 1, 2}, 0x0f}, Hostile{"table_function", {5, 2, 2}, 0x01},
                      Hostile{"table", {5, 1, 3}, 0x11}),
    [](const auto& info) { return std::string{info.param.name}; });

TEST(AtaSctHostile, CountsAndPagesThatAreNotThere) {
  SctBench b;
  for (const auto& fis : {Bench::fis(0x3f, 0xe0, 0), Bench::fis(0x3f, 0xe0, 2), Bench::fis(0x3f, 0xe0 | 1u << 8, 1),
                          Bench::fis(0x3f, 0xe1, 1), Bench::fis(0x2f, 0xe0, 2), Bench::fis(0x2f, 0xe1, 2),
                          Bench::fis(0xb0, 0xc24fe0, 2, 0xd6), Bench::fis(0xb0, 0xc24fe1, 1, 0xd6),
                          Bench::fis(0xb0, 0xc24fe0, 2, 0xd5)}) {
    b.execute(fis, Page(1024));
    EXPECT_EQ(b.host.status, 0x51);
    EXPECT_EQ(b.host.error, wire::error::ABRT);
  }
  b.execute(Bench::fis(0xb0, 0xc24f00, 0, 0xd9));  // SMART off: its way is closed, the others are not
  b.way = Way::smart;
  b.execute(b.log(false, 0xe0));
  EXPECT_EQ(b.host.error, wire::error::ABRT);
  b.way = Way::dma;
  EXPECT_EQ(b.read(0xe0).size(), 512u);
}

/// How long a command takes until the device has answered it.
Duration took(SctBench& b, const wire::RegisterH2D& fis) {
  const Duration begin = b.context.calendar.now();
  b.execute(fis, {}, Duration::from_seconds(10));
  return b.host.seen.back().at - begin;
}

TEST(AtaSctErrorRecovery, BoundsHowLongAReadTries) {
  SctBench b;
  b.parameters.error_recovery.set(Duration::from_seconds(3));
  b.device.inject_media_error({100, 1});
  for (const auto& fis : {Bench::fis(0x25, 100, 8), Bench::fis(0x42, 100, 8)}) {
    b.command({3, 1, 1, 0});  // as long as it takes
    EXPECT_NEAR(took(b, fis).seconds(), 3.0, 1e-3);
    EXPECT_EQ(b.host.error, wire::error::UNC);
    EXPECT_EQ(word_at(b.read(0xe0), 14), 0u);
    b.command({3, 1, 1, 7});  // 0.7 s
    EXPECT_NEAR(took(b, fis).seconds(), 0.7, 1e-3);
    EXPECT_EQ(b.host.error, wire::error::UNC);
    EXPECT_EQ(word_at(b.read(0xe0), 14), 0x0015u);
    b.command({3, 1, 1, 50});  // more than it would take
    EXPECT_NEAR(took(b, fis).seconds(), 3.0, 1e-3);
  }
  EXPECT_LT(took(b, Bench::fis(0x25, 200, 8)).seconds(), 1e-3);  // a good one as ever
}

TEST(AtaSctReset, KeepsOnlyWhatIsToBePreserved) {
  SctBench b;
  const auto comreset = [&b] {
    b.execute(Bench::fis(0xef, 0, 6, 0x90));  // without software settings preservation
    b.host.phy_ready();
    b.run(Duration::from_ms(20));
  };
  b.command({4, 1, 1, 3, 0});
  b.command({4, 1, 3, 9, 1});
  b.command({3, 1, 1, 70});
  comreset();
  EXPECT_EQ(b.command({4, 2, 1}), 1u);
  EXPECT_EQ(b.command({4, 2, 3}), 9u);
  EXPECT_EQ(b.command({4, 3, 3}), 1u);
  EXPECT_EQ(b.command({3, 2, 1}), 0u);
  EXPECT_TRUE(b.write_cache());
}

}  // namespace
}  // namespace ahcisim::disk
