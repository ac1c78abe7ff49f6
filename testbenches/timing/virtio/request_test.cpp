// SPDX-License-Identifier: MIT
// A request's time is the sum of its accesses to memory and of the function's parameters, and nothing else.
#include <gtest/gtest.h>

#include "support/virtio_bench.hpp"

namespace ahcisim {
namespace {

using namespace virtio;
using namespace virtio_bench;

/// From the notification to the interrupt of a single 4 KiB request.
Duration interrupt_after(Bench& b, std::uint32_t type, bool indirect) {
  b.queue[0]->add(b.request(type, 8, 4096).buffers, indirect);
  const Duration begin = b.now();
  b.queue[0]->kick();
  b.run(100_us);
  EXPECT_EQ(b.queue[0]->collect().size(), 1u);
  EXPECT_EQ(b.sink.requests[1], 1u);
  return b.sink.last - begin;
}

TEST(RequestTime, IsNothingWhereNothingTakesTime) {
  BlkParameters parameters;
  Bench b{parameters};
  b.bring_up(VIRTIO_F_RING_EVENT_IDX);
  EXPECT_EQ(interrupt_after(b, VIRTIO_BLK_T_IN, false), Duration{});
}

TEST(RequestTime, IsTheSumOfItsAccesses) {
  BlkParameters parameters;
  Bench b{parameters};
  b.memory.latency = 100_ns;
  b.bring_up(VIRTIO_F_RING_INDIRECT_DESC);
  // available idx, NO_NOTIFY, available ring, descriptor, table, header; data; status, used element, used idx, flags
  EXPECT_EQ(interrupt_after(b, VIRTIO_BLK_T_IN, true), 11 * 100_ns);
}

TEST(RequestTime, IsTheSumOfItsAccessesWithEventIndexAndChain) {
  BlkParameters parameters;
  Bench b{parameters};
  b.memory.latency = 100_ns;
  b.bring_up(VIRTIO_F_RING_EVENT_IDX);
  // available idx, available ring, three descriptors, header; data; status, used element, used idx, used_event
  EXPECT_EQ(interrupt_after(b, VIRTIO_BLK_T_OUT, false), 11 * 100_ns);
}

TEST(RequestTime, DirectMemoryTakesTheLatencyItTells) {
  BlkParameters parameters;
  Bench b{parameters};
  b.memory.latency = 100_ns;
  b.memory.direct = true;
  b.bring_up(VIRTIO_F_RING_EVENT_IDX);
  EXPECT_EQ(interrupt_after(b, VIRTIO_BLK_T_OUT, false), 11 * 100_ns);
}

TEST(RequestTime, ParametersAddUp) {
  BlkParameters parameters;
  parameters.notification.set(1_us);
  parameters.request.set(200_ns);
  parameters.completion.set(30_ns);
  parameters.interrupt_delay.set(4_ns);
  Bench b{parameters};
  b.bring_up(VIRTIO_F_RING_EVENT_IDX);
  EXPECT_EQ(interrupt_after(b, VIRTIO_BLK_T_IN, false), 1234_ns);
}

}  // namespace
}  // namespace ahcisim
