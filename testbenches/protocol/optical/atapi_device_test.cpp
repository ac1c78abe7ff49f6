// SPDX-License-Identifier: MIT
// The ATAPI device at its link (ACS-3, PACKET feature set; Serial ATA 3.x, chapter 11).
#include <random>

#include "atapi_bench.hpp"

namespace ahcisim::disk::optical {
namespace {

using testing::ElementsAre;

TEST(AtapiDevice, SignatureAfterEveryReset) {
  AtapiBench bench;
  const auto expect_signature = [&](std::uint8_t flags) {
    ASSERT_THAT(bench.host.types(), ElementsAre(FisType::register_d2h));
    const auto& fis = bench.host.seen[0].as<wire::RegisterD2H>();
    EXPECT_EQ(fis.count_7_0, 0x01);
    EXPECT_EQ(fis.lba_7_0, 0x01);
    EXPECT_EQ(fis.lba_15_8, 0x14);
    EXPECT_EQ(fis.lba_23_16, 0xeb);
    EXPECT_EQ(fis.error, 0x01);
    EXPECT_EQ(fis.status, 0x00);
    EXPECT_EQ(fis.flags, flags);
  };
  bench.connect();
  expect_signature(0);
  bench.command(AtapiBench::fis(0x08));  // DEVICE RESET
  expect_signature(0);
  bench.command(AtapiBench::fis(0x90));
  expect_signature(wire::RegisterD2H::I);
  bench.host.clear();
  bench.host.control(0x04);
  bench.run();
  bench.host.control(0);
  bench.run(Duration::from_ms(5));
  expect_signature(0);
  bench.host.clear();
  bench.host.phy_ready();
  bench.run(Duration::from_ms(5));
  expect_signature(0);
  EXPECT_EQ(bench.device.statistics().resets.value(), 5u);
}

TEST(AtapiDevice, IdentifyDeviceAbortsWithTheSignature) {
  AtapiBench bench;
  bench.connect();
  for (const std::uint8_t opcode : {0xec, 0x20}) {
    bench.command(AtapiBench::fis(opcode));
    EXPECT_EQ(bench.host.status, 0x51);
    EXPECT_EQ(bench.host.error, wire::error::ABRT);
    const auto& fis = bench.host.seen[0].as<wire::RegisterD2H>();
    EXPECT_EQ(fis.lba_15_8, 0x14);
    EXPECT_EQ(fis.lba_23_16, 0xeb);
    EXPECT_EQ(fis.flags, wire::RegisterD2H::I);
  }
}

TEST(AtapiDevice, IdentifyPacketDevice) {
  AtapiBench bench;
  bench.connect();
  bench.command(AtapiBench::fis(0xa1));
  const Bytes& d = bench.host.buffer[FakeHost::single];
  ASSERT_EQ(d.size(), 512u);
  EXPECT_EQ(bench.host.status, 0x50);
  const auto word = [&](unsigned index) { return d[2 * index] | d[2 * index + 1] << 8; };
  EXPECT_EQ(word(0), 0x85c0) << "packets of 12 bytes within 50 us, CD/DVD, removable";
  EXPECT_EQ(word(49) & 0x0300, 0x0300);
  EXPECT_EQ(word(62), 0) << "no DMADIR";
  EXPECT_EQ(word(76) & 0x0e, 0x0e);
  EXPECT_EQ(word(77), 3 << 1);
  EXPECT_EQ(word(82) & 0x0210, 0x0210);
  EXPECT_EQ(word(88), 0x203f);
  EXPECT_EQ(word(125), 0);
  EXPECT_EQ(d[2 * 27], 'H');
  EXPECT_EQ(d[2 * 27 + 1], 'A');
  std::uint8_t sum = 0;
  for (const std::uint8_t byte : d) sum = static_cast<std::uint8_t>(sum + byte);
  EXPECT_EQ(sum, 0);
  EXPECT_EQ(d[510], 0xa5);
}

TEST(AtapiDevice, OtherAtaCommandsAreAborted) {
  AtapiBench bench;
  bench.connect();
  for (unsigned opcode = 0; opcode < 256; ++opcode) {
    if (find_atapi_command(static_cast<std::uint8_t>(opcode)) || opcode == 0x08) continue;
    bench.command(AtapiBench::fis(static_cast<std::uint8_t>(opcode)), {}, Duration::from_us(20));
    EXPECT_EQ(bench.host.status, 0x51) << opcode;
    EXPECT_EQ(bench.host.error, wire::error::ABRT) << opcode;
  }
}

TEST(AtapiDevice, SettingsAndPower) {
  AtapiBench bench;
  bench.start();
  bench.command(AtapiBench::fis(0xef, 0x03, 0, 0x44));
  EXPECT_EQ(bench.host.status, 0x50);
  EXPECT_EQ(bench.device.settings().ultra_dma, 4);
  bench.command(AtapiBench::fis(0xef, 0x03, 0, 0x46));
  EXPECT_EQ(bench.host.status, 0x51) << "Ultra DMA 6 is not offered";
  bench.command(AtapiBench::fis(0xef, 0x90, 0, 0x06));
  EXPECT_EQ(bench.host.status, 0x50);
  EXPECT_FALSE(bench.device.settings().preservation);
  bench.host.phy_ready();
  bench.run(Duration::from_ms(5));
  EXPECT_EQ(bench.device.settings().ultra_dma, 5) << "COMRESET reverts without software settings preservation";
  bench.command(AtapiBench::fis(0xef, 0x02));
  EXPECT_EQ(bench.host.status, 0x51) << "a write cache";
  bench.command(AtapiBench::fis(0xe5));
  EXPECT_EQ(bench.host.seen[0].as<wire::RegisterD2H>().count_7_0, 0xff);
  bench.command(AtapiBench::fis(0xe0));
  bench.command(AtapiBench::fis(0xe5));
  EXPECT_EQ(bench.host.seen[0].as<wire::RegisterD2H>().count_7_0, 0x00);
  bench.command(AtapiBench::fis(0xe6));
  EXPECT_EQ(bench.host.status, 0x50);
  bench.command(AtapiBench::fis(0xe5));
  EXPECT_TRUE(bench.host.seen.empty()) << "asleep";
  bench.command(AtapiBench::fis(0x08));
  bench.command(AtapiBench::fis(0xe5));
  EXPECT_EQ(bench.host.seen.size(), 1u);
}

TEST(AtapiDevice, PacketIsAskedForWithin50Microseconds) {
  AtapiBench bench;
  bench.start();
  bench.packet({0x00});
  ASSERT_THAT(bench.host.types(), ElementsAre(FisType::pio_setup, FisType::register_d2h));
  const auto& setup = bench.host.seen[0].as<wire::PioSetup>();
  EXPECT_EQ(setup.flags, 0) << "to the device, no interrupt";
  EXPECT_EQ(setup.transfer_count(), 12);
  EXPECT_EQ(setup.count_7_0, 0x01) << "interrupt reason: a command";
  EXPECT_EQ(setup.status, 0x58);
  EXPECT_EQ(setup.e_status & 0x80, 0x80);
  const auto& end = bench.host.seen[1].as<wire::RegisterD2H>();
  EXPECT_EQ(end.flags, wire::RegisterD2H::I);
  EXPECT_EQ(end.status, 0x50);
  EXPECT_EQ(end.count_7_0, 0x03) << "interrupt reason: status";
}

TEST(AtapiDevice, CheckConditionShowsTheSenseKeyAndKeepsTheRest) {
  AtapiBench bench;
  bench.connect();
  bench.packet({0x00});
  EXPECT_EQ(bench.host.status, 0x51);
  EXPECT_EQ(bench.host.error, 0x64) << "UNIT ATTENTION, aborted";
  EXPECT_EQ(bench.sense(), (Sense{6, 0x29, 0}));
  bench.packet({0x00});
  EXPECT_EQ(bench.host.error, 0x24) << "NOT READY";
  EXPECT_EQ(bench.sense(), (Sense{2, 0x04, 1}));
  bench.packet({0x45});
  EXPECT_EQ(bench.host.error, 0x54) << "ILLEGAL REQUEST";
  EXPECT_EQ(bench.sense(), (Sense{5, 0x20, 0}));
}

TEST(AtapiDevice, ReadByDma) {
  AtapiBench bench;
  bench.start();
  EXPECT_EQ(bench.packet({0x28, 0, 0, 0, 0, 5, 0, 0, 100}), AtapiBench::content(5, 100));
  EXPECT_EQ(bench.host.status, 0x50);
  for (const Seen& each : bench.host.seen) EXPECT_NE(each.type(), FisType::dma_setup);
  EXPECT_EQ(bench.packet({0xa8, 0, 0, 0, 3, 0xff, 0, 0, 0, 1}), AtapiBench::content(1023, 1));
  EXPECT_EQ(bench.device.statistics().read_bytes.value(), 101u * 2048);
}

TEST(AtapiDevice, ReadByPioInPiecesOfTheByteCountLimit) {
  AtapiBench bench;
  bench.start();
  for (const std::uint16_t limit : {0x0800, 0x0bb8, 0x0bb9, 0x2000, 0xf000, 0xffff}) {
    EXPECT_EQ(bench.packet({0x28, 0, 0, 0, 1, 0, 0, 0, 20}, 0, limit), AtapiBench::content(256, 20)) << limit;
    EXPECT_EQ(bench.host.status, 0x50);
    std::uint32_t total = 0;
    for (std::size_t i = 1; i < bench.host.seen.size(); ++i) {
      if (bench.host.seen[i].type() != FisType::pio_setup) continue;
      const auto& setup = bench.host.seen[i].as<wire::PioSetup>();
      EXPECT_EQ(setup.flags, wire::PioSetup::D | wire::PioSetup::I);
      EXPECT_EQ(setup.count_7_0, 0x02) << "interrupt reason: data to the host";
      EXPECT_EQ(setup.lba_15_8 | setup.lba_23_16 << 8, setup.transfer_count());
      EXPECT_EQ(setup.transfer_count() % 2, 0);
      EXPECT_LE(setup.transfer_count(), limit);
      EXPECT_EQ(setup.e_status & 0x80, 0x80) << "the status comes with a FIS of its own";
      ASSERT_LT(i + 1, bench.host.seen.size());
      EXPECT_EQ(bench.host.seen[i + 1].payload.size(), setup.transfer_count());
      total += setup.transfer_count();
    }
    EXPECT_EQ(total, 20u * 2048);
  }
}

TEST(AtapiDevice, ByteCountLimitsThatCannotBe) {
  AtapiBench bench;
  bench.start();
  bench.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 1}, 0, 0);  // word 125 is 0: a limit of 0 is an error
  EXPECT_EQ(bench.host.status, 0x51);
  EXPECT_TRUE(bench.host.error & wire::error::ABRT);
  bench.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 1}, 0, 1);
  EXPECT_EQ(bench.host.status, 0x51);
  bench.packet({0x00}, 0, 0);
  EXPECT_EQ(bench.host.status, 0x50) << "there is no data to be limited";
}

