// SPDX-License-Identifier: MIT
// Ranges that are mapped, ranges that cannot be, and what is found where.
#include <cerrno>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ahcisim/models/vfio_user/dma_map.hpp>

namespace ahcisim::vfio_user {
namespace {

constexpr std::uint64_t page = 4096;

Descriptor file(std::uint64_t bytes) {
  Descriptor made{::memfd_create("test", MFD_CLOEXEC)};
  EXPECT_EQ(::ftruncate(made.get(), static_cast<off_t>(bytes)), 0);
  return made;
}
DmaMapRequest range(std::uint64_t address, std::uint64_t size, std::uint64_t offset = 0, std::uint32_t flags = 3) {
  return {sizeof(DmaMapRequest), flags, offset, address, size};
}
DmaUnmapRequest gone(std::uint64_t address, std::uint64_t size, std::uint32_t flags = 0) { return {sizeof(DmaUnmapRequest), flags, address, size}; }

TEST(DmaMap, FindsTheBytesOfTheFile) {
  DmaMap map;
  const Descriptor memory = file(4 * page);
  ASSERT_EQ(map.map(range(0x100000, 2 * page, page), memory), 0);
  const DmaMap::Place place = map.find(0x100000 + 5, true);
  ASSERT_TRUE(place.direct);
  EXPECT_EQ(place.length, 2 * page - 5);
  *place.direct = 0x5a;
  std::uint8_t seen = 0;
  ASSERT_EQ(::pread(memory.get(), &seen, 1, page + 5), 1);
  EXPECT_EQ(seen, 0x5a);
  EXPECT_FALSE(map.find(0xfffff, false).mapped);
  EXPECT_FALSE(map.find(0x100000 + 2 * page, false).mapped);
}

TEST(DmaMap, AnOffsetWithinAPage) {
  DmaMap map;
  const Descriptor memory = file(2 * page);
  const std::uint8_t mark = 0x77;
  ASSERT_EQ(::pwrite(memory.get(), &mark, 1, 0x234), 1);
  ASSERT_EQ(map.map(range(0, page, 0x234), memory), 0);
  EXPECT_EQ(*map.find(0, false).direct, 0x77);
}

TEST(DmaMap, RightsAndRangesWithoutAFile) {
  DmaMap map;
  const Descriptor memory = file(page);
  ASSERT_EQ(map.map(range(0, page, 0, DmaMapRequest::readable), memory), 0);
  ASSERT_EQ(map.map(range(page, page, 0, DmaMapRequest::writable), Descriptor{}), 0);
  EXPECT_TRUE(map.find(0, false).direct);
  EXPECT_FALSE(map.find(0, true).mapped);
  EXPECT_FALSE(map.find(page, false).mapped);
  EXPECT_TRUE(map.find(page, true).mapped);
  EXPECT_FALSE(map.find(page, true).direct) << "by message";
}

TEST(DmaMap, RangesThatCannotBe) {
  DmaMap map;
  const Descriptor memory = file(2 * page);
  EXPECT_EQ(map.map(range(0, 0), memory), EINVAL);
  EXPECT_EQ(map.map(range(~std::uint64_t{0} - 10, page), memory), EINVAL) << "over the end of the address space";
  EXPECT_EQ(map.map(range(0, page, 0, 4), memory), EINVAL) << "unknown flag";
  EXPECT_EQ(map.map(range(0, 3 * page), memory), EINVAL) << "more than the file";
  EXPECT_EQ(map.map(range(0, page, ~std::uint64_t{0} - 1), memory), EINVAL);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Descriptor one{ends[0]}, other{ends[1]};
  EXPECT_EQ(map.map(range(0, page), one), EINVAL) << "a pipe";
  const Descriptor device{::open("/dev/zero", O_RDWR)};
  EXPECT_EQ(map.map(range(0, page), device), EINVAL);
  const Descriptor read_only{::open("/proc/self/exe", O_RDONLY)};
  EXPECT_EQ(map.map(range(0, page), read_only), EACCES);
  EXPECT_EQ(map.ranges(), 0u);
  ASSERT_EQ(map.map(range(page, 2 * page), memory), 0);
  for (const DmaMapRequest& request : {range(page, page), range(0, 2 * page), range(2 * page, 4 * page), range(0, 8 * page)})
    EXPECT_EQ(map.map(request, Descriptor{}), EEXIST);
  EXPECT_EQ(map.map(range(0, page), Descriptor{}), 0);
  EXPECT_EQ(map.map(range(3 * page, page), Descriptor{}), 0);
}

TEST(DmaMap, TheLastPageOfTheAddressSpace) {
  DmaMap map;
  const std::uint64_t last = ~std::uint64_t{0} - page + 1;
  ASSERT_EQ(map.map(range(last, page), Descriptor{}), 0);
  EXPECT_TRUE(map.find(~std::uint64_t{0}, true).mapped);
  EXPECT_EQ(map.unmap(gone(last, page)), 0);
}

TEST(DmaMap, Unmapping) {
  DmaMap map;
  for (unsigned i = 0; i < 4; ++i) ASSERT_EQ(map.map(range(i * page, page), Descriptor{}), 0);
  EXPECT_EQ(map.unmap(gone(8 * page, page)), ENOENT);
  EXPECT_EQ(map.unmap(gone(0, page / 2)), EINVAL) << "half a range";
  EXPECT_EQ(map.unmap(gone(0, 0)), EINVAL);
  EXPECT_EQ(map.unmap(gone(0, page, 4)), EINVAL);
  EXPECT_EQ(map.unmap(gone(page, 2 * page)), 0);
  EXPECT_EQ(map.ranges(), 2u);
  EXPECT_TRUE(map.find(0, false).mapped);
  EXPECT_FALSE(map.find(page, false).mapped);
  EXPECT_EQ(map.unmap(gone(1, 0, DmaUnmapRequest::all)), EINVAL);
  EXPECT_EQ(map.unmap(gone(0, 0, DmaUnmapRequest::all)), 0);
  EXPECT_EQ(map.ranges(), 0u);
}

TEST(DmaMap, HasRoomForSoManyRangesAndNoMore) {
  DmaMap map;
  for (std::size_t i = 0; i < DmaMap::most_ranges; ++i) ASSERT_EQ(map.map(range(i * page, page), Descriptor{}), 0);
  EXPECT_EQ(map.map(range(DmaMap::most_ranges * page, page), Descriptor{}), ENOSPC);
}

}  // namespace
}  // namespace ahcisim::vfio_user
