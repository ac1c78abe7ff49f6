// SPDX-License-Identifier: MIT
// Register accesses from the CPU through root complex and link: both doors, gating, and what nobody claims.
#include <gtest/gtest.h>

#include <support/pcie_bench.hpp>

namespace ahcisim::test {
namespace {

using kit::Duration;
using namespace kit::literals;

TEST(RegisterAccess, AWriteArrivesLaterThanItIsIssued) {
  kit::Context context;
  PcieSetup setup;
  PcieRig rig{"rig", context, setup};
  rig.start();
  const Duration free = rig.cpu.post(PcieRig::bar0 + 0x18, 0x12345678, 4, 1_us);
  EXPECT_EQ(free, 1_us + setup.root.write_interval());
  EXPECT_TRUE(rig.function.log.empty()) << "not before its time";
  sc_core::sc_start(10, sc_core::SC_US);
  ASSERT_EQ(rig.function.log.size(), 1u);
  EXPECT_EQ(rig.function.log[0].offset, 0x18u);
  EXPECT_EQ(rig.function.log[0].data, 0x12345678u);
  const Duration expected = 1_us + setup.root.cpu_request() + setup.link.downstream_latency() + rig.link.timing().wire(24);
  EXPECT_EQ(rig.function.log[0].when, expected);
  EXPECT_EQ(context.calendar.events(), 1u) << "one calendar event per register write";
}

TEST(RegisterAccess, AReadReturnsTheRegisterAtTheTimeTheRequestArrives) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  rig.cpu.post(PcieRig::bar0 + 8, 0xcafe, 4, 1_us);
  const auto answer = rig.cpu.ask(false, PcieRig::bar0 + 8, 0, 4, 1_us + 100_ns);
  EXPECT_EQ(answer.data, 0xcafeu);
  EXPECT_GT((answer.done - 1_us).ns(), 500);
  EXPECT_LT((answer.done - 1_us).ns(), 1000);
  EXPECT_LE(context.calendar.events(), 3u) << "one for the write, at most two for the read";
}

/// Looks at the function's log at a given time.
struct Onlooker {
  void look(std::uint64_t) { seen = rig.function.log.size(); }
  PcieRig& rig;
  std::size_t seen = 0;
};

TEST(RegisterAccess, RequestsCloseBehindEachOtherKeepTheirTimesAndLetOthersInBetween) {
  kit::Context context;
  PcieSetup setup;
  PcieRig rig{"rig", context, setup};
  rig.start();
  const Duration begin = 1_us, step = setup.root.write_interval();
  const Duration way = setup.root.cpu_request() + setup.link.downstream_latency() + rig.link.timing().wire(24);
  Onlooker between{rig}, before{rig};
  context.calendar.at<&Onlooker::look>(begin + way + step * 2 + Duration::from_ps(1), &between);
  Duration at = begin;
  for (std::uint32_t i = 0; i < 4; ++i) at = rig.cpu.post(PcieRig::bar0 + 4 * i, i, 4, at);
  rig.cpu.begin(false, PcieRig::bar0 + 4, 0, 4, at);
  context.calendar.at<&Onlooker::look>(begin + way, &before);
  sc_core::sc_start(10, sc_core::SC_US);
  ASSERT_EQ(rig.function.log.size(), 5u);
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rig.function.log[i].offset, 4 * i);
    EXPECT_EQ(rig.function.log[i].when, begin + step * i + way) << i;
  }
  EXPECT_EQ(between.seen, 3u) << "after the third, before the fourth";
  EXPECT_EQ(before.seen, 1u) << "scheduled behind the first for the same time";
  ASSERT_EQ(rig.cpu.answers.size(), 1u);
  EXPECT_EQ(rig.cpu.answers[0].data, 1u);
  EXPECT_EQ(context.calendar.events(), 7u) << "one each, and the two that looked on";
}

