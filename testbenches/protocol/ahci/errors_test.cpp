// SPDX-License-Identifier: MIT
// What goes wrong, and where software sees it (AHCI 1.3.1, chapter 6); each ends with a recovery that works.
#include <gtest/gtest.h>

#include "support/ahci_bench.hpp"

namespace ahcisim {
namespace {

using namespace kit::literals;
using namespace ahci::interrupt_bit;
using namespace ahci::serr_bit;
using bench::AhciBench;
constexpr unsigned IS = 0x10, CMD = 0x18, TFD = 0x20, SCTL = 0x2c, SERR = 0x30, SACT = 0x34, CI = 0x38;

struct Errors : ::testing::Test {
  ahci::HbaParameters parameters;
  AhciBench b{parameters};
  std::uint32_t px(unsigned offset) { return b.read(AhciBench::port(0, offset)); }
  void set(unsigned offset, std::uint32_t value) { b.write(AhciBench::port(0, offset), value); }
  bench::FakeDevice& device() { return *b.device[0]; }
  bool wait_for(std::uint32_t bits) { return b.run_until([&] { return (px(IS) & bits) == bits; }); }

  /// A command after the error: first none is fetched, then the engine is restarted and one succeeds.
  void recover(bool by_comreset = false) {
    const auto before = b.hba.statistics().commands.value();
    b.prepare(0, 7, AhciBench::fis(0x25, 3, 1), {{0x500000, 512}});
    b.issue(0, 7);
    b.run(20_us);
    EXPECT_EQ(b.hba.statistics().commands.value(), before) << "a command was fetched before ST was cleared";
    set(CMD, 0x10);
    ASSERT_TRUE(b.run_until([&] { return !(px(CMD) & 0x8000); }));
    EXPECT_EQ(px(CI), 0u);
    EXPECT_EQ(px(SACT), 0u);
    if (by_comreset) {
      set(SCTL, 0x301);
      b.run(10_us);
      set(SCTL, 0x300);
      ASSERT_TRUE(b.run_until([&] { return (px(TFD) & 0xff) == 0x50; }));
    } else if (px(TFD) & 0x88) {
      set(CMD, 0x18);  // CLO
    }
    set(SERR, ~0u);
    set(IS, ~0u);
    EXPECT_EQ(px(IS), 0u);
    set(CMD, 0x11);
    b.prepare(0, 5, AhciBench::fis(0x25, 3, 1), {{0x500000, 512}});
    b.issue(0, 5);
    ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
    EXPECT_EQ(px(IS), DHRS);
    EXPECT_EQ(std::memcmp(b.at(0x500000), &device().media[3 * 512], 512), 0);
  }
};

TEST_F(Errors, TaskFileErrorStopsThePort) {
  b.bring_up();
  b.prepare(0, 0, AhciBench::fis(0x99, 0, 0), {});
  b.issue(0, 0);
  ASSERT_TRUE(wait_for(TFES));
  EXPECT_EQ(px(IS), TFES);  // instead of DHRS
  EXPECT_EQ(px(TFD), 0x0451u);
  EXPECT_EQ(px(CI), 1u);
  EXPECT_EQ((px(CMD) >> 8) & 0x1f, 0u);
  recover();
}

TEST_F(Errors, QueuedErrorEndsInTfesWithSactLeft) {
  b.bring_up();
  device().on_command = [&](const wire::RegisterH2D& fis, unsigned) {
    if (fis.command != 0x60) return false;
    const auto now = b.now() + 1_us;
    device().send_register(now, 0x40, 0, false);
    if (fis.count_7_0 >> 3 == 2) device().send_set_device_bits(now + 5_us, 0, 0x41, 0x40);
    return true;
  };
  for (unsigned tag = 0; tag < 3; ++tag) {
    b.prepare(0, tag, AhciBench::queued_fis(false, tag, tag, 1), {{0x400000 + tag * 512u, 512}});
    b.issue(0, tag, true);
  }
  ASSERT_TRUE(wait_for(TFES));
  EXPECT_EQ(px(IS), TFES);
  EXPECT_EQ(px(SACT), 7u);
  EXPECT_EQ(px(CI), 0u);
  EXPECT_EQ(px(TFD), 0x4041u);
  device().on_command = nullptr;
  recover();
}

/// As SeaBIOS does it: one write starts both engines.
TEST_F(Errors, ReceivingAndCommandsStartWithOneWrite) {
  b.bring_up();
  set(CMD, 0);
  ASSERT_TRUE(b.run_until([&] { return !(px(CMD) & 0xc000); }));
  set(CMD, 0x11);
  EXPECT_EQ(px(CMD) & 0xc011, 0xc011u);
  EXPECT_EQ(b.context.diagnostics.count(), 0u);
  b.prepare(0, 5, AhciBench::fis(0x25, 3, 1), {{0x500000, 512}});
  b.issue(0, 5);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  EXPECT_EQ(std::memcmp(b.at(0x500000), &device().media[3 * 512], 512), 0);
}

TEST_F(Errors, CommandListInNowhereIsAHostBusFatalError) {
  b.bring_up();
  set(CMD, 0x10);
  set(0x00, 0xf0000000);
  set(CMD, 0x11);
  b.issue(0, 0);
  ASSERT_TRUE(wait_for(HBFS));
  EXPECT_GT(b.context.diagnostics.count_of("6.1.1"), 0u);
  EXPECT_TRUE(device().commands.empty());
  set(CMD, 0x10);
  set(0x00, static_cast<std::uint32_t>(AhciBench::list(0)));
  set(IS, ~0u);
  set(CMD, 0x11);
  b.prepare(0, 0, AhciBench::fis(0x25, 3, 1), {{0x500000, 512}});
  b.issue(0, 0);
  EXPECT_TRUE(b.run_until([&] { return px(CI) == 0; }));
}

TEST_F(Errors, CommandTableInNowhere) {
  b.bring_up();
  b.prepare(0, 0, AhciBench::fis(0x25, 3, 1), {{0x500000, 512}});
  wire::store_le32(b.at(AhciBench::list(0) + 12), 0x77);
  b.issue(0, 0);
  ASSERT_TRUE(wait_for(HBFS));
  recover();
}

TEST_F(Errors, ReadIntoNowhere) {
  b.bring_up();
  b.prepare(0, 0, AhciBench::queued_fis(false, 0, 3, 8), {{0xdead00000000, 4096}});
  b.issue(0, 0, true);
  ASSERT_TRUE(wait_for(HBFS));
  recover(true);
}

TEST_F(Errors, WriteFromNowhere) {
  b.bring_up();
  b.prepare(0, 0, AhciBench::fis(0x35, 3, 8), {{0xdead00000000, 4096}}, AhciBench::W);
  b.issue(0, 0);
  ASSERT_TRUE(wait_for(HBFS));
  recover(true);
}

TEST_F(Errors, DataErrorOfTheMemoryIsHbds) {
  b.bring_up();
  b.memory.bad_begin = 0x600000, b.memory.bad_end = 0x600100;
  b.prepare(0, 0, AhciBench::fis(0x35, 3, 8), {{0x600000, 4096}}, AhciBench::W);
  b.issue(0, 0);
  ASSERT_TRUE(wait_for(HBDS));
  EXPECT_FALSE(px(IS) & HBFS);
  recover(true);
}

TEST_F(Errors, ReceivedFisAreaInNowhere) {
  b.bring_up();
  set(CMD, 0x10);
  b.run(1_us);
  set(CMD, 0);
  set(0x08, 0xf0000000);
  set(CMD, 0x10);
  set(CMD, 0x11);
  b.prepare(0, 0, AhciBench::fis(0x25, 3, 1), {{0x500000, 512}});
  b.issue(0, 0);
  ASSERT_TRUE(wait_for(HBFS));
}

TEST_F(Errors, DamagedDataIsAnInterfaceFatalError) {
  b.bring_up();
  device().on_command = [&](const wire::RegisterH2D&, unsigned) {
    device().damage_next = true;
    device().send_data(b.now() + 1_us, device().media.data(), 512);
    return true;
  };
  b.prepare(0, 0, AhciBench::fis(0x25, 3, 1), {{0x400000, 512}});
  b.issue(0, 0);
  ASSERT_TRUE(wait_for(IFS));
  EXPECT_EQ(px(SERR), DIAG_C | ERR_T);
  EXPECT_EQ(device().last_verdict, wire::Verdict::r_err);
  device().on_command = nullptr;
  recover(true);
}

TEST_F(Errors, DamagedStatusIsNonFatal) {
  b.bring_up();
  device().on_command = [&](const wire::RegisterH2D&, unsigned) {
    device().damage_next = true;
    const auto again = device().send_register(b.now() + 1_us, 0x50);
    device().send_register(again, 0x50);
    return true;
  };
  b.prepare(0, 0, AhciBench::fis(0xe7, 0, 0), {});
  b.issue(0, 0);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  EXPECT_EQ(px(IS), INFS | DHRS);
  EXPECT_EQ(px(SERR), DIAG_C | ERR_I);
}

TEST_F(Errors, WhatTheLinkRepeatedIsNonFatal) {
  b.bring_up();
  device().on_command = [&](const wire::RegisterH2D&, unsigned) {
    wire::RegisterD2H fis;
    fis.flags = wire::RegisterD2H::I;
    fis.status = 0x50;
    wire::Frame frame;
    frame.set(fis);
    frame.retries = 2;
    device().send(frame, b.now() + 1_us);
    return true;
  };
  b.prepare(0, 0, AhciBench::fis(0xe7, 0, 0), {});
  b.issue(0, 0);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  EXPECT_EQ(px(IS), INFS | DHRS);
  EXPECT_EQ(px(SERR), DIAG_C | ERR_I);
  set(IS, ~0u), set(SERR, ~0u);
  device().on_command = nullptr;
  device().next_retries = 1;  // of the command FIS
  b.prepare(0, 1, AhciBench::fis(0x25, 3, 1), {{0x400000, 512}});
  b.issue(0, 1);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  EXPECT_EQ(px(IS), INFS | DHRS);
  EXPECT_EQ(px(SERR), DIAG_H | ERR_I);
  EXPECT_EQ(std::memcmp(b.at(0x400000), &device().media[3 * 512], 512), 0);
}

TEST_F(Errors, ADeviceThatDroppedItsQueueMaySayWhatIsAlreadyForgotten) {
  b.bring_up();
  device().send_set_device_bits(b.now() + 1_us, ~0u, 0x40, 0, false);  // log 10h was read
  b.run(10_us);
  EXPECT_EQ(b.context.diagnostics.count_of("5.3.9"), 0u);
  EXPECT_EQ(px(IS), 0u);
  device().send_set_device_bits(b.now() + 1_us, 4);
  b.run(10_us);
  EXPECT_EQ(b.context.diagnostics.count_of("5.3.9"), 1u);
}

TEST_F(Errors, AResetOfTheFunctionTakesTheBaseAddressesToo) {
  b.bring_up();
  device().on_command = [](const wire::RegisterH2D&, unsigned) { return true; };  // never answered
  b.prepare(0, 0, AhciBench::fis(0x25, 3, 1), {{0x400000, 512}});
  b.issue(0, 0);
  b.run(5_us);
  ASSERT_EQ(device().commands.size(), 1u);
  const unsigned comresets = device().comresets;
  b.hba.reset();
  EXPECT_EQ(b.sink.level[0], false);
  b.run(500_ns);
  b.hba.reset();  // the first one's end is void
  b.run(1_ms);
  EXPECT_EQ(b.read(4) & 3, 0u) << "GHC.HR is over, interrupts are off";
  EXPECT_EQ(px(0x00), 0u);
  EXPECT_EQ(px(0x08), 0u);
  EXPECT_EQ(px(CI), 0u);
  EXPECT_EQ(px(CMD) & 0xc011, 0u);
  EXPECT_EQ(device().comresets, comresets + 2);
  EXPECT_EQ(px(TFD) & 0xff, 0x50u) << "the device has sent its signature again";
  device().on_command = nullptr;
  b.write(4, 0x80000002);
  b.bring_up();
  b.prepare(0, 2, AhciBench::fis(0x25, 3, 1), {{0x400000, 512}});
  b.issue(0, 2);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  EXPECT_EQ(std::memcmp(b.at(0x400000), &device().media[3 * 512], 512), 0);
}

TEST_F(Errors, RefusedCommandAndRefusedData) {
  b.bring_up();
  device().next_verdict = wire::Verdict::r_err;
  b.prepare(0, 0, AhciBench::fis(0x35, 3, 8), {{0x400000, 4096}}, AhciBench::W);
  b.issue(0, 0);
  ASSERT_TRUE(wait_for(IFS));
  EXPECT_EQ(px(SERR), DIAG_H | ERR_C);
  recover();
  set(IS, ~0u), set(SERR, ~0u);
  device().on_command = [&](const wire::RegisterH2D&, unsigned) {
    device().next_verdict = wire::Verdict::r_err;
    device().send_activate(b.now() + 1_us);
    return true;
  };
  b.prepare(0, 0, AhciBench::fis(0x35, 3, 8), {{0x400000, 4096}}, AhciBench::W);
  b.issue(0, 0);
  ASSERT_TRUE(wait_for(IFS));
  EXPECT_EQ(px(SERR), DIAG_H | ERR_T);
}

TEST_F(Errors, SyncEscapeOfACommand) {
  b.bring_up();
  device().next_verdict = wire::Verdict::sync_escape;
  b.prepare(0, 0, AhciBench::fis(0x25, 3, 1), {{0x400000, 512}});
  b.issue(0, 0);
  ASSERT_TRUE(wait_for(IFS));
  EXPECT_EQ(px(SERR), DIAG_S | ERR_P);
  recover();
}

TEST_F(Errors, ReadLongerThanThePrdtOverflows) {
  b.bring_up();
  b.prepare(0, 0, AhciBench::fis(0x25, 3, 16), {{0x400000, 4096}});
  b.at(0x401000)[0] = 0x5a;
  b.issue(0, 0);
  ASSERT_TRUE(b.run_until([&] { return px(CI) == 0; }));
  EXPECT_EQ(px(IS), OFS | DHRS);
  EXPECT_EQ(b.at(0x401000)[0], 0x5a);  // the rest went nowhere
  EXPECT_EQ(wire::load_le32(b.at(AhciBench::list(0) + 4)), 4096u);
}

TEST_F(Errors, WriteLongerThanThePrdtOverflows) {
  b.bring_up();
  b.prepare(0, 0, AhciBench::queued_fis(true, 0, 3, 16), {{0x400000, 4096}}, AhciBench::W);
  b.issue(0, 0, true);
  ASSERT_TRUE(wait_for(OFS));
  EXPECT_EQ(px(SACT), 1u);
}

TEST_F(Errors, NoPrdtAtAll) {
  b.bring_up();
  b.prepare(0, 0, AhciBench::fis(0x25, 3, 1), {});
  b.issue(0, 0);
  ASSERT_TRUE(wait_for(OFS | DHRS));
  b.prepare(0, 1, AhciBench::fis(0x35, 3, 1), {}, AhciBench::W);
  set(IS, ~0u);
  b.issue(0, 1);
  ASSERT_TRUE(wait_for(OFS));
}

TEST_F(Errors, UnknownFisIsStoredAndReported) {
  b.bring_up();
  wire::Frame frame;
  frame.fis[0] = 0x77, frame.fis[5] = 0x42;
  frame.fis_bytes = 8;
  device().send(frame, b.now() + 1_us);
  ASSERT_TRUE(wait_for(UFS));
  EXPECT_EQ(px(SERR), DIAG_F);
  EXPECT_EQ(b.at(AhciBench::fis_area(0))[0x60], 0x77);
  EXPECT_EQ(b.at(AhciBench::fis_area(0))[0x65], 0x42);
  set(IS, ~0u);
  EXPECT_EQ(px(IS), UFS);  // read only: it follows PxSERR
  set(SERR, ~0u);
  EXPECT_EQ(px(IS), 0u);
}

TEST_F(Errors, BistIsRefusedFromEitherSide) {
  b.bring_up();
  wire::Frame frame;
  frame.fis[0] = 0x58;
  frame.fis_bytes = 12;
  device().send(frame, b.now() + 1_us);
  EXPECT_EQ(device().last_verdict, wire::Verdict::r_err);
  b.prepare(0, 0, AhciBench::fis(0x25, 3, 1), {}, AhciBench::B);
  b.issue(0, 0);
  ASSERT_TRUE(wait_for(HBFS));
  EXPECT_EQ(b.context.diagnostics.count_of("BIST"), 2u);
  recover();
}

TEST_F(Errors, CommandFisLengthsOutOfRange) {
  b.bring_up();
  for (unsigned length : {0u, 1u, 17u, 31u}) {
    b.prepare(0, 0, AhciBench::fis(0x25, 3, 1), {{0x400000, 512}});
    b.at(AhciBench::list(0))[0] = static_cast<std::uint8_t>(length);
    b.issue(0, 0);
    ASSERT_TRUE(wait_for(HBFS)) << length;
    recover();
  }
  EXPECT_EQ(b.context.diagnostics.count_of("CFL"), 4u);
}

TEST_F(Errors, FramesThatNoCommandAwaits) {
  b.bring_up();
  device().send_data(b.now() + 1_us, device().media.data(), 512);
  EXPECT_EQ(device().last_verdict, wire::Verdict::r_err);
  ASSERT_TRUE(wait_for(IFS));
  EXPECT_EQ(px(SERR), DIAG_T | ERR_P);
  recover(true);
  device().send_dma_setup(b.now() + 1_us, 9, true, 0, 512);
  ASSERT_TRUE(wait_for(IFS));
  recover(true);
  device().send_activate(b.now() + 1_us);
  ASSERT_TRUE(wait_for(IFS));
  recover(true);
  device().send_pio_setup(b.now() + 1_us, true, 512, 0x58, 0x50);
  ASSERT_TRUE(wait_for(IFS));
}

TEST_F(Errors, WrongPortMultiplierPort) {
  b.bring_up();
  wire::RegisterD2H fis;
  fis.flags = 0x03, fis.status = 0x50;
  wire::Frame frame;
  frame.set(fis);
  device().send(frame, b.now() + 1_us);
  EXPECT_TRUE(wait_for(IPMS));
}

}  // namespace
}  // namespace ahcisim
