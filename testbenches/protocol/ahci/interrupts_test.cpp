// SPDX-License-Identifier: MIT
// Interrupts (AHCI 1.3.1, 10.6.2, 10.7): latched status, one and several vectors, and the races between a completion and the
// handler in which emulators have lost interrupts or sent too many.
#include <algorithm>

#include <gtest/gtest.h>

#include "support/ahci_bench.hpp"

namespace ahcisim {
namespace {

using namespace kit::literals;
using namespace ahci::interrupt_bit;
using bench::AhciBench;
constexpr unsigned GHC = 0x04, HIS = 0x08, IS = 0x10, IE = 0x14, SACT = 0x34, CI = 0x38;

struct Bench {
  ahci::HbaParameters parameters;
  std::unique_ptr<AhciBench> b;
  explicit Bench(unsigned devices, unsigned vectors) { b = std::make_unique<AhciBench>(parameters, devices, vectors); }
  std::uint32_t px(unsigned offset, unsigned p = 0) { return b->read(AhciBench::port(p, offset)); }
  void set(unsigned offset, std::uint32_t value, unsigned p = 0) { b->write(AhciBench::port(p, offset), value); }
  void status(unsigned p = 0) { b->device[p]->send_register(b->now() + 10_ns, 0x50); }
  bool wait_for(std::uint32_t bits, unsigned p = 0) {
    return b->run_until([&] { return (px(IS, p) & bits) == bits; });
  }
};

TEST(Interrupts, LevelFollowsIsAndGhc) {
  Bench t{1, 1};
  auto& b = *t.b;
  b.bring_up();
  t.status();
  ASSERT_TRUE(t.wait_for(DHRS));
  EXPECT_TRUE(b.sink.level[0]);
  EXPECT_EQ(b.sink.requests[0], 1u);
  b.write(GHC, 0x80000000);
  EXPECT_FALSE(b.sink.level[0]);
  b.write(GHC, 0x80000002);
  EXPECT_TRUE(b.sink.level[0]);
  b.write(HIS, 1);  // the wrong order: PxIS first
  EXPECT_EQ(b.read(HIS), 1u) << "the port is still pending";
  EXPECT_TRUE(b.sink.level[0]);
  t.set(IS, DHRS);
  EXPECT_EQ(b.read(HIS), 1u) << "latched until written";
  EXPECT_TRUE(b.sink.level[0]);
  b.write(HIS, 1);
  EXPECT_EQ(b.read(HIS), 0u);
  EXPECT_FALSE(b.sink.level[0]);
}

TEST(Interrupts, MaskedBitsWait) {
  Bench t{1, 1};
  auto& b = *t.b;
  b.bring_up(0, 0);
  t.status();
  ASSERT_TRUE(t.wait_for(DHRS));
  EXPECT_EQ(b.read(HIS), 0u);
  EXPECT_EQ(b.sink.requests[0], 0u);
  t.set(IE, DHRS);
  EXPECT_EQ(b.read(HIS), 1u);
  EXPECT_EQ(b.sink.requests[0], 1u);
}

TEST(Interrupts, SeveralPortsOnOneVectorSendForEachNewBitAndForWhatIsLeft) {
  Bench t{2, 1};
  auto& b = *t.b;
  b.bring_up(0);
  b.bring_up(1);
  t.status(0);
  ASSERT_TRUE(t.wait_for(DHRS, 0));
  EXPECT_EQ(b.sink.requests[0], 1u);
  t.status(1);
  ASSERT_TRUE(t.wait_for(DHRS, 1));
  EXPECT_EQ(b.sink.requests[0], 2u);
  t.set(IS, ~0u, 0);
  EXPECT_EQ(b.sink.requests[0], 2u);
  b.write(HIS, 1);
  EXPECT_EQ(b.sink.requests[0], 3u) << "port 1 is left";
  t.set(IS, ~0u, 1);
  b.write(HIS, 2);
  EXPECT_EQ(b.sink.requests[0], 3u);
  EXPECT_FALSE(b.sink.level[0]);
}

TEST(Interrupts, APortPerVector) {
  Bench t{2, 8};
  auto& b = *t.b;
  b.bring_up(0);
  b.bring_up(1);
  EXPECT_EQ(b.read(GHC) & 4, 0u);
  t.status(1);
  ASSERT_TRUE(t.wait_for(DHRS, 1));
  EXPECT_EQ(b.sink.requests[0], 0u);
  EXPECT_EQ(b.sink.requests[1], 1u);
  // Linux's per-port handler touches PxIS only
  t.set(IS, DHRS, 1);
  EXPECT_FALSE(b.sink.level[1]);
  t.status(1);
  ASSERT_TRUE(t.wait_for(DHRS, 1));
  EXPECT_EQ(b.sink.requests[1], 2u);
  b.device[1]->send_set_device_bits(b.now() + 10_ns, 0);
  ASSERT_TRUE(t.wait_for(DHRS | SDBS, 1));
  EXPECT_EQ(b.sink.requests[1], 2u);
  t.set(IS, DHRS, 1);
  EXPECT_EQ(b.sink.requests[1], 3u) << "SDBS is left";
}

TEST(Interrupts, TooFewVectorsRevertToOne) {
  Bench t{2, 4};
  auto& b = *t.b;
  b.bring_up(0);
  b.bring_up(1);
  EXPECT_EQ(b.read(GHC) & 4, 4u);
  t.status(1);
  ASSERT_TRUE(t.wait_for(DHRS, 1));
  EXPECT_EQ(b.sink.requests[0], 1u);
  EXPECT_EQ(b.sink.requests[1], 0u);
}

/// An interrupt handler that does as Linux's, a step of its register accesses at a time, driven by messages only: were one
/// lost, commands would stay behind.
struct Handler {
  Bench& t;
  unsigned messages = 0, step = 0, empty = 0;
  std::uint32_t outstanding = 0, is = 0;
  std::uint64_t done = 0;
  bool active = false;

