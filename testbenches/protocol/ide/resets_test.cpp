// SPDX-License-Identifier: MIT
// Signatures, software reset, diagnostics, device 0 and 1, absent devices, nIEN, both channels.
#include <gtest/gtest.h>

#include <support/ide_bench.hpp>

namespace ahcisim {
namespace {

using bench::IdeBench;
using bench::IdeSetup;
using namespace kit::literals;

void expect_signature(IdeBench& b, unsigned device, unsigned channel = 0) {
  b.select(device, channel, 0xa0);
  const unsigned base = IdeBench::base(channel);
  EXPECT_EQ(b.status(channel), 0x50);
  EXPECT_EQ(b.in(base + 1), 0x01u);
  EXPECT_EQ(b.in(base + 2), 0x01u);
  EXPECT_EQ(b.in(base + 3), 0x01u);
  EXPECT_EQ(b.in(base + 4), 0x00u);
  EXPECT_EQ(b.in(base + 5), 0x00u);
}

TEST(PowerOn, BusyUntilTheSignature) {
  IdeBench b;
  b.run(1_ms);
  EXPECT_EQ(b.alternate(), 0x80);
  b.start();
  EXPECT_EQ(b.in(0x1f6) & 0x10, 0u) << "device 0 is selected";
  expect_signature(b, 0);
  EXPECT_EQ(b.interrupts.count[0], 0u);
}

TEST(SoftwareReset, EndsWhatBothDevicesDoAndSelectsDevice0) {
  IdeBench b{[](IdeSetup& s) { s.devices = 3; }};
  b.start();
  b.issue({0x20, 0, 8, 0, false, 1});
  ASSERT_TRUE(b.wait_interrupt());
  b.ins(100);
  b.out(0x3f6, 0x04);
  EXPECT_FALSE(b.interrupts.level[0]);
  EXPECT_EQ(b.alternate(), 0x80);
  b.run(20_us);
  b.out(0x3f6, 0x00);
  EXPECT_EQ(b.alternate(), 0x80);
  b.run(3_ms);
  EXPECT_EQ(b.in(0x1f6) & 0x10, 0u);
  expect_signature(b, 0);
  expect_signature(b, 1);
  EXPECT_FALSE(b.interrupts.level[0]);
  const auto data = b.pattern(512);
  b.fill(1, 4, data);
  b.issue({0x20, 4, 1, 0, false, 1});
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.ins(512), data);
}

TEST(SoftwareReset, InMidDmaTransfer) {
  IdeBench b;
  b.start();
  b.write_prds({{0x100000, 0}, {0x110000, 0}});
  b.prepare_bus_master(true);
  b.issue({0x25, 0, 256, 0, true});
  b.start_bus_master();
  b.run(2_ms);
  EXPECT_EQ(b.alternate() & 0x80, 0x80);
  b.out(0x3f6, 0x04), b.run(5_us), b.out(0x3f6, 0x00);
  b.stop_bus_master();
  b.run(40_ms);
  EXPECT_EQ(b.interrupts.count[0], 0u);
  expect_signature(b, 0);
  const auto data = b.pattern(8 * 512);
  b.fill(0, 77, data);
  b.fast();
  b.write_prds({{0x100000, 4096}});
  EXPECT_EQ(b.dma({0xc8, 77, 8}, true), 0x50);
  EXPECT_TRUE(std::equal(data.begin(), data.end(), b.memory.bytes.begin() + 0x100000));
}

TEST(Diagnostic, BothDevicesExecuteItAndDevice0Reports) {
  IdeBench b{[](IdeSetup& s) { s.devices = 3; }};
  b.start();
  b.issue({0x90, 0, 0, 0, false, 1});
  EXPECT_EQ(b.alternate() & 0x80, 0x80);
  EXPECT_EQ(b.in(0x1f6) & 0x10, 0u);
  ASSERT_TRUE(b.wait_interrupt());
  expect_signature(b, 0);
  EXPECT_FALSE(b.interrupts.level[0]);
  expect_signature(b, 1);
  EXPECT_EQ(b.interrupts.count[0], 1u);
}

TEST(Absent, Device0AnswersForDevice1WithStatus0) {
  IdeBench b;
  b.start();
  b.select(1);
  EXPECT_EQ(b.status(), 0);
  EXPECT_EQ(b.alternate(), 0);
  b.out(0x1f2, 0x55), b.out(0x1f3, 0xaa);
  EXPECT_EQ(b.in(0x1f2), 0x55u);
  EXPECT_EQ(b.in(0x1f3), 0xaau);
  b.out(0x1f7, 0xec);
  b.run(1_ms);
  EXPECT_EQ(b.status(), 0);
  EXPECT_EQ(b.interrupts.count[0], 0u);
  b.select(0);
  EXPECT_EQ(b.status(), 0x50) << "the command was nobody's";
}

TEST(Absent, NobodyDrivesTheBus) {
  IdeBench b;
  b.start();
  EXPECT_EQ(b.status(1), 0x7f) << "DD7 is pulled down";
  EXPECT_EQ(b.alternate(1), 0x7f);
  EXPECT_EQ(b.in(0x172), 0x7fu);
  EXPECT_EQ(b.in(0x170, 2), 0xff7fu);
  b.out(0x177, 0x90);
  b.out(0x376, 0x04), b.out(0x376, 0x00);
  b.run(5_ms);
  EXPECT_EQ(b.interrupts.count[1], 0u);
}

TEST(Interrupts, nIENGatesTheWireAndWhatTheBusMasterSees) {
  IdeBench b;
  b.start();
  b.out(0x3f6, 0x02);
  b.issue({0x20, 0, 1});
  ASSERT_TRUE(b.run_until([&] { return b.alternate() == 0x58; }));
  EXPECT_FALSE(b.interrupts.level[0]);
  EXPECT_EQ(b.in(IdeBench::BMIS)&4, 0u);
  b.out(0x3f6, 0x00);
  EXPECT_TRUE(b.interrupts.level[0]);
  EXPECT_EQ(b.in(IdeBench::BMIS)&4, 4u);
  b.status();
  EXPECT_FALSE(b.interrupts.level[0]);
  EXPECT_EQ(b.in(IdeBench::BMIS)&4, 4u) << "latched until written";
  b.out(IdeBench::BMIS, 4);
  EXPECT_EQ(b.in(IdeBench::BMIS)&4, 0u);
}

TEST(Interrupts, OnlyTheSelectedDeviceDrivesTheWire) {
  IdeBench b{[](IdeSetup& s) { s.devices = 3; }};
  b.start();
  b.issue({0x20, 0, 1});
  ASSERT_TRUE(b.wait_interrupt());
  b.select(1);
  EXPECT_FALSE(b.interrupts.level[0]);
  EXPECT_EQ(b.status(), 0x50);
  b.select(0);
  EXPECT_TRUE(b.interrupts.level[0]);
  EXPECT_GE(b.context.diagnostics.count_of("Device written while BSY or DRQ is one"), 1u);
}

TEST(Interrupts, TheSecondaryChannelIsOnItsOwn) {
  IdeBench b{[](IdeSetup& s) { s.devices = 0xf; }};
  b.start();
  b.fast(1, 1);
  for (unsigned place = 0; place < 4; ++place) b.fill(place, 9, b.pattern(8 * 512, place));
  b.write_prds({{0x50000, 4096}});
  EXPECT_EQ(b.dma({0xc8, 9, 8, 0, false, 1, 1}, true), 0x50);
  const auto expected = b.pattern(8 * 512, 3);
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), b.memory.bytes.begin() + 0x50000));
  EXPECT_EQ(b.interrupts.count[1], 1u);
  EXPECT_EQ(b.interrupts.count[0], 0u);
  EXPECT_EQ(b.in(IdeBench::BMIS)&7, 0u);
}

TEST(FunctionReset, LeavesEverythingAsAfterPowerOn) {
  IdeBench b;
  b.start();
  b.fast();
  b.write_prds({{0x100000, 0}});
  b.prepare_bus_master(true);
  b.out(0x3f6, 0x02);
  b.issue({0x25, 0, 256, 0, true});
  b.start_bus_master();
  b.run(100_us);
  b.controller->reset();
  EXPECT_EQ(b.in(IdeBench::BMIDTP, 4), 0u);
  EXPECT_EQ(b.in(IdeBench::BMIC), 0u);
  EXPECT_EQ(b.in(IdeBench::BMIS)&7, 0u);
  EXPECT_EQ(b.alternate(), 0x80);
  b.run(12_ms);
  expect_signature(b, 0);
  EXPECT_EQ(b.controller->channel(0).modes(0).ultra, -1) << "no mode is selected";
  b.issue({0x20, 0, 1});
  EXPECT_TRUE(b.wait_interrupt()) << "nIEN is 0 again";
}

}  // namespace
}  // namespace ahcisim
