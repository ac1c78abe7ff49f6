// SPDX-License-Identifier: MIT
// A guest that writes anything anywhere, with commands and PRDs that sometimes make sense. Nothing may crash or hang,
// and a software reset always brings the devices back. The seed is printed; AHCISIM_SEED repeats a run.
#include <cstdio>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include <support/ide_bench.hpp>

namespace ahcisim {
namespace {

using bench::IdeBench;
using bench::IdeSetup;
using namespace kit::literals;

struct Fuzz : ::testing::Test {
  IdeBench b{[](IdeSetup& s) {
    s.devices = 0b0111;
    s.sectors = 5000;
    s.ata.set("reset", "50us");
    s.ata.set("internal_data", "5us");
  }};
  std::mt19937 random;
  void SetUp() override {
    const char* given = std::getenv("AHCISIM_SEED");
    const auto seed = given ? static_cast<unsigned>(std::strtoul(given, nullptr, 0)) : std::random_device{}();
    random.seed(seed);
    std::printf("AHCISIM_SEED=%u\n", seed);
    b.start();
  }
  std::uint32_t word() { return static_cast<std::uint32_t>(random()); }
  std::uint32_t pick(std::uint32_t below) { return word() % below; }
  unsigned any_port() {
    const unsigned channel = pick(2);
    switch (pick(8)) {
      case 0:
        return channel ? 0x374 + pick(4) : 0x3f4 + pick(4);
      case 1:
      case 2:
        return IdeBench::bm + pick(16);
      default:
        return IdeBench::base(channel) + pick(8);
    }
  }
  void random_access() {
    const unsigned port = any_port(), bytes = pick(6) ? 1 : 1u << pick(3);
    if (pick(3) == 0)
      b.in(port, bytes);
    else if (port != 0x3f6 && port != 0x376)
      b.out(port, word(), bytes);
    else
      b.out(port, word() & (pick(10) ? 0x82 : 0xff), 1);
  }
  void random_prds() {
    std::vector<IdeBench::Prd> prds(1 + pick(10));
    for (auto& prd : prds)
      prd = {pick(12) ? 0x100000 + pick(0x400000) : word(), pick(3) ? 512 * (1 + pick(16)) : pick(0x10000)};
    b.write_prds(prds, pick(8) != 0);
  }
  void random_command() {
    constexpr std::uint8_t known[] = {0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0xc4,
                                      0xc5, 0xc6, 0xc8, 0xca, 0xe7, 0xec, 0xef, 0x90, 0x06};
    const bool to_memory = pick(2);
    random_prds();
    IdeBench::Task task{pick(20) ? known[pick(sizeof known)] : static_cast<std::uint8_t>(random()), pick(5100),
                        pick(40), pick(4) ? 3 : word()};
    task.ext = pick(2), task.device = pick(2), task.channel = pick(2);
    if (pick(2)) b.prepare_bus_master(to_memory, task.channel);
    b.issue(task);
    if (pick(2)) b.start_bus_master(task.channel);
  }
  void random_string() {
    const unsigned width = 2u << pick(2), port = IdeBench::base(pick(2));
    std::vector<std::uint8_t> data(width * (1 + pick(pick(4) ? 256 : 4096)));
    b.access(pick(3) != 0, port, data.data(), static_cast<unsigned>(data.size()), width, {});
  }
};

TEST_F(Fuzz, NothingCrashesAndAResetBringsEveryDeviceBack) {
  for (unsigned round = 0; round < 6; ++round) {
    for (unsigned step = 0; step < 400; ++step) {
      switch (pick(8)) {
        case 0:
          random_command();
          break;
        case 1:
          random_string();
          break;
        case 2:
          b.run(kit::Duration::from_us(pick(200)));
          break;
        case 3:
          b.status(pick(2));
          break;
        default:
          random_access();
      }
      if (pick(300) == 0) b.controller->reset();
    }
    for (unsigned channel : {0u, 1u}) {
      b.out(channel ? 0x376 : 0x3f6, 4);
      b.stop_bus_master(channel);
    }
    b.run(200_ms);  // whatever a slow bus still had to move
    for (unsigned place = 0; place < 3; ++place) {
      const unsigned channel = place / 2;
      b.out(channel ? 0x376 : 0x3f6, 0);
      b.run(3_ms);  // a host looks no sooner: until device 0 has reset itself, an absent device 1 may be the selected one
      ASSERT_TRUE(b.wait_idle(channel));
      b.issue({0xec, 0, 0, 0, false, place % 2, channel});
      ASSERT_TRUE(b.wait_interrupt(channel)) << "place " << place << " round " << round;
      EXPECT_EQ(b.status(channel), 0x58);
      const auto page = b.ins(512, 2, {}, IdeBench::base(channel));
      EXPECT_EQ(page[0], 0x40);
      EXPECT_EQ(page[510], 0xa5);
    }
  }
}

}  // namespace
}  // namespace ahcisim
