// SPDX-License-Identifier: MIT
// Every protocol moves data both ways: what is written is what is read, with the frames that Serial ATA prescribes.
#include <iostream>

#include <gmock/gmock.h>

#include "fake_host.hpp"

namespace ahcisim::disk {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
constexpr auto D2H = FisType::register_d2h;
constexpr auto DATA = FisType::data;
constexpr auto PIO = FisType::pio_setup;
constexpr auto SETUP = FisType::dma_setup;
constexpr auto ACTIVATE = FisType::dma_activate;
constexpr auto SDB = FisType::set_device_bits;

TEST(AtaSignature, IsSentAfterCommunicationIsEstablished) {
  Bench bench;
  bench.run(Duration::from_ps(0));
  bench.host.phy_ready();
  bench.run(Duration::from_ms(9));
  EXPECT_TRUE(bench.host.seen.empty());
  bench.run(Duration::from_ms(2));
  ASSERT_THAT(bench.host.types(), ElementsAre(D2H));
  const auto& fis = bench.host.seen[0].as<wire::RegisterD2H>();
  EXPECT_EQ(fis.flags, 0);
  EXPECT_EQ(fis.status, 0x50);
  EXPECT_EQ(fis.error, 0x01);
  EXPECT_EQ(fis.count_7_0, 1);
  EXPECT_EQ(fis.lba_7_0, 1);
  EXPECT_EQ(fis.lba_15_8 | fis.lba_23_16 | fis.device, 0);
}

TEST(AtaQueued, ReadSendsSetupDataAndSetDeviceBits) {
  Bench bench;
  bench.start();
  std::mt19937_64 random{1};
  const auto content = random_bytes(random, 20 * 512);
  bench.store.write(77, 20, content.data());
  bench.host.clear();
  bench.host.command(Bench::queued(false, 5, 77, 20));
  bench.run();
  ASSERT_THAT(bench.host.types(), ElementsAre(D2H, SETUP, DATA, DATA, SDB));
  EXPECT_EQ(bench.host.seen[0].as<wire::RegisterD2H>().flags, 0);
  EXPECT_EQ(bench.host.seen[0].as<wire::RegisterD2H>().status, 0x50);
  const auto& setup = bench.host.seen[1].as<wire::DmaSetup>();
  EXPECT_EQ(setup.flags, wire::DmaSetup::D);
  EXPECT_EQ(setup.buffer_identifier_low[0], 5);
  EXPECT_EQ(wire::load_le32(setup.transfer_count), 20u * 512);
  EXPECT_EQ(wire::load_le32(setup.buffer_offset), 0u);
  EXPECT_EQ(bench.host.seen[2].payload.size(), 8192u);
  const auto& sdb = bench.host.seen[4].as<wire::SetDeviceBits>();
  EXPECT_EQ(sdb.flags, wire::SetDeviceBits::I);
  EXPECT_EQ(wire::load_le32(sdb.s_active), 1u << 5);
  EXPECT_EQ(sdb.status & 0x89, 0);
  EXPECT_EQ(bench.host.buffer[5], content);
  EXPECT_EQ(bench.device.outstanding(), 0u);
}

TEST(AtaQueued, WriteActivatesEachDataFis) {
  Bench bench;
  bench.start();
  std::mt19937_64 random{2};
  const auto content = random_bytes(random, 20 * 512);
  bench.host.buffer[31] = content;
  bench.host.clear();
  bench.host.command(Bench::queued(true, 31, 123456, 20));
  bench.run();
  EXPECT_THAT(bench.host.types(), ElementsAre(D2H, SETUP, ACTIVATE, ACTIVATE, SDB));
  EXPECT_EQ(bench.host.done, 1u << 31);
  std::vector<std::uint8_t> stored(content.size());
  bench.store.read(123456, 20, stored.data());
  EXPECT_EQ(stored, content);
}

TEST(AtaQueued, AutoActivateSavesTheFirstDmaActivate) {
  Bench bench;
  bench.start();
  bench.execute(Bench::fis(0xef, 0, 0x02, 0x10));  // SET FEATURES: enable DMA Setup auto-activate
  EXPECT_EQ(bench.host.status, 0x50);
  std::mt19937_64 random{3};
  const auto content = random_bytes(random, 20 * 512);
  bench.host.buffer[0] = content;
  bench.host.clear();
  bench.host.command(Bench::queued(true, 0, 8, 20));
  bench.run();
  EXPECT_THAT(bench.host.types(), ElementsAre(D2H, SETUP, ACTIVATE, SDB));
  EXPECT_EQ(bench.host.seen[1].as<wire::DmaSetup>().flags, wire::DmaSetup::A);
  std::vector<std::uint8_t> stored(content.size());
  bench.store.read(8, 20, stored.data());
  EXPECT_EQ(stored, content);
}

TEST(AtaDma, ReadAndWriteExt) {
  Bench bench;
  bench.start();
  std::mt19937_64 random{4};
  const auto content = random_bytes(random, 40 * 512);
  bench.execute(Bench::fis(0x35, 999'000, 40), content);
  EXPECT_THAT(bench.host.types(), ElementsAre(ACTIVATE, ACTIVATE, ACTIVATE, D2H));
  EXPECT_EQ(bench.host.seen.back().as<wire::RegisterD2H>().flags, wire::RegisterD2H::I);
  EXPECT_EQ(bench.host.status, 0x50);
  bench.execute(Bench::fis(0x25, 999'000, 40));
  EXPECT_THAT(bench.host.types(), ElementsAre(DATA, DATA, DATA, D2H));
  EXPECT_EQ(bench.data(), content);
}

TEST(AtaPio, ReadTellsTheEndInEStatus) {
  Bench bench;
  bench.start();
  std::mt19937_64 random{5};
  const auto content = random_bytes(random, 3 * 512);
  bench.store.write(10, 3, content.data());
  bench.execute(Bench::fis28(0x20, 10, 3));
  ASSERT_THAT(bench.host.types(), ElementsAre(PIO, DATA, PIO, DATA, PIO, DATA));
  for (unsigned block = 0; block < 3; ++block) {
    const auto& setup = bench.host.seen[2 * block].as<wire::PioSetup>();
    EXPECT_EQ(setup.flags, wire::PioSetup::D | wire::PioSetup::I);
    EXPECT_EQ(setup.status, 0x58);
    EXPECT_EQ(setup.e_status, block == 2 ? 0x50 : 0xd0);
    EXPECT_EQ(setup.transfer_count(), 512);
  }
  EXPECT_EQ(bench.data(), content);
}

TEST(AtaPio, WriteInterruptsWithEveryBlockButTheFirst) {
  Bench bench;
  bench.start();
  std::mt19937_64 random{6};
  const auto content = random_bytes(random, 3 * 512);
  bench.execute(Bench::fis28(0x30, 10, 3), content);
  ASSERT_THAT(bench.host.types(), ElementsAre(PIO, PIO, PIO, D2H));
  EXPECT_EQ(bench.host.seen[0].as<wire::PioSetup>().flags, 0);
  EXPECT_EQ(bench.host.seen[1].as<wire::PioSetup>().flags, wire::PioSetup::I);
  EXPECT_EQ(bench.host.seen[0].as<wire::PioSetup>().status, 0x58);
  EXPECT_EQ(bench.host.seen[2].as<wire::PioSetup>().e_status, 0xd0);
  std::vector<std::uint8_t> stored(content.size());
  bench.store.read(10, 3, stored.data());
  EXPECT_EQ(stored, content);
}

struct Form {
  const char* name;
  std::uint8_t write, read;
  bool ext;
  std::uint32_t most;
};
void PrintTo(const Form& form, std::ostream* to) { *to << form.name; }

class AtaEveryForm : public ::testing::TestWithParam<Form> {};

TEST_P(AtaEveryForm, WritesAreReadBack) {
  Bench bench;
  bench.start();
  const unsigned seed = 42;
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random{seed};
  const Form form = GetParam();
  for (unsigned round = 0; round < 20; ++round) {
    const auto count = static_cast<std::uint32_t>(1 + random() % (round % 4 ? 40 : form.most));
    const std::uint64_t lba = random() % (Bench::sectors - count);
    const auto make = [&](std::uint8_t opcode) {
      return form.ext ? Bench::fis(opcode, lba, count) : Bench::fis28(opcode, static_cast<std::uint32_t>(lba), count);
    };
    const auto content = random_bytes(random, count * 512);
    bench.execute(make(form.write), content, Duration::from_ms(20));
    ASSERT_EQ(bench.host.status, 0x50);
    ASSERT_EQ(bench.host.registers, 1u);
    bench.execute(make(form.read), {}, Duration::from_ms(20));
    ASSERT_EQ(bench.host.registers, 1u);
    ASSERT_EQ(bench.data(), content) << "round " << round;
  }
  EXPECT_EQ(bench.context.diagnostics.count(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Ata, AtaEveryForm,
                         ::testing::Values(Form{"sectors", 0x30, 0x20, false, 256}, Form{"sectors_ext", 0x34, 0x24, true, 900},
                                           Form{"multiple", 0xc5, 0xc4, false, 256}, Form{"multiple_ext", 0x39, 0x29, true, 900},
                                           Form{"multiple_fua", 0xce, 0x29, true, 100}, Form{"dma", 0xca, 0xc8, false, 256},
                                           Form{"dma_ext", 0x35, 0x25, true, 5000}, Form{"dma_fua", 0x3d, 0x25, true, 300}),
                         [](const auto& info) { return info.param.name; });

TEST(AtaQueued, ThirtyTwoAtOnceMoveTheirOwnData) {
  Bench bench;
  bench.start();
  const unsigned seed = 7;
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random{seed};
  std::vector<std::vector<std::uint8_t>> content;
  for (unsigned tag = 0; tag < 32; ++tag) {
    const std::size_t bytes = 512 * (1 + random() % 60);
    content.push_back(random_bytes(random, bytes));
    bench.host.buffer[tag] = content.back();
    bench.host.command(Bench::queued(true, tag, tag * 100, static_cast<std::uint32_t>(bytes / 512)));
  }
  bench.run(Duration::from_ms(20));
  EXPECT_EQ(bench.host.done, ~0u);
  bench.host.clear();
  for (unsigned tag = 0; tag < 32; ++tag) {
    bench.host.buffer[tag].clear();
    bench.host.command(Bench::queued(false, tag, tag * 100, static_cast<std::uint32_t>(content[tag].size() / 512)));
  }
  bench.run(Duration::from_ms(20));
  EXPECT_EQ(bench.host.done, ~0u);
  for (unsigned tag = 0; tag < 32; ++tag) EXPECT_EQ(bench.host.buffer[tag], content[tag]) << "tag " << tag;
  EXPECT_EQ(bench.context.diagnostics.count(), 0u);
}

}  // namespace
}  // namespace ahcisim::disk