  void message(unsigned) { ++messages; }
  void advance() {
    AhciBench& b = *t.b;
    if (!active) {
      if (messages == 0) return;
      messages = 0;
      active = true;
      step = 0;
    }
    switch (step++) {
      case 0:
        if (b.read(HIS) == 0) active = false, ++empty;
        return;
      case 1: is = t.px(IS); return;
      case 2: t.set(IS, is); return;
      case 3: {
        const std::uint32_t still = t.px(SACT) | t.px(CI);
        done += static_cast<unsigned>(__builtin_popcount(outstanding & ~still));
        outstanding &= still;
        return;
      }
      default:
        b.write(HIS, 1);
        active = false;
    }
  }
};

TEST(Interrupts, NoneIsLostHoweverTheHandlerAndCompletionsInterleave) {
  Bench t{1, 1};
  AhciBench& b = *t.b;
  b.bring_up();
  Handler handler{t};
  b.sink.on_request = [&](unsigned vector) { handler.message(vector); };
  std::uint64_t issued = 0;
  std::uint32_t random = 12345;
  const auto next = [&](std::uint32_t below) { return (random = random * 1664525 + 1013904223) / 65536 % below; };
  while (handler.done < 3000) {
    b.device[0]->service = kit::Duration::from_ps(100'000 + next(3'000) * 1000);
    if (issued < 3000 && ~handler.outstanding && next(3)) {
      const auto slot = static_cast<unsigned>(__builtin_ctz(~handler.outstanding));
      b.prepare(0, slot, AhciBench::queued_fis(false, slot, slot, 1), {{0x400000 + slot * 512u, 512}});
      handler.outstanding |= 1u << slot;
      b.issue(0, slot, true);
      ++issued;
    }
    handler.advance();
    b.run(kit::Duration::from_ps(1 + next(400) * 1000));
    ASSERT_LT(b.now(), 100_ms) << "stuck with " << std::hex << handler.outstanding;
  }
  EXPECT_EQ(handler.done, 3000u);
  // Extra messages: the one after "W PxIS" of which the handler's "R PxSACT" has seen the completion already
  EXPECT_LE(b.sink.requests[0], 3000u);
  EXPECT_EQ(handler.empty, 0u);
  EXPECT_EQ(b.context.diagnostics.count(), 0u);
}

TEST(Interrupts, OneCommandAtATimeIsOneInterruptEach) {
  Bench t{1, 1};
  AhciBench& b = *t.b;
  b.bring_up();
  for (unsigned i = 0; i < 50; ++i) {
    const bool queued = i % 2;
    b.prepare(0, 0, queued ? AhciBench::queued_fis(false, 0, i, 1) : AhciBench::fis(0x25, i, 1), {{0x400000, 512}});
    b.issue(0, 0, queued);
    ASSERT_TRUE(b.run_until([&] { return b.sink.level[0]; }));
    EXPECT_EQ(b.read(HIS), 1u);
    EXPECT_EQ(t.px(IS), queued ? SDBS : DHRS);
    t.set(IS, t.px(IS));
    EXPECT_EQ(t.px(SACT) | t.px(CI), 0u);
    b.write(HIS, 1);
    EXPECT_FALSE(b.sink.level[0]);
  }
  EXPECT_EQ(b.sink.requests[0], 50u);
}

}  // namespace
}  // namespace ahcisim
