// SPDX-License-Identifier: MIT
// What Linux issues to a disk before its first read (libata, 6.12), in order: everything works or aborts cleanly.
#include <gmock/gmock.h>

#include "fake_host.hpp"

namespace ahcisim::disk {
namespace {

TEST(AtaProbe, LinuxFindsWhatIsAdvertised) {
  Bench bench;
  bench.start();
  const auto good = [&](const wire::RegisterH2D& fis, std::size_t bytes = 0) {
    bench.execute(fis);
    EXPECT_EQ(bench.host.registers, 1u);
    EXPECT_EQ(bench.host.status, 0x50);
    EXPECT_EQ(bench.data().size(), bytes);
  };
  const auto word = [&](unsigned index) { return bench.data()[2 * index] | bench.data()[2 * index + 1] << 8; };

  good(Bench::fis(0xec), 512);                                                    // IDENTIFY DEVICE
  EXPECT_EQ(word(0) & 0x8000, 0);                                                 // ATA
  EXPECT_EQ(word(93), 0);                                                         // SATA
  EXPECT_EQ(word(83) & 0xc000, 0x4000);
  EXPECT_TRUE(word(83) & 1 << 10);                                                // 48-bit
  EXPECT_TRUE(word(76) & 1 << 8);                                                 // NCQ
  EXPECT_EQ(word(75) & 31, 31);
  EXPECT_TRUE(word(78) & 1 << 2);                                                 // auto-activate
  EXPECT_TRUE(word(119) & 1 << 3);                                                // READ LOG DMA EXT
  EXPECT_TRUE(word(77) & 1 << 6);                                                 // SEND FPDMA QUEUED
  EXPECT_EQ(word(82) & 1 << 10, 0);                                               // no HPA to unlock
  good(Bench::fis(0xef, 0, 0x02, 0x10));                                          // SET FEATURES: DMA AA
  good(Bench::fis(0x47, 0x00, 1), 512);                                           // READ LOG DMA EXT: directory
  EXPECT_EQ(word(0x13), 1);
  EXPECT_EQ(word(0x12), 0);
  EXPECT_GT(word(0x30), 0);
  good(Bench::fis(0x47, 0x13, 1), 512);                                           // NCQ Send and Receive
  for (const unsigned page : {0u, 3u, 4u, 5u, 8u}) good(Bench::fis(0x47, 0x30 | page << 8, 1), 512);
  bench.execute(Bench::fis(0xef, 0, 0x03, 0x90));                                 // DIPM is not offered:
  EXPECT_EQ(bench.host.error, wire::error::ABRT);                                 // an abort, no hang
  bench.execute(Bench::fis(0xef, 0, 0x01, 0xc3));                                 // sense data reporting, likewise
  EXPECT_EQ(bench.host.error, wire::error::ABRT);
  good(Bench::fis(0xef, 0, 0x46, 0x03));                                          // SET FEATURES: Ultra DMA mode 6
  good(Bench::fis(0xec), 512);
  good(Bench::fis(0xef, 0, 0, 0xaa));                                             // look-ahead
  good(Bench::fis(0xef, 0, 0, 0x02));                                             // write cache
  bench.host.clear();
  bench.host.command(Bench::queued(false, 0, 0, 8));                              // the first read
  bench.run();
  EXPECT_EQ(bench.host.done, 1u);
  EXPECT_EQ(bench.context.diagnostics.count(), 0u);
}

TEST(AtaProbe, FirmwareMayAskForAPacketDeviceFirst) {
  Bench bench;
  bench.start();
  bench.execute(Bench::fis(0xa1));  // SeaBIOS: IDENTIFY PACKET DEVICE on every port
  EXPECT_EQ(bench.host.status, 0x51);
  EXPECT_EQ(bench.host.error, wire::error::ABRT);
  bench.execute(Bench::fis(0xec));
  EXPECT_EQ(bench.data().size(), 512u);
  bench.execute(Bench::fis(0xef, 0, 0x45, 0x03));
  bench.execute(Bench::fis(0xc8, 0, 1));
  EXPECT_EQ(bench.data().size(), 512u);
}

}  // namespace
}  // namespace ahcisim::disk