TEST(AtapiDevice, OddRepliesAreFilledUp) {
  AtapiBench bench;
  bench.start();
  EXPECT_EQ(bench.packet({0x12, 0, 0, 0, 5}, 0).size(), 6u) << "PIO: whole words";
  EXPECT_EQ(bench.packet({0x12, 0, 0, 0, 5}).size(), 8u) << "DMA: whole dwords";
  EXPECT_EQ(bench.packet({0x12, 0, 0, 0, 0}).size(), 0u);
  EXPECT_EQ(bench.host.status, 0x50);
}

TEST(AtapiDevice, DmadirIsLookedAtWhereTheDriveNeedsIt) {
  AtapiBench bench;
  bench.parameters.set("dmadir", "true");
  bench.start();
  bench.packet({0x12, 0, 0, 0, 36});
  EXPECT_EQ(bench.host.status, 0x51);
  EXPECT_EQ(bench.host.error, 0xb4) << "ABORTED COMMAND";
  EXPECT_EQ(bench.packet({0x12, 0, 0, 0, 36}, AtapiBench::dma | AtapiBench::dmadir).size(), 36u);
  EXPECT_EQ(bench.packet({0x12, 0, 0, 0, 36}, 0).size(), 36u);
  bench.command(AtapiBench::fis(0xa1));
  const Bytes& d = bench.host.buffer[FakeHost::single];
  EXPECT_EQ(d[2 * 62 + 1] & 0x84, 0x84);
  EXPECT_EQ(d[2 * 63] & 7, 0) << "the modes are in word 62";
}

