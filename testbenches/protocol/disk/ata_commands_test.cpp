// SPDX-License-Identifier: MIT
// Every command that is not a plain transfer: its frames, its result registers, its effect.
#include <iostream>
#include <numeric>

#include <gmock/gmock.h>

#include "fake_host.hpp"

namespace ahcisim::disk {
namespace {

using ::testing::ElementsAre;
constexpr auto D2H = FisType::register_d2h;
constexpr auto DATA = FisType::data;
constexpr auto PIO = FisType::pio_setup;

unsigned word(const std::vector<std::uint8_t>& page, unsigned index) { return page[2 * index] | page[2 * index + 1] << 8; }
std::uint64_t qword(const std::vector<std::uint8_t>& page, unsigned offset) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i) value |= std::uint64_t{page[offset + i]} << (8 * i);
  return value;
}
unsigned sum(const std::vector<std::uint8_t>& page) { return std::accumulate(page.begin(), page.end(), 0u) & 0xff; }

wire::RegisterH2D smart(std::uint8_t function, std::uint8_t lba_low = 0, std::uint8_t count = 0) {
  return Bench::fis(0xb0, 0xc24f00u | lba_low, count, function);
}
wire::RegisterH2D read_log(bool dma, std::uint8_t log, unsigned page, unsigned count) {
  return Bench::fis(dma ? 0x47 : 0x2f, log | std::uint64_t{page & 0xff} << 8 | std::uint64_t{page >> 8} << 32, count);
}

TEST(AtaIdentify, IsOnePioBlockWithAChecksum) {
  Bench bench;
  bench.start();
  bench.execute(Bench::fis(0xec));
  ASSERT_THAT(bench.host.types(), ElementsAre(PIO, DATA));
  EXPECT_EQ(bench.host.seen[0].as<wire::PioSetup>().e_status, 0x50);
  ASSERT_EQ(bench.data().size(), 512u);
  EXPECT_EQ(sum(bench.data()), 0u);
  EXPECT_EQ(word(bench.data(), 77) >> 1 & 7, 3u);  // negotiated Gen3
  EXPECT_EQ(qword(bench.data(), 200), Bench::sectors);
}

TEST(AtaIdentify, FollowsSettings) {
  Bench bench;
  bench.start();
  bench.execute(Bench::fis(0xef, 0, 0, 0x82));
  bench.execute(Bench::fis(0xef, 0, 0, 0x55));
  bench.execute(Bench::fis(0xef, 0, 0x45, 0x03));  // Ultra DMA mode 5
  bench.execute(Bench::fis(0xef, 0, 0x02, 0x10));
  bench.execute(Bench::fis(0xc6, 0, 8));
  EXPECT_EQ(bench.host.status, 0x50);
  bench.execute(smart(0xd9));
  bench.execute(Bench::fis(0xec));
  EXPECT_EQ(word(bench.data(), 85) & 0x61, 0u);
  EXPECT_EQ(word(bench.data(), 88), 0x207fu);
  EXPECT_EQ(word(bench.data(), 79) & 4, 4u);
  EXPECT_EQ(word(bench.data(), 59), 0x108u);
  bench.execute(Bench::fis(0xef, 0, 0, 0x02));
  bench.execute(Bench::fis(0xef, 0, 0x22, 0x03));  // Multiword DMA mode 2
  bench.execute(Bench::fis(0xef, 0, 0x02, 0x90));
  bench.execute(Bench::fis(0xec));
  EXPECT_EQ(word(bench.data(), 85) & 0x60, 0x20u);
  EXPECT_EQ(word(bench.data(), 88) >> 8, 0u);
  EXPECT_EQ(word(bench.data(), 63), 0x407u);
  EXPECT_EQ(word(bench.data(), 79) & 4, 0u);
}

struct Refusal {
  const char* name;
  wire::RegisterH2D fis;
};
class AtaRefuses : public ::testing::TestWithParam<Refusal> {};

TEST_P(AtaRefuses, WithAbort) {
  Bench bench;
  bench.start();
  bench.execute(GetParam().fis);
  ASSERT_THAT(bench.host.types(), ElementsAre(D2H));
  EXPECT_EQ(bench.host.seen[0].as<wire::RegisterD2H>().flags, wire::RegisterD2H::I);
  EXPECT_EQ(bench.host.status, 0x51);
  EXPECT_EQ(bench.host.error, wire::error::ABRT);
  bench.execute(Bench::fis(0xec));  // and goes on
  EXPECT_EQ(bench.data().size(), 512u);
}

