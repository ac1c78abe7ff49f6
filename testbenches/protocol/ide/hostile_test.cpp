// SPDX-License-Identifier: MIT
// What guests must not do, and how it ends: PRD lists of the wrong size, without end and into nowhere, odd counts,
// commands while BSY, data that is not there, wrong directions, accesses no port I/O makes.
#include <gtest/gtest.h>

#include <support/ide_bench.hpp>

namespace ahcisim {
namespace {

using bench::IdeBench;
using bench::IdeSetup;
using namespace kit::literals;

/// A bench with a fast disk that has `sectors` of a pattern from 0 on.
struct Hostile : ::testing::Test {
  IdeBench b;
  std::vector<std::uint8_t> data;
  void SetUp() override {
    b.start();
    b.fast();
    data = b.pattern(64 * 512);
    b.fill(0, 0, data);
  }
  bool in_memory(std::uint32_t at, std::size_t from, std::size_t bytes) const {
    return std::equal(data.begin() + static_cast<std::ptrdiff_t>(from),
                      data.begin() + static_cast<std::ptrdiff_t>(from + bytes), b.memory.bytes.begin() + at);
  }
  void soft_reset() {
    b.out(0x3f6, 4), b.run(5_us), b.out(0x3f6, 0);
    b.run(3_ms);
    ASSERT_EQ(b.status(), 0x50);
  }
};
using PrdTable = Hostile;
using Rules = Hostile;

TEST_F(PrdTable, LongerThanTheTransferStaysActive) {
  b.write_prds({{0x100000, 8192}});
  EXPECT_EQ(b.dma({0xc8, 0, 8}, true), 0x50);
  EXPECT_EQ(b.bus_master_status & 7, 5u) << "interrupt and active: the regions are larger than the transfer";
  EXPECT_EQ(b.in(IdeBench::BMIS)&1, 0u) << "stopped";
  EXPECT_TRUE(in_memory(0x100000, 0, 4096));
}

TEST_F(PrdTable, ShorterThanTheTransferEndsWithoutAnInterrupt) {
  b.write_prds({{0x100000, 2048}, {0x101000, 1024}});
  b.prepare_bus_master(true);
  b.issue({0xc8, 0, 16});
  b.start_bus_master();
  b.run(1_ms);
  EXPECT_EQ(b.in(IdeBench::BMIS)&7, 0u) << "neither active nor interrupt nor error";
  EXPECT_EQ(b.alternate() & 0x80, 0x80);
  EXPECT_TRUE(in_memory(0x100000, 0, 2048));
  EXPECT_TRUE(in_memory(0x101000, 2048, 1024));
  // A new table takes the rest, from its first region on.
  b.stop_bus_master();
  b.write_prds({{0x200000, 16 * 512 - 3072}});
  b.start_bus_master();
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.in(IdeBench::BMIS)&7, 4u);
  EXPECT_TRUE(in_memory(0x200000, 3072, 16 * 512 - 3072));
  EXPECT_EQ(b.status(), 0x50);
}

TEST_F(PrdTable, ShorterThanAWriteEndsWithoutAnInterrupt) {
  std::copy(data.begin(), data.end(), b.memory.bytes.begin() + 0x100000);
  b.write_prds({{0x100000, 4096 + 512}});
  b.prepare_bus_master(false);
  b.issue({0xca, 1000, 16});
  b.start_bus_master();
  b.run(1_ms);
  EXPECT_EQ(b.in(IdeBench::BMIS)&7, 0u);
  EXPECT_EQ(b.alternate() & 0x80, 0x80);
  b.stop_bus_master();
  b.write_prds({{0x100000 + 4096 + 512, 16 * 512 - 4096 - 512}});
  b.start_bus_master();
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.status(), 0x50);
  EXPECT_EQ(b.stored(0, 1000, 16), std::vector<std::uint8_t>(data.begin(), data.begin() + 16 * 512));
}

