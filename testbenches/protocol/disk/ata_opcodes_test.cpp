// SPDX-License-Identifier: MIT
// Every command code there can be: those the device has are carried out, all others aborted (ACS-3, "Command codes").
#include <iomanip>
#include <map>
#include <sstream>
#include <string>

#include <gmock/gmock.h>

#include "fake_host.hpp"

namespace ahcisim::disk {
namespace {

using ::testing::ElementsAre;

/// A legal form of a command, and the data that the host sends with it.
struct Legal {
  wire::RegisterH2D fis;
  std::size_t out = 0;
  bool queued = false;
};

/// One sector, as each transfer command can.
Legal in(std::uint8_t opcode) { return {Bench::fis(opcode, 8, 1)}; }
Legal out(std::uint8_t opcode) { return {Bench::fis(opcode, 8, 1), 512}; }
Legal queued_trim() {
  wire::RegisterH2D fis = Bench::fis(0x64, 0, 0, 1);
  fis.auxiliary[0] = 1;
  return {fis, 512, true};
}

/// All that ends without an error, by its code; NOP, which always ends with ABRT, is not among them.
const std::map<unsigned, Legal>& carried_out() {
  static const std::map<unsigned, Legal> all{
      {0x06, {Bench::fis(0x06, 0, 1, 1), 512}},           // TRIM of nothing
      {0x10, {Bench::fis(0x10)}},
      {0x20, in(0x20)}, {0x24, in(0x24)}, {0x25, in(0x25)}, {0x27, {Bench::fis(0x27)}}, {0x29, in(0x29)},
      {0x2f, {Bench::fis(0x2f, 0x00, 1)}},                // log directory
      {0x30, out(0x30)}, {0x34, out(0x34)}, {0x35, out(0x35)}, {0x39, out(0x39)}, {0x3d, out(0x3d)},
      {0x3f, {Bench::fis(0x3f, 0x80, 1), 512}},           // a host log
      {0x40, in(0x40)}, {0x42, in(0x42)},
      {0x47, {Bench::fis(0x47, 0x00, 1)}}, {0x57, {Bench::fis(0x57, 0x80, 1), 512}},
      {0x60, {Bench::queued(false, 0, 8, 1), 0, true}},
      {0x61, {Bench::queued(true, 0, 8, 1), 512, true}}, {0x64, queued_trim()},
      {0x70, in(0x70)},
      {0x90, {Bench::fis(0x90)}}, {0x91, {Bench::fis(0x91, 0, 63)}},
      {0xb0, {Bench::fis(0xb0, 0xc24f00, 0, 0xda)}},      // SMART RETURN STATUS
      {0xc4, in(0xc4)}, {0xc5, out(0xc5)}, {0xc6, {Bench::fis(0xc6, 0, 8)}},
      {0xc8, in(0xc8)}, {0xca, out(0xca)}, {0xce, out(0xce)},
      {0xe0, {Bench::fis(0xe0)}}, {0xe1, {Bench::fis(0xe1)}}, {0xe2, {Bench::fis(0xe2)}}, {0xe3, {Bench::fis(0xe3)}},
      {0xe5, {Bench::fis(0xe5)}}, {0xe6, {Bench::fis(0xe6)}},
      {0xe7, {Bench::fis(0xe7)}}, {0xea, {Bench::fis(0xea)}},
      {0xec, {Bench::fis(0xec)}},
      {0xef, {Bench::fis(0xef, 0, 0, 0x02)}},             // write cache on
      {0xf8, {Bench::fis(0xf8)}},
  };
  return all;
}

std::string code(unsigned opcode) {
  std::ostringstream text;
  text << "command " << std::hex << std::setw(2) << std::setfill('0') << opcode << 'h';
  return text.str();
}

TEST(AtaOpcodes, WithoutARowAreAborted) {
  Bench bench;
  bench.start();
  unsigned aborted = 0;
  for (unsigned opcode = 0; opcode < 256; ++opcode) {
    if (carried_out().count(opcode)) continue;
    SCOPED_TRACE(code(opcode));
    EXPECT_EQ(find_command(static_cast<std::uint8_t>(opcode)) != nullptr, opcode == 0x00)
        << "NOP alone has a row and is aborted";
    bench.execute(Bench::fis(static_cast<std::uint8_t>(opcode), 8, 1, 1));
    ASSERT_THAT(bench.host.types(), ElementsAre(FisType::register_d2h));
    EXPECT_EQ(bench.host.seen[0].as<wire::RegisterD2H>().flags, wire::RegisterD2H::I);
    EXPECT_EQ(bench.host.status, 0x51) << "DRDY, ERR, and bit 4; neither BSY nor DRQ";
    EXPECT_EQ(bench.host.error, wire::error::ABRT);
    ++aborted;
  }
  EXPECT_EQ(aborted, 256 - carried_out().size());
  bench.execute(Bench::fis(0xec));
  EXPECT_EQ(bench.data().size(), 512u) << "none of them left anything behind";
}

TEST(AtaOpcodes, WithARowAreCarriedOut) {
  Bench bench;
  bench.start();
  for (const auto& [opcode, legal] : carried_out()) {
    SCOPED_TRACE(code(opcode));
    EXPECT_NE(find_command(static_cast<std::uint8_t>(opcode)), nullptr);
    bench.host.phy_ready();  // a COMRESET, which ends Sleep too
    bench.run(Duration::from_ms(20));
    ASSERT_EQ(bench.host.status & 0x89, 0);
    if (legal.queued) bench.host.buffer[0].assign(legal.out, 0);
    bench.execute(legal.fis, std::vector<std::uint8_t>(legal.out), Duration::from_ms(10));
    EXPECT_EQ(bench.host.done, legal.queued ? 1u : 0u);
    EXPECT_EQ(bench.host.registers, legal.queued ? 0u : 1u) << "interrupts";
    EXPECT_EQ(bench.host.status & 0x89, 0) << "BSY, DRQ, ERR";
    EXPECT_EQ(bench.host.error & wire::error::ABRT, 0);
  }
}

/// STANDBY enters Standby at once and sets the timer, as IDLE does; the IMMEDIATE ones leave the timer alone.
struct AtaStandby : ::testing::Test {
  Bench bench;
  void SetUp() override { bench.start(); }
  void issue(std::uint8_t opcode, std::uint8_t count = 0) {
    bench.execute(Bench::fis(opcode, 0, count));
    ASSERT_THAT(bench.host.types(), ElementsAre(FisType::register_d2h));
    EXPECT_EQ(bench.host.status, 0x50);
  }
  unsigned mode() {
    bench.execute(Bench::fis(0xe5));
    return bench.host.seen.back().as<wire::RegisterD2H>().count_7_0;
  }
  /// After an access, which wakes the disk.
  bool stands_by_within(double seconds) {
    bench.execute(Bench::fis(0x25, 0, 1));
    EXPECT_EQ(bench.data().size(), 512u);
    EXPECT_EQ(bench.device.power(), AtaDevice::Power::active_or_idle);
    bench.run(Duration::from_seconds(seconds));
    return bench.device.power() == AtaDevice::Power::standby;
  }
};

TEST_F(AtaStandby, StandbyAndItsSiblingsEnterTheirStates) {
  const struct { std::uint8_t opcode; unsigned mode; } rows[] = {
      {0xe2, 0x00}, {0xe3, 0xff}, {0xe0, 0x00}, {0xe1, 0xff}, {0xe2, 0x00}};
  EXPECT_EQ(mode(), 0xffu);
  for (const auto& row : rows) {
    issue(row.opcode);
    EXPECT_EQ(mode(), row.mode) << code(row.opcode);
    EXPECT_EQ(mode(), row.mode) << "CHECK POWER MODE changes nothing";
  }
}

TEST_F(AtaStandby, StandbySetsTheTimer) {
  issue(0xe2, 2);  // 10 s
  EXPECT_EQ(bench.device.power(), AtaDevice::Power::standby);
  EXPECT_FALSE(stands_by_within(9.5));
  EXPECT_TRUE(stands_by_within(10.5));
  EXPECT_TRUE(stands_by_within(10.5)) << "and again after each access";
  issue(0xe2, 0);
  EXPECT_EQ(bench.device.power(), AtaDevice::Power::standby);
  EXPECT_FALSE(stands_by_within(60)) << "0 disables the timer";
}

TEST_F(AtaStandby, TheTimerRestsWhileTheDriveStandsBy) {
  issue(0xe3, 2);
  EXPECT_TRUE(stands_by_within(10.5));
  EXPECT_EQ(bench.context.calendar.pending(), 0u) << "simulated time has nowhere to go";
  EXPECT_TRUE(stands_by_within(10.5)) << "an access sets it going again";
}

TEST_F(AtaStandby, ImmediateCommandsLeaveTheTimerAlone) {
  for (const std::uint8_t opcode : {0xe0, 0xe1}) {
    issue(opcode, 2);
    EXPECT_FALSE(stands_by_within(60)) << "Count has no meaning in " << code(opcode);
  }
  issue(0xe2, 2);
  for (const std::uint8_t opcode : {0xe0, 0xe1}) {
    issue(opcode, 0);
    EXPECT_FALSE(stands_by_within(9.5)) << code(opcode);
    EXPECT_TRUE(stands_by_within(10.5)) << code(opcode);
  }
}

}  // namespace
}  // namespace ahcisim::disk
