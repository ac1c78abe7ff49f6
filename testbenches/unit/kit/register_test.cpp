// SPDX-License-Identifier: MIT
// Registers: each access rule, every access shape, and refusal of overlaps.
#include <algorithm>

#include <gtest/gtest.h>

#include <ahcisim/models/kit/register.hpp>

namespace ahcisim::kit {
namespace {

struct Example : Register {
  Example(RegisterBank& bank, unsigned offset) : Register{bank, offset, 4, "EX", "an example", "none"} {}
  Field RO{*this, "RO", {31, 24}, Access::RO, 0x5a, "read only"};
  Field WO{*this, "WO", {23, 20}, Access::WO, 0, "write only"};
  Field ONCE{*this, "ONCE", {19, 16}, Access::RWO, 3, "write once"};
  Field SET{*this, "SET", {15, 12}, Access::RW1S, 0, "write 1 to set"};
  Field CLR{*this, "CLR", {11, 8}, Access::RW1C, 0xf, "write 1 to clear"};
  Field RW{*this, "RW", {7, 4}, Access::RW, 1, "read and write"};
};
struct Small : Register {
  Small(RegisterBank& bank, unsigned offset, unsigned bytes) : Register{bank, offset, bytes, "SM", "small", "none"} {}
  Field RW{*this, "RW", {7, 0}, Access::RW, 0, "read and write"};
};

std::uint32_t read32(RegisterBank& bank, unsigned offset) {
  std::uint8_t b[4];
  EXPECT_TRUE(bank.read(offset, b, 4));
  return b[0] | b[1] << 8 | b[2] << 16 | static_cast<std::uint32_t>(b[3]) << 24;
}
void write32(RegisterBank& bank, unsigned offset, std::uint32_t value) {
  const std::uint8_t b[4] = {std::uint8_t(value), std::uint8_t(value >> 8), std::uint8_t(value >> 16), std::uint8_t(value >> 24)};
  EXPECT_TRUE(bank.write(offset, b, 4));
}

TEST(Register, AppliesTheAccessRuleOfEachField) {
  RegisterBank bank{"bank", 64};
  Example reg{bank, 8};
  EXPECT_EQ(read32(bank, 8), 0x5a030f10u);
  write32(bank, 8, 0xffffffff);
  EXPECT_EQ(read32(bank, 8), 0x5a0ff0f0u);
  write32(bank, 8, 0);
  EXPECT_EQ(read32(bank, 8), 0x5a0ff000u);
  reg.CLR = 5;
  write32(bank, 8, 0x00000100);
  EXPECT_EQ(reg.CLR, 4u);
  reg.reset();
  EXPECT_EQ(read32(bank, 8), 0x5a030f10u);
  write32(bank, 8, 0x00070000);
  EXPECT_EQ(reg.ONCE, 7u) << "a reset allows one more write";
}

TEST(Register, APeekMayForeseeWritesThatWait) {
  RegisterBank bank{"bank", 64};
  Example reg{bank, 8};
  reg.SET = 1;
  const std::uint8_t first[] = {0x75, 0x46, 0x07, 0xff}, last[] = {0x83};
  std::uint8_t seen[4];
  ASSERT_TRUE(bank.peek(8, seen, 4, {{8, first, 4}, {8, last, 1}, {12, first, 4}, {4, first, 4}}));
  EXPECT_EQ(seen[0], 0x80) << "the later write";
  EXPECT_EQ(seen[1], 0x5 << 4 | 0x9) << "set beside what was set; cleared where it was 1";
  EXPECT_EQ(seen[2], 0x07);
  EXPECT_EQ(seen[3], 0x5a);
  EXPECT_EQ(read32(bank, 8), 0x5a031f10u) << "nothing was done";
  write32(bank, 8, 0xff074675);
  std::uint8_t made[4];
  ASSERT_TRUE(bank.write(8, last, 1) && bank.read(8, made, 4));
  EXPECT_TRUE(std::equal(made, made + 4, seen)) << "the writes themselves come to the same";
}

TEST(Register, TellsItsOwnerWhatTheGuestWrote) {
  struct Owner {
    std::uint32_t before = 0, data = 0, lanes = 0;
    int reads = 0;
    void written(const Written& w) { before = w.before, data = w.data, lanes = w.lanes; }
    void read() { ++reads; }
  } owner;
  RegisterBank bank{"bank", 64};
  Example reg{bank, 8};
  reg.on_write<&Owner::written>(&owner);
  reg.on_read<&Owner::read>(&owner);
  const std::uint8_t byte = 0x0f;
  EXPECT_TRUE(bank.write(9, &byte, 1));
  EXPECT_EQ(owner.before, 0x5a030f10u);
  EXPECT_EQ(owner.data, 0x0f00u);
  EXPECT_EQ(owner.lanes, 0xff00u);
  EXPECT_EQ(reg.CLR, 0u);
  std::uint8_t out[4];
  EXPECT_TRUE(bank.peek(8, out, 4));
  EXPECT_EQ(owner.reads, 0) << "debug access has no side effect";
  read32(bank, 8);
  EXPECT_EQ(owner.reads, 1);
}

TEST(RegisterBank, DividesAccessesOfAnyShape) {
  RegisterBank bank{"bank", 32};
  Small a{bank, 4, 1}, b{bank, 5, 1}, c{bank, 6, 2}, d{bank, 8, 4};
  const std::uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_TRUE(bank.write(2, bytes, 8));
  EXPECT_EQ(a.RW, 3u);
  EXPECT_EQ(b.RW, 4u);
  EXPECT_EQ(c.RW, 5u);
  EXPECT_EQ(d.RW, 7u);
  std::uint8_t out[8];
  EXPECT_TRUE(bank.read(2, out, 8));
  const std::uint8_t expected[8] = {0, 0, 3, 4, 5, 0, 7, 0};
  for (int i = 0; i < 8; ++i) EXPECT_EQ(out[i], expected[i]) << i;
  EXPECT_FALSE(bank.read(30, out, 4));
  EXPECT_FALSE(bank.write(33, out, 1));
  EXPECT_FALSE(bank.read(0xffffffff, out, 4));
}

TEST(RegisterBank, RefusesOverlapsAtConstruction) {
  RegisterBank bank{"bank", 16};
  Small a{bank, 4, 2};
  EXPECT_THROW((Small{bank, 4, 4}), std::logic_error);
  EXPECT_THROW((Small{bank, 16, 1}), std::logic_error);
  EXPECT_THROW((Small{bank, 2, 4}), std::logic_error);
  struct Overlap : Register {
    explicit Overlap(RegisterBank& bank) : Register{bank, 8, 4, "OV", "overlap", "none"} {}
    Field A{*this, "A", {7, 0}, Access::RW, 0, "a"};
    Field B{*this, "B", {8, 7}, Access::RW, 0, "b"};
  };
  EXPECT_THROW(Overlap{bank}, std::logic_error);
}

}  // namespace
}  // namespace ahcisim::kit
