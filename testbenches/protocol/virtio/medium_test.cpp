// SPDX-License-Identifier: MIT
// What the medium is asked, and in which order: cache modes and forced unit access, flush, discard, write zeroes,
// depth, resets.
#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "support/virtio_bench.hpp"

namespace ahcisim {
namespace {

using namespace virtio;
using namespace virtio_bench;
using disk::MediaOp;

class AtTheMedium : public ::testing::Test {
 protected:
  BlkParameters parameters;
  HeldMedium* medium = nullptr;
  std::unique_ptr<Bench> b;
  void build() {
    auto held = std::make_unique<HeldMedium>(Bench::facts());
    medium = held.get();
    b = std::make_unique<Bench>(parameters, std::move(held));
  }
  QueueDriver& q() { return *b->queue[0]; }
  /// Has the medium answer after a microsecond, and returns the status.
  std::uint8_t serve(const Bench::Request& r) {
    medium->answer_after = 1_us;
    return b->execute(r);
  }
  Bench::Request ranges(std::uint32_t type, const std::vector<std::array<std::uint64_t, 3>>& entries) {
    const auto r = b->request(type, 0, static_cast<std::uint32_t>(16 * entries.size()));
    std::uint64_t to = r.data;
    for (const auto& [sector, count, flags] : entries) {
      store_le64(b->at(to), sector);
      store_le32(b->at(to + 8), static_cast<std::uint32_t>(count));
      store_le32(b->at(to + 12), static_cast<std::uint32_t>(flags));
      to += 16;
    }
    return r;
  }
  bool all_zero(std::uint64_t lba, std::uint32_t sectors) {
    std::vector<std::uint8_t> bytes(sectors * 512);
    b->store->read(lba, sectors, bytes.data());
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
  }
  void dirty(std::uint64_t lba, std::uint32_t sectors) {
    const std::vector<std::uint8_t> bytes(sectors * 512, 0xa5);
    b->store->write(lba, sectors, bytes.data());
  }
};

TEST_F(AtTheMedium, TheDriverSwitchesBetweenWriteBackAndWriteThrough) {
  build();
  b->bring_up(VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_CONFIG_WCE);
  EXPECT_EQ(b->config(32, 1), 1u);
  EXPECT_TRUE(medium->write_cache);
  ASSERT_EQ(serve(b->request(VIRTIO_BLK_T_OUT, 0, 512)), VIRTIO_BLK_S_OK);
  EXPECT_FALSE(medium->submitted.back().fua);
  b->write(true, ModernLayout::device + 32, 0, 1);
  EXPECT_FALSE(medium->write_cache);
  ASSERT_EQ(serve(b->request(VIRTIO_BLK_T_OUT, 0, 512)), VIRTIO_BLK_S_OK);
  EXPECT_TRUE(medium->submitted.back().fua);
  ASSERT_EQ(serve(b->request(VIRTIO_BLK_T_IN, 0, 512)), VIRTIO_BLK_S_OK);
  EXPECT_FALSE(medium->submitted.back().fua) << "reads are not forced";
  b->write(true, ModernLayout::device + 32, 1, 1);
  EXPECT_TRUE(medium->write_cache);
}

TEST_F(AtTheMedium, ADriverThatCannotFlushHasWriteThrough) {
  build();
  b->bring_up(0);
  EXPECT_FALSE(medium->write_cache);
  ASSERT_EQ(serve(b->request(VIRTIO_BLK_T_OUT, 0, 512)), VIRTIO_BLK_S_OK);
  EXPECT_TRUE(medium->submitted.back().fua);
  b->bring_up(VIRTIO_BLK_F_CONFIG_WCE);  // 5.2.5.2: writeback starts with 0
  EXPECT_EQ(b->config(32, 1), 0u);
  EXPECT_FALSE(medium->write_cache);
}

TEST_F(AtTheMedium, WritebackIsTheDevicesUnlessNegotiated) {
  build();
  b->bring_up(VIRTIO_BLK_F_FLUSH);
  EXPECT_TRUE(medium->write_cache);
  b->write(true, ModernLayout::device + 32, 0, 1);
  EXPECT_EQ(b->config(32, 1), 1u);
  EXPECT_TRUE(medium->write_cache);
  EXPECT_EQ(b->complaints("without VIRTIO_BLK_F_CONFIG_WCE"), 1u);
}

TEST_F(AtTheMedium, AWriteThroughDeviceSaysSo) {
  parameters.write_cache.set(false);
  build();
  b->bring_up(VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_CONFIG_WCE);
  EXPECT_EQ(b->config(32, 1), 0u);
  EXPECT_TRUE(b->function.device().write_through());
}

TEST_F(AtTheMedium, AFlushReachesIt) {
  build();
  b->bring_up_legacy(static_cast<std::uint32_t>(VIRTIO_BLK_F_FLUSH));
  ASSERT_EQ(serve(b->request(VIRTIO_BLK_T_FLUSH, 0, 0)), VIRTIO_BLK_S_OK);
  ASSERT_EQ(medium->submitted.size(), 1u);
  EXPECT_EQ(medium->submitted[0].op, MediaOp::flush);
}

TEST_F(AtTheMedium, DiscardTrimsAllRangesAtOnce) {
  parameters.max_ranges.set(4);
  build();
  b->bring_up(VIRTIO_BLK_F_DISCARD);
  dirty(0, 64);
  ASSERT_EQ(serve(ranges(VIRTIO_BLK_T_DISCARD, {{8, 8, 0}, {32, 16, 0}})), VIRTIO_BLK_S_OK);
  ASSERT_EQ(medium->submitted.size(), 1u);
  EXPECT_EQ(medium->submitted[0].op, MediaOp::trim);
  EXPECT_TRUE(all_zero(8, 8));
  EXPECT_TRUE(all_zero(32, 16));
  EXPECT_FALSE(all_zero(7, 1) || all_zero(16, 1) || all_zero(31, 1) || all_zero(48, 1));
}

TEST_F(AtTheMedium, WriteZeroesWritesUnlessItMayUnmap) {
  parameters.max_ranges.set(4);
  build();
  b->bring_up(VIRTIO_BLK_F_WRITE_ZEROES);
  dirty(0, 64);
  ASSERT_EQ(serve(ranges(VIRTIO_BLK_T_WRITE_ZEROES, {{0, 8, 0}, {16, 8, 1}})), VIRTIO_BLK_S_OK);
  ASSERT_EQ(medium->submitted.size(), 2u) << "one of them must be written, so both are";
  EXPECT_EQ(medium->submitted[0].op, MediaOp::write);
  EXPECT_TRUE(medium->submitted[0].fua) << "write-through";
  EXPECT_EQ(medium->submitted[1].lba, 16u);
  EXPECT_TRUE(all_zero(0, 8));
  EXPECT_TRUE(all_zero(16, 8));
  EXPECT_FALSE(all_zero(8, 1));
  ASSERT_EQ(serve(ranges(VIRTIO_BLK_T_WRITE_ZEROES, {{32, 8, 1}})), VIRTIO_BLK_S_OK);
  EXPECT_EQ(medium->submitted.back().op, MediaOp::trim);
  EXPECT_TRUE(all_zero(32, 8));
}

TEST_F(AtTheMedium, GetIdTellsTheSerialNumber) {
  build();
  b->bring_up(0);
  const auto id = b->request(VIRTIO_BLK_T_GET_ID, 0, 20);
  EXPECT_EQ(b->execute(id), VIRTIO_BLK_S_OK);
  EXPECT_EQ(b->last_used.bytes, 21u);
  EXPECT_STREQ(reinterpret_cast<const char*>(b->at(id.data)), "AS00000001");
  EXPECT_TRUE(medium->submitted.empty());
}

TEST_F(AtTheMedium, NoMoreAreHandedToItThanItTakes) {
  parameters.medium_depth.set(4);
  build();
  b->bring_up(0);
  medium->answer_after = 1_us;
  for (unsigned i = 0; i < 10; ++i) q().add(b->request(VIRTIO_BLK_T_IN, 8 * i, 4096).buffers);
  q().kick();
  b->run(500_ns);
  EXPECT_EQ(medium->held.size(), 4u);
  EXPECT_EQ(b->function.device().outstanding(), 10u);
  b->run(20_us);
  EXPECT_EQ(q().collect().size(), 10u);
  EXPECT_EQ(medium->most_held, 4u);
  for (unsigned i = 0; i < 10; ++i) EXPECT_EQ(medium->submitted[i].lba, 8u * i) << "in order";
}

TEST_F(AtTheMedium, AResetForgetsWhatIsOutstanding) {
  build();
  b->bring_up(0);
  std::vector<Bench::Request> requests;
  for (unsigned i = 0; i < 5; ++i) {
    requests.push_back(b->request(VIRTIO_BLK_T_IN, 8 * i, 4096));
    q().add(requests.back().buffers);
  }
  q().kick();
  b->run(1_us);
  ASSERT_EQ(medium->held.size(), 5u);
  b->common(0x14, 1, 0);
  EXPECT_EQ(medium->abandoned, 1u);
  EXPECT_EQ(b->function.device().outstanding(), 0u);
  b->run(10_us);
  for (const auto& r : requests) EXPECT_EQ(b->status_of(r), 0xff) << "the driver's memory is its own again";
  b->bring_up(0);
  EXPECT_EQ(serve(b->request(VIRTIO_BLK_T_IN, 0, 512)), VIRTIO_BLK_S_OK);
  b->function.reset();
  EXPECT_EQ(b->device_status(), 0u);
}

TEST_F(AtTheMedium, ALegacyQueueTakenOutOfUseLeavesMemoryAlone) {
  build();
  b->bring_up_legacy(0);
  const auto r = b->request(VIRTIO_BLK_T_IN, 0, 512);
  *b->at(r.data) = 0x77;
  dirty(0, 1);
  q().add(r.buffers);
  medium->answer_after = 1_us;
  q().kick();
  b->run(500_ns);
  b->write(false, 0x08, 0, 4);
  b->run(10_us);
  EXPECT_EQ(b->status_of(r), 0xff);
  EXPECT_EQ(*b->at(r.data), 0x77);
  EXPECT_EQ(b->function.device().outstanding(), 0u);
}

TEST_F(AtTheMedium, TheAccountOfARequestIsKept) {
  build();
  b->memory.latency = 10_ns;
  wire::TagBoard board{1, 256};
  wire::RequestTag tag;
  b->function.set_tag_board(&board);
  b->bring_up(0);
  const std::uint16_t head = q().build(b->request(VIRTIO_BLK_T_IN, 0, 4096).buffers);
  board.at(0, head) = &tag;
  const std::int64_t kicked = b->now().ps();
  medium->answer_after = 1_us;
  q().offer(head);
  q().kick();
  b->run(5_us);
  using wire::Stage;
  EXPECT_EQ(tag.when(Stage::fetched) - kicked, 60'000) << "idx, flags, ring, three descriptors";
  EXPECT_EQ(tag.when(Stage::received) - kicked, 70'000) << "header";
  EXPECT_EQ(tag.when(Stage::transferred) - kicked, 1'080'000) << "a microsecond after it was asked at 70 ns";
  EXPECT_EQ(tag.when(Stage::status) - kicked, 1'100'000) << "status byte, used element";
}

TEST_F(AtTheMedium, WhatItCannotDoIsAnErrorToTheDriver) {
  build();
  b->bring_up(VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES);
  dirty(0, 1);
  medium->failing = true;
  const auto read = b->request(VIRTIO_BLK_T_IN, 0, 512);
  std::memset(b->at(read.data), 0x11, 512);
  EXPECT_EQ(serve(read), VIRTIO_BLK_S_IOERR);
  EXPECT_EQ(*b->at(read.data), 0x11) << "no data was given";
  EXPECT_EQ(b->last_used.bytes, 0u) << "VIRTIO 1.1, 2.6.8: no byte from the first on";
  EXPECT_EQ(serve(b->request(VIRTIO_BLK_T_OUT, 8, 512)), VIRTIO_BLK_S_IOERR);
  EXPECT_EQ(serve(b->request(VIRTIO_BLK_T_FLUSH, 0, 0)), VIRTIO_BLK_S_IOERR);
  EXPECT_EQ(serve(ranges(VIRTIO_BLK_T_DISCARD, {{8, 8, 0}})), VIRTIO_BLK_S_IOERR);
  EXPECT_EQ(serve(ranges(VIRTIO_BLK_T_WRITE_ZEROES, {{8, 8, 0}})), VIRTIO_BLK_S_IOERR);
  EXPECT_EQ(medium->submitted.size(), 5u) << "all of them were tried";
  EXPECT_EQ(b->function.statistics().failed.value(), 5u);
  medium->failing = false;
  EXPECT_EQ(serve(b->request(VIRTIO_BLK_T_IN, 0, 512)), VIRTIO_BLK_S_OK);
}

}  // namespace
}  // namespace ahcisim
