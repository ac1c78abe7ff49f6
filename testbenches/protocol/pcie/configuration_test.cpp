// SPDX-License-Identifier: MIT
// Configuration space as a guest meets it: sizing, decoding, capability list, power states, FLR, hostile writes.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <random>

#include <support/pcie_bench.hpp>

namespace ahcisim::test {
namespace {

using kit::Duration;
using namespace kit::literals;
using Kind = pcie::BarDescription::Kind;

struct EveryKind : PcieSetup {
  EveryKind() {
    function.bars = {};
    function.bars[0] = {Kind::mem32, 8192, false};
    function.bars[1] = {Kind::io, 32, false};
    function.bars[2] = {Kind::mem64, 65536, true};
    function.bars[4] = {Kind::io, 16, false};
    function.bars[5] = {Kind::mem32, 2048, false};
    function.legacy_endpoint = true;
    function.subsystem_vendor = 0x1af4;
    function.subsystem = 0x1100;
    function.msix = {5, 0, 0, 0x1000, 0x1800};
    function.sata = pcie::SataDescription{4, 8};
    function.vendor_capabilities = {{0x09, 0, 8, 1, 0xde, 0xad, 0xbe, 0xef}};
  }
};

TEST(Configuration, BarsTellTheirSizeWhenAllOnesAreWritten) {
  kit::Context context;
  PcieRig rig{"rig", context, EveryKind{}};
  rig.start();
  for (unsigned bar = 0; bar < 6; ++bar) rig.config_write(0x10 + 4 * bar, 0xffffffff);
  EXPECT_EQ(rig.config_read(0x10), 0xffffe000u);
  EXPECT_EQ(rig.config_read(0x14), 0xffffffe1u) << "I/O";
  EXPECT_EQ(rig.config_read(0x18), 0xffff000cu) << "64 bits, prefetchable";
  EXPECT_EQ(rig.config_read(0x1c), 0xffffffffu) << "upper half";
  EXPECT_EQ(rig.config_read(0x20), 0xfffffff1u);
  EXPECT_EQ(rig.config_read(0x24), 0xfffff800u);
  EXPECT_EQ(rig.config_read(0x2c), 0x11001af4u);
  rig.config_write(0x30, 0xffffffff);
  EXPECT_EQ(rig.config_read(0x30), 0u) << "no expansion ROM";
  rig.config_write(0x18, 0x5678abcd);
  EXPECT_EQ(rig.config_read(0x18), 0x5678000cu);
}

TEST(Configuration, MemoryAndIoSpaceGateTheirBars) {
  kit::Context context;
  PcieRig rig{"rig", context, EveryKind{}};
  rig.start();
  rig.config_write(0x14, 0x1000);
  rig.config_write(0x18, 0x00010000);
  rig.config_write(0x1c, 0x40);
  const std::uint64_t high = 0x4000010000;
  std::memset(rig.function.storage[1].data(), 0x11, 32);
  std::memset(rig.function.storage[2].data(), 0x22, 32);
  const auto io = [&](Duration at) { return rig.cpu.ask(false, rig.root.io_address(0x1004), 0, 4, at).data; };
  const auto mem = [&](Duration at) { return rig.cpu.ask(false, high + 8, 0, 4, at).data; };
  EXPECT_EQ(io(100_us), 0xffffffffu);
  EXPECT_EQ(mem(200_us), 0x22222222u);
  rig.config_write(4, 5, 2);  // I/O and bus master
  EXPECT_EQ(io(300_us), 0x11111111u);
  EXPECT_EQ(mem(400_us), 0xffffffffu);
  rig.cpu.ask(true, rig.root.io_address(0x1008), 0xa5, 1, 500_us);
  EXPECT_EQ(rig.function.storage[1][8], 0xa5) << "an I/O write";
}

TEST(Configuration, TheCapabilityListIsWalkedToItsEnd) {
  kit::Context context;
  PcieRig rig{"rig", context, EveryKind{}};
  rig.start();
  EXPECT_TRUE(rig.config_read(6, 2) & 0x10);
  std::vector<std::uint32_t> ids;
  for (unsigned at = rig.config_read(0x34, 1); at && ids.size() < 10; at = rig.config_read(at + 1, 1)) ids.push_back(rig.config_read(at, 1));
  EXPECT_EQ(ids, (std::vector<std::uint32_t>{0x01, 0x05, 0x10, 0x11, 0x12, 0x09}));
  const unsigned sata = rig.capability(0x12);
  EXPECT_EQ(rig.config_read(sata + 2, 1), 0x10u) << "revision 1.0";
  EXPECT_EQ(rig.config_read(sata + 4), 0x28u) << "BAR4, dword 2";
  const unsigned express = rig.capability(0x10);
  EXPECT_EQ(rig.config_read(express + 0x12, 2) & 0x3ff, 4u << 4 | 3u) << "gen3 x4";
  EXPECT_EQ(rig.config_read(express + 8, 2) >> 5 & 7, 1u) << "MPS 256 as the platform set it";
  EXPECT_EQ(rig.config_read(express + 8, 2) >> 12 & 7, 2u) << "MRRS 512";
  EXPECT_EQ(rig.config_read(rig.capability(9) + 4), 0xefbeaddeu);
  EXPECT_EQ(rig.config_read(0x100), 0u) << "no extended capability";
}

TEST(Configuration, TheIndexDataPairIsTheFunctionsOwn) {
  kit::Context context;
  PcieRig rig{"rig", context, EveryKind{}};
  rig.start();
  rig.config_write(0x20, 0x2000);
  rig.config_write(4, 7, 2);
  rig.function.log.clear();
  rig.cpu.ask(true, rig.root.io_address(0x2008), 0x120, 4, 100_us);
  rig.cpu.ask(true, rig.root.io_address(0x200c), 0x600df00d, 4, 200_us);
  ASSERT_EQ(rig.function.log.size(), 2u) << "the capability advertises the pair, nothing is translated";
  EXPECT_EQ(rig.function.log[0].offset, 8u);
  EXPECT_EQ(rig.function.log[1].offset, 12u);
  EXPECT_EQ(rig.function.storage[4][8], 0x20);
  EXPECT_EQ(rig.cpu.ask(false, rig.root.io_address(0x200c), 0, 4, 300_us).data, 0x600df00du);
  EXPECT_EQ(rig.function.storage[5][0x120], 0) << "the registers are reached by the function alone";
}

TEST(Configuration, D3hotStopsDecodingMasteringAndInterrupts) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  const unsigned pm = rig.capability(1);
  rig.config_write(pm + 4, 1, 2);
  EXPECT_EQ(rig.config_read(pm + 4, 2) & 3, 0u) << "D1 is not supported: the write has no effect";
  rig.config_write(pm + 4, 3, 2);
  EXPECT_EQ(rig.cpu.ask(false, PcieRig::bar0, 0, 4, 100_us).data, 0xffffffffu);
  std::uint32_t word = 0;
  rig.function.master(true, 0x100, &word, 4, 200_us);
  EXPECT_EQ(rig.function.status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
  rig.config_write(pm + 4, 0, 2);
  EXPECT_EQ(rig.cpu.ask(false, PcieRig::bar0, 0, 4, 300_us).data, 0u) << "No_Soft_Reset: BARs kept";
}

TEST(Configuration, FunctionLevelResetLeavesWhatTheLinkNeeds) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  int resets = 0;
  rig.endpoint.on_function_reset([&] { ++resets; });
  rig.start();
  const unsigned express = rig.capability(0x10), msi = rig.capability(5);
  EXPECT_TRUE(rig.config_read(express + 4) & 1u << 28);
  rig.config_write(msi + 4, 0xfee00000);
  rig.config_write(0x3c, 0x0b, 1);
  rig.config_write(express + 8, rig.config_read(express + 8, 2) | 0x8000, 2);
  EXPECT_EQ(resets, 1);
  EXPECT_EQ(rig.config_read(0x10), 0u);
  EXPECT_EQ(rig.config_read(4, 2), 0u);
  EXPECT_EQ(rig.config_read(0x3c, 1), 0u);
  EXPECT_EQ(rig.config_read(msi + 4), 0u);
  EXPECT_EQ(rig.config_read(express + 8, 2) >> 5 & 7, 1u) << "Max_Payload_Size stays";
  EXPECT_EQ(rig.config_read(0x00), 0x00101b36u);
  EXPECT_EQ(rig.cpu.ask(false, PcieRig::bar0, 0, 4, 100_us).data, 0xffffffffu);
  rig.config_write(0x10, PcieRig::bar0);
  rig.config_write(4, 6, 2);
  EXPECT_EQ(rig.cpu.ask(false, PcieRig::bar0, 0, 4, 200_us).data, 0u);
}

TEST(Configuration, DeviceControlLimitsTheLinkButNotBeyondThePlatform) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  const unsigned control = rig.capability(0x10) + 8;
  rig.config_write(control, 5u << 12 | 0u << 5, 2);
  EXPECT_EQ(rig.link.timing().max_payload(), 128u);
  EXPECT_EQ(rig.link.timing().max_read_request(), 4096u);
  rig.config_write(control, 7u << 12 | 7u << 5, 2);
  EXPECT_EQ(rig.config_read(control, 2) >> 5 & 7, 0u) << "not supported: not taken";
  rig.config_write(control, 0u << 12 | 2u << 5, 2);
  EXPECT_EQ(rig.link.timing().max_payload(), 256u) << "the root port was set to 256";
  EXPECT_EQ(rig.link.timing().max_read_request(), 128u);
}

