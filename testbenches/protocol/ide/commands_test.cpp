// SPDX-License-Identifier: MIT
// Command protocols of ATA/ATAPI-6 through the registers of an IDE channel: PIO, MULTIPLE, DMA, 28 and 48 bits.
#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include <support/ide_bench.hpp>

namespace ahcisim {
namespace {

using bench::IdeBench;
using bench::IdeSetup;
using kit::Duration;
using namespace kit::literals;

constexpr std::uint8_t idle = 0x50;  // DRDY, DSC

TEST(PioIn, OneInterruptBeforeEachBlockAndNoneAfterTheLast) {
  IdeBench b;
  b.start();
  const auto data = b.pattern(3 * 512);
  b.fill(0, 100, data);
  b.issue({0x20, 100, 3});
  for (unsigned block = 0; block < 3; ++block) {
    ASSERT_TRUE(b.wait_interrupt());
    EXPECT_EQ(b.alternate(), 0x58);
    EXPECT_TRUE(b.interrupts.level[0]) << "Alternate Status does not acknowledge";
    EXPECT_EQ(b.status(), 0x58);
    EXPECT_FALSE(b.interrupts.level[0]);
    const auto got = b.ins(512);
    EXPECT_TRUE(std::equal(got.begin(), got.end(), data.begin() + block * 512));
  }
  b.run(100_us);
  EXPECT_EQ(b.status(), idle);
  EXPECT_EQ(b.interrupts.count[0], 3u);
  EXPECT_EQ(b.context.diagnostics.count(), 0u);
}

TEST(PioIn, WordsAndDoubleWordsGiveTheSameBytes) {
  IdeBench b;
  b.start();
  const auto data = b.pattern(512);
  b.fill(0, 7, data);
  b.issue({0x20, 7, 1});
  ASSERT_TRUE(b.wait_interrupt());
  std::vector<std::uint8_t> got;
  for (unsigned i = 0; i < 64; ++i) {
    const std::uint32_t low = b.in(0x1f0, 2), high = b.in(0x1f0, 2), both = b.in(0x1f0, 4);
    for (unsigned shift : {0u, 8u}) got.push_back(static_cast<std::uint8_t>(low >> shift));
    for (unsigned shift : {0u, 8u}) got.push_back(static_cast<std::uint8_t>(high >> shift));
    for (unsigned shift : {0u, 8u, 16u, 24u}) got.push_back(static_cast<std::uint8_t>(both >> shift));
  }
  EXPECT_EQ(got, data);
  EXPECT_EQ(b.alternate(), idle);
}

TEST(PioOut, NoInterruptBeforeTheFirstBlockOneAfterEach) {
  IdeBench b;
  b.start();
  const auto data = b.pattern(2 * 512);
  b.issue({0x30, 5000, 2});
  ASSERT_TRUE(b.run_until([&] { return b.alternate() == 0x58; }));
  EXPECT_EQ(b.interrupts.count[0], 0u);
  b.outs(data.data(), 512);
  EXPECT_EQ(b.alternate() & 0x88, 0x80) << "BSY after the block";
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.status(), 0x58);
  b.outs(data.data() + 512, 512, 4);
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.status(), idle);
  EXPECT_EQ(b.interrupts.count[0], 2u);
  EXPECT_EQ(b.stored(0, 5000, 2), data);
  EXPECT_EQ(b.context.diagnostics.count(), 0u);
}

TEST(Multiple, OneBlockAndOneInterruptForSeveralSectors) {
  IdeBench b;
  b.start();
  b.issue({0xc6, 0, 8});  // SET MULTIPLE MODE
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.status(), idle);
  const auto data = b.pattern(20 * 512);
  b.fill(0, 64, data);
  b.issue({0xc4, 64, 20});
  unsigned got = 0;
  for (unsigned sectors : {8u, 8u, 4u}) {
    ASSERT_TRUE(b.wait_interrupt());
    EXPECT_EQ(b.status(), 0x58);
    const auto block = b.ins(sectors * 512);
    EXPECT_TRUE(std::equal(block.begin(), block.end(), data.begin() + got));
    got += sectors * 512;
  }
  EXPECT_EQ(b.alternate(), idle);
  EXPECT_EQ(b.interrupts.count[0], 4u);

  b.issue({0x39, 1000, 20, 0, true});  // WRITE MULTIPLE EXT
  ASSERT_TRUE(b.run_until([&] { return b.alternate() == 0x58; }));
  got = 0;
  for (unsigned sectors : {8u, 8u, 4u}) {
    b.outs(data.data() + got, sectors * 512);
    got += sectors * 512;
    ASSERT_TRUE(b.wait_interrupt());
    EXPECT_EQ(b.status(), got == 20 * 512 ? idle : 0x58);
  }
  EXPECT_EQ(b.stored(0, 1000, 20), data);
  EXPECT_EQ(b.context.diagnostics.count(), 0u);
}