wire::RegisterH2D without_lba(wire::RegisterH2D fis) {
  fis.device = 0;
  return fis;
}
INSTANTIATE_TEST_SUITE_P(
    Ata, AtaRefuses,
    ::testing::Values(Refusal{"identify_packet", Bench::fis(0xa1)}, Refusal{"nop", Bench::fis(0x00)},
                      Refusal{"packet", Bench::fis(0xa0)}, Refusal{"security", Bench::fis(0xf5)},
                      Refusal{"sanitize", Bench::fis(0xb4)}, Refusal{"set_max", Bench::fis(0xf9)},
                      Refusal{"ncq_non_data", Bench::fis(0x63)}, Refusal{"download", Bench::fis(0x92)},
                      Refusal{"unknown", Bench::fis(0x03)}, Refusal{"feature", Bench::fis(0xef, 0, 0, 0x05)},
                      Refusal{"offsets_not_offered", Bench::fis(0xef, 0, 1, 0x10)},
                      Refusal{"dipm_not_offered", Bench::fis(0xef, 0, 3, 0x10)},
                      Refusal{"transfer_mode", Bench::fis(0xef, 0, 0x47, 0x03)}, Refusal{"multiple_3", Bench::fis(0xc6, 0, 3)},
                      Refusal{"multiple_32", Bench::fis(0xc6, 0, 32)}, Refusal{"chs_48_bit", without_lba(Bench::fis(0x24, 1, 1))},
                      Refusal{"tracks_without_sectors", Bench::fis(0x91, 0, 0)},
                      Refusal{"pio_8_bit_on", Bench::fis(0xef, 0, 0, 0x01)}, Refusal{"pio_8_bit_off", Bench::fis(0xef, 0, 0, 0x81)},
                      Refusal{"log_11", read_log(false, 0x11, 0, 1)}, Refusal{"log_12", read_log(true, 0x12, 0, 1)},
                      Refusal{"log_of_no_pages", read_log(false, 0x10, 0, 0)},
                      Refusal{"log_beyond", read_log(false, 0x30, 8, 2)}, Refusal{"write_log_10", Bench::fis(0x3f, 0x10, 1)},
                      Refusal{"smart_key", Bench::fis(0xb0, 0, 0, 0xda)}, Refusal{"smart_function", smart(0xd3)},
                      Refusal{"trim_nothing", Bench::fis(0x06, 0, 0, 1)}, Refusal{"trim_too_much", Bench::fis(0x06, 0, 9, 1)},
                      Refusal{"dsm_function", Bench::fis(0x06, 0, 1, 0)}),
    [](const auto& info) { return info.param.name; });

TEST(AtaCommands, ThatOnlySaySuccess) {
  Bench bench;
  bench.start();
  for (const std::uint8_t opcode : {0x10, 0x70, 0x91, 0xe7, 0xea, 0x40, 0x42, 0xe1, 0xe3}) {
    bench.execute(Bench::fis(opcode, 0, opcode == 0xe3 ? 0 : 1));
    EXPECT_THAT(bench.host.types(), ElementsAre(D2H)) << std::hex << unsigned{opcode};
    EXPECT_EQ(bench.host.status, 0x50) << std::hex << unsigned{opcode};
  }
}

TEST(AtaCommands, NativeMaxAddress) {
  Bench bench;
  bench.start();
  bench.execute(Bench::fis(0x27));
  const auto& ext = bench.host.seen.back().as<wire::RegisterD2H>();
  EXPECT_EQ(ext.lba_7_0 | ext.lba_15_8 << 8 | ext.lba_23_16 << 16, int{Bench::sectors - 1});
  bench.execute(Bench::fis28(0xf8, 0, 0));
  const auto& old = bench.host.seen.back().as<wire::RegisterD2H>();
  EXPECT_EQ(old.lba_7_0 | old.lba_15_8 << 8 | old.lba_23_16 << 16 | (old.device & 15) << 24, int{Bench::sectors - 1});
  EXPECT_EQ(old.lba_31_24, 0);
}

TEST(AtaCommands, DiagnosticAnswersWithTheSignature) {
  Bench bench;
  bench.start();
  bench.execute(Bench::fis(0x90), {}, Duration::from_ms(10));
  ASSERT_THAT(bench.host.types(), ElementsAre(D2H));
  const auto& fis = bench.host.seen[0].as<wire::RegisterD2H>();
  EXPECT_EQ(fis.flags, wire::RegisterD2H::I);
  EXPECT_EQ(fis.error, 0x01);
  EXPECT_EQ(fis.count_7_0, 1);
}