TEST(Configuration, ErrorsOfRequestsAreInDeviceStatus) {
  kit::Context context;
  PcieRig rig{"rig", context, PcieSetup{}};
  rig.start();
  const unsigned status = rig.capability(0x10) + 10;
  EXPECT_EQ(rig.config_read(status, 2), 0u);
  const std::uint64_t nowhere = PcieRig::bar0 + 0x1000;
  rig.cpu.ask(false, nowhere, 0, 4, 100_us);
  EXPECT_EQ(rig.config_read(status, 2), 0x9u) << "Unsupported Request and, as its completion tells, Correctable";
  rig.config_write(status, 0xffff, 2);
  EXPECT_EQ(rig.config_read(status, 2), 0u);
  rig.cpu.post(nowhere, 1, 4, 200_us);
  sc_core::sc_start(300, sc_core::SC_US);
  EXPECT_EQ(rig.config_read(status, 2), 0xau) << "a posted one: Non-Fatal";
}

/// Reads of 128 B over a long way, as fast as `tags` let them: MB/s by what 32 tags give, 32 * 128 B in each round trip.
double rate_by_that_of_32_tags(const char* tags, bool extended) {
  kit::Context context;
  PcieSetup setup;
  setup.link.set("tags", tags);
  setup.link.set("max_read_request", "128B");
  setup.link.set("upstream_latency", "1us");
  setup.link.set("downstream_latency", "1us");
  setup.link.set("root_nonposted_headers", "0");
  PcieRig rig{"rig", context, setup};
  rig.start();
  const unsigned control = rig.capability(0x10) + 8;
  if (extended) rig.config_write(control, rig.config_read(control, 2) | 1u << 8, 2);
  const auto& timing = rig.link.timing();
  const double round_trip_ns = timing.wire(24).ns() + 1000 + 200 + 1000 + timing.wire(128 + 20).ns();
  return sustained_read(rig, 16384) / (32 * 128 / round_trip_ns * 1e3);
}
TEST(Configuration, TagsHaveFiveBitsWithoutExtendedTagFieldEnable) { EXPECT_NEAR(rate_by_that_of_32_tags("256", false), 1, 0.05); }
TEST(Configuration, TagsHaveEightBitsWithExtendedTagFieldEnable) { EXPECT_GT(rate_by_that_of_32_tags("256", true), 1.5); }
TEST(Configuration, TagsAreNoMoreThanTheEndpointHas) { EXPECT_NEAR(rate_by_that_of_32_tags("32", true), 1, 0.05); }