TEST(Dma, ReadAndWriteThroughScatteredRegions) {
  IdeBench b;
  b.start();
  const auto data = b.pattern(32 * 512);
  b.fill(0, 300, data);
  b.write_prds({{0x20000, 4096}, {0x31000, 8192}, {0x40002, 4096}});
  EXPECT_EQ(b.dma({0xc8, 300, 32}, true), idle);
  EXPECT_EQ(b.bus_master_status & 7, 4u) << "interrupt, not active: regions and transfer ended together";
  EXPECT_TRUE(std::equal(data.begin(), data.begin() + 4096, b.memory.bytes.begin() + 0x20000));
  EXPECT_TRUE(std::equal(data.begin() + 4096, data.begin() + 12288, b.memory.bytes.begin() + 0x31000));
  EXPECT_TRUE(std::equal(data.begin() + 12288, data.end(), b.memory.bytes.begin() + 0x40002));

  EXPECT_EQ(b.dma({0xca, 9000, 32}, false), idle);
  EXPECT_EQ(b.bus_master_status & 7, 4u);
  EXPECT_EQ(b.stored(0, 9000, 32), data);
  EXPECT_EQ(b.interrupts.count[0], 2u);
  EXPECT_EQ(b.context.diagnostics.count(), 0u);
}

TEST(Dma, FortyEightBitsReachBeyondTwentyEight) {
  IdeBench b{[](IdeSetup& s) { s.sectors = std::uint64_t{1} << 33; }};
  b.start();
  b.fast();
  const std::uint64_t lba = (std::uint64_t{1} << 32) + 0x12345678;
  const auto data = b.pattern(300 * 512);
  std::copy(data.begin(), data.end(), b.memory.bytes.begin() + 0x100000);
  b.write_prds({{0x100000, 0}, {0x110000, 0}, {0x120000, 300 * 512 - 2 * 65536}});  // a count of 0 is 64 KiB
  EXPECT_EQ(b.dma({0x35, lba, 300, 0, true}, false), idle);
  EXPECT_EQ(b.stored(0, lba, 300), data);
  std::fill(b.memory.bytes.begin() + 0x100000, b.memory.bytes.end(), 0);
  EXPECT_EQ(b.dma({0x25, lba, 300, 0, true}, true), idle);
  EXPECT_TRUE(std::equal(data.begin(), data.end(), b.memory.bytes.begin() + 0x100000));
  // READ NATIVE MAX ADDRESS EXT: the high bytes are read with HOB set.
  b.issue({0x27, 0, 0, 0, true});
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.status(), idle);
  std::uint64_t last = b.in(0x1f3) | b.in(0x1f4) << 8 | b.in(0x1f5) << 16;
  b.out(0x3f6, 0x80);
  last |= std::uint64_t{b.in(0x1f3)} << 24 | std::uint64_t{b.in(0x1f4)} << 32 | std::uint64_t{b.in(0x1f5)} << 40;
  EXPECT_EQ(last, (std::uint64_t{1} << 33) - 1);
  b.out(0x1f2, 0);
  EXPECT_EQ(b.in(0x1f3), last & 0xff) << "any write to the command block clears HOB";
  EXPECT_EQ(b.context.diagnostics.count(), 0u);
}

TEST(Dma, TheDeviceWaitsForTheBusMasterAndTheBusMasterForTheDevice) {
  IdeBench b;
  b.start();
  b.fast();
  const auto data = b.pattern(64 * 512);
  b.fill(0, 0, data);
  b.write_prds({{0x100000, 64 * 512}});
  b.prepare_bus_master(true);
  b.issue({0xc8, 0, 64});
  b.run(1_ms);
  EXPECT_EQ(b.alternate() & 0x80, 0x80);
  EXPECT_EQ(b.interrupts.count[0], 0u);
  b.start_bus_master();
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_TRUE(std::equal(data.begin(), data.end(), b.memory.bytes.begin() + 0x100000));
  b.stop_bus_master();
  b.status();

  b.prepare_bus_master(false);
  b.start_bus_master();
  EXPECT_EQ(b.in(IdeBench::BMIS)&1, 1u);
  b.run(1_ms);
  b.issue({0xca, 500, 64});
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.stored(0, 500, 64), data);
}

