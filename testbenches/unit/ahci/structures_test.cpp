// SPDX-License-Identifier: MIT
// Command structures, the PRDT walker against a byte-by-byte reference, and the receive buffer.
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include <ahcisim/models/ahci/ahci_timing.hpp>
#include <ahcisim/models/ahci/command.hpp>
#include <ahcisim/models/ahci/prd_walker.hpp>
#include <ahcisim/models/ahci/receive_fifo.hpp>

namespace ahcisim {
namespace {

using namespace kit::literals;
using kit::Duration;

TEST(CommandHeader, EveryFieldIsWhereTheSpecificationPutsIt) {
  std::uint8_t raw[32] = {};
  wire::store_le32(raw, 0xabcdu << 16 | 0x9u << 12 | 1u << 10 | 1u << 8 | 1u << 6 | 0x10u);
  wire::store_le32(raw + 8, 0x89abcd80u);
  wire::store_le32(raw + 12, 0x1u);
  const auto h = ahci::CommandHeader::parse(raw);
  EXPECT_EQ(h.PRDTL, 0xabcd);
  EXPECT_EQ(h.PMP, 9);
  EXPECT_TRUE(h.C && h.R && h.W);
  EXPECT_FALSE(h.B || h.P || h.A);
  EXPECT_EQ(h.CFL, 16);
  EXPECT_EQ(h.CTBA, 0x189abcd80u);
  EXPECT_FALSE(h.misaligned);
  wire::store_le32(raw, 1u << 5 | 1u << 7 | 1u << 9);
  wire::store_le32(raw + 8, 0x81u);
  const auto other = ahci::CommandHeader::parse(raw);
  EXPECT_TRUE(other.A && other.P && other.B && other.misaligned);
  EXPECT_EQ(other.CTBA, 0x100000080u);
}

TEST(PrdEntry, CountsAreEvenAndAddressesToo) {
  std::uint8_t raw[16] = {};
  wire::store_le32(raw, 0x1001);
  wire::store_le32(raw + 12, 0xffc00000u | 0x3fffff);
  auto e = ahci::PrdEntry::parse(raw);
  EXPECT_EQ(e.DBA, 0x1000u);
  EXPECT_TRUE(e.odd_address && e.I && !e.odd_count);
  EXPECT_EQ(e.bytes, 4u << 20);
  wire::store_le32(raw + 12, 510);  // 511 bytes: odd
  e = ahci::PrdEntry::parse(raw);
  EXPECT_EQ(e.bytes, 512u);
  EXPECT_TRUE(e.odd_count);
  wire::store_le32(raw + 12, 0);
  EXPECT_EQ(ahci::PrdEntry::parse(raw).bytes, 2u);
}

TEST(PrdWalker, AgreesWithAByteByByteReference) {
  const char* given = std::getenv("AHCISIM_SEED");
  const auto seed = given ? static_cast<unsigned>(std::strtoul(given, nullptr, 0)) : std::random_device{}();
  RecordProperty("seed", static_cast<int>(seed));
  SCOPED_TRACE("AHCISIM_SEED=" + std::to_string(seed));
  std::mt19937 random{seed};
  const auto pick = [&](unsigned low, unsigned high) { return low + random() % (high - low + 1); };
  for (unsigned round = 0; round < 300; ++round) {
    const unsigned entries = pick(0, 40), window = pick(1, 20);
    std::vector<std::uint8_t> table(entries * 16 + 16);
    std::vector<std::uint64_t> bytes;           // the address of each byte of the transfer
    std::vector<std::uint64_t> interrupts;      // positions at which a PRD with I ends
    for (unsigned i = 0; i < entries; ++i) {
      const std::uint64_t address = (std::uint64_t{random()} << 20 ^ random()) & ~1ull;
      const unsigned length = 2 * pick(1, 40);
      const bool interrupt = pick(0, 3) == 0;
      wire::store_le32(&table[i * 16], static_cast<std::uint32_t>(address));
      wire::store_le32(&table[i * 16 + 4], static_cast<std::uint32_t>(address >> 32));
      wire::store_le32(&table[i * 16 + 12], (length - 1) | (interrupt ? 1u << 31 : 0));
      for (unsigned k = 0; k < length; ++k) bytes.push_back(address + k);
      if (interrupt) interrupts.push_back(bytes.size());
    }
    ahci::PrdWalker walker{window};
    walker.open(0x1000, static_cast<std::uint16_t>(entries));
    std::vector<std::uint64_t> seen;
    std::vector<std::uint64_t> seen_interrupts;
    while (!walker.exhausted()) {
      if (!walker.ready()) {
        ASSERT_EQ(walker.wanted_address(), 0x1000u + walker.index() * 16u);
        ASSERT_LE(walker.index() + walker.wanted_count(), entries);
        ASSERT_GT(walker.wanted_count(), 0u);
        walker.load(walker.index(), walker.wanted_count(), &table[walker.index() * 16]);
      }
      ASSERT_EQ(walker.position(), seen.size());
      const auto piece = walker.take(pick(1, 50));
      ASSERT_GT(piece.bytes, 0u);
      for (unsigned k = 0; k < piece.bytes; ++k) seen.push_back(piece.address + k);
      if (piece.interrupt) seen_interrupts.push_back(seen.size());
    }
    ASSERT_EQ(seen, bytes);
    ASSERT_EQ(seen_interrupts, interrupts);
  }
}

TEST(ReceiveFifo, HoldsBackWhatDoesNotFit) {
  ahci::ReceiveFifo fifo{8192};
  EXPECT_EQ(fifo.accept(10_us, 8192, 0_us, 20_us), 10_us);   // all of it fits
  EXPECT_EQ(fifo.accept(20_us, 8192, 20_us, 40_us), 20_us);  // the first is just out
  EXPECT_EQ(fifo.accept(30_us, 8192, 40_us, 60_us), 40_us);  // the second has to leave first
  EXPECT_EQ(fifo.accept(50_us, 4096, 60_us, 70_us), 50_us);  // half of the third, at 50 us
  EXPECT_EQ(fifo.accept(51_us, 4096, 70_us, 80_us), 60_us);
}

TEST(ReceiveFifo, SmallerThanAFrame) {
  ahci::ReceiveFifo fifo{1024};
  EXPECT_EQ(fifo.accept(10_us, 8192, 0_us, 80_us), 70_us);
  fifo.clear();
  EXPECT_EQ(fifo.accept(10_us, 512, 0_us, 80_us), 10_us);
}

TEST(AhciTiming, OccupancyIsOverheadPlusBytes) {
  ahci::HbaParameters parameters;
  parameters.set("dma_overhead", "10ns");
  parameters.set("dma_rate", "1GB/s");
  const ahci::Timing timing{parameters};
  EXPECT_EQ(timing.occupancy(0), 10_ns);
  EXPECT_EQ(timing.occupancy(4096), 4106_ns);
}

TEST(AhciTiming, RefusesImpossibleConfigurations) {
  ahci::HbaParameters parameters;
  EXPECT_THROW(parameters.set("ports", "33"), kit::ConfigError);
  EXPECT_THROW(parameters.set("ports", "0"), kit::ConfigError);
  EXPECT_THROW(parameters.set("command_slots", "40"), kit::ConfigError);
  EXPECT_THROW(parameters.set("interface_speed", "4"), kit::ConfigError);
  EXPECT_THROW(parameters.set("receive_fifo", "12"), kit::ConfigError);
}

}  // namespace
}  // namespace ahcisim
