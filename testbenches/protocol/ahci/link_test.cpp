// SPDX-License-Identifier: MIT
// Presence, COMRESET, speed limits, the first D2H, HBA reset, software reset, start and stop (AHCI 1.3.1, 10.1 to 10.4).
#include <gtest/gtest.h>

#include "support/ahci_bench.hpp"

namespace ahcisim {
namespace {

using namespace kit::literals;
using namespace ahci::interrupt_bit;
using namespace ahci::serr_bit;
using bench::AhciBench;
constexpr unsigned CLB = 0x00, FB = 0x08, IS = 0x10, IE = 0x14, CMD = 0x18, TFD = 0x20, SIG = 0x24, SSTS = 0x28, SCTL = 0x2c,
                   SERR = 0x30, SACT = 0x34, CI = 0x38;
constexpr const char *started_busy = "PxCMD.ST set while PxTFD.STS.BSY or DRQ is 1 (AHCI 1.3.1, 10.3.1)",
                     *started_running = "PxCMD.ST set before PxCMD.CR was 0 (AHCI 1.3.1, 10.3.1)";

struct Link : ::testing::Test {
  ahci::HbaParameters parameters;
  AhciBench b{parameters};
  std::uint32_t px(unsigned offset, unsigned p = 0) { return b.read(AhciBench::port(p, offset)); }
  void set(unsigned offset, std::uint32_t value) { b.write(AhciBench::port(0, offset), value); }
  bench::FakeDevice& device() { return *b.device[0]; }
  /// After ST was cleared: the engine comes to its end, COMRESET makes the port good again, and it is started (10.4.2).
  void restart_with_comreset() {
    ASSERT_TRUE(b.run_until([&] { return !(px(CMD) & 0x8000); }));
    set(SCTL, 0x301);
    b.run(2_us);
    set(SCTL, 0x300);
    ASSERT_TRUE(b.run_until([&] { return (px(TFD) & 0xff) == 0x50; }));
    set(SERR, ~0u);
    set(IS, ~0u);
    set(CMD, 0x11);
  }
  bool read_works(unsigned slot = 4) {
    b.prepare(0, slot, AhciBench::queued_fis(false, slot, 9, 8), {{0x480000, 4096}});
    std::memset(b.at(0x480000), 0, 4096);
    b.issue(0, slot, true);
    return b.run_until([&] { return px(SACT) == 0; }) && std::memcmp(b.at(0x480000), &device().media[9 * 512], 4096) == 0;
  }
};

TEST_F(Link, EmptyPortsShowNothing) {
  b.run(1_ms);
  EXPECT_EQ(px(SSTS, 1), 0u);
  EXPECT_EQ(px(TFD, 1), 0x7fu);
  EXPECT_EQ(px(SIG, 1), ~0u);
  EXPECT_EQ(px(SERR, 1), 0u);
}

TEST_F(Link, DevicePresentWithoutCommunication) {
  device().answers_reset = false;
  b.run(1_ms);
  EXPECT_EQ(px(SSTS), 1u);
  EXPECT_EQ(px(SERR), DIAG_X);
  EXPECT_EQ(px(IS), PCS);
}

TEST_F(Link, ConnectShowsInSerrAndItsInterruptBits) {
  b.run(100_us);
  EXPECT_EQ(px(SERR), DIAG_X | DIAG_N);
  EXPECT_EQ(px(IS), PCS | PRCS);
  set(IS, ~0u);
  EXPECT_EQ(px(IS), PCS | PRCS);
  set(SERR, DIAG_X);
  EXPECT_EQ(px(IS), PRCS);
  set(SERR, DIAG_N);
  EXPECT_EQ(px(IS), 0u);
}

TEST_F(Link, FirstRegisterFisWaitsForReceiveEnable) {
  set(FB, static_cast<std::uint32_t>(AhciBench::fis_area(0)));
  b.run(100_us);
  EXPECT_EQ(px(TFD), 0x0150u);
  EXPECT_EQ(px(SIG), 0x101u);
  EXPECT_EQ(b.at(AhciBench::fis_area(0))[0x40], 0);
  set(CMD, 0x10);
  EXPECT_EQ(px(CMD) & 0x4000, 0x4000u);
  b.run(1_us);
  EXPECT_EQ(b.at(AhciBench::fis_area(0))[0x40], 0x34);
  EXPECT_EQ(b.at(AhciBench::fis_area(0))[0x42], 0x50);
}

TEST_F(Link, ComresetBringsStatusAndSignatureAnew) {
  b.bring_up();
  device().signature = 0xeb140101;
  set(CMD, 0x10);
  set(SCTL, 0x301);
  EXPECT_EQ(px(SSTS), 0u);
  EXPECT_EQ(px(TFD) & 0xff, 0x7fu);
  b.run(1_ms);
  EXPECT_EQ(px(SSTS), 0u) << "COMRESET goes on until DET is 0";
  set(SCTL, 0x300);
  ASSERT_TRUE(b.run_until([&] { return (px(SSTS) & 0xf) == 3; }));
  EXPECT_EQ(px(TFD) & 0x80, 0x80u);
  ASSERT_TRUE(b.run_until([&] { return (px(TFD) & 0xff) == 0x50; }));
  EXPECT_EQ(px(SIG), 0xeb140101u);
  EXPECT_EQ(device().comresets, 2u);
  set(CMD, 0x11);
  EXPECT_TRUE(read_works());
}

TEST_F(Link, SpeedLimitReachesTheLink) {
  b.bring_up();
  set(CMD, 0x10);
  set(SCTL, 0x311);
  set(SCTL, 0x310);
  ASSERT_TRUE(b.run_until([&] { return (px(SSTS) & 0xf) == 3; }));
  EXPECT_EQ(px(SSTS), 0x113u);
  set(SCTL, 0x301);
  set(SCTL, 0x300);
  ASSERT_TRUE(b.run_until([&] { return (px(SSTS) & 0xf) == 3; }));
  EXPECT_EQ(px(SSTS), 0x133u);
}

TEST_F(Link, OfflineAndBack) {
  b.bring_up();
  set(CMD, 0x10);
  set(SCTL, 4);
  EXPECT_EQ(px(SSTS), 4u);
  b.run(1_ms);
  EXPECT_EQ(px(SSTS), 4u);
  set(SCTL, 0);
  ASSERT_TRUE(b.run_until([&] { return (px(TFD) & 0xff) == 0x50 && px(SSTS) == 0x133; }));
}

TEST_F(Link, LossOfCommunication) {
  b.bring_up();
  device().send_link(wire::SATA_PHYLOST, b.now() + 1_us);
  ASSERT_TRUE(b.run_until([&] { return px(IS) & PRCS; }));
  EXPECT_EQ(px(SSTS), 0u);
  b.issue(0, 0);
  b.run(10_us);
  EXPECT_EQ(px(CI), 1u);  // nothing to send it to
}

TEST_F(Link, HbaResetKeepsTheBaseAddressesOnly) {
  b.bring_up();
  b.write(0x04, 0x80000003);
  EXPECT_EQ(b.read(0x04), 0x80000001u);
  b.write(AhciBench::port(0, IE), ~0u);  // ignored
  ASSERT_TRUE(b.run_until([&] { return !(b.read(0x04) & 1); }));
  EXPECT_EQ(b.read(0x04), 0x80000000u);
  EXPECT_EQ(px(IE), 0u);
  EXPECT_EQ(px(CMD), 6u);
  EXPECT_EQ(px(CLB), AhciBench::list(0));
  EXPECT_EQ(px(FB), AhciBench::fis_area(0));
  EXPECT_FALSE(b.sink.level[0]);
  b.bring_up();
  EXPECT_TRUE(read_works());
}

TEST_F(Link, HbaResetWithTransfersUnderWay) {
  b.bring_up();
  for (unsigned i = 0; i < 40; ++i) {
    for (unsigned slot = 0; slot < 32; ++slot) {
      b.prepare(0, slot, AhciBench::queued_fis(slot % 2, slot, slot * 64, 64), {{0x400000 + slot * 32768u, 32768}}, slot % 2 ? AhciBench::W : 0);
    }
    b.write(AhciBench::port(0, SACT), ~0u);
    b.write(AhciBench::port(0, CI), ~0u);
    b.run(kit::Duration::from_ps(777'777 * (i + 1)));
    b.write(0x04, b.read(0x04) | 1);
    ASSERT_TRUE(b.run_until([&] { return !(b.read(0x04) & 1); }));
    EXPECT_EQ(px(SACT) | px(CI) | px(IE), 0u);
    b.bring_up();
  }
  b.run(10_ms);
  EXPECT_TRUE(read_works());
}

TEST_F(Link, ResetStorm) {
  b.bring_up();
  for (unsigned i = 0; i < 200; ++i) {
    b.prepare(0, i % 32, AhciBench::fis(0x25, i, 1), {{0x480000, 512}});
    b.issue(0, i % 32);
    set(CMD, 0x10);
    set(SCTL, 0x301);
    if (i % 3 == 0) b.run(kit::Duration::from_ps(1 + i * 91'003));
    set(SCTL, 0x300);
    if (i % 2) b.run(kit::Duration::from_ps(i * 37'001));
    if (i % 7 == 0) b.write(0x04, 0x80000001);
    if (i % 5 == 0) b.run(3_us);
  }
  ASSERT_TRUE(b.run_until([&] { return !(b.read(0x04) & 1); }));
  set(SCTL, 0x301);
  set(SCTL, 0x300);
  b.bring_up();
  EXPECT_TRUE(read_works());
}

TEST_F(Link, SoftwareReset) {
  b.bring_up();
  device().signature = 0x00000101;
  wire::RegisterH2D reset;
  reset.flags = 0, reset.control = 0x04;
  b.prepare(0, 0, reset, {}, AhciBench::R | AhciBench::C);
  b.issue(0, 0);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));  // R_OK clears BSY and CI: no FIS comes
  EXPECT_EQ(px(TFD) & 0x80, 0u);
  device().signature = 0x96690101;
  reset.control = 0;
  b.prepare(0, 0, reset, {});
  b.issue(0, 0);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  EXPECT_EQ(px(TFD), 0x0150u);
  EXPECT_EQ(px(SIG), 0x96690101u);
  EXPECT_TRUE(read_works());
}

TEST_F(Link, ListOverrideFreesABusyPort) {
  b.bring_up();
  device().on_command = [](const wire::RegisterH2D&, unsigned) { return true; };  // never answers
  b.prepare(0, 0, AhciBench::fis(0x25, 0, 1), {});
  b.prepare(0, 1, AhciBench::fis(0x25, 0, 1), {});
  b.issue(0, 0);
  b.run(20_us);
  EXPECT_EQ(px(TFD) & 0x80, 0x80u);
  b.issue(0, 1);
  b.run(20_us);
  EXPECT_EQ(device().commands.size(), 1u);  // BSY gates
  set(CMD, 0x10);
  ASSERT_TRUE(b.run_until([&] { return !(px(CMD) & 0x8000); }));
  EXPECT_EQ(px(TFD) & 0x80, 0x80u);
  set(CMD, 0x18);
  EXPECT_EQ(px(CMD) & 0x8, 0u);
  EXPECT_EQ(px(TFD) & 0x88, 0u);
  device().on_command = nullptr;
  set(CMD, 0x11);
  EXPECT_TRUE(read_works());
}

// Against 10.3.1; P:Idle fetches nothing until the device has given up BSY (5.3.3).
TEST_F(Link, StartOfABusyPortIsReportedAndWaits) {
  b.bring_up();
  device().on_command = [](const wire::RegisterH2D&, unsigned) { return true; };  // never answers
  b.prepare(0, 0, AhciBench::fis(0x25, 0, 1), {});
  b.issue(0, 0);
  b.run(20_us);
  device().on_command = nullptr;
  set(CMD, 0x10);
  ASSERT_TRUE(b.run_until([&] { return !(px(CMD) & 0x8000); }));
  ASSERT_EQ(px(TFD) & 0x88, 0x80u);
  ASSERT_EQ(b.context.diagnostics.count_of(started_busy), 0u);
  set(CMD, 0x11);
  EXPECT_EQ(b.context.diagnostics.count_of(started_busy), 1u);
  EXPECT_EQ(b.context.diagnostics.count_of(started_running), 0u);
  EXPECT_EQ(px(CMD) & 0x8001, 0x8001u);
  EXPECT_EQ(px(TFD) & 0x88, 0x80u) << "ST changes nothing in PxTFD";
  b.prepare(0, 1, AhciBench::fis(0x25, 5, 1), {{0x400000, 512}});
  b.issue(0, 1);
  b.run(100_us);
  EXPECT_EQ(device().commands.size(), 1u);
  EXPECT_EQ(px(CI), 2u);
  device().send_register(b.now() + 10_ns, 0x50);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  EXPECT_EQ(device().commands.size(), 2u);
  EXPECT_EQ(std::memcmp(b.at(0x400000), &device().media[5 * 512], 512), 0);
}

TEST_F(Link, StartWithDrqIsReportedAndListOverrideEndsIt) {
  b.bring_up();
  device().send_register(b.now() + 10_ns, 0x58, 0, false);
  ASSERT_TRUE(b.run_until([&] { return (px(TFD) & 0xff) == 0x58; }));
  b.run(1_us);
  set(CMD, 0x10);
  ASSERT_TRUE(b.run_until([&] { return !(px(CMD) & 0x8000); }));
  set(CMD, 0x11);
  EXPECT_EQ(b.context.diagnostics.count_of(started_busy), 1u);
  EXPECT_EQ(px(CMD) & 0x8001, 0x8001u);
  b.prepare(0, 0, AhciBench::fis(0x25, 0, 1), {{0x400000, 512}});
  b.issue(0, 0);
  b.run(100_us);
  EXPECT_TRUE(device().commands.empty()) << "DRQ gates as BSY does";
  EXPECT_EQ(px(CI), 1u);
  set(CMD, 0x10);
  EXPECT_EQ(px(CI), 0u);
  ASSERT_TRUE(b.run_until([&] { return !(px(CMD) & 0x8000); }));
  set(CMD, 0x18);
  EXPECT_EQ(px(TFD) & 0x88, 0u);
  set(CMD, 0x11);
  EXPECT_TRUE(read_works());
  EXPECT_EQ(b.context.diagnostics.count(), 1u) << "all the rest was legal";
}

// Against 10.3.1: a FIS is still on its way to memory when ST is set again. The engine goes on; CR does not fall later.
TEST_F(Link, StartBeforeTheEngineHasStoppedIsReportedAndRuns) {
  b.bring_up();
  b.memory.latency = 10_us;
  device().send_register(b.now() + 10_ns, 0x50);
  b.run(1_us);
  set(CMD, 0x10);
  ASSERT_EQ(px(CMD) & 0x8001, 0x8000u);
  set(CMD, 0x11);
  EXPECT_EQ(b.context.diagnostics.count_of(started_running), 1u);
  EXPECT_EQ(b.context.diagnostics.count_of(started_busy), 0u);
  for (unsigned i = 0; i < 40; ++i) {
    b.run(1_us);
    ASSERT_EQ(px(CMD) & 0xc011, 0xc011u) << "after " << i << " us";
  }
  b.memory.latency = 100_ns;
  EXPECT_TRUE(read_works());
  EXPECT_EQ(b.context.diagnostics.count(), 1u) << "all the rest was legal";
}

// The same with a command at the device: it is forgotten, and a COMRESET makes the port good again.
TEST_F(Link, StartBeforeACommandHasEndedForgetsIt) {
  b.bring_up();
  b.memory.latency = 10_us;
  b.prepare(0, 0, AhciBench::fis(0x25, 0, 1), {{0x400000, 512}});
  b.issue(0, 0);
  b.run(1_us);
  set(CMD, 0x10);
  ASSERT_EQ(px(CMD) & 0x8001, 0x8000u);
  set(CMD, 0x11);
  EXPECT_EQ(b.context.diagnostics.count_of(started_running), 1u);
  EXPECT_EQ(px(CI) | px(SACT), 0u);
  EXPECT_EQ(px(CMD) & 0x8001, 0x8001u);
  b.run(200_us);
  EXPECT_EQ(px(CI) | px(SACT), 0u);
  b.memory.latency = 100_ns;
  set(CMD, 0x10);
  ASSERT_NO_FATAL_FAILURE(restart_with_comreset());
  EXPECT_TRUE(read_works());
}

TEST_F(Link, StopWithCommandsOutstandingThenRestart) {
  b.bring_up();
  for (unsigned i = 0; i < 30; ++i) {
    for (unsigned slot = 0; slot < 8; ++slot) {
      b.prepare(0, slot, AhciBench::queued_fis(slot % 2, slot, slot * 16, 16), {{0x400000 + slot * 8192u, 8192}}, slot % 2 ? AhciBench::W : 0);
      b.issue(0, slot, true);
    }
    b.run(kit::Duration::from_ps(1'333'331 * (i + 1)));
    set(CMD, 0x10);
    EXPECT_EQ(px(CI) | px(SACT), 0u);
    ASSERT_NO_FATAL_FAILURE(restart_with_comreset());
  }
  EXPECT_TRUE(read_works());
}

TEST_F(Link, RunningBitFollowsTheEngine) {
  b.bring_up();
  b.memory.latency = 10_us;  // the fetch takes long
  b.prepare(0, 0, AhciBench::fis(0x25, 0, 1), {{0x400000, 512}});
  b.issue(0, 0);
  b.run(1_us);
  set(CMD, 0x10);
  EXPECT_EQ(px(CMD) & 0x8000, 0x8000u) << "CR stays while a transfer is under way";
  set(CMD, 0);
  EXPECT_EQ(px(CMD) & 0x4000, 0x4000u) << "FR stays while CR is 1";
  ASSERT_TRUE(b.run_until([&] { return !(px(CMD) & 0xc000); }));
}

}  // namespace
}  // namespace ahcisim
