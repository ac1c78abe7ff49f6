// SPDX-License-Identifier: MIT
// What goes wrong ends as ACS-3 and Serial ATA say: ranges, media, CRC, broken queues, resets in the middle.
#include <iostream>
#include <tuple>

#include <gmock/gmock.h>

#include "fake_host.hpp"

namespace ahcisim::disk {
namespace {

using ::testing::ElementsAre;
constexpr auto D2H = FisType::register_d2h;
constexpr auto DATA = FisType::data;
constexpr auto SDB = FisType::set_device_bits;

wire::RegisterH2D error_log() { return Bench::fis(0x2f, 0x10, 1); }
std::uint64_t lba_of(const wire::RegisterD2H& fis) {
  return fis.lba_7_0 | fis.lba_15_8 << 8 | std::uint64_t{fis.lba_23_16} << 16 | std::uint64_t{fis.lba_31_24} << 24;
}
std::uint64_t lba_of_log(const std::vector<std::uint8_t>& log) {
  return log[4] | log[5] << 8 | std::uint64_t{log[6]} << 16 | std::uint64_t{log[8]} << 24;
}

TEST(AtaErrors, BeyondTheEndIsIdnf) {
  Bench bench;
  bench.start();
  for (const std::uint8_t opcode : {0x20, 0x30, 0x40, 0xc4, 0xc5, 0xc8, 0xca}) {
    bench.execute(Bench::fis28(opcode, Bench::sectors - 1, 2));
    EXPECT_THAT(bench.host.types(), ElementsAre(D2H)) << std::hex << unsigned{opcode};
    EXPECT_EQ(bench.host.status, 0x51);
    EXPECT_EQ(bench.host.error, wire::error::IDNF);
  }
  for (const std::uint8_t opcode : {0x24, 0x25, 0x29, 0x34, 0x35, 0x39, 0x3d, 0x42, 0xce}) {
    bench.execute(Bench::fis(opcode, Bench::sectors - 1, 2));
    EXPECT_THAT(bench.host.types(), ElementsAre(D2H)) << std::hex << unsigned{opcode};
    EXPECT_EQ(bench.host.error, wire::error::IDNF);
    EXPECT_EQ(lba_of(bench.host.seen[0].as<wire::RegisterD2H>()), std::uint64_t{Bench::sectors});
    bench.execute(Bench::fis(opcode, ~std::uint64_t{0}, 0));
    EXPECT_EQ(bench.host.error, wire::error::IDNF);
  }
}

TEST(AtaErrors, UnreadableSectorEndsADmaReadWhereItIs) {
  Bench bench;
  bench.start();
  bench.device.inject_media_error({105, 2});
  bench.execute(Bench::fis(0x25, 100, 20));
  EXPECT_THAT(bench.host.types(), ElementsAre(DATA, D2H));
  EXPECT_EQ(bench.data().size(), 5u * 512);
  EXPECT_EQ(bench.host.error, wire::error::UNC);
  EXPECT_EQ(lba_of(bench.host.seen.back().as<wire::RegisterD2H>()), 105u);
  bench.execute(Bench::fis28(0x20, 104, 4));
  EXPECT_EQ(bench.host.error, wire::error::UNC);
  bench.execute(Bench::fis(0x42, 90, 100));
  EXPECT_EQ(bench.host.error, wire::error::UNC);
  EXPECT_EQ(lba_of(bench.host.seen.back().as<wire::RegisterD2H>()), 105u);
  bench.execute(Bench::fis(0x35, 105, 1), std::vector<std::uint8_t>(512, 7));  // a write reallocates
  EXPECT_EQ(bench.host.status, 0x50);
  bench.execute(Bench::fis(0x25, 100, 20));
  EXPECT_EQ(lba_of(bench.host.seen.back().as<wire::RegisterD2H>()), 106u);
  bench.device.clear_media_errors();
  bench.execute(Bench::fis(0x25, 100, 20));
  EXPECT_EQ(bench.host.status, 0x50);
}

TEST(AtaErrors, QueuedReadErrorHaltsTheQueueUntilTheLogIsRead) {
  Bench bench;
  bench.start();
  bench.device.inject_media_error({2005, 1});
  bench.host.clear();
  bench.host.command(Bench::queued(false, 3, 10, 8));
  bench.host.command(Bench::queued(false, 9, 2000, 8));
  bench.host.command(Bench::queued(false, 4, 50, 8));
  bench.run();
  const Seen* sdb = bench.host.last(SDB);
  ASSERT_NE(sdb, nullptr);
  EXPECT_EQ(sdb->as<wire::SetDeviceBits>().status & 1, 1);
  EXPECT_EQ(sdb->as<wire::SetDeviceBits>().flags, wire::SetDeviceBits::I);
  EXPECT_EQ(sdb->as<wire::SetDeviceBits>().error, wire::error::UNC);
  EXPECT_EQ(bench.host.done & 1u << 9, 0u);
  EXPECT_EQ(bench.device.outstanding(), 0u);
  // Everything else is refused …
  bench.execute(Bench::fis(0xec));
  EXPECT_EQ(bench.host.error, wire::error::ABRT);
  bench.execute(Bench::queued(false, 1, 0, 1));
  EXPECT_THAT(bench.host.types(), ElementsAre(D2H));
  EXPECT_EQ(bench.host.error, wire::error::ABRT);
  // … but the log, which names tag and sector and begins with a Set Device Bits FIS for all tags.
  bench.execute(error_log());
  ASSERT_THAT(bench.host.types(), ElementsAre(SDB, FisType::pio_setup, DATA));
  EXPECT_EQ(wire::load_le32(bench.host.seen[0].as<wire::SetDeviceBits>().s_active), ~0u);
  EXPECT_EQ(bench.host.seen[0].as<wire::SetDeviceBits>().flags, 0);
  const auto log = bench.data();
  EXPECT_EQ(log[0], 9);
  EXPECT_EQ(log[2] & 1, 1);
  EXPECT_EQ(log[3], wire::error::UNC);
  EXPECT_EQ(lba_of_log(log), 2005u);
  unsigned sum = 0;
  for (const auto byte : log) sum += byte;
  EXPECT_EQ(sum & 0xff, 0u);
  bench.host.clear();
  bench.host.command(Bench::queued(false, 4, 50, 8));
  bench.run();
  EXPECT_EQ(bench.host.done, 1u << 4);
}

/// Holds back what moves one sector, and notes what passes.
struct Gate final : TransferGate {
  explicit Gate(std::uint64_t held) : held{held} {}
  bool opens(const LbaRange& sectors, bool writes) override {
    seen.push_back({sectors.lba, sectors.count, writes});
    return held < sectors.lba || held >= sectors.lba + sectors.count;
  }
  std::uint64_t held;
  std::vector<std::tuple<std::uint64_t, std::uint64_t, bool>> seen;
};

TEST(AtaErrors, AHungCommandIsOutstandingUntilAReset) {
  Bench bench;
  Gate gate{2003};
  bench.device.put_gate(&gate);
  bench.start();
  bench.host.buffer[2] = std::vector<std::uint8_t>(8 * 512, 0x11);
  bench.host.buffer[9] = std::vector<std::uint8_t>(8 * 512, 0x22);
  bench.host.clear();
  bench.host.command(Bench::queued(true, 2, 100, 8));
  bench.host.command(Bench::queued(true, 9, 2000, 8));
  bench.host.command(Bench::queued(false, 4, 50, 8));
  bench.run(Duration::from_ms(100));
  EXPECT_EQ(bench.host.done, 1u << 2 | 1u << 4) << "the others go on";
  EXPECT_EQ(bench.device.outstanding(), 1u << 9);
  EXPECT_THAT(gate.seen, ::testing::UnorderedElementsAre(std::tuple{100, 8, true}, std::tuple{2000, 8, true}, std::tuple{50, 8, false}));
  bench.host.phy_lost();
  bench.run();
  bench.host.phy_ready();
  bench.run(Duration::from_ms(10));
  EXPECT_EQ(bench.device.outstanding(), 0u);
  bench.device.put_gate(nullptr);
  bench.execute(Bench::fis(0x25, 2000, 8));
  EXPECT_EQ(bench.data(), std::vector<std::uint8_t>(8 * 512, 0)) << "nothing of it was written";
}

TEST(AtaErrors, AHungCommandThatIsNotQueuedEndsWithASoftReset) {
  Bench bench;
  Gate gate{7};
  bench.device.put_gate(&gate);
  bench.start();
  bench.execute(Bench::fis(0x25, 0, 8), {}, Duration::from_ms(100));
  EXPECT_TRUE(bench.host.seen.empty());
  bench.host.control(0x04);
  bench.host.control(0);
  bench.run(Duration::from_ms(10));
  EXPECT_THAT(bench.host.types(), ElementsAre(D2H));
  bench.execute(Bench::fis(0x25, 8, 8));
  EXPECT_EQ(bench.host.status, 0x50);
  bench.execute(Bench::fis(0xec));
  EXPECT_EQ(bench.data().size(), 512u) << "what is not on the disk passes no gate";
  EXPECT_EQ(gate.seen.size(), 2u);
}

TEST(AtaErrors, QueuedBeyondTheEnd) {
  Bench bench;
  bench.start();
  bench.host.clear();
  bench.host.command(Bench::queued(true, 2, Bench::sectors - 1, 2));
  bench.run();
  ASSERT_THAT(bench.host.types(), ElementsAre(D2H, SDB));
  EXPECT_EQ(bench.host.error, wire::error::IDNF);
  bench.execute(Bench::fis(0x47, 0x10, 1));  // READ LOG DMA EXT
  EXPECT_EQ(bench.data()[0], 2);
  EXPECT_EQ(bench.data()[3], wire::error::IDNF);
  EXPECT_EQ(lba_of_log(bench.data()), std::uint64_t{Bench::sectors - 1});
}

class AtaBrokenQueue : public ::testing::TestWithParam<int> {};
TEST_P(AtaBrokenQueue, AbortsEverything) {
  Bench bench;
  bench.start();
  bench.host.withhold_data = true;
  bench.host.clear();
  bench.host.command(Bench::queued(true, 6, 0, 8));
  bench.run();
  EXPECT_EQ(bench.device.outstanding(), 1u << 6);
  bench.host.clear();
  bench.host.command(GetParam() == 0 ? Bench::queued(false, 6, 100, 8) : Bench::fis(0x25, 100, 8));
  bench.run();
  ASSERT_THAT(bench.host.types(), ElementsAre(D2H));
  EXPECT_EQ(bench.host.seen[0].as<wire::RegisterD2H>().flags, wire::RegisterD2H::I);
  EXPECT_EQ(bench.host.status, 0x51);
  EXPECT_EQ(bench.host.error, wire::error::ABRT);
  EXPECT_EQ(bench.device.outstanding(), 0u);
  EXPECT_EQ(bench.context.diagnostics.count(), 1u);
  bench.host.withhold_data = false;
  bench.execute(error_log());
  EXPECT_EQ(bench.data()[0], GetParam() == 0 ? 6 : 0x80);
  bench.host.buffer[6] = std::vector<std::uint8_t>(8 * 512, 0x5a);
  bench.host.clear();
  bench.host.command(Bench::queued(true, 6, 0, 8));
  bench.run();
  EXPECT_EQ(bench.host.done, 1u << 6);
}
INSTANTIATE_TEST_SUITE_P(Ata, AtaBrokenQueue, ::testing::Values(0, 1),
                         [](const auto& info) { return info.param == 0 ? "duplicate_tag" : "not_queued"; });

TEST(AtaErrors, CrcErrorOnDataToTheDevice) {
  Bench bench;
  bench.start();
  bench.host.damage_next_data_out = true;
  bench.execute(Bench::fis(0x35, 0, 4), std::vector<std::uint8_t>(4 * 512, 1));
  EXPECT_EQ(bench.host.status, 0x51);
  EXPECT_EQ(bench.host.error, wire::error::ICRC | wire::error::ABRT);
  bench.execute(Bench::fis(0x25, 0, 4));
  EXPECT_EQ(bench.data(), std::vector<std::uint8_t>(4 * 512, 0));
  bench.host.damage_next_data_out = true;
  bench.host.buffer[8] = std::vector<std::uint8_t>(512, 2);
  bench.host.clear();
  bench.host.command(Bench::queued(true, 8, 3, 1));
  bench.run();
  EXPECT_EQ(bench.host.error, wire::error::ICRC | wire::error::ABRT);
  EXPECT_EQ(bench.host.done, 0u);
  bench.execute(error_log());
  EXPECT_EQ(bench.data()[0], 8);
}

TEST(AtaErrors, CrcErrorOnDataFromTheDevice) {
  Bench bench;
  bench.start();
  bench.host.next_data_in = wire::Verdict::r_err;
  bench.execute(Bench::fis(0x25, 0, 40));
  EXPECT_THAT(bench.host.types(), ElementsAre(D2H));
  EXPECT_EQ(bench.host.error, wire::error::ICRC | wire::error::ABRT);
  bench.host.next_data_in = wire::Verdict::sync_escape;
  bench.execute(Bench::fis(0xec));
  EXPECT_EQ(bench.host.error, wire::error::ABRT);
  bench.host.next_data_in = wire::Verdict::r_err;
  bench.host.clear();
  bench.host.command(Bench::queued(false, 0, 3, 1));
  bench.run();
  EXPECT_EQ(bench.host.error, wire::error::ICRC | wire::error::ABRT);
  bench.execute(error_log());
  EXPECT_EQ(bench.data()[3], wire::error::ICRC | wire::error::ABRT);
}

TEST(AtaErrors, ReadOnlyStoreRefusesWrites) {
  class Sealed final : public Store {
   public:
    std::uint64_t sectors() const override { return 100; }
    bool read_only() const override { return true; }
    void read(std::uint64_t, std::uint32_t sectors, std::uint8_t* to) override { std::fill(to, to + sectors * 512, std::uint8_t{9}); }
    void write(std::uint64_t, std::uint32_t, const std::uint8_t*) override { FAIL(); }
    void trim(std::uint64_t, std::uint64_t) override { FAIL(); }
    const std::uint8_t* peek(std::uint64_t, std::uint32_t) override { return nullptr; }
    std::uint8_t* poke(std::uint64_t, std::uint32_t) override { return nullptr; }
    void flush() override {}
  } store;
  kit::Context context;
  AtaParameters parameters;
  InstantMedium medium{{100, 1, true, 0, 3, 0}};
  AtaDevice device{"disk", context, parameters, medium, store};
  FakeHost host{"host", context};
  host.link.bind(device.link);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  host.phy_ready();
  sc_core::sc_start(20, sc_core::SC_MS);
  for (const std::uint8_t opcode : {0x30, 0x35, 0xca, 0x06}) {
    host.command(Bench::fis(opcode, 0, 1, 1));
    sc_core::sc_start(1, sc_core::SC_MS);
    EXPECT_EQ(host.error, wire::error::ABRT);
  }
  host.command(Bench::fis(0x25, 0, 20));
  sc_core::sc_start(1, sc_core::SC_MS);
  EXPECT_EQ(host.status, 0x50);
  EXPECT_EQ(host.buffer[FakeHost::single], std::vector<std::uint8_t>(20 * 512, 9));
}

TEST(AtaResets, SoftResetInTwoSteps) {
  Bench bench;
  bench.start();
  bench.execute(Bench::fis(0xef, 0, 0, 0x82));
  bench.host.withhold_data = true;
  bench.host.command(Bench::queued(true, 1, 0, 8));
  bench.run();
  bench.host.clear();
  bench.host.control(0x04);
  bench.run();
  EXPECT_TRUE(bench.host.seen.empty());
  EXPECT_EQ(bench.device.outstanding(), 0u);
  bench.host.control(0);
  bench.run(Duration::from_ms(10));
  ASSERT_THAT(bench.host.types(), ElementsAre(D2H));
  EXPECT_EQ(bench.host.seen[0].as<wire::RegisterD2H>().flags, 0);
  EXPECT_EQ(bench.host.seen[0].as<wire::RegisterD2H>().count_7_0, 1);
  EXPECT_FALSE(bench.device.settings().write_cache);  // a soft reset keeps it
  bench.host.withhold_data = false;
  bench.execute(Bench::fis(0xec));
  EXPECT_EQ(bench.data().size(), 512u);
}

TEST(AtaResets, BothStepsBackToBack) {
  Bench bench;
  bench.start();
  bench.host.clear();
  bench.host.control(0x04);
  bench.host.control(0);
  bench.run(Duration::from_ms(10));
  EXPECT_THAT(bench.host.types(), ElementsAre(D2H));
}

TEST(AtaResets, ComresetInTheMiddleOfTransfers) {
  Bench bench;
  bench.start();
  const unsigned seed = 21;
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random{seed};
  bench.execute(Bench::fis(0xef, 0, 0x02, 0x10));
  EXPECT_TRUE(bench.device.settings().auto_activate);
  for (unsigned round = 0; round < 50; ++round) {
    for (unsigned tag = 0; tag < 8; ++tag) {
      bench.host.buffer[tag].assign(64 * 512, static_cast<std::uint8_t>(round));
      bench.host.command(Bench::queued(tag & 1, tag, tag * 64, 64));
    }
    bench.run(Duration::from_us(static_cast<double>(random() % 1000)));
    bench.host.phy_lost();
    bench.run(Duration::from_us(5));
    bench.host.clear();
    bench.host.phy_ready();
    bench.run(Duration::from_ms(10));
    ASSERT_THAT(bench.host.types(), ElementsAre(D2H)) << "round " << round;
    EXPECT_FALSE(bench.device.settings().auto_activate);
    bench.execute(Bench::fis(0xec));
    ASSERT_EQ(bench.data().size(), 512u) << "round " << round;
  }
  EXPECT_EQ(bench.device.statistics().resets.value(), 51u);
}

}  // namespace
}  // namespace ahcisim::disk
