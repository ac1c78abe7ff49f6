// SPDX-License-Identifier: MIT
// The AHCI function's configuration space as each profile's row of the table has it.
#include <array>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/machine/functions.hpp>
#include <ahcisim/models/pcie/configuration_space.hpp>

namespace ahcisim::machine {
namespace {

struct Space {
  explicit Space(const char* profile) {
    parameters.set("profile", profile);
    space = std::make_unique<pcie::ConfigurationSpace>("ahci", ahci_function(parameters));
  }
  std::uint32_t read(unsigned offset, unsigned bytes = 4) {
    std::uint8_t raw[4] = {};
    EXPECT_TRUE(space->bank.read(offset, raw, bytes));
    return raw[0] | raw[1] << 8 | raw[2] << 16 | static_cast<std::uint32_t>(raw[3]) << 24;
  }
  void write(unsigned offset, std::uint32_t value) {
    const std::uint8_t raw[4] = {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value >> 16),
                                 static_cast<std::uint8_t>(value >> 24)};
    space->bank.write(offset, raw, 4);
  }
  std::uint32_t sized(unsigned bar) {
    write(0x10 + 4 * bar, ~0u);
    return read(0x10 + 4 * bar);
  }
  /// IDs and offsets in the order of the list.
  std::vector<std::pair<unsigned, unsigned>> capabilities() {
    std::vector<std::pair<unsigned, unsigned>> found;
    for (unsigned at = read(0x34, 1); at != 0 && found.size() < 48; at = read(at + 1, 1)) found.emplace_back(read(at, 1), at);
    return found;
  }
  ahci::HbaParameters parameters;
  std::unique_ptr<pcie::ConfigurationSpace> space;
};

using List = std::vector<std::pair<unsigned, unsigned>>;
constexpr unsigned PM = 0x01, MSI = 0x05, PCIe = 0x10, MSIX = 0x11, SATA = 0x12;

TEST(AhciProfile, Strict) {
  Space s{"strict"};
  EXPECT_EQ(s.read(0x00), 0x29228086u);
  EXPECT_EQ(s.read(0x08), 0x01060100u);
  EXPECT_EQ(s.read(0x2c), 0u);
  EXPECT_EQ(s.read(0x3d, 1), 1u);
  for (unsigned bar = 0; bar < 4; ++bar) EXPECT_EQ(s.sized(bar), 0u) << bar;
  EXPECT_EQ(s.sized(4), 0xffffffe1u);
  EXPECT_EQ(s.sized(5), 0xffffe000u);
  EXPECT_EQ(s.capabilities(), (List{{PM, 0x40}, {MSI, 0x50}, {PCIe, 0x70}, {MSIX, 0xb0}, {SATA, 0xc0}}));
  EXPECT_EQ(s.read(0x52, 2), 0x0186u) << "eight messages, 64-bit address, masks";
}

/// As a configuration space read from the chip, but for what firmware and driver had written there, and for what profile.hpp says
/// that the model leaves out.
TEST(AhciProfile, Ich9) {
  Space s{"ich9"};
  EXPECT_EQ(s.read(0x00), 0x29228086u);
  EXPECT_EQ(s.read(0x08), 0x01060102u) << "revision 2";
  EXPECT_EQ(s.read(0x2c), 0x29228086u);
  EXPECT_EQ(s.read(0x3d, 1), 2u) << "INTB";
  const std::array<std::uint32_t, 6> sizes{0xfffffff9, 0xfffffffd, 0xfffffff9, 0xfffffffd, 0xffffffe1, 0xfffff800};
  for (unsigned bar = 0; bar < 6; ++bar) EXPECT_EQ(s.sized(bar), sizes[bar]) << bar;
  EXPECT_EQ(s.capabilities(), (List{{MSI, 0x80}, {PM, 0x70}, {SATA, 0xa8}}));
  EXPECT_EQ(s.read(0x80), 0x00087005u) << "sixteen messages, 32-bit address, no masks";
  s.write(0x84, 0xfee0f00c);
  s.write(0x88, 0x41d9);
  EXPECT_EQ(s.read(0x84), 0xfee0f00cu);
  EXPECT_EQ(s.read(0x88), 0x41d9u) << "data follows the address";
  EXPECT_EQ(s.space->msi->message_address(), 0xfee0f00cu);
  EXPECT_EQ(s.read(0x8c), 0u);
  EXPECT_EQ(s.read(0x72, 2) & 7, 3u);
  EXPECT_EQ(s.read(0x74), 8u) << "No_Soft_Reset";
  EXPECT_EQ(s.read(0xa8), 0x00100012u);
  EXPECT_EQ(s.read(0xac), 0x48u) << "the index/data pair: BAR 4, offset 10h";
}

TEST(AhciProfile, ManyPortsNeedALargerAbar) {
  Space s{"ich9"};
  s.parameters.set("ports", "32");
  EXPECT_EQ(ahci_function(s.parameters).bars[5].size, 0x2000u);
  EXPECT_EQ(ahci_function(s.parameters).msi.vectors, 16u);
}

}  // namespace
}  // namespace ahcisim::machine