TEST(Configuration, SurvivesAHostileGuest) {
  kit::Context context;
  PcieRig rig{"rig", context, EveryKind{}};
  rig.start();
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random{seed};
  for (unsigned i = 0; i < 20000; ++i) {
    const unsigned bytes = 1 + random() % 8;
    std::uint64_t address = rig.root.configuration_address(random() % (random() % 4 ? 256 : 4096));
    if (random() % 4 == 0) address = PcieRig::bar0 - 8192 + random() % 32768;
    if (random() % 8 == 0) address = rig.root.io_address(random() % 65536);
    rig.cpu.block(random() % 2, address, std::uint64_t{random()} << 32 | random(), bytes, context.calendar.now());
    if (random() % 16 == 0) rig.endpoint.interrupt->set_interrupt(random() % 64, random() % 2, sc_core::SC_ZERO_TIME);
    std::uint8_t data[64];
    if (random() % 16 == 0) rig.function.master(random() % 2, random(), data, 1 + random() % 64, context.calendar.now());
  }
  EXPECT_EQ(rig.config_read(0), 0x00101b36u) << "read-only stays read-only";
  sc_core::sc_start(1, sc_core::SC_MS);
}

TEST(Description, RefusesWhatNoFunctionCanBe) {
  const auto refused = [](void (*spoil)(pcie::FunctionDescription&)) {
    pcie::FunctionDescription f;
    f.bars[0] = {Kind::mem32, 4096, false};
    spoil(f);
    try {
      pcie::ConfigurationSpace space{"f", f};
    } catch (const kit::ConfigError& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  EXPECT_EQ(refused([](auto&) {}), "");
  EXPECT_NE(refused([](auto& f) { f.bars[0].size = 5000; }), "");
  EXPECT_NE(refused([](auto& f) { f.bars[5] = {Kind::mem64, 4096, false}; }), "");
  EXPECT_NE(refused([](auto& f) { f.bars[1] = {Kind::io, 512, false}; }), "");
  EXPECT_NE(refused([](auto& f) { f.msi.vectors = 3; }), "");
  EXPECT_NE(refused([](auto& f) { f.msix = {4, 1, 0, 0, 0}; }), "") << "no such BAR";
  EXPECT_NE(refused([](auto& f) { f.msix = {4, 0, 0, 0, 0x20}; }), "") << "overlap";
  EXPECT_NE(refused([](auto& f) { f.sata = pcie::SataDescription{0, 4092}; }), "");
  EXPECT_NE(refused([](auto& f) { f.vendor_capabilities = {{9, 0, 3}}; }), "");
}

}  // namespace
}  // namespace ahcisim::test
