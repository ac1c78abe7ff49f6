// SPDX-License-Identifier: MIT
// Commands that succeed: queued and not, DMA, PIO and packet, both directions (AHCI 1.3.1, 5.5, 5.6).
#include <gtest/gtest.h>

#include "support/ahci_bench.hpp"

namespace ahcisim {
namespace {

using namespace kit::literals;
using bench::AhciBench;
using kit::Duration;
constexpr unsigned IS = 0x10, CMD = 0x18, TFD = 0x20, SIG = 0x24, SSTS = 0x28, SERR = 0x30, SACT = 0x34, CI = 0x38;

struct Commands : ::testing::Test {
  ahci::HbaParameters parameters;
  AhciBench b{parameters};
  std::uint32_t px(unsigned offset) { return b.read(AhciBench::port(0, offset)); }
  bool same(std::uint64_t address, std::uint64_t sector, unsigned bytes) {
    return std::memcmp(b.at(address), &b.device[0]->media[sector * 512], bytes) == 0;
  }
  std::uint32_t prdbc(unsigned slot) { return wire::load_le32(b.at(AhciBench::list(0) + 32 * slot + 4)); }
};

TEST_F(Commands, PowerOnBringsLinkSignatureAndStatus) {
  EXPECT_EQ(px(TFD), 0x7fu);
  EXPECT_EQ(px(SIG), ~0u);
  b.bring_up();
  EXPECT_EQ(px(SSTS), 0x133u);
  EXPECT_EQ(px(TFD), 0x0150u);
  EXPECT_EQ(px(SIG), 0x00000101u);
  EXPECT_EQ(b.at(AhciBench::fis_area(0))[0x40], 0x34);
  EXPECT_EQ(px(CMD) & 0xc011, 0xc011u);
}

TEST_F(Commands, QueuedRead) {
  b.bring_up();
  b.prepare(0, 3, AhciBench::queued_fis(false, 3, 100, 8), {{0x400000, 4096}});
  b.issue(0, 3, true);
  ASSERT_TRUE(b.run_until([&] { return px(SACT) == 0; }));
  EXPECT_EQ(px(CI), 0u);
  EXPECT_TRUE(same(0x400000, 100, 4096));
  EXPECT_EQ(px(IS), 0x8u);
  EXPECT_EQ(b.read(8), 1u);
  EXPECT_EQ(b.sink.requests[0], 1u);
  EXPECT_EQ(prdbc(3), 0u);
  EXPECT_EQ(b.at(AhciBench::fis_area(0))[0x00], 0x41);
  EXPECT_EQ(b.at(AhciBench::fis_area(0))[0x58], 0xa1);
  EXPECT_EQ(b.context.diagnostics.count(), 0u);
}

TEST_F(Commands, QueuedWriteThirtyTwoOutstanding) {
  b.bring_up();
  for (unsigned slot = 0; slot < 32; ++slot) {
    for (unsigned i = 0; i < 16384; ++i) b.at(0x400000 + slot * 16384)[i] = static_cast<std::uint8_t>(slot + i * 3);
    b.prepare(0, slot, AhciBench::queued_fis(true, slot, slot * 32, 32), {{0x400000 + slot * 16384, 10000}, {0x400000 + slot * 16384 + 10000, 6384}}, AhciBench::W);
  }
  b.write(AhciBench::port(0, SACT), ~0u);
  b.write(AhciBench::port(0, CI), ~0u);
  ASSERT_TRUE(b.run_until([&] { return px(SACT) == 0; }, 5_ms));
  for (unsigned slot = 0; slot < 32; ++slot) EXPECT_TRUE(same(0x400000 + slot * 16384, slot * 32, 16384)) << slot;
  EXPECT_EQ(b.context.diagnostics.count(), 0u);
}

TEST_F(Commands, DmaReadAndWriteCountBytes) {
  b.bring_up();
  b.prepare(0, 0, AhciBench::fis(0x25, 10, 64), {{0x400000, 32768}});
  b.issue(0, 0);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  EXPECT_TRUE(same(0x400000, 10, 32768));
  EXPECT_EQ(prdbc(0), 32768u);
  EXPECT_EQ(px(IS), 1u);
  b.write(AhciBench::port(0, IS), ~0u);
  b.prepare(0, 1, AhciBench::fis(0x35, 1000, 64), {{0x400000, 32768}}, AhciBench::W);
  b.issue(0, 1);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  EXPECT_TRUE(same(0x400000, 1000, 32768));
  EXPECT_EQ(prdbc(1), 32768u);
  EXPECT_EQ(px(IS), 1u);
}

TEST_F(Commands, PioReadEndsWithEStatusAndNoRegisterFis) {
  b.bring_up();
  b.prepare(0, 0, AhciBench::fis(0xec, 0, 0), {{0x400000, 512}});
  b.issue(0, 0);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  EXPECT_TRUE(same(0x400000, 0, 512));
  EXPECT_EQ(px(IS), 2u);
  EXPECT_EQ(px(TFD) & 0xff, 0x50u);
  EXPECT_EQ(b.at(AhciBench::fis_area(0))[0x20], 0x5f);
  EXPECT_EQ(prdbc(0), 512u);
}

TEST_F(Commands, PioOfSeveralBlocksBothWays) {
  b.bring_up();
  b.prepare(0, 0, AhciBench::fis(0x24, 5, 4), {{0x400000, 1000}, {0x410000, 1048}});
  b.issue(0, 0);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  EXPECT_TRUE(same(0x400000, 5, 1000));
  EXPECT_EQ(std::memcmp(b.at(0x410000), &b.device[0]->media[5 * 512 + 1000], 1048), 0);
  b.prepare(0, 0, AhciBench::fis(0x34, 50, 4), {{0x400000, 1000}, {0x410000, 1048}}, AhciBench::W);
  b.issue(0, 0);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  EXPECT_TRUE(same(0x400000, 50, 1000));
  EXPECT_EQ(std::memcmp(b.at(0x410000), &b.device[0]->media[50 * 512 + 1000], 1048), 0);
}

TEST_F(Commands, PacketGoesOutWithTheFirstPioSetup) {
  b.bring_up();
  b.prepare(0, 0, AhciBench::fis(0xa0, 0, 0), {}, AhciBench::A);
  for (unsigned i = 0; i < 16; ++i) b.at(AhciBench::table(0, 0) + 0x40)[i] = static_cast<std::uint8_t>(0xa0 + i);
  b.issue(0, 0);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  ASSERT_EQ(b.device[0]->packet.size(), 12u);
  EXPECT_EQ(b.device[0]->packet[11], 0xab);
  EXPECT_EQ(px(IS), 1u);
}

}  // namespace
}  // namespace ahcisim
