// SPDX-License-Identifier: MIT
// INTx, MSI and MSI-X: who is sent when, masks and pending bits, and what falls back to what.
#include <gtest/gtest.h>

#include <support/pcie_bench.hpp>

namespace ahcisim::test {
namespace {

using kit::Duration;
using namespace kit::literals;
using sc_core::SC_ZERO_TIME;

struct WithMsix : PcieSetup {
  WithMsix() {
    function.bars[0].size = 8192;
    function.msix = {5, 0, 0, 0x1000, 0x1800};
  }
};

TEST(Interrupts, IntxFollowsTheLevelAndTheDisableBit) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  auto& line = *rig.endpoint.interrupt.operator->();
  EXPECT_EQ(line.vectors(), 1u);
  line.set_interrupt(0, true, SC_ZERO_TIME);
  line.set_interrupt(0, true, SC_ZERO_TIME);
  line.set_interrupt(1, true, SC_ZERO_TIME);
  ASSERT_EQ(rig.cpu.interrupts.size(), 1u) << "a level changes once";
  EXPECT_EQ(rig.cpu.interrupts[0].data, 1u);
  EXPECT_TRUE(rig.config_read(6, 2) & 8);
  rig.config_write(4, 0x0406, 2);
  ASSERT_EQ(rig.cpu.interrupts.size(), 2u);
  EXPECT_EQ(rig.cpu.interrupts[1].data, 0u) << "Interrupt Disable takes the level away";
  EXPECT_TRUE(rig.config_read(6, 2) & 8) << "but not the status";
  rig.config_write(4, 0x0006, 2);
  EXPECT_EQ(rig.cpu.interrupts.size(), 3u);
  line.set_interrupt(0, false, SC_ZERO_TIME);
  EXPECT_EQ(rig.cpu.interrupts.size(), 3u) << "vector 1 still holds the line";
  line.set_interrupt(1, false, SC_ZERO_TIME);
  ASSERT_EQ(rig.cpu.interrupts.size(), 4u);
  EXPECT_EQ(rig.cpu.interrupts[3].data, 0u);
  EXPECT_FALSE(rig.config_read(6, 2) & 8);
}

TEST(Interrupts, MsiSendsOneMessageForEachEventWithTheVectorInItsData) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  auto& line = *rig.endpoint.interrupt.operator->();
  const unsigned msi = rig.capability(5);
  line.set_interrupt(0, true, SC_ZERO_TIME);
  ASSERT_EQ(rig.cpu.interrupts.size(), 1u);
  rig.config_write(msi + 4, 0xfee01000);
  rig.config_write(msi + 12, 0x4040, 2);
  rig.config_write(msi + 2, 1 | 2 << 4, 2);  // four of eight
  ASSERT_EQ(rig.cpu.interrupts.size(), 2u);
  EXPECT_EQ(rig.cpu.interrupts[1].data, 0u) << "INTx is released when MSI takes over";
  EXPECT_EQ(line.vectors(), 4u);
  rig.cpu.interrupts.clear();
  line.set_interrupt(2, true, sc_core::sc_time{3, sc_core::SC_US});
  line.set_interrupt(2, true, sc_core::sc_time{4, sc_core::SC_US});
  ASSERT_EQ(rig.cpu.interrupts.size(), 2u) << "asserting again is a new event";
  EXPECT_EQ(rig.cpu.interrupts[0].address, 0xfee01000u);
  EXPECT_EQ(rig.cpu.interrupts[0].data, 0x4042u);
  EXPECT_GT(rig.cpu.interrupts[0].when, 3_us);
  EXPECT_LT(rig.cpu.interrupts[0].when, 4_us);
  line.set_interrupt(5, true, SC_ZERO_TIME);
  EXPECT_EQ(rig.cpu.interrupts[2].data, 0x4041u) << "vectors not granted share those that are";
  rig.config_write(msi + 2, 1 | 7 << 4, 2);
  EXPECT_EQ(line.vectors(), 8u) << "a reserved grant counts as what was asked for";
  rig.config_write(4, 2, 2);
  line.set_interrupt(0, true, SC_ZERO_TIME);
  EXPECT_EQ(rig.cpu.interrupts.size(), 3u) << "a message is a memory write: Bus Master Enable gates it";
  EXPECT_EQ(context.diagnostics.count_of("message-signalled"), 1u);
}