TEST(AtaLogs, IdentifyDeviceData) {
  Bench bench;
  bench.start();
  bench.execute(Bench::fis(0xec));
  const auto identify = bench.data();
  bench.execute(read_log(true, 0x30, 0, 9));
  ASSERT_EQ(bench.data().size(), 9u * 512);
  const auto page = [&](unsigned index) {
    return std::vector<std::uint8_t>(bench.data().begin() + index * 512, bench.data().begin() + (index + 1) * 512);
  };
  EXPECT_EQ(page(1), identify);
  const auto list = page(0);
  EXPECT_EQ(list[8], 7);
  for (unsigned i = 0; i < list[8]; ++i) {
    if (list[9 + i] == 1) continue;
    EXPECT_EQ(qword(page(list[9 + i]), 0), std::uint64_t{1} << 63 | std::uint64_t{list[9 + i]} << 16 | 1);
  }
  EXPECT_EQ(qword(page(2), 8), std::uint64_t{1} << 63 | Bench::sectors);
  EXPECT_EQ(qword(page(3), 24), std::uint64_t{1} << 63 | 7200);
  EXPECT_TRUE(qword(page(4), 8) >> 13 & 1);  // write cache enabled
  EXPECT_FALSE(page(8)[9] & 8);              // NCQ priority, where Linux looks for it: this medium has no order
  EXPECT_EQ(page(8)[16] & 7, 3);             // Gen3
}

TEST(AtaLogs, HostLogsKeepWhatIsWritten) {
  Bench bench;
  bench.start();
  std::mt19937_64 random{11};
  const auto content = random_bytes(random, 3 * 512);
  bench.execute(Bench::fis(0x57, 0x9f | 13u << 8, 3), content);
  EXPECT_EQ(bench.host.status, 0x50);
  bench.execute(read_log(false, 0x9f, 13, 3));
  EXPECT_EQ(bench.data(), content);
  bench.execute(smart(0xd6, 0x80, 2), std::vector<std::uint8_t>(content.begin(), content.begin() + 1024));
  EXPECT_EQ(bench.host.status, 0x50);
  bench.execute(smart(0xd5, 0x80, 2));
  EXPECT_TRUE(std::equal(bench.data().begin(), bench.data().end(), content.begin()));
  EXPECT_EQ(bench.data().size(), 1024u);
}

TEST(AtaSmart, EnablesReportsAndTests) {
  Bench bench;
  bench.start();
  bench.execute(smart(0xda));
  EXPECT_EQ(bench.host.status, 0x50);
  const auto& status = bench.host.seen.back().as<wire::RegisterD2H>();
  EXPECT_EQ(status.lba_15_8, 0x4f);
  EXPECT_EQ(status.lba_23_16, 0xc2);
  for (const std::uint8_t function : {0xd0, 0xd1}) {
    bench.execute(smart(function));
    ASSERT_EQ(bench.data().size(), 512u);
    EXPECT_EQ(sum(bench.data()), 0u);
  }
  bench.execute(smart(0xd4, 0x01));
  EXPECT_EQ(bench.host.status, 0x50);
  bench.execute(smart(0xd5, 0x06, 1));
  EXPECT_EQ(sum(bench.data()), 0u);
  EXPECT_EQ(bench.data()[2], 0x01);
  EXPECT_EQ(bench.data()[3], 0x00);
  EXPECT_EQ(bench.data()[508], 1);
  bench.device.inject_media_error({500, 2});
  bench.execute(smart(0xd4, 0x02));
  bench.execute(smart(0xd5, 0x06, 1));
  EXPECT_EQ(bench.data()[2 + 24 + 1], 0x70);
  EXPECT_EQ(bench.data()[2 + 24 + 5], 500 & 0xff);
  bench.execute(smart(0xd0));
  EXPECT_EQ(bench.data()[363], 0x70);
  bench.execute(smart(0xd9));
  bench.execute(smart(0xda));
  EXPECT_EQ(bench.host.error, wire::error::ABRT);
  bench.execute(smart(0xd8));
  bench.execute(smart(0xda));
  EXPECT_EQ(bench.host.status, 0x50);
}

std::vector<std::uint8_t> trim_block(std::initializer_list<LbaRange> ranges) {
  std::vector<std::uint8_t> block(512);
  std::size_t at = 0;
  for (const LbaRange& range : ranges) {
    const std::uint64_t entry = range.lba | range.count << 48;
    for (unsigned i = 0; i < 8; ++i) block[at++] = static_cast<std::uint8_t>(entry >> (8 * i));
  }
  return block;
}

TEST(AtaTrim, ReadsZerosAfterwards) {
  Bench bench;
  bench.start();
  std::mt19937_64 random{12};
  const auto content = random_bytes(random, 100 * 512);
  bench.store.write(1000, 100, content.data());
  bench.execute(Bench::fis(0x06, 0, 1, 1), trim_block({{1010, 5}, {1050, 1}}));
  EXPECT_EQ(bench.host.status, 0x50);
  bench.execute(Bench::fis(0x25, 1000, 100));
  for (unsigned sector = 0; sector < 100; ++sector) {
    const bool gone = (sector >= 10 && sector < 15) || sector == 50;
    for (unsigned i = 0; i < 512; ++i)
      ASSERT_EQ(bench.data()[sector * 512 + i], gone ? 0 : content[sector * 512 + i]) << "sector " << sector;
  }
  bench.execute(Bench::fis(0x06, 0, 1, 1), trim_block({{Bench::sectors - 2, 5}}));
  EXPECT_EQ(bench.host.error, wire::error::IDNF);
}