TEST(Account, StagesOfDmaAndPio) {
  IdeBench b;
  b.start();
  b.fast();
  b.write_prds({{0x100000, 4096}});
  using wire::Stage;
  for (const std::uint8_t command : {0xc8, 0xca, 0x20, 0x30}) {
    wire::RequestTag tag;
    tag.open(command);
    b.tags.at(0, 0) = &tag;
    const Duration before = b.now();
    if (command >= 0xc8) {
      EXPECT_EQ(b.dma({command, 0, 8}, command == 0xc8), idle);
    } else {
      b.issue({command, 0, 1});
      ASSERT_TRUE(b.run_until([&] { return b.alternate() == 0x58; }));
      const auto block = b.pattern(512);
      if (command == 0x20) b.ins(512);
      else b.outs(block.data(), 512);
      b.run(10_us);
      EXPECT_EQ(b.status(), idle);
    }
    EXPECT_GT(tag.when(Stage::fetched), before.ps()) << unsigned{command};
    EXPECT_EQ(tag.when(Stage::received), tag.when(Stage::fetched)) << "the task file is the device's";
    EXPECT_GT(tag.when(Stage::transferred), tag.when(Stage::received));
    EXPECT_GE(tag.when(Stage::status), tag.when(Stage::transferred));
    EXPECT_LT(tag.when(Stage::status), b.now().ps());
  }
}

TEST(Identify, SaysThatTheDiskIsParallel) {
  IdeBench b{[](IdeSetup& s) { s.devices = 3; }};
  b.start();
  for (unsigned device = 0; device < 2; ++device) {
    b.issue({0xec, 0, 0, 0, false, device});
    ASSERT_TRUE(b.wait_interrupt());
    EXPECT_EQ(b.status(), 0x58);
    const auto page = b.ins(512);
    const auto word = [&](unsigned index) { return page[2 * index] | page[2 * index + 1] << 8; };
    EXPECT_EQ(word(49) & 0x0f00, 0x0f00);
    EXPECT_EQ(word(53) & 6, 6);
    EXPECT_EQ(word(63), 0x0007) << "no DMA mode is selected yet";
    EXPECT_EQ(word(64), 0x0003);
    for (unsigned w : {65u, 66u, 67u, 68u}) EXPECT_EQ(word(w), 120);
    for (unsigned w : {75u, 76u, 77u, 78u, 79u}) EXPECT_EQ(word(w), 0) << "word " << w;
    EXPECT_EQ(word(88), 0x007f);
    EXPECT_EQ(word(93), device ? 0x6d00 : 0x600d);
    EXPECT_EQ(word(222) >> 12, 0);
  }
  b.issue({0xef, 0, 0x45, 3});  // SET FEATURES: Ultra DMA 5
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.status(), idle);
  b.issue({0xec});
  ASSERT_TRUE(b.wait_interrupt());
  const auto page = b.ins(512);
  EXPECT_EQ(page[177], 0x20);
}

TEST(Errors, EndWithTheErrorRegisterAndAnInterrupt) {
  IdeBench b;
  b.start();
  b.issue({0x20, 999'999, 2});  // beyond the end
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.status(), 0x51);
  EXPECT_EQ(b.in(0x1f1), 0x10u);   // IDNF
  b.issue({0x60, 0, 0, 8, true});  // READ FPDMA QUEUED: no queue here
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.status(), 0x51);
  EXPECT_EQ(b.in(0x1f1), 0x04u);  // ABRT
  b.device[0]->inject_media_error({203, 1});
  b.issue({0x20, 200, 8});
  for (unsigned block = 0; block < 3; ++block) {
    ASSERT_TRUE(b.wait_interrupt());
    ASSERT_EQ(b.status(), 0x58);
    b.ins(512);
  }
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.status(), 0x51);
  EXPECT_EQ(b.in(0x1f1), 0x40u);  // UNC
  EXPECT_EQ(b.in(0x1f3), 203u);
  EXPECT_EQ(b.controller->statistics().errors.value(), 3u);
}

// ACS-3, log 30h: page 01h is IDENTIFY DEVICE's; a parallel drive has no page of Serial ATA.
TEST(Logs, TheIdentifyDeviceDataLogIsAParallelDrives) {
  IdeBench b;
  b.start();
  const auto page = [&](unsigned number) {
    b.issue({0x2f, 0x30 | number << 8, 1, 0, true});
    EXPECT_TRUE(b.wait_interrupt());
    EXPECT_EQ(b.status(), 0x58) << "page " << number;
    return b.ins(512);
  };
  b.issue({0xec});
  ASSERT_TRUE(b.wait_interrupt());
  b.status();
  const auto identify = b.ins(512);
  EXPECT_EQ(page(1), identify);
  const auto list = page(0);
  EXPECT_EQ(std::vector<std::uint8_t>(list.begin() + 8, list.begin() + 15), (std::vector<std::uint8_t>{6, 0, 1, 2, 3, 4, 5}));
  const auto none = page(8);
  EXPECT_EQ(std::count(none.begin(), none.end(), 0), 512) << "no Serial ATA page";
}

}  // namespace
}  // namespace ahcisim
