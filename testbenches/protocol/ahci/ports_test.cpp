// SPDX-License-Identifier: MIT
// The largest HBA: 32 ports; the last has its registers at 1080h, its interrupt in bit 31 (AHCI 1.3.1, 3.1.3, 3.3).
#include <cstring>
#include <memory>

#include <gtest/gtest.h>

#include "support/ahci_bench.hpp"

namespace ahcisim {
namespace {

using namespace kit::literals;
using namespace ahci::interrupt_bit;
using bench::AhciBench;
constexpr unsigned CAP = 0x00, HIS = 0x08, PI = 0x0c, IS = 0x10, SSTS = 0x28, SACT = 0x34, CI = 0x38;
constexpr unsigned last = 31, last_registers = 0x1080;
constexpr std::uint32_t last_bit = 0x80000000;

struct Ports {
  ahci::HbaParameters parameters;
  std::unique_ptr<AhciBench> b;
  explicit Ports(unsigned vectors) {
    parameters.set("ports", "32");
    b = std::make_unique<AhciBench>(parameters, 32, vectors);
    b->bring_up(last);
  }
  std::uint32_t px(unsigned offset) { return b->read(last_registers + offset); }
  bool done() {
    return b->run_until([&] { return (px(SACT) | px(CI)) == 0; });
  }
  /// The interrupt as software ends it: the port's bits, then the HBA's.
  void acknowledge() {
    b->write(last_registers + IS, ~0u);
    b->write(HIS, last_bit);
  }
};

TEST(Ports, AllThirtyTwoAreThere) {
  Ports t{1};
  EXPECT_EQ(t.b->read(CAP) & 0x1f, 31u) << "CAP.NP is 0's based";
  EXPECT_EQ(t.b->read(PI), 0xffffffffu);
  EXPECT_EQ(t.px(SSTS), 0x133u);
}

TEST(Ports, TheLastMovesDataAndInterruptsInBit31) {
  Ports t{1};
  AhciBench& b = *t.b;
  b.prepare(last, 31, AhciBench::queued_fis(false, 31, 9, 8), {{0x480000, 4096}});
  b.issue(last, 31, true);
  ASSERT_TRUE(t.done());
  b.run(1_us);
  EXPECT_EQ(t.px(IS), SDBS);
  EXPECT_EQ(b.read(HIS), last_bit);
  EXPECT_TRUE(b.sink.level[0]);
  EXPECT_EQ(std::memcmp(b.at(0x480000), &b.device[last]->media[9 * 512], 4096), 0);
  t.acknowledge();
  EXPECT_EQ(b.read(HIS), 0u);
  EXPECT_FALSE(b.sink.level[0]);

  for (unsigned i = 0; i < 4096; ++i) b.at(0x490000)[i] = static_cast<std::uint8_t>(i * 11 + i / 256);
  b.prepare(last, 0, AhciBench::fis(0x35, 40, 8), {{0x490000, 4096}}, AhciBench::W);
  b.issue(last, 0);
  ASSERT_TRUE(t.done());
  b.run(1_us);
  EXPECT_EQ(t.px(IS), DHRS);
  EXPECT_EQ(b.read(HIS), last_bit);
  EXPECT_EQ(std::memcmp(b.at(0x490000), &b.device[last]->media[40 * 512], 4096), 0);
  for (unsigned p = 0; p < last; ++p) EXPECT_TRUE(b.device[p]->commands.empty()) << "port " << p;
}

TEST(Ports, TheLastHasAVectorOfItsOwn) {
  Ports t{32};
  AhciBench& b = *t.b;
  b.prepare(last, 0, AhciBench::fis(0x25, 3, 1), {{0x480000, 512}});
  b.issue(last, 0);
  ASSERT_TRUE(t.done());
  b.run(1_us);
  EXPECT_EQ(b.read(HIS), last_bit);
  for (unsigned vector = 0; vector < 32; ++vector)
    EXPECT_EQ(b.sink.requests[vector], vector == last) << "vector " << vector;
}

}  // namespace
}  // namespace ahcisim
