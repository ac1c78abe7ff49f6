// SPDX-License-Identifier: MIT
// What a driver must not do: each ends in DEVICE_NEEDS_RESET and a configuration change notification, or in a failed
// request, with a diagnostic; and after a reset the device works again.
#include <gtest/gtest.h>

#include "support/virtio_bench.hpp"

namespace ahcisim {
namespace {

using namespace virtio;
using namespace virtio_bench;

class Hostile : public ::testing::Test {
 protected:
  BlkParameters parameters;
  std::unique_ptr<Bench> b;
  static constexpr Features all =
      VIRTIO_F_RING_INDIRECT_DESC | VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES;
  void SetUp() override {
    parameters.queue_size.set(16);
    parameters.max_ranges.set(4);
    b = std::make_unique<Bench>(parameters);
    b->bring_up(all);
  }
  QueueDriver& q() { return *b->queue[0]; }
  /// The device has given up, says so, and names the rule; nothing was given back.
  void expect_stopped(const std::string& rule) {
    b->run(10_us);
    EXPECT_TRUE(b->device_status() & status::DEVICE_NEEDS_RESET);
    EXPECT_EQ(b->sink.requests[0], 1u) << "configuration change notification";
    EXPECT_EQ(b->complaints(rule), 1u);
    EXPECT_TRUE(q().collect().empty());
    q().kick();
    b->run(10_us);
    EXPECT_TRUE(q().collect().empty()) << "it stays stopped";
    expect_recovery();
  }
  void expect_recovery() {
    b->bring_up(all);
    EXPECT_FALSE(b->device_status() & status::DEVICE_NEEDS_RESET);
    EXPECT_EQ(b->execute(b->request(VIRTIO_BLK_T_IN, 0, 512)), VIRTIO_BLK_S_OK);
    EXPECT_EQ(b->function.device().outstanding(), 0u);
  }
  void offer_and_kick(std::uint16_t head) {
    q().offer(head);
    q().kick();
  }
  Descriptor plain(std::uint64_t address, std::uint32_t bytes, std::uint16_t flags = 0, std::uint16_t next = 0) {
    return {address, bytes, flags, next};
  }
  /// The request ends with this status, and the device goes on.
  void expect_status(const Bench::Request& r, std::uint8_t expected, const std::string& rule = "") {
    EXPECT_EQ(b->execute(r), expected);
    EXPECT_FALSE(b->device_status() & status::DEVICE_NEEDS_RESET);
    if (!rule.empty()) {
      EXPECT_GE(b->complaints(rule), 1u) << rule;
    }
  }
};

TEST_F(Hostile, ADescriptorLoop) {
  q().put_descriptor(3, plain(4096, 16, VIRTQ_DESC_F_NEXT, 4));
  q().put_descriptor(4, plain(4096, 16, VIRTQ_DESC_F_NEXT, 3));
  offer_and_kick(3);
  expect_stopped("longer than the queue, or a loop");
}

TEST_F(Hostile, ALoopOfEmptyDescriptors) {
  q().put_descriptor(3, plain(4096, 0, VIRTQ_DESC_F_NEXT, 3));
  offer_and_kick(3);
  expect_stopped("longer than the queue, or a loop");
}

TEST_F(Hostile, ALoopWithinAnIndirectTable) {
  const std::uint64_t table = b->allocate(64);
  q().put_descriptor_at(table, plain(4096, 16, VIRTQ_DESC_F_NEXT, 0));
  q().put_descriptor(0, plain(table, 64, VIRTQ_DESC_F_INDIRECT));
  offer_and_kick(0);
  expect_stopped("longer than the queue, or a loop");
}

TEST_F(Hostile, AnIndirectChainLongerThanTheQueue) {
  std::vector<QueueDriver::Buffer> buffers(17, {4096, 16, false});
  buffers.back().writable = true;
  q().add(buffers, true);
  q().kick();
  expect_stopped("longer than the queue, or a loop");
}

TEST_F(Hostile, AHeadBeyondTheTable) {
  offer_and_kick(16);
  expect_stopped("names a descriptor beyond the table");
}

TEST_F(Hostile, ANextBeyondTheTable) {
  q().put_descriptor(0, plain(4096, 16, VIRTQ_DESC_F_NEXT, 16));
  offer_and_kick(0);
  expect_stopped("next descriptor beyond the table");
}

TEST_F(Hostile, ANextBeyondAnIndirectTable) {
  const std::uint64_t table = b->allocate(32);
  q().put_descriptor_at(table, plain(4096, 16, VIRTQ_DESC_F_NEXT, 2));
  q().put_descriptor(0, plain(table, 32, VIRTQ_DESC_F_INDIRECT));
  offer_and_kick(0);
  expect_stopped("next descriptor beyond the table");
}

TEST_F(Hostile, IndirectWithinIndirect) {
  const std::uint64_t table = b->allocate(16);
  q().put_descriptor_at(table, plain(table, 16, VIRTQ_DESC_F_INDIRECT));
  q().put_descriptor(0, plain(table, 16, VIRTQ_DESC_F_INDIRECT));
  offer_and_kick(0);
  expect_stopped("indirect descriptor within an indirect table");
}

TEST_F(Hostile, IndirectWithNext) {
  const std::uint64_t table = b->allocate(16);
  q().put_descriptor(0, plain(table, 16, VIRTQ_DESC_F_INDIRECT | VIRTQ_DESC_F_NEXT, 1));
  offer_and_kick(0);
  expect_stopped("both INDIRECT and NEXT");
}

TEST_F(Hostile, IndirectOfABadLength) {
  for (const std::uint32_t length : {0u, 15u, 33u}) {
    const std::uint64_t table = b->allocate(64);
    q().put_descriptor(0, plain(table, length, VIRTQ_DESC_F_INDIRECT));
    offer_and_kick(0);
    b->run(10_us);
    EXPECT_TRUE(b->device_status() & status::DEVICE_NEEDS_RESET) << length;
    expect_recovery();
  }
  EXPECT_EQ(b->complaints("no multiple of 16"), 3u);
}

TEST_F(Hostile, AHugeIndirectTableInNoMemory) {
  q().put_descriptor(0, plain(0x4000'0000'0000, 0xffff'fff0, VIRTQ_DESC_F_INDIRECT));
  offer_and_kick(0);
  expect_stopped("descriptor where there is no memory");
}

TEST_F(Hostile, IndirectWithoutTheFeature) {
  b->bring_up(0);
  q().add({{4096, 16, false}, {8192, 1, true}}, true);
  q().kick();
  b->run(10_us);
  EXPECT_TRUE(b->device_status() & status::DEVICE_NEEDS_RESET);
  EXPECT_EQ(b->complaints("without VIRTIO_F_RING_INDIRECT_DESC"), 1u);
}

TEST_F(Hostile, ReadableAfterWritable) {
  const auto r = b->request(VIRTIO_BLK_T_IN, 0, 512);
  q().add({r.buffers[0], r.buffers[1], {r.header, 16, false}, r.buffers[2]});
  q().kick();
  expect_stopped("device-readable descriptor after a device-writable one");
}

TEST_F(Hostile, NoStatusByte) {
  const auto r = b->request(VIRTIO_BLK_T_OUT, 0, 512);
  q().add({r.buffers[0], r.buffers[1]});
  q().kick();
  expect_stopped("without a status byte");
}

TEST_F(Hostile, AHeaderThatIsTooShort) {
  const auto r = b->request(VIRTIO_BLK_T_FLUSH, 0, 0);
  q().add({{r.header, 15, false}, r.buffers[1]});
  q().kick();
  expect_stopped("without a header of 16 bytes");
}

TEST_F(Hostile, AHeaderInNoMemory) {
  const auto r = b->request(VIRTIO_BLK_T_FLUSH, 0, 0);
  q().add({{1ull << 40, 16, false}, r.buffers[1]});
  q().kick();
  expect_stopped("header where there is no memory");
}

TEST_F(Hostile, AvailableIndexTooFarAhead) {
  store_le16(b->at(q().layout.available_idx()), 17);
  q().kick();
  expect_stopped("more than the queue size ahead");
}

TEST_F(Hostile, TheSameChainTwice) {
  const auto r = b->request(VIRTIO_BLK_T_IN, 0, 512);
  const std::uint16_t head = q().build(r.buffers);
  q().offer(head);
  q().offer(head);
  q().kick();
  expect_stopped("in use already");
}

TEST_F(Hostile, RingsOutsideMemory) {
  const std::uint64_t nowhere = 1ull << 50;
  for (const unsigned part : {0x20u, 0x28u, 0x30u}) {
    ASSERT_TRUE(b->negotiate(VIRTIO_F_VERSION_1));
    const RingLayout layout{b->allocate(256), b->allocate(64), b->allocate(256), 16};
    b->common(0x16, 2, 0);
    b->common(0x20, 8, layout.descriptor_table);
    b->common(0x28, 8, layout.available);
    b->common(0x30, 8, layout.used);
    b->common(part, 8, nowhere);
    b->common(0x1c, 2, 1);
    b->common(0x14, 1, 15);
    b->queue[0] = std::make_unique<QueueDriver>(*b, 0, layout);
    b->queue[0]->add(b->request(VIRTIO_BLK_T_IN, 0, 512).buffers);
    b->queue[0]->kick();
    b->run(10_us);
    EXPECT_TRUE(b->device_status() & status::DEVICE_NEEDS_RESET) << part;
    expect_recovery();
  }
  EXPECT_EQ(b->complaints("where there is no memory"), 3u);
}

TEST_F(Hostile, AQueueThatIsNotAligned) {
  const std::pair<unsigned, unsigned> cases[] = {{0x20, 8}, {0x28, 1}, {0x30, 2}};
  for (const auto& [part, off] : cases) {
    ASSERT_TRUE(b->negotiate(VIRTIO_F_VERSION_1));
    b->common(part, 8, 65536 + off);
    b->common(0x1c, 2, 1);
    EXPECT_TRUE(b->device_status() & status::DEVICE_NEEDS_RESET) << part;
    EXPECT_EQ(b->common(0x1c, 2), 0u);
  }
  EXPECT_EQ(b->complaints("not aligned"), 3u);
}

TEST_F(Hostile, AStatusByteInNoMemoryCostsOnlyTheRequest) {
  const auto r = b->request(VIRTIO_BLK_T_FLUSH, 0, 0);
  q().add({r.buffers[0], {1ull << 40, 1, true}});
  q().kick();
  b->run(10_us);
  EXPECT_EQ(q().collect().size(), 1u);
  EXPECT_EQ(b->complaints("status byte where there is no memory"), 1u);
}

TEST_F(Hostile, RequestsBeyondTheCapacity) {
  const std::uint64_t end = Bench::default_sectors;
  expect_status(b->request(VIRTIO_BLK_T_IN, end - 1, 512), VIRTIO_BLK_S_OK);
  for (const std::uint64_t sector :
       std::initializer_list<std::uint64_t>{end - 1, end, end + 1, ~0ull, ~0ull - 1, 1ull << 55})
    expect_status(b->request(VIRTIO_BLK_T_IN, sector, 1024), VIRTIO_BLK_S_IOERR, "beyond the capacity");
  expect_status(b->request(VIRTIO_BLK_T_OUT, end, 512), VIRTIO_BLK_S_IOERR);
  EXPECT_EQ(b->function.statistics().failed.value(), 7u);
}

TEST_F(Hostile, DataThatIsNoMultipleOfASector) {
  for (const std::uint32_t bytes : {1u, 511u, 513u}) {
    expect_status(b->request(VIRTIO_BLK_T_IN, 0, bytes), VIRTIO_BLK_S_IOERR, "no multiple of a block");
    expect_status(b->request(VIRTIO_BLK_T_OUT, 0, bytes), VIRTIO_BLK_S_IOERR);
  }
}

/// A device with limits of its own.
class HostileLimits : public Hostile {
 protected:
  void SetUp() override {}
  void start(std::int64_t size_max, std::int64_t seg_max) {
    parameters.queue_size.set(16);
    parameters.size_max.set(size_max);
    parameters.seg_max.set(seg_max);
    b = std::make_unique<Bench>(parameters);
  }
};

TEST_F(HostileLimits, SegmentsBeyondWhatWasAgreed) {
  start(4096, 3);
  b->bring_up(all | VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX);
  for (const std::uint32_t type : {VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT}) {
    expect_status(b->request(type, 0, 3 * 4096, {4096, 4096, 4096}), VIRTIO_BLK_S_OK);
    expect_status(b->request(type, 0, 8192, {4096 + 512, 4096 - 512}), VIRTIO_BLK_S_IOERR, "longer than size_max");
    expect_status(b->request(type, 0, 2048, {512, 512, 512, 512}), VIRTIO_BLK_S_IOERR, "more than seg_max");
  }
  expect_status(b->request(VIRTIO_BLK_T_GET_ID, 0, 20, {5, 5, 5, 5}), VIRTIO_BLK_S_IOERR);
  EXPECT_EQ(b->last_used.bytes, 0u) << "the status comes after a gap (2.6.8)";
  EXPECT_EQ(b->function.statistics().failed.value(), 5u);
  EXPECT_EQ(b->function.device().outstanding(), 0u);
}

TEST_F(HostileLimits, SegmentsAreCountedWhereverHeaderAndStatusAre) {
  start(0, 2);
  b->bring_up(all | VIRTIO_BLK_F_SEG_MAX);
  auto r = b->request(VIRTIO_BLK_T_IN, 0, 1025, {512, 513});  // the status follows the data in its buffer
  r.buffers.pop_back();
  q().add(r.buffers);
  q().kick();
  b->run(10_us);
  EXPECT_EQ(*b->at(r.data + 1024), VIRTIO_BLK_S_OK);
  auto one_more = b->request(VIRTIO_BLK_T_IN, 0, 1537, {512, 512, 513});
  one_more.buffers.pop_back();
  q().add(one_more.buffers);
  q().kick();
  b->run(10_us);
  EXPECT_EQ(*b->at(one_more.data + 1536), VIRTIO_BLK_S_IOERR);
}

TEST_F(HostileLimits, LimitsThatWereNotAgreedBindNobody) {
  start(512, 1);
  b->bring_up(all);
  expect_status(b->request(VIRTIO_BLK_T_IN, 0, 4096, {1024, 1024, 2048}), VIRTIO_BLK_S_OK);
}

TEST_F(Hostile, DataInNoMemory) {
  auto in = b->request(VIRTIO_BLK_T_IN, 0, 1024, {512, 512});
  in.buffers[2].address = 1ull << 40;
  expect_status(in, VIRTIO_BLK_S_IOERR, "data where there is no memory");
  EXPECT_EQ(b->last_used.bytes, 512u) << "written without a gap from the first byte on (2.6.8)";
  auto out = b->request(VIRTIO_BLK_T_OUT, 0, 1024);
  out.buffers[1].address = ~0ull - 511;
  expect_status(out, VIRTIO_BLK_S_IOERR);
}

TEST_F(Hostile, UnknownTypesAreUnsupported) {
  for (const std::uint32_t type : {2u, 3u, 5u, 9u, 10u, 14u, 0x8000'0000u, ~0u})
    expect_status(b->request(type, 0, 0), VIRTIO_BLK_S_UNSUPP);
}

TEST_F(Hostile, TypesThatWereNotNegotiatedAreUnsupported) {
  b->bring_up(0);
  for (const std::uint32_t type : {VIRTIO_BLK_T_FLUSH, VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_T_WRITE_ZEROES})
    expect_status(b->request(type, 0, 16), VIRTIO_BLK_S_UNSUPP);
}

TEST_F(Hostile, RangesThatCannotBe) {
  const auto ranged = [&](std::uint32_t type, std::uint32_t bytes, std::uint64_t sector, std::uint32_t count,
                          std::uint32_t flags) {
    const auto r = b->request(type, 0, bytes);
    if (bytes >= 16) {
      store_le64(b->at(r.data), sector);
      store_le32(b->at(r.data + 8), count);
      store_le32(b->at(r.data + 12), flags);
    }
    return r;
  };
  for (const std::uint32_t type : {VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_T_WRITE_ZEROES}) {
    expect_status(ranged(type, 16, 0, 8, 0), VIRTIO_BLK_S_OK);
    expect_status(ranged(type, 0, 0, 8, 0), VIRTIO_BLK_S_IOERR);
    expect_status(ranged(type, 17, 0, 8, 0), VIRTIO_BLK_S_IOERR);
    expect_status(ranged(type, 5 * 16, 0, 8, 0), VIRTIO_BLK_S_IOERR);
    expect_status(ranged(type, 16, Bench::default_sectors - 4, 8, 0), VIRTIO_BLK_S_IOERR);
    expect_status(ranged(type, 16, ~0ull, 8, 0), VIRTIO_BLK_S_IOERR);
    expect_status(ranged(type, 16, 0, 65537, 0), VIRTIO_BLK_S_IOERR);
    expect_status(ranged(type, 16, 0, 8, 2), VIRTIO_BLK_S_UNSUPP);
  }
  expect_status(ranged(VIRTIO_BLK_T_DISCARD, 16, 0, 8, 1), VIRTIO_BLK_S_UNSUPP);
  expect_status(ranged(VIRTIO_BLK_T_WRITE_ZEROES, 16, 0, 8, 1), VIRTIO_BLK_S_OK);
}

TEST_F(Hostile, AnEmptyDescriptorIsLeftOut) {
  const auto r = b->request(VIRTIO_BLK_T_IN, 0, 512);
  q().add({r.buffers[0], {r.data, 0, true}, r.buffers[1], r.buffers[2]});
  q().kick();
  b->run(10_us);
  EXPECT_EQ(b->status_of(r), VIRTIO_BLK_S_OK);
  EXPECT_EQ(b->complaints("length 0"), 1u);
}

TEST_F(Hostile, DmaIntoItsOwnRegistersIsRefused) {
  bool tried = false;
  b->memory.on_access = [&](::tlm::tlm_generic_payload&) {
    if (tried) return;
    tried = true;
    b->common(0x14, 1, 0);
    EXPECT_EQ(b->last_response, ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  };
  expect_status(b->request(VIRTIO_BLK_T_IN, 0, 512), VIRTIO_BLK_S_OK);
  EXPECT_TRUE(tried);
}

TEST_F(Hostile, ARequestThatOverwritesItsOwnRingEnds) {
  // The data read lands on the available ring and index: whatever it says, the device comes to an end.
  std::vector<std::uint8_t> sector(512);
  for (unsigned i = 0; i < 512; ++i) sector[i] = static_cast<std::uint8_t>(i);
  b->store->write(0, 1, sector.data());
  auto r = b->request(VIRTIO_BLK_T_IN, 0, 512);
  r.buffers[1].address = q().layout.available;
  q().add(r.buffers);
  q().kick();
  b->run(10_us);
  q().kick();
  b->run(10_us);
  EXPECT_TRUE(b->device_status() & status::DEVICE_NEEDS_RESET);
  expect_recovery();
}

}  // namespace
}  // namespace ahcisim