TEST(AtaTrim, QueuedLikewise) {
  Bench bench;
  bench.start();
  std::mt19937_64 random{13};
  const auto content = random_bytes(random, 8 * 512);
  bench.store.write(1000, 8, content.data());
  auto fis = Bench::fis(0x64, 0, 7u << 3, 1);
  fis.auxiliary[0] = 1;
  bench.host.buffer[7] = trim_block({{1000, 7}});
  bench.host.clear();
  bench.host.command(fis);
  bench.run();
  EXPECT_EQ(bench.host.done, 1u << 7);
  std::vector<std::uint8_t> left(8 * 512);
  bench.store.read(1000, 8, left.data());
  EXPECT_TRUE(std::all_of(left.begin(), left.begin() + 7 * 512, [](std::uint8_t byte) { return byte == 0; }));
  EXPECT_TRUE(std::equal(left.begin() + 7 * 512, left.end(), content.begin() + 7 * 512));
}

TEST(AtaPower, StandbyTimerAndSleep) {
  Bench bench;
  bench.start();
  const auto mode = [&] {
    bench.execute(Bench::fis(0xe5));
    return unsigned{bench.host.seen.back().as<wire::RegisterD2H>().count_7_0};
  };
  EXPECT_EQ(mode(), 0xffu);
  bench.execute(Bench::fis(0xe0));
  EXPECT_EQ(mode(), 0x00u);
  bench.execute(Bench::fis(0x25, 0, 1));
  EXPECT_EQ(bench.data().size(), 512u);
  EXPECT_EQ(mode(), 0xffu);
  bench.execute(Bench::fis(0xe3, 0, 2));  // IDLE: standby after 10 s
  bench.run(Duration::from_seconds(9));
  EXPECT_EQ(bench.device.power(), AtaDevice::Power::active_or_idle);
  bench.execute(Bench::fis(0x25, 0, 1));
  bench.run(Duration::from_seconds(9));
  EXPECT_EQ(bench.device.power(), AtaDevice::Power::active_or_idle);
  bench.run(Duration::from_seconds(2));
  EXPECT_EQ(bench.device.power(), AtaDevice::Power::standby);
  bench.execute(Bench::fis(0xe6));
  EXPECT_EQ(bench.device.power(), AtaDevice::Power::sleep);
  bench.execute(Bench::fis(0xec));
  EXPECT_TRUE(bench.host.seen.empty());  // only a reset wakes it
  bench.host.phy_ready();
  bench.run(Duration::from_ms(20));
  bench.execute(Bench::fis(0xec));
  EXPECT_EQ(bench.data().size(), 512u);
}

TEST(AtaNcq, NonZeroOffsetsSendTheSecondHalfFirst) {
  kit::Context context;
  AtaParameters parameters;
  parameters.non_zero_offsets.set(true);
  InstantMedium medium{{1000, 1, true, 0, 3, 0}};
  SparseStore store{1000};
  AtaDevice device{"disk", context, parameters, medium, store};
  FakeHost host{"host", context};
  host.link.bind(device.link);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  host.phy_ready();
  sc_core::sc_start(20, sc_core::SC_MS);
  host.command(Bench::fis(0xef, 0, 1, 0x10));
  sc_core::sc_start(1, sc_core::SC_MS);
  std::mt19937_64 random{14};
  const auto content = random_bytes(random, 33 * 512);
  store.write(5, 33, content.data());
  host.clear();
  host.command(Bench::queued(false, 1, 5, 33));
  sc_core::sc_start(1, sc_core::SC_MS);
  ASSERT_THAT(host.types(), ElementsAre(D2H, FisType::dma_setup, DATA, DATA, FisType::dma_setup, DATA, FisType::set_device_bits));
  EXPECT_EQ(wire::load_le32(host.seen[1].as<wire::DmaSetup>().buffer_offset), 16u * 512);
  EXPECT_EQ(wire::load_le32(host.seen[1].as<wire::DmaSetup>().transfer_count), 17u * 512);
  EXPECT_EQ(wire::load_le32(host.seen[4].as<wire::DmaSetup>().buffer_offset), 0u);
  EXPECT_EQ(wire::load_le32(host.seen[4].as<wire::DmaSetup>().transfer_count), 16u * 512);
  EXPECT_EQ(host.buffer[1], content);
}

}  // namespace
}  // namespace ahcisim::disk
