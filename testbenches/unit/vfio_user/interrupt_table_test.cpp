// SPDX-License-Identifier: MIT
// Levels, messages and what SET_IRQS may ask for.
#include <cerrno>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <ahcisim/models/vfio_user/interrupt_table.hpp>

namespace ahcisim::vfio_user {
namespace {

class Interrupts : public ::testing::Test {
 protected:
  static constexpr std::uint32_t arm = SetIrqs::DATA_EVENTFD | SetIrqs::TRIGGER, off = SetIrqs::DATA_NONE | SetIrqs::TRIGGER;
  static constexpr std::uint32_t unmask = SetIrqs::DATA_NONE | SetIrqs::UNMASK, mask = SetIrqs::DATA_NONE | SetIrqs::MASK;

  /// A copy goes to the table, as one that came over a socket would.
  int set(std::uint32_t flags, std::uint32_t index, std::uint32_t start, std::uint32_t count, unsigned descriptors = 0,
          const std::vector<std::uint8_t>& data = {}) {
    std::vector<Descriptor> sent;
    for (unsigned i = 0; i < descriptors; ++i) sent.emplace_back(::dup(events[i].get()));
    return table.set({sizeof(SetIrqs), flags, index, start, count}, data.data(), static_cast<std::uint32_t>(data.size()), sent);
  }
  /// How often event `i` was written since.
  std::uint64_t taken(unsigned i = 0) {
    table.flush();
    std::uint64_t count = 0;
    return ::read(events[i].get(), &count, sizeof count) == sizeof count ? count : 0;
  }
  Interrupts() {
    for (unsigned i = 0; i < 4; ++i) events.emplace_back(::eventfd(0, EFD_NONBLOCK));
  }
  std::vector<Descriptor> events;
  InterruptTable table{{1, 4, 8}};
};

TEST_F(Interrupts, ALevelIsToldOnceUntilItIsUnmasked) {
  ASSERT_EQ(set(arm, irq::intx, 0, 1, 1), 0);
  table.level(true);
  EXPECT_EQ(taken(), 1u);
  table.level(true);
  EXPECT_EQ(taken(), 0u);
  ASSERT_EQ(set(unmask, irq::intx, 0, 1), 0);
  EXPECT_EQ(taken(), 1u) << "still high";
  table.level(false);
  ASSERT_EQ(set(unmask, irq::intx, 0, 1), 0);
  EXPECT_EQ(taken(), 0u);
  table.level(true);
  EXPECT_EQ(taken(), 1u);
}

TEST_F(Interrupts, ALevelThatFallsBeforeItIsToldLeavesNoMask) {
  ASSERT_EQ(set(arm, irq::intx, 0, 1, 1), 0);
  table.level(true);
  EXPECT_EQ(taken(), 1u);
  ASSERT_EQ(set(unmask, irq::intx, 0, 1), 0);  // the level has not fallen yet …
  table.level(false);                          // … and does before the client can be told again
  EXPECT_EQ(taken(), 0u);
  table.level(true);
  EXPECT_EQ(taken(), 1u) << "nobody would unmask it";
}

TEST_F(Interrupts, ALevelThatFallsBeforeItIsReadIsTakenBack) {
  ASSERT_EQ(set(arm, irq::intx, 0, 1, 1), 0);
  table.level(true);
  table.flush();
  table.level(false);
  EXPECT_EQ(taken(), 0u);
  table.level(true);
  EXPECT_EQ(taken(), 1u) << "nobody would unmask it";
  table.level(false);
  table.level(true);
  EXPECT_EQ(taken(), 0u) << "the client has read it and will unmask";
  ASSERT_EQ(set(unmask, irq::intx, 0, 1), 0);
  table.flush();
  table.reset();
  EXPECT_EQ(taken(), 0u) << "the function's reset takes it back, too";
}

TEST_F(Interrupts, ALevelThatIsTakenBackLeavesTheClientsMask) {
  ASSERT_EQ(set(arm, irq::intx, 0, 1, 1), 0);
  table.level(true);
  table.flush();
  ASSERT_EQ(set(mask, irq::intx, 0, 1), 0);
  table.level(false);
  table.level(true);
  EXPECT_EQ(taken(), 0u);
  ASSERT_EQ(set(unmask, irq::intx, 0, 1), 0);
  EXPECT_EQ(taken(), 1u);
}

TEST_F(Interrupts, AFallDoesNotWaitForAnEventWhoseReadsWould) {
  events[0] = Descriptor{::eventfd(0, 0)};
  ASSERT_EQ(set(arm, irq::intx, 0, 1, 1), 0);
  table.level(true);
  EXPECT_EQ(taken(), 1u);
  ASSERT_EQ(::fcntl(events[0].get(), F_SETFL, 0), 0);  // the client's descriptor is of the same file
  table.level(false);
  ASSERT_EQ(::fcntl(events[0].get(), F_SETFL, O_NONBLOCK), 0);
  EXPECT_EQ(taken(), 0u);
}

TEST_F(Interrupts, ALevelThatIsHighBeforeItsEventComes) {
  table.level(true);
  ASSERT_EQ(set(arm, irq::intx, 0, 1, 1), 0);
  EXPECT_EQ(taken(), 1u);
  ASSERT_EQ(set(off, irq::intx, 0, 0), 0);
  ASSERT_EQ(set(arm, irq::intx, 0, 1, 1), 0);
  EXPECT_EQ(taken(), 1u) << "armed anew";
  table.reset();
  ASSERT_EQ(set(unmask, irq::intx, 0, 1), 0);
  EXPECT_EQ(taken(), 0u) << "the function's reset takes the level away";
}

TEST_F(Interrupts, Masking) {
  ASSERT_EQ(set(arm, irq::intx, 0, 1, 1), 0);
  ASSERT_EQ(set(mask, irq::intx, 0, 1), 0);
  table.level(true);
  EXPECT_EQ(taken(), 0u);
  ASSERT_EQ(set(SetIrqs::DATA_BOOL | SetIrqs::UNMASK, irq::intx, 0, 1, 0, {0}), 0);
  EXPECT_EQ(taken(), 0u);
  ASSERT_EQ(set(SetIrqs::DATA_BOOL | SetIrqs::UNMASK, irq::intx, 0, 1, 0, {1}), 0);
  EXPECT_EQ(taken(), 1u);
}

TEST_F(Interrupts, MessagesGoToTheirVectorAndWaitForItsEvent) {
  table.message(irq::msi, 1);
  table.message(irq::msix, 7);
  ASSERT_EQ(set(arm, irq::msi, 0, 2, 2), 0);
  EXPECT_EQ(taken(0), 0u);
  EXPECT_EQ(taken(1), 1u) << "came before";
  table.message(irq::msi, 0);
  table.message(irq::msi, 0);
  EXPECT_EQ(taken(0), 1u) << "two messages between two looks are one";
  table.message(irq::msi, 4);
  table.message(irq::msix, 8);
  table.message(9, 0);
  ASSERT_EQ(set(arm, irq::msix, 7, 1, 1), 0);
  EXPECT_EQ(taken(0), 1u);
  ASSERT_EQ(set(arm, irq::msix, 7, 1, 0), 0) << "takes the event away";
  table.message(irq::msix, 7);
  EXPECT_EQ(taken(0), 0u);
  ASSERT_EQ(set(off, irq::msix, 0, 0), 0);
  ASSERT_EQ(set(arm, irq::msix, 7, 1, 1), 0);
  EXPECT_EQ(taken(0), 0u) << "switched off, nothing waits";
}

TEST_F(Interrupts, TheClientMayTriggerItself) {
  ASSERT_EQ(set(arm, irq::msi, 0, 4, 4), 0);
  ASSERT_EQ(set(off, irq::msi, 1, 1), 0);
  EXPECT_EQ(taken(1), 1u);
  ASSERT_EQ(set(SetIrqs::DATA_BOOL | SetIrqs::TRIGGER, irq::msi, 0, 4, 0, {1, 0, 0, 1}), 0);
  EXPECT_EQ(taken(0), 1u);
  EXPECT_EQ(taken(1), 0u);
  EXPECT_EQ(taken(3), 1u);
}

TEST_F(Interrupts, WhatDoesNotFitTogether) {
  EXPECT_EQ(set(arm, 3, 0, 1, 1), EINVAL) << "errors are not offered";
  EXPECT_EQ(set(arm, irq::msi, 0, 5), EINVAL);
  EXPECT_EQ(set(arm, irq::msi, 4, 1, 1), EINVAL);
  EXPECT_EQ(set(arm, irq::msi, ~0u, 2), EINVAL);
  EXPECT_EQ(set(arm, irq::msi, 1, ~0u), EINVAL);
  EXPECT_EQ(set(arm, irq::msi, 0, 2, 1), EINVAL) << "two vectors, one event";
  EXPECT_EQ(set(arm, irq::msi, 0, 0), EINVAL);
  EXPECT_EQ(set(0, irq::msi, 0, 1), EINVAL);
  EXPECT_EQ(set(SetIrqs::TRIGGER, irq::msi, 0, 1), EINVAL) << "no data type";
  EXPECT_EQ(set(arm | SetIrqs::MASK, irq::msi, 0, 1, 1), EINVAL) << "two actions";
  EXPECT_EQ(set(arm | 0x40, irq::msi, 0, 1, 1), EINVAL);
  EXPECT_EQ(set(unmask, irq::msi, 0, 1), EINVAL);
  EXPECT_EQ(set(unmask, irq::intx, 0, 0), EINVAL);
  EXPECT_EQ(set(SetIrqs::DATA_EVENTFD | SetIrqs::UNMASK, irq::intx, 0, 1, 1), ENOTSUP);
  EXPECT_EQ(set(SetIrqs::DATA_BOOL | SetIrqs::TRIGGER, irq::msi, 0, 4, 0, {1}), EINVAL) << "data too short";
}

TEST_F(Interrupts, AFileThatIsNoEventIsRefused) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::vector<Descriptor> sent;
  sent.emplace_back(ends[1]);
  EXPECT_EQ(table.set({sizeof(SetIrqs), arm, irq::msi, 0, 1}, nullptr, 0, sent), EINVAL);
  ::close(ends[0]);
}

}  // namespace
}  // namespace ahcisim::vfio_user