TEST(RegisterAccess, BothDoorsAgreeForOneOutstandingAccess) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  const auto lt = rig.cpu.block(false, PcieRig::bar0 + 4, 0, 4, 50_us);
  const auto at = rig.cpu.ask(false, PcieRig::bar0 + 4, 0, 4, 150_us);
  EXPECT_EQ(lt.done - 50_us, at.done - 150_us);
  const auto lt_write = rig.cpu.block(true, PcieRig::bar0 + 4, 7, 4, 1050_us);
  const Duration at_write = rig.cpu.post(PcieRig::bar0 + 4, 7, 4, 1150_us);
  EXPECT_EQ(lt_write.done - 1050_us, at_write - 1150_us);
  const auto lt_config = rig.cpu.block(true, rig.root.configuration_address(0x3c), 7, 1, 2050_us);
  const auto at_config = rig.cpu.ask(true, rig.root.configuration_address(0x3c), 7, 1, 2150_us);
  EXPECT_EQ(lt_config.done - 2050_us, at_config.done - 2150_us);
}

TEST(RegisterAccess, UnclaimedReadsAreAllOnesAndUnclaimedWritesAreLost) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  EXPECT_EQ(rig.cpu.ask(false, PcieRig::bar0 + 0x1000, 0, 4, 1_us).data, 0xffffffffu) << "behind the BAR";
  EXPECT_EQ(rig.cpu.status, tlm::TLM_OK_RESPONSE);
  rig.cpu.post(PcieRig::bar0 + 0x1000, 1, 4, 20_us);
  rig.config_write(4, 4, 2);  // bus master only
  EXPECT_EQ(rig.cpu.ask(false, PcieRig::bar0, 0, 4, 200_us).data, 0xffffffffu) << "memory space disabled";
  EXPECT_TRUE(rig.function.log.empty());
  EXPECT_EQ(rig.cpu.ask(false, rig.root.configuration_address(0) + (1 << 15), 0, 4, 2000_us).data, 0xffffffffu) << "absent device";
  rig.cpu.begin(false, 0x90000000, 0, 4, 3000_us);
  EXPECT_EQ(rig.cpu.status, tlm::TLM_ADDRESS_ERROR_RESPONSE) << "no window of the root complex";
  EXPECT_EQ(context.diagnostics.count_of("not claimed"), 3u);
}

TEST(RegisterAccess, AnAccessAcrossTheEndOfABarIsNotClaimed) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  EXPECT_EQ(rig.cpu.ask(false, PcieRig::bar0 + 0xffc, 0, 8, 1_us).data, ~std::uint64_t{0});
  EXPECT_EQ(rig.cpu.ask(false, PcieRig::bar0 + 0xfff, 0, 2, 30_us).data, 0xffffu);
  EXPECT_TRUE(rig.function.log.empty());
}

TEST(RegisterAccess, OddSizesAndAlignmentsArriveAsTheyWereMade) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  rig.cpu.post(PcieRig::bar0 + 0x101, 0xaabbcc, 3, 1_us);
  rig.cpu.post(PcieRig::bar0 + 0x10d, 0x1122334455667788, 8, 2_us);
  EXPECT_EQ(rig.cpu.ask(false, PcieRig::bar0 + 0x100, 0, 5, 3_us).data, 0xaabbcc00u);
  EXPECT_EQ(rig.cpu.ask(false, PcieRig::bar0 + 0x10d, 0, 8, 20_us).data, 0x1122334455667788u);
}

TEST(RegisterAccess, AFunctionsErrorIsACompleterAbort) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  rig.function.refuse = true;
  EXPECT_EQ(rig.cpu.ask(false, PcieRig::bar0, 0, 4, 1_us).data, 0xffffffffu);
  EXPECT_TRUE(rig.config_read(6, 2) & 0x0800) << "Signaled Target Abort";
}

TEST(RegisterAccess, DebugAccessMovesNoTime) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  std::uint32_t value = 0x5555aaaa;
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_address(PcieRig::bar0 + 0x40);
  payload.set_data_ptr(reinterpret_cast<std::uint8_t*>(&value));
  payload.set_data_length(4);
  const auto tlps = rig.link.statistics().downstream_tlps.value();
  EXPECT_EQ(rig.cpu.socket->transport_dbg(payload), 4u);
  EXPECT_EQ(rig.function.storage[0][0x41], 0xaa);
  payload.set_address(rig.root.configuration_address(0));
  payload.set_command(tlm::TLM_READ_COMMAND);
  EXPECT_EQ(rig.cpu.socket->transport_dbg(payload), 4u);
  EXPECT_EQ(value, 0x00101b36u);
  EXPECT_EQ(rig.link.statistics().downstream_tlps.value(), tlps);
}

}  // namespace
}  // namespace ahcisim::test
