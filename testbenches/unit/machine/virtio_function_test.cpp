// SPDX-License-Identifier: MIT
// The virtio function's configuration space, walked as a driver walks it (VIRTIO 1.1, 4.1.2, 4.1.4).
#include <map>

#include <gtest/gtest.h>

#include <ahcisim/models/machine/virtio_function.hpp>
#include <ahcisim/models/pcie/configuration_space.hpp>

namespace ahcisim::machine {
namespace {

struct Walk {
  explicit Walk(unsigned queues) {
    parameters.queues.set(queues);
    space = std::make_unique<pcie::ConfigurationSpace>("virtio", virtio_blk_function(parameters));
  }
  std::uint32_t read(unsigned offset, unsigned bytes) {
    std::uint8_t raw[4] = {};
    EXPECT_TRUE(space->bank.read(offset, raw, bytes));
    return raw[0] | raw[1] << 8 | raw[2] << 16 | static_cast<std::uint32_t>(raw[3]) << 24;
  }
  /// Offsets of the virtio capabilities by cfg_type, and of the others by 100h + ID.
  std::map<unsigned, unsigned> capabilities() {
    std::map<unsigned, unsigned> found;
    unsigned steps = 0;
    for (unsigned at = read(0x34, 1); at != 0 && ++steps < 48; at = read(at + 1, 1))
      found[read(at, 1) == 0x09 ? read(at + 3, 1) : 0x100 + read(at, 1)] = at;
    return found;
  }
  virtio::BlkParameters parameters;
  std::unique_ptr<pcie::ConfigurationSpace> space;
};

TEST(VirtioFunction, IsATransitionalBlockDevice) {
  Walk w{1};
  EXPECT_EQ(w.read(0x00, 4), 0x10011af4u);
  EXPECT_EQ(w.read(0x08, 4), 0x01000000u) << "class 010000h, revision 0";
  EXPECT_EQ(w.read(0x2e, 2), 2u) << "subsystem: block device";
  EXPECT_EQ(w.read(0x10, 4) & 1, 1u) << "BAR 0 is I/O";
  EXPECT_EQ(w.read(0x20, 4) & 0xf, 0xcu) << "BAR 4 is 64 bits, prefetchable";
}

TEST(VirtioFunction, CapabilitiesNameEveryStructure) {
  Walk w{4};
  auto found = w.capabilities();
  struct Expected {
    unsigned type, length_at_least, cap_len;
  };
  // 4.1.4.3, 4.1.4.4, 4.1.4.5, 5.2.4: the structures' sizes
  for (const Expected e : {Expected{1, 56, 16}, Expected{2, 4 * 4, 20}, Expected{3, 1, 16}, Expected{4, 57, 16}}) {
    ASSERT_TRUE(found.count(e.type)) << "cfg_type " << e.type;
    const unsigned at = found[e.type];
    EXPECT_EQ(w.read(at + 2, 1), e.cap_len);
    EXPECT_EQ(w.read(at + 4, 1), 4u) << "BAR";
    EXPECT_GE(w.read(at + 12, 4), e.length_at_least);
    EXPECT_LE(w.read(at + 8, 4) + w.read(at + 12, 4), 0x4000u);
    EXPECT_EQ(w.read(at + 8, 4) % 4, 0u);
  }
  EXPECT_EQ(w.read(found[2] + 16, 4), 4u) << "notify_off_multiplier";
  ASSERT_TRUE(found.count(5)) << "4.1.4.7.1: at least one VIRTIO_PCI_CAP_PCI_CFG";
  EXPECT_EQ(w.read(found[5] + 2, 1), 20u);
  EXPECT_TRUE(found.count(0x111)) << "MSI-X";
  EXPECT_EQ(w.read(found[0x111] + 2, 2) & 0x7ff, 4u) << "five vectors";
  EXPECT_TRUE(found.count(0x110)) << "PCI Express";
}

TEST(VirtioFunction, TheVectorTableFitsWhateverTheNumberOfQueues) {
  for (const unsigned queues : {1u, 2u, 15u, 16u, 31u, 64u}) EXPECT_NO_THROW(Walk{queues}) << queues;
}

}  // namespace
}  // namespace ahcisim::machine
