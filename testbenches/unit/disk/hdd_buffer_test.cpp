// SPDX-License-Identifier: MIT
// The buffer against itself searched segment by segment: no summary of what it holds may change what is found.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include <ahcisim/models/disk/hdd/buffer.hpp>

namespace {

using namespace ahcisim::disk::hdd;

/// How much of [lba, lba + count) from its beginning on the best segment holds.
std::uint64_t held(Buffer& buffer, std::uint64_t lba, std::uint64_t count) {
  std::uint64_t most = 0;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(buffer.size()); ++i)
    if (buffer[i].state != Segment::State::empty && lba >= buffer.start(i) && lba < buffer.end(i))
      most = std::max(most, std::min(count, buffer.end(i) - lba));
  return most;
}

void hold(std::uint32_t segments, std::uint64_t segment_sectors, std::uint64_t span, unsigned seed) {
  BufferSpec spec;
  spec.segments = segments;
  spec.write_segments = segments;
  spec.segment_sectors = segment_sectors;
  Buffer buffer{spec};
  std::mt19937_64 random{seed};
  unsigned long whole = 0, partial = 0, none = 0;
  for (int step = 0; step < 50000; ++step) {
    const std::uint64_t lba = random() % span, count = 1 + random() % segment_sectors;
    const auto any = static_cast<std::int32_t>(random() % segments);
    const bool dirty = buffer[any].state == Segment::State::dirty;
    switch (random() % 6) {
      case 0: if (!dirty) buffer.fill(any, lba, lba + count * 2, false); break;
      case 1: if (!dirty) buffer.grow(any, buffer.end(any) + random() % segment_sectors); break;
      case 2:
        if (dirty) break;
        buffer.claim(any, lba, count, step);
        buffer.arrived(any, lba, count);
        break;
      case 3: if (dirty) buffer.clean(any); break;
      case 4: if (!dirty) buffer.empty(any); break;
      default: buffer.invalidate(lba, count); break;
    }
    for (int look = 0; look < 4; ++look) {
      const std::uint64_t from = look == 0 ? buffer.start(any) : random() % span, length = 1 + random() % 64;
      const std::uint64_t expected = held(buffer, from, length);
      const Buffer::Hit hit = buffer.find(from, length);
      ASSERT_EQ(hit.match, expected == 0 ? Buffer::Match::none : expected == length ? Buffer::Match::whole : Buffer::Match::partial)
          << "sector " << from << " step " << step << " seed " << seed;
      if (expected) {
        ASSERT_EQ(std::min(length, buffer.end(hit.segment) - from), expected);
      }
      ++(expected == 0 ? none : expected == length ? whole : partial);
    }
  }
  EXPECT_GT(whole, 1000u);
  EXPECT_GT(partial, 100u);
  EXPECT_GT(none, 1000u);
}

TEST(HddBuffer, FindsWhatItHolds) {
  hold(1, 100, 300, 1);
  hold(3, 561, 10'000, 2);
  hold(64, 8192, 4'000'000, 3);
  hold(16, 2048, 100'000, 4);
}

}  // namespace
