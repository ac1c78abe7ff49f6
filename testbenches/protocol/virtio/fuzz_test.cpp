// SPDX-License-Identifier: MIT
// Random requests, every byte compared; and random rings and registers, which the device must survive. AHCISIM_SEED
// repeats a run.
#include <cstdlib>
#include <cstring>
#include <iostream>

#include <gtest/gtest.h>

#include <ahcisim/models/kit/random.hpp>

#include "support/virtio_bench.hpp"

namespace ahcisim {
namespace {

using namespace virtio;
using namespace virtio_bench;

class Fuzz : public ::testing::Test {
 protected:
  BlkParameters parameters;
  std::unique_ptr<Bench> b;
  std::uint64_t seed = 0;
  std::unique_ptr<kit::Random> random;
  void SetUp() override {
    const char* given = std::getenv("AHCISIM_SEED");
    seed = given ? std::strtoull(given, nullptr, 0) : static_cast<std::uint64_t>(std::time(nullptr));
    std::cout << "AHCISIM_SEED=" << seed << '\n';
    random = std::make_unique<kit::Random>(seed, ::testing::UnitTest::GetInstance()->current_test_info()->name());
  }
  std::uint64_t pick(std::uint64_t count) { return random->between(0, count - 1); }

  /// Cuts `bytes` into pieces of any size.
  std::vector<std::uint32_t> cut(std::uint32_t bytes, unsigned most) {
    std::vector<std::uint32_t> pieces;
    while (bytes != 0 && pieces.size() + 1 < most) {
      const auto piece = static_cast<std::uint32_t>(1 + pick(std::min<std::uint32_t>(bytes, pick(4) ? 600 : bytes)));
      pieces.push_back(piece);
      bytes -= piece;
    }
    if (bytes) pieces.push_back(bytes);
    return pieces;
  }
  /// Moves a piece's address somewhere odd, with a gap between pieces.
  Bench::Request scattered(std::uint32_t type, std::uint64_t sector, std::uint32_t bytes) {
    Bench::Request r = b->request(type, sector, 0);
    const QueueDriver::Buffer status = r.buffers.back();
    r.buffers.pop_back();
    for (const std::uint32_t piece : cut(bytes, 40))
      r.buffers.push_back({b->allocate(piece + 8, 1) + pick(8), piece, type == VIRTIO_BLK_T_IN});
    r.buffers.push_back(status);
    return r;
  }
  void compare_everything(bool legacy, bool direct);
  void random_memory(std::uint64_t begin, std::uint64_t bytes);
};

/// Several requests at once, which do not overlap on the disk; each is compared with a copy of the disk.
void Fuzz::compare_everything(bool legacy, bool direct) {
  constexpr std::uint64_t sectors = 4096;
  b = std::make_unique<Bench>(parameters);
  b->memory.direct = direct;
  b->memory.latency = 20_ns;
  const Features features = VIRTIO_F_RING_INDIRECT_DESC | VIRTIO_F_RING_EVENT_IDX | VIRTIO_BLK_F_FLUSH;
  if (legacy) b->bring_up_legacy(static_cast<std::uint32_t>(features));
  else b->bring_up(features);
  std::vector<std::uint8_t> shadow(sectors * 512);
  const std::uint64_t mark = b->mark();
  for (unsigned round = 0; round < 250; ++round) {
    b->release(mark);
    std::vector<Bench::Request> requests;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> where;
    for (unsigned i = 0; i < 4; ++i) {
      const auto count = static_cast<std::uint32_t>(1 + pick(pick(8) ? 16 : 300));
      const std::uint64_t sector = i * (sectors / 4) + pick(sectors / 4 - count);
      const bool write = pick(2);
      requests.push_back(scattered(write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN, sector, count * 512));
      where.emplace_back(sector, count);
      std::uint64_t at = sector * 512;
      for (const auto& buffer : requests.back().buffers) {
        if (buffer.address == requests.back().header || buffer.address == requests.back().status) continue;
        for (std::uint32_t n = 0; write && n < buffer.bytes; ++n)
          *b->at(buffer.address + n) = shadow[at + n] = static_cast<std::uint8_t>(random->engine()());
        at += buffer.bytes;
      }
      b->queue[0]->add(requests.back().buffers, pick(2));
      if (pick(2)) b->queue[0]->kick_if_wanted();
    }
    b->queue[0]->kick();
    b->run(1_ms);
    ASSERT_EQ(b->queue[0]->collect().size(), 4u) << "round " << round << " seed " << seed;
    for (unsigned i = 0; i < 4; ++i) {
      ASSERT_EQ(b->status_of(requests[i]), VIRTIO_BLK_S_OK);
      std::uint64_t at = where[i].first * 512;
      for (std::size_t n = 1; n + 1 < requests[i].buffers.size(); ++n) {
        const auto& buffer = requests[i].buffers[n];
        ASSERT_EQ(std::memcmp(b->at(buffer.address), &shadow[at], buffer.bytes), 0)
            << "round " << round << " seed " << seed;
        at += buffer.bytes;
      }
    }
  }
  std::vector<std::uint8_t> disk(shadow.size());
  b->store->read(0, sectors, disk.data());
  EXPECT_EQ(disk, shadow);
  EXPECT_EQ(b->context.diagnostics.count(), 0u);
}

TEST_F(Fuzz, EveryByteOfRandomRequestsModern) { compare_everything(false, false); }
TEST_F(Fuzz, EveryByteOfRandomRequestsLegacy) { compare_everything(true, false); }
TEST_F(Fuzz, EveryByteOfRandomRequestsDirectMemory) { compare_everything(false, true); }

void Fuzz::random_memory(std::uint64_t begin, std::uint64_t bytes) {
  for (std::uint64_t at = begin; at < begin + bytes; ++at) *b->at(at) = static_cast<std::uint8_t>(random->engine()());
}

TEST_F(Fuzz, RandomRings) {
  parameters.queue_size.set(16);
  parameters.queues.set(2);
  b = std::make_unique<Bench>(parameters);
  for (unsigned round = 0; round < 400; ++round) {
    b->release(4096);
    b->memory.latency = pick(2) ? 50_ns : Duration{};
    b->bring_up(pick(2) ? b->offered() : VIRTIO_F_RING_INDIRECT_DESC, 2);
    const std::uint64_t tables = b->allocate(4096);
    for (unsigned step = 0; step < 20; ++step) {
      QueueDriver& q = *b->queue[pick(2)];
      if (pick(3) == 0) random_memory(q.layout.descriptor_table, 256);
      if (pick(8) == 0) random_memory(tables, 4096);
      for (unsigned i = 0; i < 16; ++i) {  // plausible enough to get somewhere
        const std::uint64_t address = pick(16) ? tables + pick(4096) : random->engine()();
        q.put_descriptor(
            i, {address, static_cast<std::uint32_t>(pick(3) ? 16 * pick(64) : pick(5000)),
                static_cast<std::uint16_t>(pick(12) ? pick(4) : pick(8)), static_cast<std::uint16_t>(pick(17))});
      }
      store_le32(b->at(tables + 16 * pick(256)), static_cast<std::uint32_t>(pick(14)));
      for (unsigned i = 0; i < 1 + pick(4); ++i) q.offer(static_cast<std::uint16_t>(pick(pick(20) ? 16 : 65536)));
      if (pick(20) == 0)
        store_le16(b->at(q.layout.available_idx()), q.available = static_cast<std::uint16_t>(pick(65536)));
      q.kick();
      if (pick(2)) b->run(Duration::from_ps(static_cast<std::int64_t>(1 + pick(1'000'000))));
    }
    b->run(1_ms);
    b->bring_up(0, 2);
    ASSERT_EQ(b->execute(b->request(VIRTIO_BLK_T_IN, 0, 4096)), VIRTIO_BLK_S_OK)
        << "round " << round << " seed " << seed;
    ASSERT_EQ(b->function.device().outstanding(), 0u);
  }
}

TEST_F(Fuzz, RandomRegisters) {
  parameters.queue_size.set(16);
  b = std::make_unique<Bench>(parameters);
  for (unsigned round = 0; round < 300; ++round) {
    b->release(4096);
    b->sink.msix = pick(2);
    if (pick(2)) b->bring_up(VIRTIO_F_RING_EVENT_IDX);
    else b->bring_up_legacy(static_cast<std::uint32_t>(VIRTIO_F_RING_EVENT_IDX));
    for (unsigned step = 0; step < 100; ++step) {
      const bool modern = pick(2);
      const auto offset = static_cast<unsigned>(pick(4) ? pick(0x40) : pick(modern ? 0x4010 : 0x90));
      const auto bytes = static_cast<unsigned>(1 + pick(8));
      const std::uint64_t value = pick(2) ? pick(16) : random->engine()();
      if (pick(3)) b->write(modern, offset, value, bytes);
      else b->read(modern, offset, bytes);
      if (pick(10) == 0) b->queue[0]->add(b->request(static_cast<std::uint32_t>(pick(14)), pick(100), 512).buffers);
      if (pick(10) == 0) b->queue[0]->kick();
      if (pick(10) == 0) b->run(1_us);
      if (b->queue[0]->available >= 4) break;
    }
    b->run(100_us);
    b->sink.msix = true;
    b->bring_up(VIRTIO_F_RING_EVENT_IDX);
    ASSERT_EQ(b->execute(b->request(VIRTIO_BLK_T_IN, 0, 4096)), VIRTIO_BLK_S_OK)
        << "round " << round << " seed " << seed;
  }
}

}  // namespace
}  // namespace ahcisim
