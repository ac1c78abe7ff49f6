// SPDX-License-Identifier: MIT
// Bus mastering: data, gating, errors, direct access, and the ordering rules (PCI Express Base, 2.4.1).
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <numeric>
#include <random>

#include <support/pcie_bench.hpp>

namespace ahcisim::test {
namespace {

using kit::Duration;
using namespace kit::literals;
using sc_core::SC_ZERO_TIME;

TEST(BusMaster, MovesTheBytesWithAndWithoutDirectAccess) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  std::vector<std::uint8_t> out(10000), in(10000);
  std::iota(out.begin(), out.end(), 1);
  for (bool direct : {false, true}) {
    rig.memory.offers_direct_access = direct;
    const Duration when = rig.quiet();
    rig.function.master(true, 0x1003, out.data(), 10000, when);
    EXPECT_EQ(rig.function.status, tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(std::memcmp(rig.memory.at(0x1003, 10000), out.data(), 10000), 0);
    std::fill(in.begin(), in.end(), 0);
    const Duration end = rig.function.master(false, 0x1003, in.data(), 10000, when + 100_us);
    EXPECT_EQ(in, out);
    EXPECT_GT(rig.function.first, when + 100_us);
    EXPECT_LT(rig.function.first, end);
  }
  const auto before = rig.memory.transactions;
  rig.function.master(true, 0x3000, out.data(), 4096, rig.quiet() + 500_us);
  EXPECT_EQ(rig.memory.transactions, before) << "by pointer";
  EXPECT_EQ(context.calendar.events(), 0u) << "no calendar event";
}

TEST(BusMaster, IsGatedByBusMasterEnable) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  std::uint32_t word = 0x11223344;
  rig.config_write(4, 2, 2);
  rig.function.master(true, 0x100, &word, 4, 100_us);
  EXPECT_EQ(rig.function.status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(*rig.memory.at(0x100, 4), 0);
  EXPECT_EQ(context.diagnostics.count_of("Bus Master Enable"), 1u);
  rig.config_write(4, 6, 2);
  rig.function.master(true, 0x100, &word, 4, 200_us);
  EXPECT_EQ(rig.function.status, tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(*rig.memory.at(0x100, 4), 0x44);
}

TEST(BusMaster, OutsideMemoryItIsToldAndTheStatusSaysSo) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  std::uint8_t data[4096] = {};
  const auto fails = [&](bool write, std::uint64_t address, std::uint32_t length) {
    const Duration when = rig.quiet();
    const Duration end = rig.function.master(write, address, data, length, when);
    rig.busy_until = end;
    return rig.function.status == tlm::TLM_ADDRESS_ERROR_RESPONSE && (end > when);
  };
  EXPECT_TRUE(fails(true, 0x90000000, 64));
  EXPECT_FALSE(rig.config_read(6, 2) & 0x2000) << "a posted write's requester is not told";
  EXPECT_TRUE(fails(false, 0x90000000, 64));
  EXPECT_TRUE(rig.config_read(6, 2) & 0x2000) << "Received Master Abort";
  rig.config_write(6, 0x2000, 2);
  EXPECT_FALSE(rig.config_read(6, 2) & 0x2000);
  EXPECT_TRUE(fails(false, (1 << 20) - 4, 8)) << "across the end of memory";
  EXPECT_TRUE(fails(true, PcieRig::bar0, 4)) << "no peer-to-peer through this root complex";
  EXPECT_TRUE(fails(true, 0xfee00000, 64)) << "the interrupt window takes dwords";
  rig.function.master(false, ~std::uint64_t{0} - 10, data, 64, rig.quiet());
  EXPECT_EQ(rig.function.status, tlm::TLM_ADDRESS_ERROR_RESPONSE) << "around the end of the address space";
  EXPECT_EQ(rig.root.statistics().dma_errors.value(), 5u);
}

TEST(BusMaster, DirectAccessAndDebugReachHostMemoryWhileAllowed) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  tlm::tlm_generic_payload payload;
  tlm::tlm_dmi dmi;
  payload.set_command(tlm::TLM_READ_COMMAND);
  payload.set_address(0x2000);
  std::uint8_t byte = 0;
  payload.set_data_ptr(&byte);
  payload.set_data_length(1);
  rig.memory.at(0x2000, 1)[0] = 0x77;
  EXPECT_EQ(rig.function.dma->transport_dbg(payload), 1u);
  EXPECT_EQ(byte, 0x77);
  ASSERT_TRUE(rig.function.dma->get_direct_mem_ptr(payload, dmi));
  EXPECT_EQ(dmi.get_dmi_ptr()[0x2000 - dmi.get_start_address()], 0x77);
  rig.memory.socket->invalidate_direct_mem_ptr(0, 0xfff);
  EXPECT_EQ(rig.function.invalidations, 1u) << "memory takes a region back";
  rig.config_write(4, 2, 2);
  EXPECT_EQ(rig.function.invalidations, 2u) << "so does Bus Master Enable";
  EXPECT_FALSE(rig.function.dma->get_direct_mem_ptr(payload, dmi));
}

TEST(Ordering, ARegisterReadPushesTheWritesBeforeIt) {
  kit::Context context;
  PcieSetup setup;
  setup.link.set("generation", "1");
  setup.link.set("lanes", "1");
  PcieRig rig{"rig", context, setup};
  rig.start();
  std::vector<std::uint8_t> data(65536);
  const Duration visible = rig.function.master(true, 0x1000, data.data(), 65536, 101_us);
  EXPECT_GT(visible, 350_us);
  const auto answer = rig.cpu.ask(false, PcieRig::bar0, 0, 4, 102_us);
  EXPECT_GE(answer.done, visible);
  EXPECT_LT(answer.done, visible + 1_us);
  const auto early = rig.cpu.ask(false, PcieRig::bar0, 0, 4, context.calendar.now() + 1_us);
  const Duration later = rig.function.master(true, 0x1000, data.data(), 4096, early.done + 500_us);
  const auto between = rig.cpu.ask(false, PcieRig::bar0, 0, 4, context.calendar.now() + 2_us);
  EXPECT_LT(between.done, later) << "a write of the future holds nobody up";
}

TEST(Ordering, AMessageArrivesAfterTheDataItAnnounces) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random{seed};
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  const unsigned msi = rig.capability(5);
  rig.config_write(msi + 4, 0xfee00000);
  rig.config_write(msi + 2, 1, 2);
  std::vector<std::uint8_t> data(16384);
  Duration now = 100_us;
  for (unsigned i = 0; i < 2000; ++i) {
    now += Duration::from_ns(random() % 3000);
    if (random() % 2) rig.function.master(false, 0x8000, data.data(), 1 + random() % 16384, now + Duration::from_ns(random() % 500));
    const Duration sent = now + Duration::from_ns(random() % 100);
    const Duration visible = rig.function.master(true, 0x1000 + random() % 64, data.data(), 1 + random() % 16384, sent);
    rig.endpoint.interrupt->set_interrupt(0, true, context.calendar.annotate(sent + Duration::from_ns(random() % 50)));
    ASSERT_GE(rig.cpu.interrupts.back().when, visible) << "message " << i;
  }
}

TEST(Ordering, WritesArriveInTheOrderTheyWereIssued) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  Duration now = 1_us;
  for (unsigned i = 0; i < 100; ++i) now = rig.cpu.post(PcieRig::bar0 + 4 * i, i, i % 3 ? 4 : 8, now);
  rig.cpu.ask(false, PcieRig::bar0, 0, 4, now);
  ASSERT_EQ(rig.function.log.size(), 101u);
  for (unsigned i = 0; i < 100; ++i) EXPECT_EQ(rig.function.log[i].offset, 4 * i);
  EXPECT_FALSE(rig.function.log[100].write) << "the read came last";
}

}  // namespace
}  // namespace ahcisim::test
