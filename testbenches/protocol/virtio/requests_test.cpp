// SPDX-License-Identifier: MIT
// Requests of every kind, end to end: the right bytes, the right status, the right used length (VIRTIO 1.1, 5.2.6).
#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

#include "support/virtio_bench.hpp"

namespace ahcisim {
namespace {

using namespace virtio;
using namespace virtio_bench;

class Requests : public ::testing::Test {
 protected:
  BlkParameters parameters;
  std::unique_ptr<Bench> b;
  void build(std::unique_ptr<disk::Medium> medium = nullptr) {
    b = std::make_unique<Bench>(parameters, std::move(medium));
  }
  void fill(std::uint64_t address, std::size_t bytes, unsigned seed) {
    for (std::size_t i = 0; i < bytes; ++i) *b->at(address + i) = static_cast<std::uint8_t>(seed + i * 7 + i / 256);
  }
  void write_and_read_back(bool indirect) {
    const auto out = b->request(VIRTIO_BLK_T_OUT, 1000, 4096);
    fill(out.data, 4096, 3);
    ASSERT_EQ(b->execute(out, indirect), VIRTIO_BLK_S_OK);
    EXPECT_EQ(b->last_used.bytes, 1u);
    std::vector<std::uint8_t> stored(4096);
    b->store->read(1000, 8, stored.data());
    EXPECT_EQ(std::memcmp(stored.data(), b->at(out.data), 4096), 0);
    const auto in = b->request(VIRTIO_BLK_T_IN, 1000, 4096);
    ASSERT_EQ(b->execute(in, indirect), VIRTIO_BLK_S_OK);
    EXPECT_EQ(b->last_used.bytes, 4097u);
    EXPECT_EQ(std::memcmp(b->at(in.data), b->at(out.data), 4096), 0);
    EXPECT_EQ(b->context.diagnostics.count(), 0u);
  }
};

TEST_F(Requests, WriteAndReadBackModern) {
  build();
  b->bring_up(VIRTIO_BLK_F_FLUSH);
  write_and_read_back(false);
  EXPECT_EQ(b->sink.requests[1], 2u);
}

TEST_F(Requests, WriteAndReadBackModernIndirectEventIndex) {
  build();
  b->bring_up(VIRTIO_F_RING_INDIRECT_DESC | VIRTIO_F_RING_EVENT_IDX);
  write_and_read_back(true);
}

TEST_F(Requests, WriteAndReadBackLegacy) {
  build();
  b->bring_up_legacy(0);
  write_and_read_back(false);
}

TEST_F(Requests, WriteAndReadBackLegacyIndirectEventIndex) {
  build();
  b->bring_up_legacy(static_cast<std::uint32_t>(VIRTIO_F_RING_INDIRECT_DESC | VIRTIO_F_RING_EVENT_IDX));
  write_and_read_back(true);
}

TEST_F(Requests, DirectMemoryCarriesTheSameData) {
  build();
  b->memory.direct = true;
  b->bring_up(VIRTIO_F_RING_INDIRECT_DESC | VIRTIO_F_RING_EVENT_IDX);
  write_and_read_back(true);
  EXPECT_LE(b->memory.transactions, 1u);
}

}  // namespace
}  // namespace ahcisim