TEST_F(PrdTable, IntoNowhereSetsError) {
  for (const bool to_memory : {true, false}) {
    b.write_prds({{0x100000, 1024}, {0xf0000000, 65536}});
    b.prepare_bus_master(to_memory);
    b.issue({static_cast<std::uint8_t>(to_memory ? 0xc8 : 0xca), 0, 16});
    b.start_bus_master();
    b.run(1_ms);
    EXPECT_EQ(b.in(IdeBench::BMIS)&7, 2u) << "error, not active";
    EXPECT_FALSE(b.interrupts.level[0]);
    b.stop_bus_master();
    b.out(IdeBench::BMIS, 2);
    EXPECT_EQ(b.in(IdeBench::BMIS)&7, 0u);
    soft_reset();
  }
  EXPECT_EQ(b.context.diagnostics.count_of("memory does not answer"), 2u);
}

TEST_F(PrdTable, ItselfInNowhere) {
  b.prepare_bus_master(true);
  b.out(IdeBench::BMIDTP, 0xfffffffc, 4);
  b.issue({0xc8, 0, 16});
  b.start_bus_master();
  b.run(1_ms);
  EXPECT_EQ(b.in(IdeBench::BMIS)&7, 2u);
  soft_reset();
}

TEST_F(PrdTable, WithoutEndIsWalkedAsFarAsTheDataGoes) {
  std::vector<IdeBench::Prd> prds;
  for (unsigned i = 0; i < 8; ++i) prds.push_back({0x200000 + i * 0x10000, 512});
  b.write_prds(prds, false, 0x1ffc0);  // crosses 64 KiB nowhere, but goes on at the segment's start
  for (unsigned i = 0; i < 8192 - 8; ++i) std::memset(&b.memory.bytes[0x10000 + 8 * i], 0, 8);
  b.write_prds({{0x300000, 512}, {0x310000, 512}}, false, 0x10000);
  b.out(IdeBench::BMIDTP, 0x1ffc0, 4);
  b.out(IdeBench::BMIC, 8);
  b.issue({0xc8, 0, 10});
  b.start_bus_master();
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.in(IdeBench::BMIS)&7, 5u);
  EXPECT_TRUE(in_memory(0x270000, 7 * 512, 512));
  EXPECT_TRUE(in_memory(0x310000, 9 * 512, 512));
  EXPECT_GE(b.context.diagnostics.count_of("PRD table crosses 64 KiB"), 1u);
}

TEST_F(PrdTable, RegionsWrapAt64KiBAndOddBitsAreIgnored) {
  b.write_prds({{0x10f001, 4096 + 2049}});  // 4096 bytes to the boundary; both odd
  EXPECT_EQ(b.dma({0xc8, 0, 12}, true), 0x50);
  EXPECT_TRUE(in_memory(0x10f000, 0, 4096));
  EXPECT_TRUE(in_memory(0x100000, 4096, 2048)) << "the address counter has 16 bits";
  EXPECT_EQ(b.context.diagnostics.count_of("region crosses 64 KiB"), 1u);
  EXPECT_EQ(b.context.diagnostics.count_of("odd address or count"), 1u);
}

TEST_F(Rules, TheWrongDirectionMovesNothing) {
  b.write_prds({{0x100000, 4096}});
  b.prepare_bus_master(false);
  b.issue({0xc8, 0, 8});
  b.start_bus_master();
  b.run(1_ms);
  EXPECT_EQ(b.in(IdeBench::BMIS)&7, 1u);
  EXPECT_EQ(b.alternate() & 0x80, 0x80);
  EXPECT_GE(b.context.diagnostics.count_of("direction that the command does not"), 1u);
  soft_reset();
}

