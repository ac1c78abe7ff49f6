// SPDX-License-Identifier: MIT
// Notifications of both kinds: when the device wants to hear of buffers, and when it tells of them
// (VIRTIO 1.1, 2.6.7, 2.6.10, 4.1.5); several queues; how many events and accesses a request costs.
#include <gtest/gtest.h>

#include "support/virtio_bench.hpp"

namespace ahcisim {
namespace {

using namespace virtio;
using namespace virtio_bench;

class Queues : public ::testing::Test {
 protected:
  BlkParameters parameters;
  std::unique_ptr<Bench> b;
  void build(Features features, unsigned queues = 1) {
    parameters.queues.set(queues);
    b = std::make_unique<Bench>(parameters);
    b->bring_up(features, queues);
  }
  QueueDriver& q(unsigned number = 0) { return *b->queue[number]; }
  std::uint16_t add_read(unsigned number = 0) {
    return q(number).add(b->request(VIRTIO_BLK_T_IN, 8, 4096).buffers, false);
  }
  const BlkStatistics& count() { return b->function.statistics(); }

  /// Something is added while the device drains: it needs no notification and comes back all the same.
  void expect_quiet_while_draining(Features features) {
    build(features);
    b->memory.latency = 1_us;
    EXPECT_TRUE(q().must_kick() || q().available == 0);
    add_read();
    EXPECT_TRUE(q().must_kick());
    q().kick();
    b->run(3_us);
    add_read();
    EXPECT_FALSE(q().must_kick());
    b->run(100_us);
    EXPECT_EQ(q().collect().size(), 2u);
    EXPECT_EQ(count().notifications.value(), 1u);
    add_read();
    EXPECT_TRUE(q().must_kick()) << "and afterwards it does again";
  }
};

TEST_F(Queues, NoNotificationIsWantedWhileTheDeviceDrains) { expect_quiet_while_draining(0); }
TEST_F(Queues, NoNotificationIsWantedWhileTheDeviceDrainsEventIndex) {
  expect_quiet_while_draining(VIRTIO_F_RING_EVENT_IDX);
}

TEST_F(Queues, ABatchIsTakenInTheOrderOfTheRing) {
  build(VIRTIO_F_RING_EVENT_IDX);
  std::vector<std::uint16_t> heads;
  for (unsigned i = 0; i < 32; ++i) heads.push_back(add_read());
  const std::uint64_t events = b->context.calendar.events();
  q().kick();
  b->run(1_us);
  const auto used = q().collect();
  ASSERT_EQ(used.size(), 32u);
  for (unsigned i = 0; i < 32; ++i) EXPECT_EQ(used[i].id, heads[i]);
  EXPECT_EQ(b->sink.requests[1], 1u) << "one interrupt for what was finished at one time";
  EXPECT_EQ(b->context.calendar.events() - events, 1u);
}

TEST_F(Queues, IndicesWrap) {
  parameters.queue_size.set(8);
  build(VIRTIO_F_RING_EVENT_IDX);
  const std::uint64_t mark = b->mark();
  for (unsigned i = 0; i < 66'000; ++i) {
    b->release(mark);
    q().add(b->request(VIRTIO_BLK_T_FLUSH, 0, 0).buffers);
    ASSERT_TRUE(q().must_kick()) << i;
    q().kick();
    b->run(Duration::from_ps(1000));
    ASSERT_EQ(q().collect().size(), 1u) << i;
  }
}

TEST_F(Queues, NoInterruptMeansNoInterrupt) {
  build(0);
  q().set_no_interrupt(true);
  add_read();
  q().kick();
  b->run(1_us);
  EXPECT_EQ(q().collect().size(), 1u);
  EXPECT_EQ(b->sink.requests[1], 0u);
  EXPECT_EQ(count().interrupts_suppressed.value(), 1u);
  q().set_no_interrupt(false);
  add_read();
  q().kick();
  b->run(1_us);
  EXPECT_EQ(b->sink.requests[1], 1u);
}

TEST_F(Queues, UsedEventChoosesTheInterrupt) {
  build(VIRTIO_F_RING_EVENT_IDX);
  q().set_used_event(2);  // at the third
  for (unsigned i = 1; i <= 5; ++i) {
    add_read();
    q().kick();
    b->run(1_us);
    EXPECT_EQ(b->sink.requests[1], i >= 3 ? 1u : 0u) << i;
  }
  EXPECT_EQ(count().interrupts.value(), 1u);
  EXPECT_EQ(count().interrupts_suppressed.value(), 4u);
}

TEST_F(Queues, NotifyOnEmptyOverridesNoInterrupt) {
  b = std::make_unique<Bench>(parameters);
  b->bring_up_legacy(static_cast<std::uint32_t>(VIRTIO_F_NOTIFY_ON_EMPTY));
  q().set_no_interrupt(true);
  add_read();
  add_read();
  q().kick();
  b->run(1_us);
  EXPECT_EQ(b->sink.requests[1], 1u);
}

TEST_F(Queues, EachQueueHasItsVector) {
  build(VIRTIO_BLK_F_MQ, 4);
  for (unsigned i = 0; i < 4; ++i) {
    for (unsigned n = 0; n <= i; ++n) {
      add_read(i);
      q(i).kick();
      b->run(1_us);
    }
    EXPECT_EQ(q(i).collect().size(), i + 1);
  }
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(b->sink.requests[1 + i], i + 1);
  EXPECT_EQ(b->sink.requests[0], 0u);
}

TEST_F(Queues, WithoutAVectorThereIsNoInterrupt) {
  build(0);
  b->common(0x16, 2, 0);
  b->common(0x1a, 2, VIRTIO_MSI_NO_VECTOR);
  add_read();
  q().kick();
  b->run(1_us);
  EXPECT_EQ(q().collect().size(), 1u);
  for (const unsigned requests : b->sink.requests) EXPECT_EQ(requests, 0u);
}

TEST_F(Queues, IntxIsALevelThatReadingIsrTakesBack) {
  build(0);
  b->sink.msix = false;
  for (const bool modern : {true, false}) {
    const unsigned offset = modern ? ModernLayout::isr : 0x13;
    add_read();
    q().kick();
    b->run(1_us);
    EXPECT_TRUE(b->sink.level[0]);
    b->function.set_capacity(1000);
    EXPECT_EQ(b->read(modern, offset, 1), 3u) << "queue and configuration";
    EXPECT_FALSE(b->sink.level[0]);
    EXPECT_EQ(b->read(modern, offset, 1), 0u);
  }
  EXPECT_EQ(b->sink.requests[0], 2u);
}

TEST_F(Queues, WithMsixIsrStaysClear) {
  build(0);
  add_read();
  q().kick();
  b->run(1_us);
  EXPECT_EQ(b->sink.requests[1], 1u);
  EXPECT_EQ(b->read(true, ModernLayout::isr, 1), 0u);
}

TEST_F(Queues, NotificationsThatMeanNothingAreIgnored) {
  build(0);
  b->write(true, ModernLayout::notify + 4, 1, 2);
  EXPECT_EQ(b->complaints("does not exist"), 1u);
  b->write(true, ModernLayout::notify, 7, 2);
  EXPECT_EQ(b->complaints("not the queue's number"), 1u);
  b->run(1_us);
  EXPECT_EQ(count().notifications_in_vain.value(), 1u);
  ASSERT_TRUE(b->negotiate(VIRTIO_F_VERSION_1));
  q().kick();
  EXPECT_EQ(b->complaints("before DRIVER_OK"), 1u);
  b->common(0x14, 1, 15);
  q().kick();
  EXPECT_EQ(b->complaints("not enabled"), 1u);
}

TEST_F(Queues, ALegacyDriverMayNotifyBeforeDriverOk) {
  b = std::make_unique<Bench>(parameters);
  b->bring_up_legacy(0);
  b->write(false, 0x12, 0, 1);
  b->write(false, 0x12, 3, 1);
  b->write(false, 0x08, static_cast<std::uint32_t>(q().layout.descriptor_table / 4096), 4);
  std::memset(b->at(q().layout.available), 0, 4);
  std::memset(b->at(q().layout.used), 0, 4);
  QueueDriver fresh{*b, 0, q().layout};
  const auto r = b->request(VIRTIO_BLK_T_IN, 0, 512);
  fresh.add(r.buffers);
  fresh.kick();
  b->run(1_us);
  EXPECT_EQ(b->status_of(r), VIRTIO_BLK_S_OK);
}

TEST_F(Queues, ALegacyQueueWithoutAPageIsOutOfUse) {
  b = std::make_unique<Bench>(parameters);
  b->bring_up_legacy(0);
  b->write(false, 0x08, 0, 4);
  add_read();
  q().kick();
  b->run(1_us);
  EXPECT_EQ(b->complaints("not enabled"), 1u);
  EXPECT_TRUE(q().collect().empty());
}

TEST_F(Queues, AccessesOfOneRequest) {
  build(VIRTIO_F_RING_INDIRECT_DESC);
  EXPECT_EQ(b->execute(b->request(VIRTIO_BLK_T_IN, 8, 4096), true), VIRTIO_BLK_S_OK);
  EXPECT_EQ(count().available_accesses.value(), 4u) << "idx, ring, idx again, flags";
  EXPECT_EQ(count().used_accesses.value(), 4u) << "NO_NOTIFY set and cleared, element, idx";
  EXPECT_EQ(count().descriptor_reads.value(), 2u) << "the indirect one, its table";
  EXPECT_EQ(count().header_reads.value(), 1u);
  EXPECT_EQ(count().status_writes.value(), 1u);
  EXPECT_EQ(count().data_accesses.value(), 1u);
  EXPECT_EQ(count().notifications.value(), 1u);
  EXPECT_EQ(b->memory.transactions, 13u);
}

TEST_F(Queues, AccessesOfOneRequestEventIndex) {
  build(VIRTIO_F_RING_EVENT_IDX);
  EXPECT_EQ(b->execute(b->request(VIRTIO_BLK_T_IN, 8, 4096)), VIRTIO_BLK_S_OK);
  EXPECT_EQ(count().available_accesses.value(), 4u) << "idx, ring, idx again, used_event";
  EXPECT_EQ(count().used_accesses.value(), 3u) << "avail_event, element, idx";
  EXPECT_EQ(count().descriptor_reads.value(), 3u);
  EXPECT_EQ(b->memory.transactions, 13u);
}

TEST_F(Queues, EventsOfOneRequest) {
  build(VIRTIO_F_RING_INDIRECT_DESC | VIRTIO_F_RING_EVENT_IDX);
  const auto events = [&](std::uint32_t type) {
    const std::uint64_t before = b->context.calendar.events();
    EXPECT_EQ(b->execute(b->request(type, 8, type == VIRTIO_BLK_T_FLUSH ? 0 : 4096), true), VIRTIO_BLK_S_OK);
    return b->context.calendar.events() - before;
  };
  for (const std::uint32_t type : {VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT}) {
    b->memory.latency = Duration{};
    EXPECT_EQ(events(type), 1u) << "nothing takes time";
    b->memory.latency = 100_ns;
    EXPECT_LE(events(type), 3u) << "memory takes time: notification, submission, completion";
  }
}

}  // namespace
}  // namespace ahcisim