TEST(AtapiDevice, OverlapIsNotOffered) {
  AtapiBench bench;
  bench.start();
  bench.command(AtapiBench::fis(0xa0, 0x02));
  EXPECT_EQ(bench.host.status, 0x51);
}

TEST(AtapiDevice, LinkErrorsEndTheCommand) {
  AtapiBench bench;
  bench.start();
  bench.host.next_data_in = wire::Verdict::r_err;
  bench.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 8});
  EXPECT_EQ(bench.host.error, 0xb4);
  EXPECT_EQ(bench.sense(), (Sense{0xb, 0x08, 3}));
  bench.host.damage_next_data_out = true;  // the packet itself
  bench.packet({0x00});
  EXPECT_EQ(bench.host.error, 0xb4);
  bench.host.data_out_bytes = 8;
  bench.packet({0x00});
  EXPECT_EQ(bench.host.status, 0x51);
  EXPECT_GE(bench.context.diagnostics.count_of("less than 12 bytes"), 1u);
  bench.host.data_out_bytes = 0;
  EXPECT_EQ(bench.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 8}), AtapiBench::content(0, 8)) << "and the next one is as good as ever";
}

TEST(AtapiDevice, AHostThatIsWantedByOthersGetsOnePieceAtATime) {
  AtapiBench bench;
  bench.start();
  bench.host.contended = true;
  EXPECT_EQ(bench.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 64}), AtapiBench::content(0, 64));
  for (const Seen& each : bench.host.seen) {
    if (each.type() == FisType::data) { EXPECT_LE((each.at - each.handed_over).us(), 20); }
  }
}

