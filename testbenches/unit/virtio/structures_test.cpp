// SPDX-License-Identifier: MIT
// Rings, descriptors and event indices as they lie in memory (VIRTIO 1.1, 2.6), and the order of an agenda.
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/virtio/agenda.hpp>
#include <ahcisim/models/virtio/block_request.hpp>
#include <ahcisim/models/virtio/ring_layout.hpp>

namespace ahcisim::virtio {
namespace {

using namespace kit::literals;

TEST(RingLayout, PartsHaveTheSizesOfTheSpecification) {  // 2.6: 16, 6 + 2, 6 + 8 bytes for each entry
  RingLayout layout{0x1000, 0x3000, 0x5000, 128};
  EXPECT_EQ(layout.descriptor(127), 0x1000u + 127 * 16);
  EXPECT_EQ(layout.available_flags(), 0x3000u);
  EXPECT_EQ(layout.available_idx(), 0x3002u);
  EXPECT_EQ(layout.available_ring(0), 0x3004u);
  EXPECT_EQ(layout.available_ring(128 + 5), 0x3004u + 10) << "modulo the size";
  EXPECT_EQ(layout.used_event(), 0x3004u + 256);
  EXPECT_EQ(layout.used_ring(65535), 0x5004u + 127 * 8);
  EXPECT_EQ(layout.avail_event(), 0x5004u + 1024);
}

TEST(RingLayout, LegacyUsedRingBeginsAtAPage) {  // 2.6.2
  const RingLayout layout = RingLayout::legacy(0x10, 256);
  EXPECT_EQ(layout.descriptor_table, 0x10000u);
  EXPECT_EQ(layout.available, 0x11000u);
  EXPECT_EQ(layout.used, 0x12000u) << "4096 + 518 bytes, rounded up";
  EXPECT_EQ(RingLayout::legacy(0xffff'ffff, 8).used, 0xffff'ffff'000u + 4096u);
}

TEST(RingLayout, DescriptorsAreLittleEndian) {
  const std::uint8_t raw[16] = {1, 2, 3, 4, 5, 6, 7, 8, 0x10, 0x20, 0x30, 0x40, 0x03, 0x00, 0x34, 0x12};
  const Descriptor d = Descriptor::parse(raw);
  EXPECT_EQ(d.addr, 0x0807060504030201u);
  EXPECT_EQ(d.len, 0x40302010u);
  EXPECT_EQ(d.flags, VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE);
  EXPECT_EQ(d.next, 0x1234u);
}

TEST(EventIndex, IsCrossedOnceWhateverTheWrap) {  // 2.6.7.2: the index was moved over event
  for (const unsigned base : {0u, 100u, 65533u}) {
    const auto at = [base](unsigned i) { return static_cast<std::uint16_t>(base + i); };
    EXPECT_TRUE(wants_event(at(0), at(1), at(0)));
    EXPECT_FALSE(wants_event(at(1), at(1), at(0)));
    EXPECT_TRUE(wants_event(at(3), at(5), at(2)));
    EXPECT_FALSE(wants_event(at(5), at(5), at(2)));
    EXPECT_FALSE(wants_event(at(1), at(5), at(2))) << "crossed before";
    EXPECT_FALSE(wants_event(at(1), at(2), at(2))) << "nothing new";
  }
}

TEST(BlkRequestLayout, HeaderAndRange) {  // 5.2.6
  const std::uint8_t header[16] = {8, 0, 0, 0, 9, 9, 9, 9, 1, 2, 0, 0, 0, 0, 0, 0x80};
  EXPECT_EQ(RequestHeader::parse(header).type, VIRTIO_BLK_T_GET_ID);
  EXPECT_EQ(RequestHeader::parse(header).sector, 0x8000'0000'0000'0201u);
  const RangeEntry range = RangeEntry::parse(header);
  EXPECT_EQ(range.sector, 0x09090909'00000008u);
  EXPECT_EQ(range.num_sectors, 0x201u);
  EXPECT_EQ(range.flags, 0x8000'0000u);
}

TEST(Agenda, IsInTheOrderOfTimeThenOfArrival) {
  Agenda<char> agenda{8};
  EXPECT_EQ(agenda.next(), kit::Duration::never());
  agenda.add(20_ns, 'c', 1);
  agenda.add(10_ns, 'a', 2);
  agenda.add(20_ns, 'd', 3);
  agenda.add(10_ns, 'b', 4);
  std::string order;
  while (agenda.next() != kit::Duration::never()) order += agenda.take().step;
  EXPECT_EQ(order, "abcd");
}

}  // namespace
}  // namespace ahcisim::virtio
