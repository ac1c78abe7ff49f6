// SPDX-License-Identifier: MIT
// Ports share the DMA engine's time: equal shares on every scale, all of it used, none kept waiting for long.
#include <algorithm>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/ahci/dma_share.hpp>

namespace ahcisim::ahci {
namespace {

using kit::Duration;
using Interval = kit::Reserve::Interval;
using namespace kit::literals;

/// Ports that always have a Data FIS coming over a link of 600 MB/s, each with room for one of them.
struct Saturated {
  static constexpr std::uint32_t frame = 8192;
  static constexpr double bytes_per_ps = 600e6 / 1e12;
  struct Port {
    Duration link_free;
    std::vector<Interval> frames;
  };

  HbaParameters parameters;
  Timing timing{settings(parameters)};
  DmaShare share{timing};
  std::vector<Port> ports;

  explicit Saturated(unsigned count) : ports(count) {
    for (unsigned p = 0; p < count; ++p) share.set_active(p, true);
  }
  static const HbaParameters& settings(HbaParameters& parameters) {
    parameters.dma_rate.set(kit::Rate{1e9});
    return parameters;
  }
  /// Frame after frame, each port's next one when the one before is accepted: when all before that has left.
  void run(Duration time, const std::function<void(Duration)>& between = {}) {
    const auto crossing = Duration::from_ps(static_cast<std::int64_t>(frame / bytes_per_ps));
    for (;;) {
      const auto next = std::min_element(ports.begin(), ports.end(),
                                         [](const Port& a, const Port& b) { return a.link_free < b.link_free; });
      const Duration now = next->link_free;
      if (now >= time) return;
      if (between) between(now);
      const auto number = static_cast<unsigned>(next - ports.begin());
      next->frames.push_back(share.book(number, now, now, now + crossing, frame));
      next->link_free = now + crossing;
      if (next->frames.size() > 1) next->link_free = kit::max(next->link_free, next->frames[next->frames.size() - 2].end);
    }
  }
  /// Bytes a port has moved between two times.
  double moved(unsigned port, Duration from, Duration to) const {
    double bytes = 0;
    for (const Interval& i : ports[port].frames) {
      const Duration begin = kit::max(i.begin, from), end = kit::min(i.end, to);
      if (begin < end) bytes += frame * (end - begin).seconds() / (i.end - i.begin).seconds();
    }
    return bytes;
  }
  double rate() const { return frame / timing.occupancy(frame).seconds(); }
};

TEST(DmaShare, EightSaturatedPortsGetAnEighthEach) {
  Saturated s{8};
  s.run(5_ms);
  double total = 0;
  for (unsigned p = 0; p < 8; ++p) {
    const double rate = s.moved(p, 500_us, 4500_us) / 4e-3;
    EXPECT_NEAR(rate, s.rate() / 8, s.rate() / 8 * 0.02) << "port " << p;
    total += rate;
  }
  EXPECT_NEAR(total, s.rate(), s.rate() * 0.01);
}

TEST(DmaShare, AlsoWithinTenthsOfAMillisecond) {
  Saturated s{8};
  s.run(5_ms);
  const Duration window = 200_us;
  for (Duration at = 400_us; at + window < 4800_us; at += 50_us)
    for (unsigned p = 0; p < 8; ++p)
      ASSERT_NEAR(s.moved(p, at, at + window) / window.seconds(), s.rate() / 8, s.rate() / 8 * 0.10)
          << "port " << p << " at " << at.seconds();
}

// Another port's command headers and FISes, on an engine that is booked for a long while: a round is all they wait.
TEST(DmaShare, ASmallTransferWaitsForARoundAtMost) {
  Saturated s{7};
  s.share.set_active(7, true);
  Duration longest;
  s.run(3_ms, [&](Duration now) {
    const Interval small = s.share.book(7, now, now, {}, 32);
    EXPECT_EQ(small.end - small.begin, s.timing.occupancy(32));
    longest = kit::max(longest, small.begin - now);
  });
  EXPECT_GT(longest, 1_us);
  EXPECT_LE(longest, 7 * s.timing.occupancy(512));
  // Nothing is given away: what they took is missing from the others' data.
  Duration end;
  for (const auto& port : s.ports) end = kit::max(end, port.frames.back().end);
  EXPECT_LE(s.share.busy_time(), end);
}

TEST(DmaShare, APortAloneTakesTheEngineForTheWholeTransfer) {
  Saturated s{1};
  const Interval first = s.share.book(0, 0_us, 1_us, 20_us, 8192);
  EXPECT_EQ(first.begin, 1_us);
  EXPECT_EQ(first.end, 1_us + s.timing.occupancy(8192));
  EXPECT_EQ(s.share.book(0, 0_us, 1_us, {}, 32).begin, first.end);
}

// The other has commands outstanding, but nothing to move at present: all of the engine is the one port's.
TEST(DmaShare, ACompetitorThatHasNothingToMoveCostsNothing) {
  Saturated s{2};
  const Interval only = s.share.book(0, 0_us, 0_us, 0_us, 8192);
  EXPECT_EQ(only.end, s.timing.occupancy(8192));
  // Now it has: turn by turn from then on, where the engine is free.
  const Interval second = s.share.book(1, 0_us, 0_us, 0_us, 8192);
  EXPECT_EQ(second.begin, only.end);
  const Interval third = s.share.book(0, 0_us, 0_us, 0_us, 8192);
  EXPECT_LT(third.begin, second.end);
}

}  // namespace
}  // namespace ahcisim::ahci