TEST(AtapiDevice, AResetEndsWhateverIsUnderWay) {
  AtapiBench bench;
  bench.start();
  bench.host.clear();
  bench.host.buffer[FakeHost::single] = Bytes{0x28, 0, 0, 0, 0x80, 0, 0, 0, 64, 0, 0, 0};
  bench.host.command(AtapiBench::fis(0xa0, 1));
  bench.run(Duration::from_ms(10));  // the head is on its way
  bench.command(AtapiBench::fis(0x08), {}, Duration::from_ms(500));
  EXPECT_EQ(bench.host.seen.size(), 1u) << "the signature and nothing more";
  bench.packet({0x00});
  EXPECT_EQ(bench.sense(), (Sense{6, 0x29, 0}));
  EXPECT_EQ(bench.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 8}), AtapiBench::content(0, 8));
}

TEST(AtapiDevice, DataThatNobodyAskedForIsRefused) {
  AtapiBench bench;
  bench.start();
  Bytes junk(64);
  wire::Frame frame;
  frame.fis[0] = static_cast<std::uint8_t>(FisType::data);
  frame.fis_bytes = 4;
  frame.payload = junk.data();
  frame.payload_bytes = 64;
  EXPECT_EQ(bench.host.raw(frame), wire::Verdict::r_err);
  bench.packet({0x00});
  EXPECT_EQ(bench.host.status, 0x50);
}

TEST(AtapiDevice, ANewDiscIsToldOfAndRead) {
  AtapiBench bench;
  bench.start();
  EXPECT_EQ(bench.packet({0x25}), (Bytes{0, 1, 0x86, 0x9f, 0, 0, 8, 0}));
  EXPECT_TRUE(bench.device.insert(make_disc(500, 500)));
  bench.packet({0x00});
  EXPECT_EQ(bench.sense(), (Sense{2, 0x3a, 2})) << "the tray is out";
  bench.run(Duration::from_seconds(1.6));
  bench.packet({0x00});
  EXPECT_EQ(bench.sense(), (Sense{2, 0x04, 1}));
  bench.run(Duration::from_seconds(8));
  EXPECT_EQ(bench.packet({0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8})[4], 2) << "new media";
  bench.packet({0x25});
  EXPECT_EQ(bench.sense(), (Sense{6, 0x28, 0}));
  EXPECT_EQ(bench.packet({0x25}), (Bytes{0, 0, 1, 0xf3, 0, 0, 8, 0}));
  EXPECT_EQ(bench.packet({0x28, 0, 0, 0, 1, 0, 0, 0, 9}), AtapiBench::content(256, 9));
}

