// SPDX-License-Identifier: MIT
// The PIO commands of 28 and 48 bits that commands_test.cpp leaves out: the data they move, the DRQ blocks it comes in,
// and when the channel interrupts (ATA/ATAPI-6, PIO data-in and data-out protocols).
#include <algorithm>

#include <gtest/gtest.h>

#include <support/ide_bench.hpp>

namespace ahcisim {
namespace {

using bench::IdeBench;
using bench::IdeSetup;
using namespace kit::literals;

constexpr std::uint8_t idle = 0x50, data_request = 0x58;  // DRDY, DSC; and DRQ
constexpr std::uint8_t READ_SECTORS_EXT = 0x24, READ_MULTIPLE_EXT = 0x29, WRITE_SECTORS_EXT = 0x34,
                       WRITE_MULTIPLE = 0xc5, SET_MULTIPLE_MODE = 0xc6;
constexpr std::uint64_t beyond_28_bits = (std::uint64_t{1} << 32) + 0x1234'5678;

/// A disk so large that an LBA needs more than 32 bits, in PIO mode 4.
struct LargeDisk : ::testing::Test {
  IdeBench b{[](IdeSetup& s) { s.sectors = std::uint64_t{1} << 33; }};
  void SetUp() override {
    b.start();
    b.fast();
  }
  void TearDown() override {
    b.run(100_us);
    EXPECT_EQ(b.alternate(), idle);
    EXPECT_FALSE(b.interrupts.level[0]) << "no interrupt but those that were awaited";
    EXPECT_EQ(b.context.diagnostics.count(), 0u);
  }
  void set_multiple(unsigned sectors) {
    b.issue({SET_MULTIPLE_MODE, 0, sectors});
    ASSERT_TRUE(b.wait_interrupt());
    ASSERT_EQ(b.status(), idle);
    b.interrupts.count = {};
  }
  /// An interrupt before each DRQ block of at most `block` sectors, none after the last.
  void read_blocks(unsigned sectors, unsigned block, const std::vector<std::uint8_t>& expected) {
    for (unsigned done = 0; done < sectors; done += block) {
      const unsigned now = std::min(block, sectors - done);
      ASSERT_TRUE(b.wait_interrupt()) << "sector " << done;
      ASSERT_EQ(b.status(), data_request) << "sector " << done;
      const auto got = b.ins(now * 512);
      ASSERT_TRUE(std::equal(got.begin(), got.end(), expected.begin() + done * 512)) << "sector " << done;
    }
    EXPECT_EQ(b.interrupts.count[0], (sectors + block - 1) / block);
  }
  /// No interrupt before the first DRQ block, one after each.
  void write_blocks(unsigned sectors, unsigned block, const std::vector<std::uint8_t>& data) {
    ASSERT_TRUE(b.run_until([&] { return b.alternate() == data_request; }));
    EXPECT_EQ(b.interrupts.count[0], 0u);
    for (unsigned done = 0; done < sectors; done += block) {
      const unsigned now = std::min(block, sectors - done);
      b.outs(data.data() + done * 512, now * 512);
      ASSERT_TRUE(b.wait_interrupt()) << "sector " << done;
      ASSERT_EQ(b.status(), done + now == sectors ? idle : data_request) << "sector " << done;
    }
    EXPECT_EQ(b.interrupts.count[0], (sectors + block - 1) / block);
  }
  /// The sectors before and behind hold nothing: what was written went where it was to go, and no further.
  void expect_written(std::uint64_t lba, unsigned sectors, const std::vector<std::uint8_t>& data) {
    EXPECT_EQ(b.stored(0, lba, sectors), data);
    const std::vector<std::uint8_t> nothing(512);
    EXPECT_EQ(b.stored(0, lba - 1, 1), nothing);
    EXPECT_EQ(b.stored(0, lba + sectors, 1), nothing);
  }
};

// More sectors than 8 bits count: Sector Count is written twice.
TEST_F(LargeDisk, ReadSectorsExt) {
  const auto data = b.pattern(300 * 512);
  b.fill(0, beyond_28_bits, data);
  b.issue({READ_SECTORS_EXT, beyond_28_bits, 300, 0, true});
  read_blocks(300, 1, data);
}

TEST_F(LargeDisk, WriteSectorsExt) {
  const auto data = b.pattern(300 * 512, 2);
  b.issue({WRITE_SECTORS_EXT, beyond_28_bits, 300, 0, true});
  write_blocks(300, 1, data);
  expect_written(beyond_28_bits, 300, data);
}

TEST_F(LargeDisk, ReadMultipleExt) {
  set_multiple(8);
  const auto data = b.pattern(300 * 512, 3);
  b.fill(0, beyond_28_bits, data);
  b.issue({READ_MULTIPLE_EXT, beyond_28_bits, 300, 0, true});
  read_blocks(300, 8, data);  // 37 blocks of eight and one of four
}

// 28 bits: the highest four are in Device.
TEST_F(LargeDisk, WriteMultiple) {
  set_multiple(8);
  constexpr std::uint64_t lba = 0x0abc'def0;
  const auto data = b.pattern(20 * 512, 4);
  b.issue({WRITE_MULTIPLE, lba, 20});
  write_blocks(20, 8, data);
  expect_written(lba, 20, data);
}

// What one command has written the other reads, whichever way each of them takes to the sectors.
TEST_F(LargeDisk, WrittenByOneReadByTheOther) {
  set_multiple(16);
  const auto data = b.pattern(40 * 512, 5);
  b.issue({WRITE_SECTORS_EXT, 0x0fff'fff0, 40, 0, true});  // across the end of 28 bits
  write_blocks(40, 1, data);
  b.interrupts.count = {};
  b.issue({READ_MULTIPLE_EXT, 0x0fff'fff0, 40, 0, true});
  read_blocks(40, 16, data);
}

}  // namespace
}  // namespace ahcisim
