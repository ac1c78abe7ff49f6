// SPDX-License-Identifier: MIT
// Cylinder, head and sector addresses (ATA/ATAPI-5): what IDENTIFY DEVICE tells of them is what works.
#include <gtest/gtest.h>

#include "fake_host.hpp"

namespace ahcisim::disk {
namespace {

unsigned word(const std::vector<std::uint8_t>& page, unsigned index) { return page[2 * index] | page[2 * index + 1] << 8; }

class AtaChs : public ::testing::Test {
 protected:
  Bench bench;
  void SetUp() override {
    bench.start();
    std::vector<std::uint8_t> sector(512);
    for (std::uint64_t lba = 0; lba < Bench::sectors; lba += lba < 5000 ? 1 : 3967) {
      wire::store_le32(sector.data(), static_cast<std::uint32_t>(lba));
      bench.store.write(lba, 1, sector.data());
    }
  }
  static wire::RegisterH2D chs(std::uint8_t opcode, unsigned cylinder, unsigned head, unsigned sector, unsigned count = 1) {
    wire::RegisterH2D fis = Bench::fis(opcode, sector | cylinder << 8, count);
    fis.device = static_cast<std::uint8_t>(head);
    return fis;
  }
  void set_translation(unsigned heads, unsigned sectors_per_track) {
    bench.execute(chs(0x91, 0, heads - 1, 0, sectors_per_track));
    ASSERT_EQ(bench.host.status, 0x50);
  }
  std::uint32_t read(unsigned cylinder, unsigned head, unsigned sector) {
    bench.execute(chs(0x20, cylinder, head, sector));
    EXPECT_EQ(bench.host.status & 0x01, 0) << cylinder << "/" << head << "/" << sector;
    return bench.data().size() >= 512 ? wire::load_le32(bench.data().data()) : ~0u;
  }
  void expect_not_found(const wire::RegisterH2D& fis) {
    bench.execute(fis);
    EXPECT_EQ(bench.host.status, 0x51);
    EXPECT_EQ(bench.host.error, wire::error::IDNF);
  }
  std::vector<std::uint8_t> identity() {
    bench.execute(Bench::fis(0xec));
    return bench.data();
  }
};

TEST_F(AtaChs, TheDefaultTranslationIsWords1And3And6) {
  const auto page = identity();
  EXPECT_EQ(word(page, 1), 992u) << "1,000,000 / (16 * 63)";
  EXPECT_EQ(word(page, 3), 16u);
  EXPECT_EQ(word(page, 6), 63u);
  EXPECT_EQ(read(0, 0, 1), 0u);
  EXPECT_EQ(read(0, 0, 63), 62u);
  EXPECT_EQ(read(0, 1, 1), 63u);
  EXPECT_EQ(read(1, 0, 1), 16u * 63);
  EXPECT_EQ(read(3, 15, 63), 4u * 16 * 63 - 1);
}

TEST_F(AtaChs, AnotherTranslationIsTold) {
  set_translation(4, 17);
  const auto page = identity();
  EXPECT_TRUE(word(page, 53) & 1);
  EXPECT_EQ(word(page, 3), 16u) << "the default stays";
  EXPECT_EQ(word(page, 54), 14705u) << "1,000,000 / (4 * 17)";
  EXPECT_EQ(word(page, 55), 4u);
  EXPECT_EQ(word(page, 56), 17u);
  EXPECT_EQ(word(page, 57) | word(page, 58) << 16, 14705u * 4 * 17);
  EXPECT_EQ(read(2, 3, 17), 3u * 4 * 17 - 1);
  expect_not_found(chs(0x20, 0, 4, 1));
  expect_not_found(chs(0x20, 0, 0, 18));
  bench.execute(Bench::fis28(0x20, 100, 1));
  EXPECT_EQ(wire::load_le32(bench.data().data()), 100u) << "LBA is another thing";
}

TEST_F(AtaChs, WritesGoWhereReadsComeFrom) {
  std::vector<std::uint8_t> data(1024, 0x5a);
  bench.execute(chs(0xca, 0, 1, 2, 2), data);
  EXPECT_EQ(bench.host.status, 0x50);
  std::vector<std::uint8_t> stored(1024);
  bench.store.read(64, 2, stored.data());
  EXPECT_EQ(stored, data);
}

TEST_F(AtaChs, WhatDoesNotExistIsNotFound) {
  expect_not_found(chs(0x20, 0, 0, 0));
  const auto& as_given = bench.host.seen.back().as<wire::RegisterD2H>();
  EXPECT_EQ(as_given.lba_7_0, 0);
  expect_not_found(chs(0x40, 992, 0, 1));
  expect_not_found(chs(0xc8, 65535, 15, 63, 256));
  expect_not_found(chs(0xca, 991, 15, 63, 2));
  const auto& result = bench.host.seen.back().as<wire::RegisterD2H>();
  EXPECT_EQ(result.lba_15_8 | result.lba_23_16 << 8, 992) << "the first sector beyond";
  EXPECT_EQ(result.device & 0x0f, 0);
  EXPECT_EQ(result.lba_7_0, 1);
  EXPECT_EQ(bench.host.seen.size(), 1u);
  bench.execute(chs(0x40, 991, 15, 63));
  EXPECT_EQ(bench.host.status, 0x50) << "the last one";
}

TEST_F(AtaChs, AnUnreadableSectorIsToldAsItWasAsked) {
  bench.device.inject_media_error({63 * 16 + 63 + 4, 1});
  bench.execute(chs(0xc8, 1, 1, 1, 16));
  EXPECT_EQ(bench.host.status & 0x01, 0x01);
  EXPECT_EQ(bench.host.error, wire::error::UNC);
  const auto& result = bench.host.seen.back().as<wire::RegisterD2H>();
  EXPECT_EQ(result.lba_15_8, 1);
  EXPECT_EQ(result.device, 1);
  EXPECT_EQ(result.lba_7_0, 5);
}

TEST_F(AtaChs, ATranslationOutlivesASoftResetUnlessSettingsRevert) {
  set_translation(4, 17);
  const auto soft_reset = [&] {
    bench.host.control(0x04);
    bench.run();
    bench.host.control(0);
    bench.run(Duration::from_ms(20));
  };
  soft_reset();
  EXPECT_EQ(word(identity(), 55), 4u);
  bench.execute(Bench::fis(0xef, 0, 0, 0xcc));
  soft_reset();
  EXPECT_EQ(word(identity(), 55), 16u);
}

TEST(ChsTranslation, ReachesSixteenMillionSectorsWhateverTheTranslation) {
  EXPECT_EQ(ChsTranslation{}.reach(976'773'168), 16'514'064u);
  for (unsigned heads = 1; heads <= 16; ++heads)
    for (unsigned sectors = 1; sectors <= 255; ++sectors) {
      const ChsTranslation chs{heads, sectors};
      EXPECT_LE(chs.reach(976'773'168), 16'514'064u);
      EXPECT_LE(chs.cylinders(976'773'168), 65535u);
      EXPECT_LE(chs.reach(1000), 1000u);
    }
  EXPECT_FALSE(ChsTranslation{}.lba(0, 16, 1));
  EXPECT_FALSE(ChsTranslation{}.lba(0, 0, 64));
}

}  // namespace
}  // namespace ahcisim::disk
