// SPDX-License-Identifier: MIT
// The address map of a host: every window's edges, what a bus master may touch, and what is free around it.
#include <random>

#include <gtest/gtest.h>

#include <ahcisim/models/kit/address_map.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::kit {
namespace {

using Space = AddressMap::Space;
constexpr AddressMap::Windows pc{0xc0000000, 0x20000000, 0x4000000000, 0x1000000000, 0xe0000000, 0xf0000000, 1};

TEST(AddressMap, EveryWindowBeginsAndEnds) {
  const AddressMap map{"bus", pc};
  struct Case {
    std::uint64_t address;
    std::uint32_t length;
    Space space;
    std::uint64_t place;
  };
  const Case cases[] = {{0, 4, Space::none, 0},
                        {0xbfffffff, 1, Space::none, 0},
                        {0xbffffffe, 4, Space::none, 0},
                        {0xc0000000, 4, Space::memory, 0xc0000000},
                        {0xdffff000, 4096, Space::memory, 0xdffff000},
                        {0xdffffffe, 4, Space::none, 0},
                        {0xe0100010, 4, Space::configuration, 0x10},
                        {0xe0100012, 2, Space::configuration, 0x12},
                        {0xe0100012, 4, Space::absent, 0x12},
                        {0xe0000010, 4, Space::absent, 0x10},
                        {0xe0101010, 4, Space::absent, 0x10},
                        {0xf00001f0, 2, Space::io, 0x1f0},
                        {0xf00001f2, 4, Space::absent, 0x1f2},
                        {0xf0010000, 1, Space::none, 0},
                        {0x4fffffffff, 1, Space::memory, 0x4fffffffff},
                        {0x5000000000, 1, Space::none, 0}};
  for (const Case& each : cases) {
    const AddressMap::Place place = map.at(each.address, each.length);
    EXPECT_EQ(place.space, each.space) << std::hex << each.address;
    if (each.space != Space::none) {
      EXPECT_EQ(place.address, each.place) << std::hex << each.address;
    }
  }
  EXPECT_EQ(map.at(map.configuration_address(0x34), 1).address, 0x34u);
  EXPECT_EQ(map.at(map.configuration_address(0), 4).function, 0x100);
  EXPECT_EQ(map.at(map.io_address(0x3f6), 1).address, 0x3f6u);
}

TEST(AddressMap, MessagesAreAlignedDwords) {
  EXPECT_TRUE(AddressMap::is_message(0xfee00000, 4));
  EXPECT_TRUE(AddressMap::is_message(0xfeeffffc, 4));
  EXPECT_FALSE(AddressMap::is_message(0xfef00000, 4));
  EXPECT_FALSE(AddressMap::is_message(0xfee00002, 4));
  EXPECT_FALSE(AddressMap::is_message(0xfee00000, 8));
}

TEST(AddressMap, WhatIsRememberedAnswersAsIfItWereNot) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937_64 random{seed};
  AddressMap map{"bus", pc};
  const std::uint64_t edges[] = {0xc0000000, 0xe0000000, 0xf0000000, 0xf0010000, 0xfee00000, 0xfef00000, 0x4000000000, 0x5000000000};
  for (unsigned i = 0; i < 20000; ++i) {
    const std::uint64_t address = i % 3 ? edges[random() % 8] + random() % 64 - 32 : random() % 0x6000000000;
    const auto length = static_cast<std::uint32_t>(1 + random() % 32);
    AddressMap fresh{"bus", pc};
    EXPECT_EQ(map.touches_window(address, length), fresh.touches_window(address, length)) << std::hex << address;
  }
  EXPECT_FALSE(map.touches_window(0xbfffffff, 1));
  EXPECT_TRUE(map.touches_window(0xbfffffff, 2));
  EXPECT_TRUE(map.touches_window(0xfee00800, 1));
}

TEST(AddressMap, WindowsMustNotOverlap) {
  AddressMap::Windows windows = pc;
  windows.io = 0xe0001000;
  try {
    AddressMap{"bus", windows};
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "bus: ecam_window overlaps io_window: move one of them");
  }
}

}  // namespace
}  // namespace ahcisim::kit
