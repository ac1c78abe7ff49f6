// SPDX-License-Identifier: MIT
// A guest that writes anything anywhere: into its disk's ports and registers, and over rings and PRDs in its own memory. Whatever it
// does ends as a diagnostic; the emulator neither crashes nor hangs.
#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/machine/emulated.hpp>

namespace ahcisim {
namespace {

/// Where the guest's accesses go.
struct Window {
  std::uint64_t base;
  std::uint32_t size;
};

struct HostileGuest final : host::DeviceListener {
  HostileGuest(const std::string& interface, std::uint64_t seed)
      : parameters{{{"machine.deployment", "emulated", "test"},
                    {"machine.interface", interface, "test"},
                    {"machine.instant_capacity", "1GiB", "test"},
                    {"machine.drive", "instant", "test"},
                    {"image.backing", "tmpfs", "test"}}},
        machine{context, parameters}, random{seed} {
    machine.device().listen(*this);
    sc_core::sc_start(60, sc_core::SC_SEC);
    EXPECT_TRUE(is_ready);
    EXPECT_EQ(context.diagnostics.count(), 0u) << "so far it was well behaved";
  }
  void ready(kit::Duration) override { is_ready = true, sc_core::sc_pause(); }
  void failed(const std::string&, kit::Duration) override {}  // of course it may give up

  std::uint64_t below(std::uint64_t bound) { return random() % bound; }
  void access(bool write, std::uint64_t address, std::uint8_t* data, unsigned bytes) {
    tlm::tlm_generic_payload payload;
    payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload.set_address(address);
    payload.set_data_ptr(data);
    payload.set_data_length(bytes);
    payload.set_streaming_width(bytes);
    sc_core::sc_time delay;
    machine.bus().cpu.get_base_export()->b_transport(payload, delay);
  }
  std::uint32_t configuration(unsigned offset) {
    std::array<std::uint8_t, 4> raw{};
    access(false, machine.bus().configuration_address(offset), raw.data(), 4);
    return wire::load_le32(raw.data());
  }
  /// As the driver has placed them, ports of compatibility mode included.
  std::vector<Window> windows() {
    std::vector<Window> all;
    for (unsigned bar = 0; bar < 6; ++bar) {
      const std::uint32_t low = configuration(0x10 + 4 * bar);
      if (low & 1) {
        all.push_back({machine.bus().io_address(low & ~3u & 0xffff), 128});
      } else if (low & ~15u) {
        const bool wide = (low & 6) == 4;
        all.push_back({(low & ~15u) | (wide ? std::uint64_t{configuration(0x14 + 4 * bar)} << 32 : 0), 4096 * 4});
        bar += wide;
      }
    }
    for (const unsigned port : {0x1f0u, 0x3f4u, 0x170u, 0x374u}) all.push_back({machine.bus().io_address(port), 8});
    return all;
  }
  /// Values that mean something now and then: command codes, addresses near the garbage, single bits.
  std::uint32_t value() {
    constexpr std::uint8_t codes[] = {0x25, 0x35, 0xc8, 0xca, 0x20, 0x30, 0xc4, 0xc5, 0xec, 0xef, 0xe7, 0xea, 0x06, 0x08, 0x90, 0x09, 0x01};
    switch (below(5)) {
      case 0: return codes[below(sizeof codes)];
      case 1: return static_cast<std::uint32_t>(below(1 << 20)) & ~3u;
      case 2: return 1u << below(32);
      case 3: return static_cast<std::uint32_t>(below(16));
      default: return static_cast<std::uint32_t>(random());
    }
  }
  /// Garbage over a piece of guest memory, with entries that look like small addresses.
  void scribble() {
    std::array<std::uint32_t, 256> words;
    for (std::uint32_t& word : words) word = value();
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    payload.set_address(below(1 << 20) & ~std::uint64_t{15});
    payload.set_data_ptr(reinterpret_cast<std::uint8_t*>(words.data()));
    payload.set_data_length(sizeof words);
    payload.set_streaming_width(sizeof words);
    machine.bus().memory->transport_dbg(payload);
  }

  kit::Context context;
  machine::Parameters parameters;
  machine::Emulated machine;
  std::mt19937_64 random;
  bool is_ready = false;
};

class HostileGuests : public ::testing::TestWithParam<std::tuple<const char*, unsigned>> {};
INSTANTIATE_TEST_SUITE_P(Seeds, HostileGuests, ::testing::Combine(::testing::Values("ahci", "ide", "virtio_blk"), ::testing::Range(1u, 7u)),
                         [](const auto& info) { return std::string{std::get<0>(info.param)} + "_" + std::to_string(std::get<1>(info.param)); });

TEST_P(HostileGuests, EndInDiagnostics) {
  const unsigned seed = std::get<1>(GetParam());
  std::printf("seed %u\n", seed);
  HostileGuest guest{std::get<0>(GetParam()), seed};
  const std::vector<Window> windows = guest.windows();
  ASSERT_GT(windows.size(), 4u);
  for (unsigned step = 0; step < 4000; ++step) {
    if (guest.below(8) == 0) guest.scribble();
    const Window& window = windows[guest.below(windows.size())];
    const unsigned bytes = 1u << guest.below(3);
    const std::uint32_t reach = guest.below(4) ? std::min(window.size, 64u) : window.size;
    const std::uint64_t address = window.base + (guest.below(reach) & ~std::uint64_t{bytes - 1});
    std::array<std::uint8_t, 4> data{};
    wire::store_le32(data.data(), guest.value());
    guest.access(guest.below(4) != 0, address, data.data(), bytes);
    if (guest.below(4) == 0) sc_core::sc_start(static_cast<double>(1 + guest.below(200)), sc_core::SC_US);
  }
  const sc_core::sc_time before = sc_core::sc_time_stamp();
  sc_core::sc_start(5, sc_core::SC_SEC);
  EXPECT_EQ(sc_core::sc_time_stamp() - before, sc_core::sc_time(5, sc_core::SC_SEC)) << "time goes on";
  EXPECT_GT(guest.context.diagnostics.count(), 0u);
}

}  // namespace
}  // namespace ahcisim
