// SPDX-License-Identifier: MIT
// A hostile guest and a broken device: random register writes, random command structures, random frames. Nothing may crash or
// hang, and an HBA reset always brings a working port back. The seed is printed; AHCISIM_SEED repeats a run.
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "support/ahci_bench.hpp"

namespace ahcisim {
namespace {

using namespace kit::literals;
using bench::AhciBench;
constexpr unsigned CMD = 0x18, SACT = 0x34, CI = 0x38, SCTL = 0x2c;

struct Fuzz : ::testing::Test {
  static constexpr unsigned ports = 2;
  ahci::HbaParameters parameters;
  std::unique_ptr<AhciBench> b;
  std::mt19937 random;

  void SetUp() override {
    const char* given = std::getenv("AHCISIM_SEED");
    const auto seed = given ? static_cast<unsigned>(std::strtoul(given, nullptr, 0)) : std::random_device{}();
    random.seed(seed);
    std::printf("AHCISIM_SEED=%u\n", seed);
    parameters.ports.set(ports);
    b = std::make_unique<AhciBench>(parameters, ports);
    for (auto& device : b->device) device->wire_latency = 20_ns;
  }
  std::uint32_t pick(std::uint32_t below) { return random() % below; }

  void random_structures() {
    const unsigned p = pick(ports), slot = pick(32);
    const unsigned kind = pick(4);
    wire::RegisterH2D fis = kind == 0 ? AhciBench::queued_fis(pick(2), slot, pick(4000), static_cast<std::uint16_t>(pick(64)))
                                      : AhciBench::fis(static_cast<std::uint8_t>(pick(256)), pick(5000), static_cast<std::uint16_t>(pick(64)));
    constexpr std::uint8_t known[] = {0x25, 0x35, 0x24, 0x34, 0xec, 0xa0, 0x60, 0x61};
    if (kind == 1) fis.command = known[pick(8)];
    std::vector<AhciBench::Prd> prds(pick(20));
    for (auto& prd : prds) prd = {pick(8) ? 0x400000 + pick(0x100000) : random(), 1 + pick(pick(9) ? 4096 : 0x400000), pick(4) == 0};
    b->prepare(p, slot, fis, prds, pick(4) ? (pick(2) ? AhciBench::W : 0) : pick(2048) << 5);
    std::uint8_t* header = b->at(AhciBench::list(p) + 32 * slot);
    if (pick(10) == 0) header[pick(32)] = static_cast<std::uint8_t>(random());
    if (pick(10) == 0) b->at(AhciBench::table(p, slot))[pick(0x100)] = static_cast<std::uint8_t>(random());
  }
  void random_write() {
    const unsigned size = pick(10) ? 4 : 1u << pick(3);
    const unsigned offset = pick(8) == 0 ? pick(0x2c) : 0x100 + 0x80 * pick(ports) + pick(0x80);
    std::uint32_t value = random();
    if (pick(3) == 0) value &= random() & random();
    if (pick(4) == 0) value = 0x11;
    b->write(size == 4 ? offset & ~3u : offset, value, size);
    if (pick(30) == 0) b->io_write(pick(0x20), random());
  }
  void likely_write() {
    const unsigned p = pick(ports);
    switch (pick(8)) {
      case 0: return b->write(AhciBench::port(p, CMD), 0x11);
      case 1: return b->write(AhciBench::port(p, CMD), pick(2) ? 0x10 : 0x18);
      case 2: return b->write(AhciBench::port(p, SCTL), pick(2));
      case 3: return b->write(AhciBench::port(p, SACT), random());
      case 4:
        b->write(AhciBench::port(p, 0), static_cast<std::uint32_t>(AhciBench::list(p)));
        b->write(AhciBench::port(p, 4), 0);
        b->write(AhciBench::port(p, 8), static_cast<std::uint32_t>(AhciBench::fis_area(p)));
        return b->write(AhciBench::port(p, 12), 0);
      default: return b->write(AhciBench::port(p, CI), 1u << pick(32));
    }
  }
  void random_frame() {
    bench::FakeDevice& device = *b->device[pick(ports)];
    wire::Frame frame;
    for (std::uint8_t& byte : frame.fis) byte = static_cast<std::uint8_t>(random());
    constexpr std::uint8_t types[] = {0x34, 0x39, 0x41, 0x46, 0x5f, 0xa1, 0x58, 0x27};
    constexpr std::uint8_t lengths[] = {20, 4, 28, 4, 20, 8, 12, 20};
    const unsigned type = pick(8);
    if (pick(8)) frame.fis[0] = types[type];
    frame.fis_bytes = pick(8) ? lengths[type] : static_cast<std::uint8_t>(4 + 4 * pick(7));
    if (frame.type() == wire::FisType::data) {
      frame.payload = device.media.data();
      frame.payload_bytes = pick(8) ? 1 + pick(8192) : pick(20000);
    }
    device.damage_next = pick(10) == 0;
    device.send(frame, b->now() + kit::Duration::from_ps(pick(2'000'000)));
    if (pick(10) == 0) device.next_verdict = static_cast<wire::Verdict>(pick(4));
    if (pick(200) == 0) device.send_link(wire::SATA_PHYLOST, b->now() + 1_us);
  }
  void expect_recovery() {
    for (auto& device : b->device) device->next_verdict = wire::Verdict::r_ok;
    b->write(0x04, 1);
    ASSERT_TRUE(b->run_until([&] { return !(b->read(0x04) & 1); }));
    b->run(50_us);
    for (unsigned p = 0; p < ports; ++p) {
      b->bring_up(p);
      b->prepare(p, 3, AhciBench::queued_fis(false, 3, 11, 8), {{0x700000, 4096}});
      std::memset(b->at(0x700000), 0, 4096);
      b->issue(p, 3, true);
      ASSERT_TRUE(b->run_until([&] { return b->read(AhciBench::port(p, SACT)) == 0; })) << "port " << p;
      ASSERT_EQ(std::memcmp(b->at(0x700000), &b->device[p]->media[11 * 512], 4096), 0);
      ASSERT_EQ(b->read(AhciBench::port(p, 0x10)), 8u);
    }
  }
};

TEST_F(Fuzz, HostileGuest) {
  for (unsigned round = 0; round < 60; ++round) {
    for (unsigned step = 0; step < 150; ++step) {
      if (pick(3) == 0) random_structures();
      pick(4) ? likely_write() : random_write();
      if (pick(3) == 0) b->run(kit::Duration::from_ps(1 + pick(3'000'000)));
    }
    ASSERT_NO_FATAL_FAILURE(expect_recovery());
  }
}

TEST_F(Fuzz, BrokenDevice) {
  for (unsigned round = 0; round < 60; ++round) {
    for (unsigned step = 0; step < 150; ++step) {
      if (pick(3) == 0) random_structures();
      if (pick(2)) likely_write();
      random_frame();
      if (pick(2) == 0) b->run(kit::Duration::from_ps(1 + pick(2'000'000)));
    }
    ASSERT_NO_FATAL_FAILURE(expect_recovery());
  }
}

TEST_F(Fuzz, RandomCommandLists) {
  for (unsigned round = 0; round < 60; ++round) {
    for (std::uint64_t address = AhciBench::list(0); address < AhciBench::list(ports); ++address)
      b->memory.bytes[address] = static_cast<std::uint8_t>(random());
    for (unsigned p = 0; p < ports; ++p) b->bring_up(p);
    for (unsigned slot = 0; slot < 32; ++slot) {  // plausible enough to get somewhere
      std::uint8_t* header = b->at(AhciBench::list(pick(ports)) + 32 * slot);
      header[0] = static_cast<std::uint8_t>((header[0] & 0xe0) | 5);
      header[1] &= 0x05;
      wire::store_le32(header + 8, static_cast<std::uint32_t>(AhciBench::table(0, slot)) & ~0x7fu);
      wire::store_le32(header + 12, 0);
    }
    for (unsigned step = 0; step < 20; ++step) {
      const unsigned p = pick(ports);
      b->write(AhciBench::port(p, CMD), 0x10);
      b->run(5_us);
      b->write(AhciBench::port(p, CMD), 0x18);
      b->write(AhciBench::port(p, CMD), 0x11);
      b->write(AhciBench::port(p, SACT), random() & random());
      b->write(AhciBench::port(p, CI), 1u << pick(32) | 1u << pick(32));
      b->run(kit::Duration::from_ps(1 + pick(20'000'000)));
    }
    ASSERT_NO_FATAL_FAILURE(expect_recovery());
  }
}

}  // namespace
}  // namespace ahcisim
