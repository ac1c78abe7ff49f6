// SPDX-License-Identifier: MIT
// Trains of TLPs against the same transfers booked TLP by TLP: thousands of each, on four kinds of link.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <random>

#include <support/pcie_bench.hpp>

namespace ahcisim::test {
namespace {

using kit::Duration;

struct Pair {
  explicit Pair(void (*configure)(PcieSetup&)) {
    configure(train_setup);
    configure(tlp_setup);
    tlp_setup.link.set("fidelity", "tlp");
    train.emplace("train", context, train_setup);
    tlp.emplace("tlp", context, tlp_setup);
    train->start();
    tlp->start();
  }
  kit::Context context;
  PcieSetup train_setup, tlp_setup;
  std::optional<PcieRig> train, tlp;
};

// Mean duration of random bus-master accesses, so many of them on the way at a time.
double mean_ns(PcieRig& rig, unsigned seed, unsigned depth, bool streaming) {
  std::mt19937 random{seed};
  std::vector<std::uint8_t> data(65536);
  std::vector<Duration> ends(depth, rig.quiet());
  double sum = 0;
  constexpr unsigned rounds = 3000;
  for (unsigned i = 0; i < rounds; ++i) {
    const auto next = std::min_element(ends.begin(), ends.end());
    const bool write = random() % 2;
    const std::uint32_t bytes = (1 + random() % 128) * 128;
    const std::uint64_t address = 0x1000 + random() % 1024 * 4;
    const Duration begin = *next, source = streaming && write ? begin + Duration::from_ns(bytes * 1.7) : Duration{};
    *next = rig.function.master(write, address, data.data(), bytes, begin, source);
    sum += (*next - begin).ns();
  }
  rig.busy_until = *std::max_element(ends.begin(), ends.end());
  return sum / rounds;
}

void compare(void (*configure)(PcieSetup&)) {
  Pair pair{configure};
  for (const unsigned depth : {1u, 4u})
    for (const bool streaming : {false, true}) {
      const double train = mean_ns(*pair.train, 7, depth, streaming), tlp = mean_ns(*pair.tlp, 7, depth, streaming);
      std::printf("depth %u%s: train %.1f ns, TLP by TLP %.1f ns (%+.2f %%)\n", depth, streaming ? " streaming" : "", train, tlp,
                  (train / tlp - 1) * 100);
      EXPECT_NEAR(train, tlp, 0.02 * tlp);
    }
}

TEST(Trains, AgreeWithTlpByTlpOnGen3x4) { compare([](PcieSetup&) {}); }
TEST(Trains, AgreeWithTlpByTlpOnGen2x1) {
  compare([](PcieSetup& s) {
    s.link.set("generation", "2");
    s.link.set("lanes", "1");
    s.link.set("max_payload", "128B");
  });
}
TEST(Trains, AgreeWithTlpByTlpOnGen5x16) {
  compare([](PcieSetup& s) {
    s.link.set("generation", "5");
    s.link.set("lanes", "16");
    s.link.set("max_payload", "512B");
    s.link.set("max_read_request", "4096B");
  });
}
TEST(Trains, AgreeWithTlpByTlpWhereCompletionsAreCutAtTheBoundary) {
  compare([](PcieSetup& s) { s.like_pcie_bench(); });
}

}  // namespace
}  // namespace ahcisim::test