TEST(Interrupts, AMaskedMsiVectorPendsUntilItIsUnmasked) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  auto& line = *rig.endpoint.interrupt.operator->();
  const unsigned msi = rig.capability(5);
  rig.config_write(msi + 4, 0xfee00000);
  rig.config_write(msi + 16, 0x6);
  rig.config_write(msi + 2, 1 | 3 << 4, 2);
  line.set_interrupt(1, true, SC_ZERO_TIME);
  line.set_interrupt(2, true, SC_ZERO_TIME);
  EXPECT_TRUE(rig.cpu.interrupts.empty());
  EXPECT_EQ(rig.config_read(msi + 20), 0x6u);
  line.set_interrupt(1, false, SC_ZERO_TIME);
  EXPECT_EQ(rig.config_read(msi + 20), 0x4u) << "the condition is gone";
  rig.config_write(msi + 16, 0);
  ASSERT_EQ(rig.cpu.interrupts.size(), 1u);
  EXPECT_EQ(rig.cpu.interrupts[0].data, 2u);
  EXPECT_EQ(rig.config_read(msi + 20), 0u);
}

TEST(Interrupts, MsixTakesAddressAndDataFromItsTable) {
  kit::Context context;
  PcieRig rig{"rig", context, WithMsix{}};
  rig.start();
  auto& line = *rig.endpoint.interrupt.operator->();
  const unsigned msix = rig.capability(0x11);
  EXPECT_EQ(rig.config_read(msix + 2, 2), 4u) << "five vectors";
  EXPECT_EQ(rig.config_read(msix + 4), 0x1000u);
  const std::uint64_t entry = PcieRig::bar0 + 0x1000 + 3 * 16;
  const auto write = [&](std::uint64_t address, std::uint32_t value) { rig.cpu.block(true, address, value, 4, context.calendar.now()); };
  const auto read = [&](std::uint64_t address) { return rig.cpu.block(false, address, 0, 4, context.calendar.now()).data; };
  EXPECT_EQ(read(entry + 12), 1u) << "masked out of reset";
  write(entry, 0xfee02000);
  write(entry + 8, 77);
  write(entry + 12, 0xffffffff);
  EXPECT_EQ(read(entry + 12), 1u) << "reserved bits";
  rig.config_write(msix + 2, 0x8000, 2);
  EXPECT_EQ(line.vectors(), 5u);
  line.set_interrupt(3, true, SC_ZERO_TIME);
  EXPECT_TRUE(rig.cpu.interrupts.empty());
  EXPECT_EQ(read(PcieRig::bar0 + 0x1800), 8u) << "pending";
  write(PcieRig::bar0 + 0x1800, 0);
  EXPECT_EQ(read(PcieRig::bar0 + 0x1800), 8u) << "read only";
  rig.config_write(msix + 2, 0xc000, 2);
  write(entry + 12, 0);
  EXPECT_TRUE(rig.cpu.interrupts.empty()) << "the function mask holds it";
  rig.config_write(msix + 2, 0x8000, 2);
  ASSERT_EQ(rig.cpu.interrupts.size(), 1u);
  EXPECT_EQ(rig.cpu.interrupts[0].address, 0xfee02000u);
  EXPECT_EQ(rig.cpu.interrupts[0].data, 77u);
  EXPECT_EQ(read(PcieRig::bar0 + 0x1800), 0u);
  EXPECT_EQ(read(PcieRig::bar0 + 0x1ffc), 0u) << "nothing behind the structures but the function";
  EXPECT_TRUE(rig.function.log.size() == 1) << "the table never reaches the function";
}

}  // namespace
}  // namespace ahcisim::test
