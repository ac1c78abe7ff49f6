// SPDX-License-Identifier: MIT
// Hosts that do not play by the rules: whatever comes, the device stands, and after a COMRESET it works.
#include <cstdlib>
#include <iostream>

#include "fake_host.hpp"

namespace ahcisim::disk {
namespace {

wire::RegisterH2D random_command(std::mt19937_64& random) {
  wire::RegisterH2D fis;
  auto* bytes = reinterpret_cast<std::uint8_t*>(&fis);
  for (unsigned i = 1; i < sizeof fis; ++i) bytes[i] = static_cast<std::uint8_t>(random());
  if (random() % 16) fis.flags |= wire::RegisterH2D::C;
  if (random() % 4) {  // a command there is
    do fis.command = static_cast<std::uint8_t>(random());
    while (!find_command(fis.command));
  }
  if (fis.command == 0xe6 && random() % 8) fis.command = 0x60;  // Sleep ends the show until the next reset
  if (random() % 4) {
    fis.set_lba48(random() % (Bench::sectors + 100));
    fis.device |= 0x40;
  }
  if (random() % 4) fis.features_15_8 = 0, fis.count_15_8 &= 0xc0;
  return fis;
}

void random_frame(FakeHost& host, std::mt19937_64& random) {
  static std::uint8_t payload[9000];
  wire::Frame frame;
  for (auto& byte : frame.fis) byte = static_cast<std::uint8_t>(random());
  frame.fis_bytes = static_cast<std::uint8_t>(4 * (random() % 8));
  if (random() % 2) frame.fis[0] = 0x46;
  if (random() % 2) frame.payload = payload, frame.payload_bytes = static_cast<std::uint32_t>(random() % sizeof payload);
  frame.crc_error = random() % 8 == 0;
  host.raw(frame);
}

TEST(AtaHostile, TheDeviceRecoversAfterEveryComreset) {
  const char* given = std::getenv("AHCISIM_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : 20260101;
  std::cout << "seed " << seed << " (set AHCISIM_SEED for another)\n";
  std::mt19937_64 random{seed};
  Bench bench;
  bench.start();
  for (unsigned tag = 0; tag < 33; ++tag) bench.host.buffer[tag] = random_bytes(random, 8 * 512);
  unsigned answered = 0;
  for (unsigned round = 0; round < 300; ++round) {
    bench.host.record = false;
    bench.host.registers = 0, bench.host.done = 0;
    if (random() % 4 == 0) bench.device.inject_media_error({random() % Bench::sectors, 1 + random() % 100'000});
    for (unsigned step = 0; step < 60; ++step) {
      switch (random() % 12) {
        case 0: random_frame(bench.host, random); break;
        case 1: bench.host.damage_next_data_out = true; break;
        case 2: bench.host.next_data_in = random() % 2 ? wire::Verdict::r_err : wire::Verdict::sync_escape; break;
        case 3: bench.host.data_out_bytes = random() % 2 ? 0 : static_cast<std::uint32_t>(random() % 9000); break;
        case 4: bench.host.withhold_data = random() % 4 == 0; break;
        case 5: bench.host.command(Bench::fis(0x2f, 0x10, 1)); break;
        default: bench.host.command(random_command(random)); break;
      }
      if (random() % 3) bench.run(Duration::from_ps(static_cast<std::int64_t>(random() % 300'000'000)));
    }
    answered += bench.host.registers + static_cast<unsigned>(__builtin_popcount(bench.host.done));
    bench.device.clear_media_errors();
    bench.host.withhold_data = false;
    bench.host.data_out_bytes = 0;
    bench.host.next_data_in = wire::Verdict::r_ok;
    bench.host.damage_next_data_out = false;
    bench.host.phy_lost();
    bench.run(Duration::from_ps(static_cast<std::int64_t>(random() % 3'000'000)));
    bench.host.record = true;
    bench.host.clear();
    for (auto& buffer : bench.host.buffer)
      if (buffer.size() > 65536) buffer.resize(65536);
    bench.host.phy_ready();
    bench.run(Duration::from_ms(20));
    ASSERT_EQ(bench.host.types(), std::vector<FisType>{FisType::register_d2h}) << "round " << round;
    bench.execute(Bench::fis(0xec));
    ASSERT_EQ(bench.data().size(), 512u) << "round " << round;
    bench.host.clear();
    bench.host.buffer[5].clear();
    bench.host.command(Bench::queued(false, 5, 40, 16));
    bench.run();
    ASSERT_EQ(bench.host.done, 1u << 5) << "round " << round;
    ASSERT_EQ(bench.host.buffer[5].size(), 8192u) << "round " << round;
    std::vector<std::uint8_t> stored(8192);
    bench.store.read(40, 16, stored.data());
    ASSERT_EQ(bench.host.buffer[5], stored) << "round " << round;
  }
  EXPECT_GT(answered, 1000u);
  std::cout << answered << " commands answered, " << bench.context.diagnostics.count() << " findings\n";
}

}  // namespace
}  // namespace ahcisim::disk