TEST_F(Rules, ACommandWhileBusyIsIgnored) {
  b.issue({0xec});
  b.out(0x1f7, 0x20);
  b.out(0x1f2, 7);
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.status(), 0x58);
  b.out(0x1f7, 0xe7);  // DRQ is as good as BSY
  const auto page = b.ins(512);
  EXPECT_EQ(page[0], 0x40) << "IDENTIFY DEVICE it is";
  EXPECT_EQ(b.alternate(), 0x50);
  EXPECT_EQ(b.context.diagnostics.count_of("Command written while BSY or DRQ is one"), 2u);
  EXPECT_EQ(b.context.diagnostics.count_of("task file written while BSY or DRQ is one"), 1u);
}

TEST_F(Rules, DataBeyondTheBlockIsNotThere) {
  b.issue({0x20, 0, 1});
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_EQ(b.status(), 0x58);
  const auto got = b.ins(1024);
  EXPECT_TRUE(std::equal(data.begin(), data.begin() + 512, got.begin()));
  EXPECT_EQ(got[512], 0x7f);
  EXPECT_EQ(got[1023], 0xff);
  b.in(0x1f0, 2);
  EXPECT_EQ(b.context.diagnostics.count_of("no data to read"), 2u);
  b.outs(data.data(), 64);
  EXPECT_EQ(b.context.diagnostics.count_of("Data written while none is asked for"), 1u);
  EXPECT_EQ(b.status(), 0x50);
}

TEST_F(Rules, StatusTooSoonAfterACommandIsRemarked) {
  b.issue({0x20, 0, 1});
  b.status();
  EXPECT_EQ(b.context.diagnostics.count_of("within 400 ns"), 1u);
  b.alternate();
  EXPECT_EQ(b.context.diagnostics.count_of("within 400 ns"), 1u) << "Alternate Status is how drivers wait";
}

TEST_F(Rules, AccessesThatNoPortInstructionMakes) {
  b.ins(510, 4);
  EXPECT_EQ(b.last_response, tlm::TLM_BURST_ERROR_RESPONSE);
  b.ins(6, 3);
  EXPECT_EQ(b.last_response, tlm::TLM_BURST_ERROR_RESPONSE);
  b.ins(8, 8);
  EXPECT_EQ(b.last_response, tlm::TLM_BURST_ERROR_RESPONSE);
  b.ins(4, 2, {}, 0x1f2);
  EXPECT_EQ(b.last_response, tlm::TLM_BURST_ERROR_RESPONSE) << "a string at another port than Data";
  b.in(0x1f6, 4);
  EXPECT_EQ(b.last_response, tlm::TLM_ADDRESS_ERROR_RESPONSE);
  b.in(IdeBench::bm + 14, 4);
  EXPECT_EQ(b.last_response, tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(b.in(0x1f4, 2), 0x0000u) << "two registers at once are just that";
  EXPECT_EQ(b.last_response, tlm::TLM_OK_RESPONSE);
}

TEST(TwoDevices, ASecondCommandWaitsForTheCableAndIsRemarked) {
  IdeBench b{[](IdeSetup& s) { s.devices = 3; }};
  b.start();
  for (unsigned device : {0u, 1u}) b.fast(device), b.fill(device, 0, b.pattern(4096, device));
  b.write_prds({{0x100000, 4096}});
  b.prepare_bus_master(true);
  b.issue({0xc8, 0, 8, 0, false, 0});
  b.issue({0xc8, 0, 8, 0, false, 1});
  b.start_bus_master();
  ASSERT_TRUE(b.wait_interrupt());  // of device 1, which is selected
  const auto second = b.pattern(4096, 1), first = b.pattern(4096, 0);
  EXPECT_TRUE(std::equal(second.begin(), second.end(), b.memory.bytes.begin() + 0x100000));
  b.stop_bus_master();
  EXPECT_EQ(b.status(), 0x50);
  b.start_bus_master();
  b.select(0);
  ASSERT_TRUE(b.wait_interrupt());
  EXPECT_TRUE(std::equal(first.begin(), first.end(), b.memory.bytes.begin() + 0x100000));
  EXPECT_EQ(b.context.diagnostics.count_of("other device is busy"), 1u);
}

}  // namespace
}  // namespace ahcisim