TEST(AtapiDevice, AHostThatClosesTheTrayMeanwhileFindsTheNewDiscInIt) {
  AtapiBench bench;
  bench.start();
  EXPECT_TRUE(bench.device.insert(make_disc(500, 500)));
  bench.packet({0x1b, 0, 0, 0, 3}, AtapiBench::dma, 0xfffe, Duration::from_seconds(12));
  EXPECT_EQ(bench.host.status, 0x50);
  EXPECT_TRUE(bench.device.mechanism().ready()) << "the command ends with the movement";
  bench.packet({0x25});
  EXPECT_EQ(bench.packet({0x25}), (Bytes{0, 0, 1, 0xf3, 0, 0, 8, 0}));
}

TEST(AtapiDevice, ALockedTrayStaysIn) {
  AtapiBench bench;
  bench.start();
  bench.packet({0x1e, 0, 0, 0, 1});
  EXPECT_FALSE(bench.device.press_eject());
  EXPECT_FALSE(bench.device.insert(make_disc(500)));
  EXPECT_EQ(bench.packet({0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8})[4], 1) << "the host is told of the wish";
  EXPECT_EQ(bench.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 8}), AtapiBench::content(0, 8));
  bench.packet({0x1b, 0, 0, 0, 2});
  EXPECT_EQ(bench.sense(), (Sense{5, 0x53, 2}));
  bench.packet({0x1e});
  bench.packet({0x1b, 0, 0, 0, 2});
  EXPECT_EQ(bench.host.status, 0x50);
  EXPECT_EQ(bench.device.mechanism().tray(), Tray::open) << "the command ended with the movement";
}

TEST(AtapiDevice, ADiscThatLeavesEndsTheRead) {
  AtapiBench bench;
  bench.start();
  bench.host.clear();
  bench.host.buffer[FakeHost::single] = Bytes{0x28, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0};
  bench.host.command(AtapiBench::fis(0xa0, 1));
  bench.run(Duration::from_ms(20));
  EXPECT_TRUE(bench.device.press_eject());
  bench.run(Duration::from_ms(1));
  EXPECT_EQ(bench.host.registers, 1u);
  EXPECT_EQ(bench.host.error, 0x24);
  EXPECT_EQ(bench.sense(), (Sense{2, 0x3a, 2}));
}

TEST(AtapiDevice, AnEmptyDriveIsFilledLater) {
  AtapiBench bench{nullptr};
  bench.connect();
  bench.packet({0x00});
  bench.packet({0x00});
  EXPECT_EQ(bench.sense(), (Sense{2, 0x3a, 1}));
  EXPECT_TRUE(bench.device.insert(make_disc(500, 500)));
  bench.run(Duration::from_seconds(10));
  bench.packet({0x00});
  EXPECT_EQ(bench.sense(), (Sense{6, 0x28, 0}));
  EXPECT_EQ(bench.packet({0x28, 0, 0, 0, 0, 0, 0, 0, 1}), AtapiBench::content(0, 1));
}

TEST(AtapiDevice, WhateverAHostSendsTheDriveGoesOn) {
  constexpr unsigned seed = 23;
  std::mt19937 random{seed};
  std::printf("seed %u\n", seed);
  AtapiBench bench;
  bench.host.record = false;
  bench.start();
  for (unsigned i = 0; i < 3000; ++i) {
    bench.host.clear();
    Bytes cdb(random() % 4 == 0 ? random() % 40 : 12);
    for (auto& byte : cdb) byte = static_cast<std::uint8_t>(random() % 3 == 0 ? random() : 0);
    bench.host.buffer[FakeHost::single] = cdb;
    bench.host.damage_next_data_out = random() % 50 == 0;
    wire::RegisterH2D fis = AtapiBench::fis(random() % 8 == 0 ? static_cast<std::uint8_t>(random()) : 0xa0, static_cast<std::uint8_t>(random() & 7),
                                            static_cast<std::uint16_t>(random()), static_cast<std::uint8_t>(random()));
    if (fis.command == 0xe6) continue;  // Sleep ends with a reset only
    bench.host.command(fis);
    bench.run(Duration::from_us(1 + random() % 3000));
    if (random() % 100 == 0) bench.device.press_eject();
    if (random() % 100 == 0) bench.device.insert(make_disc(100 + random() % 1000, 10));
    if (random() % 200 == 0) bench.host.phy_ready();
  }
  bench.command(AtapiBench::fis(0x08), {}, Duration::from_seconds(20));
  bench.command(AtapiBench::fis(0xa1));
  EXPECT_EQ(bench.host.buffer[FakeHost::single].size(), 512u);
}

}  // namespace
}  // namespace ahcisim::disk::optical
