// SPDX-License-Identifier: MIT
// The optical drive behind an AHCI port: command headers with A, the packet in ACMD, data into the PRDT (AHCI 1.3.1, 4.2.2, 5.3.5).
#include <gtest/gtest.h>

#include <ahcisim/models/disk/optical/atapi_device.hpp>
#include <ahcisim/models/sata/link.hpp>

#include "support/ahci_bench.hpp"
#include "unit/disk/optical_bench.hpp"

namespace ahcisim::bench {
namespace {

using disk::optical::disc_byte;
using Packet = std::array<std::uint8_t, 16>;

constexpr unsigned PxIS = 0x10, PxCMD = 0x18, PxTFD = 0x20, PxSIG = 0x24, PxSERR = 0x30, PxCI = 0x38;
constexpr std::uint32_t TFES = 1u << 30, OFS = 1u << 24;
constexpr std::uint64_t data = 0x400000;

struct Rig {
  Rig() {
    bench.hba.ports[0].bind(link.host);
    link.device.bind(drive.link);
  }
  void bring_up() {
    bench.run(20_ms);  // the drive's power-on
    bench.bring_up(0);
  }
  /// Driver's start: the disc is ready, unit attentions are told.
  void start() {
    bring_up();
    bench.run(drive_parameters.recognition() + drive_parameters.spin_up() + 1_ms);
    packet({0x00});
    recover();
    packet({0x00});
    recover();
  }
  /// Issues a packet in slot 0 and waits for its end; false where it ended with an error.
  bool packet(const Packet& acmd, std::uint32_t bytes = 0, bool dma = true, std::uint16_t limit = 0xfffe) {
    wire::RegisterH2D fis = AhciBench::fis(0xa0, 0, 0);
    fis.features_7_0 = dma ? 1 : 0;
    fis.lba_15_8 = static_cast<std::uint8_t>(limit), fis.lba_23_16 = static_cast<std::uint8_t>(limit >> 8);
    std::vector<AhciBench::Prd> prds;
    if (bytes) prds = {{data, bytes}};
    bench.prepare(0, 0, fis, prds, AhciBench::A);
    std::memcpy(bench.at(AhciBench::table(0, 0) + 0x40), acmd.data(), acmd.size());
    std::memset(bench.at(data), 0xee, bytes + 64);
    bench.issue(0, 0);
    return bench.run_until([&] { return !(bench.read(AhciBench::port(0, PxCI)) & 1) || (bench.read(AhciBench::port(0, PxIS)) & TFES); }, 3_s) &&
           !(bench.read(AhciBench::port(0, PxIS)) & TFES);
  }
  /// After an error: ST cleared and set (6.2.2).
  void recover() {
    bench.write(AhciBench::port(0, PxCMD), bench.read(AhciBench::port(0, PxCMD)) & ~1u);
    bench.run_until([&] { return !(bench.read(AhciBench::port(0, PxCMD)) & 1u << 15); });
    bench.write(AhciBench::port(0, PxSERR), ~0u);
    bench.write(AhciBench::port(0, PxIS), ~0u);
    bench.write(AhciBench::port(0, PxCMD), bench.read(AhciBench::port(0, PxCMD)) | 1u);
  }
  std::uint32_t PRDBC() { return wire::load_le32(bench.at(AhciBench::list(0) + 4)); }
  void expect_content(std::uint64_t block, std::uint32_t bytes) {
    for (std::uint32_t i = 0; i < bytes; ++i) ASSERT_EQ(*bench.at(data + i), disc_byte(block * 2048 + i)) << i;
    EXPECT_EQ(*bench.at(data + bytes), 0xee) << "nothing behind it";
  }

  ahci::HbaParameters parameters;
  sata::LinkParameters link_parameters;
  disk::optical::OpticalParameters drive_parameters;
  AhciBench bench{parameters, 0};
  sata::Link link{"link", bench.context, link_parameters};
  disk::optical::AtapiDevice drive{"dvd", bench.context, drive_parameters, disk::optical::make_disc(100'000, 1024)};
};

TEST(PacketThroughHba, SignatureIsInPxSIG) {
  Rig rig;
  rig.bring_up();
  EXPECT_EQ(rig.bench.read(AhciBench::port(0, PxSIG)), 0xeb140101u);
  EXPECT_EQ(rig.bench.read(AhciBench::port(0, PxTFD)) & 0x88, 0u);
}

TEST(PacketThroughHba, ReadsByDmaAndByPio) {
  Rig rig;
  rig.start();
  ASSERT_TRUE(rig.packet({0x28, 0, 0, 0, 0, 100, 0, 0, 32}, 32 * 2048));
  rig.expect_content(100, 32 * 2048);
  EXPECT_EQ(rig.PRDBC(), 32u * 2048);
  EXPECT_EQ(rig.bench.read(AhciBench::port(0, PxTFD)) & 0xff, 0x50u);
  ASSERT_TRUE(rig.packet({0xa8, 0, 0, 0, 0, 200, 0, 0, 0, 10}, 10 * 2048, false, 0x0c00));
  rig.expect_content(200, 10 * 2048);
  EXPECT_EQ(rig.PRDBC(), 10u * 2048);
  EXPECT_EQ(rig.bench.context.diagnostics.count(), 0u);
}

TEST(PacketThroughHba, AnErrorIsTaskFileErrorWithTheSenseKey) {
  Rig rig;
  rig.start();
  EXPECT_FALSE(rig.packet({0x28, 0, 0x7f, 0, 0, 0, 0, 0, 1}, 2048));
  EXPECT_EQ(rig.bench.read(AhciBench::port(0, PxTFD)) & 0xffff, 0x5451u);
  rig.recover();
  ASSERT_TRUE(rig.packet({0x03, 0, 0, 0, 18}, 18, false, 18));
  EXPECT_EQ(*rig.bench.at(data + 2), 0x05);
  EXPECT_EQ(*rig.bench.at(data + 12), 0x21);
  EXPECT_EQ(*rig.bench.at(data + 18), 0xee);
}

TEST(PacketThroughHba, AShortPrdtOverflowsAndTheCommandEnds) {
  Rig rig;
  rig.start();
  EXPECT_TRUE(rig.packet({0x28, 0, 0, 0, 0, 100, 0, 0, 4}, 3 * 2048));
  EXPECT_TRUE(rig.bench.read(AhciBench::port(0, PxIS)) & OFS);
  rig.expect_content(100, 3 * 2048);
  rig.bench.write(AhciBench::port(0, PxIS), ~0u);
  ASSERT_TRUE(rig.packet({0x28, 0, 0, 0, 0, 7, 0, 0, 1}, 2048)) << "and the next is as good as ever";
  rig.expect_content(7, 2048);
}

// Sequential throughput at the innermost blocks, driver to disc: 6.6x by the speed of rotation (16x at 58 mm, data from 24 mm on).
TEST(PacketThroughHba, SequentialReadsTakeTheMediumsTime) {
  Rig rig;
  rig.start();
  constexpr unsigned each = 32;
  Duration begin;
  for (unsigned i = 0; i < 31; ++i) {
    ASSERT_TRUE(rig.packet({0x28, 0, 0, 0, static_cast<std::uint8_t>(i * each >> 8), static_cast<std::uint8_t>(i * each), 0, 0, each}, each * 2048));
    if (i == 0) begin = rig.bench.now();
  }
  const double rate = 30 * each * 2048 / (rig.bench.now() - begin).seconds();
  EXPECT_NEAR(rate, 16 * 1.385e6 * 24 / 58, 16 * 1.385e6 * 24 / 58 * 0.02);
}

}  // namespace
}  // namespace ahcisim::bench
