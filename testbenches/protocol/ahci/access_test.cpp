// SPDX-License-Identifier: MIT
// Register accesses as drivers and firmware make them: index/data pair, configured capabilities, illegal orders, Linux's
// probe (libahci's order) and firmware that polls.
#include <gtest/gtest.h>

#include "support/ahci_bench.hpp"

namespace ahcisim {
namespace {

using namespace kit::literals;
using bench::AhciBench;
constexpr unsigned IS = 0x10, IE = 0x14, CMD = 0x18, TFD = 0x20, SIG = 0x24, SSTS = 0x28, SCTL = 0x2c, SERR = 0x30, SACT = 0x34, CI = 0x38;

TEST(Access, CapabilitiesFollowTheConfiguration) {
  ahci::HbaParameters parameters;
  parameters.set("ports", "3");
  parameters.set("command_slots", "8");
  parameters.set("interface_speed", "2");
  parameters.set("s64a", "false");
  AhciBench b{parameters};
  EXPECT_EQ(b.read(0x00), 0x41248702u);
  EXPECT_EQ(b.read(0x0c), 7u);
  b.write(AhciBench::port(0, 4), ~0u);
  EXPECT_EQ(b.read(AhciBench::port(0, 4)), 0u);
  b.bring_up();
  b.issue(0, 8);
  EXPECT_EQ(b.read(AhciBench::port(0, CI)), 0u);
  EXPECT_EQ(b.context.diagnostics.count_of("CAP.NCS"), 1u);
  EXPECT_EQ(b.read(AhciBench::port(4, CMD)), 0u) << "no such port";
}

TEST(Access, FirmwareMayTakeFeaturesAwayOnce) {
  ahci::HbaParameters parameters;
  AhciBench b{parameters};
  const std::uint32_t cap = b.read(0x00);
  EXPECT_EQ(cap, 0xc1349f05u);
  b.write(0x00, (cap | 1u << 27) & ~(1u << 30));  // U-Boot adds SSS: not built
  EXPECT_EQ(b.read(0x00), cap & ~(1u << 30));
  b.write(0x00, cap);
  EXPECT_EQ(b.read(0x00), cap & ~(1u << 30));
  b.write(0x0c, 0xf);
  EXPECT_EQ(b.read(0x0c), 0xfu);
  b.write(0x0c, 0x3f);
  EXPECT_EQ(b.read(0x0c), 0xfu);
  b.write(0x04, 1);
  b.run(10_us);
  EXPECT_EQ(b.read(0x0c), 0xfu) << "an HBA reset does not bring them back";
}

TEST(Access, IndexDataPair) {
  ahci::HbaParameters parameters;
  AhciBench b{parameters};
  b.io_write(0x10, 0x10);
  EXPECT_EQ(b.io_read(0x10), 0x10u);
  EXPECT_EQ(b.io_read(0x14), 0x00010301u);
  b.io_write(0x10, 0x100);
  b.io_write(0x14, 0x12345400);
  EXPECT_EQ(b.read(0x100), 0x12345400u);
  b.io_write(0x16, 0xabcd, 2);
  EXPECT_EQ(b.read(0x100), 0xabcd5400u);
  EXPECT_EQ(b.io_read(0x17, 1), 0xabu);
  b.io_write(0x10, 0xfffc);  // beyond ABAR
  EXPECT_EQ(b.io_read(0x14), 0u);
  b.io_write(0x14, ~0u);
  EXPECT_EQ(b.io_read(0x00), 0u);
  b.io_read(0x20);
  EXPECT_EQ(b.last_response, ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST(Access, ShapesAndLatency) {
  ahci::HbaParameters parameters;
  AhciBench b{parameters};
  EXPECT_EQ(b.read(0x12, 2), 0x0001u);
  EXPECT_EQ(b.read(0x11, 1), 0x03u);
  EXPECT_EQ(b.last_delay, parameters.register_access());
  EXPECT_EQ(b.read(0xffc), 0u);
  b.read(0x100000);
  EXPECT_EQ(b.last_response, ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  b.write(0x3fe, 0, 4);
  EXPECT_EQ(b.hba.bank().name(), "ABAR");
}

TEST(Access, IllegalOrdersAreReportedAndHarmless) {
  ahci::HbaParameters parameters;
  AhciBench b{parameters};
  const auto set = [&](unsigned offset, std::uint32_t value) { b.write(AhciBench::port(0, offset), value); };
  const auto count = [&](const char* rule) { return b.context.diagnostics.count_of(rule); };
  set(CI, 1);
  EXPECT_EQ(b.read(AhciBench::port(0, CI)), 0u);
  EXPECT_EQ(count("PxCI set while PxCMD.ST is 0"), 1u);
  set(SACT, 1);
  EXPECT_EQ(b.read(AhciBench::port(0, SACT)), 0u);
  EXPECT_EQ(count("PxSACT written while PxCMD.ST is 0"), 1u);
  set(CMD, 0x01);
  EXPECT_EQ(b.read(AhciBench::port(0, CMD)) & 0x8000, 0u);
  EXPECT_EQ(count("while PxCMD.FRE is 0"), 1u);
  set(CMD, 0);
  set(0x00, 0x1234);
  set(0x08, 0x1234);
  EXPECT_EQ(b.read(AhciBench::port(0, 0x00)), 0x1000u);
  EXPECT_EQ(b.read(AhciBench::port(0, 0x08)), 0x1200u);
  EXPECT_EQ(count("aligned"), 2u);
  b.bring_up();
  set(CMD, 0x01);
  EXPECT_EQ(count("PxCMD.FRE cleared while"), 1u);
  EXPECT_EQ(b.read(AhciBench::port(0, CMD)) & 0x4000, 0x4000u);
  set(CMD, 0x11);
  set(0x00, 0x2000);
  EXPECT_EQ(count("PxCLB written while"), 1u);
  set(SCTL, 1);
  EXPECT_EQ(count("PxSCTL.DET written while"), 1u);
  set(SCTL, 0);
  b.run(10_us);
  set(CMD, 0x60000011);
  EXPECT_EQ(count("PxCMD.ICC"), 1u);
  EXPECT_EQ(b.read(AhciBench::port(0, CMD)) >> 28, 0u);
}

TEST(Access, FirmwareThatPollsFindsTheFisInMemoryFirst) {
  ahci::HbaParameters parameters;
  AhciBench b{parameters};
  b.bring_up(0, 0);
  b.memory.latency = 5_us;
  for (unsigned i = 0; i < 4; ++i) {
    const bool pio = i % 2;
    std::memset(b.at(AhciBench::fis_area(0)), 0, 256);
    std::memset(b.at(0x400000), 0, 512);
    b.prepare(0, 0, pio ? AhciBench::fis(0xec, 0, 0) : AhciBench::fis(0x25, 4, 1), {{0x400000, 512}});
    b.issue(0, 0);
    const std::uint32_t bit = pio ? 2 : 1;
    kit::Duration written;
    ASSERT_TRUE(b.run_until([&] { return b.read(AhciBench::port(0, IS)) & bit; }));
    written = b.memory.end_of_last;
    EXPECT_LE(written, b.now()) << "PxIS before the FIS and the data are in memory";
    EXPECT_EQ(b.at(AhciBench::fis_area(0))[pio ? 0x22 : 0x42], pio ? 0x58 : 0x50);
    EXPECT_EQ(std::memcmp(b.at(0x400000), &b.device[0]->media[pio ? 0 : 4 * 512], 512), 0);
    b.write(AhciBench::port(0, IS), ~0u);
  }
}

TEST(Access, LinuxProbe) {
  ahci::HbaParameters parameters;
  AhciBench b{parameters};
  const auto rd = [&](unsigned p, unsigned offset) { return b.read(AhciBench::port(p, offset)); };
  const auto wr = [&](unsigned p, unsigned offset, std::uint32_t value) { b.write(AhciBench::port(p, offset), value); };
  // ahci_save_initial_config, ahci_reset_controller
  EXPECT_TRUE(b.read(0x04) & 0x80000000);
  const std::uint32_t cap = b.read(0x00), pi = b.read(0x0c);
  EXPECT_EQ(b.read(0x24), 0u);
  b.write(0x04, b.read(0x04) | 1);
  b.read(0x04);
  ASSERT_TRUE(b.run_until([&] { return !(b.read(0x04) & 1); }, 1000_ms));
  EXPECT_TRUE(b.read(0x04) & 0x80000000);
  b.write(0x00, cap);
  b.write(0x0c, pi);
  EXPECT_EQ(b.read(0x0c), pi);
  for (unsigned p = 0; p < 6; ++p) {  // ahci_port_init
    wr(p, CMD, rd(p, CMD) & ~0x10u);
    ASSERT_EQ(rd(p, CMD) & 0xc000, 0u);
    wr(p, SERR, rd(p, SERR));
    if (const std::uint32_t is = rd(p, IS)) wr(p, IS, is);
    b.write(0x08, 1u << p);
  }
  b.write(0x04, b.read(0x04) | 2);
  for (unsigned p = 0; p < 6; ++p) {  // ahci_start_port
    wr(p, CMD, rd(p, CMD) | 1u << 28);
    wr(p, 0x04, 0), wr(p, 0x00, static_cast<std::uint32_t>(AhciBench::list(p)));
    wr(p, 0x0c, 0), wr(p, 0x08, static_cast<std::uint32_t>(AhciBench::fis_area(p)));
    wr(p, CMD, rd(p, CMD) | 0x10);
    wr(p, CMD, rd(p, CMD) | 0x01);
    wr(p, IE, 0);
  }
  for (unsigned p = 0; p < 2; ++p) {  // sata_link_hardreset, one port with a device and one without
    wr(p, CMD, rd(p, CMD) & ~1u);
    ASSERT_TRUE(b.run_until([&] { return !(rd(p, CMD) & 0x8000); }, 500_ms));
    wr(p, SERR, rd(p, SERR));
    wr(p, SCTL, 0x301);
    b.run(1_ms);
    wr(p, SCTL, 0x300);
    b.run(200_ms);
    EXPECT_EQ(rd(p, SSTS) & 0xf, p == 0 ? 3u : 0u);
    wr(p, SERR, rd(p, SERR));
    wr(p, CMD, rd(p, CMD) | 1);
  }
  EXPECT_EQ(rd(0, TFD) & 0x89, 0u);
  EXPECT_EQ(rd(0, SIG), 0x101u);
  wr(0, IS, rd(0, IS));
  b.write(0x08, 1);
  wr(0, IE, 0x78c0007f);
  EXPECT_EQ(rd(0, IE), 0x78c0007fu);
  EXPECT_FALSE(b.sink.level[0]) << "a thawed port is quiet";
  b.prepare(0, 0, AhciBench::fis(0xec, 0, 0), {{0x400000, 512}});
  b.issue(0, 0);
  ASSERT_TRUE(b.run_until([&] { return b.sink.level[0]; }));
  EXPECT_EQ(b.read(0x08), 1u);
  EXPECT_EQ(rd(0, IS), 2u);
  EXPECT_EQ(b.context.diagnostics.count(), 0u);
}

}  // namespace
}  // namespace ahcisim
