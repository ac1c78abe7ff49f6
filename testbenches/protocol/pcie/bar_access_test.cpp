// SPDX-License-Identifier: MIT
// BARs reached from configuration space (VIRTIO 1.1, 4.1.4.7): what is described is accessed, and nothing else.
#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include <support/pcie_bench.hpp>

namespace ahcisim::test {
namespace {

using Kind = pcie::BarDescription::Kind;
using namespace kit::literals;

struct Windowed : PcieSetup {
  Windowed() {
    function.bars[4] = {Kind::mem64, 16384, true};
    function.bar_access.regions = {{4, 0x100, 0x38}, {4, 0x1000, 1}};
  }
};

class BarAccess : public ::testing::Test {
 protected:
  kit::Context context;
  PcieRig rig{"rig", context, Windowed{}};
  unsigned at = 0;  // of the capability
  void SetUp() override {
    rig.start();
    at = rig.capability(0x09);
    ASSERT_NE(at, 0u);
    for (unsigned i = 0; i < 16384; ++i) rig.function.storage[4][i] = static_cast<std::uint8_t>(i);
  }
  void describe(std::uint32_t bar, std::uint32_t offset, std::uint32_t length) {
    rig.config_write(at + 4, bar, 1);
    rig.config_write(at + 8, offset);
    rig.config_write(at + 12, length);
  }
  std::uint32_t data(unsigned bytes = 4) { return rig.config_read(at + 16, bytes); }
};

TEST_F(BarAccess, TheCapabilityIsTheSpecifications) {
  EXPECT_EQ(rig.config_read(at + 2, 1), 20u) << "cap_len";
  EXPECT_EQ(rig.config_read(at + 3, 1), 5u) << "cfg_type";
  rig.config_write(at, 0xffffffff);
  EXPECT_EQ(rig.config_read(at + 2, 2), 0x0514u) << "read only";
  describe(0xff, 0xffffffff, 0xffffffff);
  EXPECT_EQ(rig.config_read(at + 4), 0xffu) << "the padding is none of the driver's";
  EXPECT_EQ(rig.config_read(at + 8), 0xffffffffu);
  EXPECT_EQ(rig.config_read(at + 12), 0xffffffffu);
}

TEST_F(BarAccess, ReadsOneTwoAndFourBytesThoughTheBarDoesNotDecode) {
  rig.config_write(4, 0, 2);
  describe(4, 0x104, 4);
  EXPECT_EQ(data(), 0x07060504u);
  describe(4, 0x106, 2);
  EXPECT_EQ(data(2), 0x0706u);
  EXPECT_EQ(data(), 0x07060706u) << "only the first cap.length bytes are stored";
  describe(4, 0x1000, 1);
  EXPECT_EQ(data(1), 0x00u);
  ASSERT_EQ(rig.function.log.size(), 4u);
  EXPECT_EQ(rig.function.log[1].length, 2u);
  EXPECT_EQ(rig.function.log[1].offset, 0x106u);
  EXPECT_EQ(context.diagnostics.count(), 0u);
}

TEST_F(BarAccess, WritesTheFirstBytesOfTheData) {
  describe(4, 0x120, 2);
  rig.config_write(at + 16, 0xddccbbaa);
  EXPECT_EQ(rig.function.storage[4][0x120], 0xaa);
  EXPECT_EQ(rig.function.storage[4][0x121], 0xbb);
  EXPECT_EQ(rig.function.storage[4][0x122], 0x22);
  describe(4, 0x124, 4);
  rig.config_write(at + 18, 0x9988, 2);
  EXPECT_EQ(rig.function.storage[4][0x124], 0xaa) << "a write of a part is one of the whole window";
  EXPECT_EQ(rig.function.storage[4][0x127], 0x99);
  ASSERT_EQ(rig.function.log.size(), 2u);
}

TEST_F(BarAccess, CostsAnAccessOfTheBarBeyondThatOfTheRegister) {
  const auto cost = [&](unsigned offset, kit::Duration begin) {
    return rig.cpu.block(false, rig.root.configuration_address(offset), 0, 4, begin).done - begin;
  };
  describe(4, 0x100, 4);
  EXPECT_EQ(cost(at + 16, 100_us) - cost(at + 12, 200_us), pcie::EndpointParameters{}.register_read());
}

TEST_F(BarAccess, WhatIsNotDescribedIsNotReached) {
  struct Case {
    std::uint32_t bar, offset, length;
    const char* rule;
  };
  const Case cases[] = {{4, 0x100, 3, "other than 1, 2 or 4"},   {4, 0x100, 8, "other than 1, 2 or 4"},
                        {4, 0x100, 0xffffffff, "other than"},    {4, 0x102, 4, "no multiple of cap.length"},
                        {4, 0x138, 4, "outside the structures"}, {4, 0x0fc, 4, "outside the structures"},
                        {4, 0x1000, 2, "outside the structures"}, {4, 0x1001, 1, "outside the structures"},
                        {4, 0xfffffffc, 4, "outside"},           {0, 0x100, 4, "outside the structures"},
                        {5, 0x100, 4, "outside the structures"}, {6, 0x100, 4, "outside the structures"},
                        {0xff, 0x100, 4, "outside the structures"}};
  for (const Case& each : cases) {
    describe(each.bar, each.offset, each.length);
    const auto before = context.diagnostics.count_of(each.rule);
    rig.config_write(at + 16, 0x5aa5);
    EXPECT_EQ(data(), 0x5aa5u) << each.bar << " " << each.offset;
    EXPECT_EQ(context.diagnostics.count_of(each.rule), before + 2) << each.bar << " " << each.offset;
  }
  EXPECT_TRUE(rig.function.log.empty());
}

TEST_F(BarAccess, ADumpOfConfigurationSpaceAccessesNothing) {
  for (unsigned offset = 0; offset < 256; offset += 4) rig.config_read(offset);
  EXPECT_TRUE(rig.function.log.empty());
  EXPECT_EQ(context.diagnostics.count(), 0u);
}

TEST_F(BarAccess, DebugAccessesDoNot) {
  describe(4, 0x100, 4);
  std::uint8_t bytes[4] = {1, 2, 3, 4};
  tlm::tlm_generic_payload payload;
  payload.set_address(rig.root.configuration_address(at + 16));
  payload.set_data_ptr(bytes);
  payload.set_data_length(4);
  payload.set_streaming_width(4);
  for (const auto command : {tlm::TLM_WRITE_COMMAND, tlm::TLM_READ_COMMAND}) {
    payload.set_command(command);
    EXPECT_EQ(rig.cpu.socket->transport_dbg(payload), 4u);
  }
  EXPECT_EQ(bytes[3], 4);
  EXPECT_TRUE(rig.function.log.empty());
}

TEST_F(BarAccess, NothingIsReachedInD3hotAndAResetForgetsTheWindow) {
  describe(4, 0x100, 4);
  const unsigned power = rig.capability(0x01);
  rig.config_write(power + 4, 3, 2);
  data();
  EXPECT_TRUE(rig.function.log.empty());
  EXPECT_EQ(context.diagnostics.count_of("D3hot"), 1u);
  rig.config_write(power + 4, 0, 2);
  EXPECT_EQ(data(), 0x03020100u);
  rig.config_write(rig.capability(0x10) + 8, 0x8000, 2);  // FLR
  for (const unsigned offset : {4u, 8u, 12u, 16u}) EXPECT_EQ(rig.config_read(at + offset), 0u);
}

TEST_F(BarAccess, RandomWindowsEndWell) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random{seed};
  for (unsigned i = 0; i < 2000; ++i) {
    const std::uint32_t offset = random() % 2 ? 0x100 + random() % 0x40 : random();
    describe(random() % 3 ? 4 : random() & 0xff, offset, random() % 4 ? 1u << random() % 3 : random());
    if (random() % 2) data(1u << random() % 3);
    else rig.config_write(at + 16, random(), 1u << random() % 3);
  }
  for (const auto& access : rig.function.log) {
    EXPECT_EQ(access.bar, 4u);
    EXPECT_TRUE((access.offset >= 0x100 && access.offset + access.length <= 0x138) || (access.offset == 0x1000 && access.length == 1));
  }
  EXPECT_FALSE(rig.function.log.empty());
}

TEST(BarAccessDescription, RegionsLieInBars) {
  kit::Context context;
  Windowed setup;
  setup.function.bar_access.regions.push_back({4, 16380, 8});
  EXPECT_THROW((PcieRig{"rig", context, setup}), kit::ConfigError);
}

}  // namespace
}  // namespace ahcisim::test
