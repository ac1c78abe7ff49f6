// SPDX-License-Identifier: MIT
// Stores: what is written is what is read, in every kind of store, at every boundary; faults of images are told in words.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ahcisim/models/disk/store/image_store.hpp>
#include <ahcisim/models/disk/store/overlay_store.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk {
namespace {

using ::testing::HasSubstr;

/// A file that goes away with the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::uint64_t bytes) {
    char name[] = "/tmp/ahcisim-store-XXXXXX";
    const int file = ::mkstemp(name);
    if (file < 0 || ::ftruncate(file, static_cast<off_t>(bytes)) != 0) std::abort();
    ::close(file);
    path = name;
  }
  ~TemporaryFile() { ::unlink(path.c_str()); }
  std::string path;
};

/// Random reads, writes and trims through every door, against a flat array.
void compare_with_array(Store& store, std::vector<std::uint8_t> content, std::uint64_t base, unsigned rounds, unsigned seed) {
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random{seed};
  const std::uint64_t span = content.size() / sector_bytes;
  std::vector<std::uint8_t> buffer(300 * sector_bytes);
  for (unsigned round = 0; round < rounds; ++round) {
    const std::uint64_t at = random() % span;
    const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(1 + random() % (round % 8 ? 20 : 300), span - at));
    std::uint8_t* const expected = content.data() + at * sector_bytes;
    const std::size_t bytes = count * sector_bytes;
    switch (random() % 6) {
      case 0:
        for (std::size_t i = 0; i < bytes; ++i) buffer[i] = static_cast<std::uint8_t>(random());
        store.write(base + at, count, buffer.data());
        std::memcpy(expected, buffer.data(), bytes);
        break;
      case 1:
        if (std::uint8_t* door = store.poke(base + at, count)) {
          for (std::size_t i = 0; i < bytes; ++i) door[i] = expected[i] = static_cast<std::uint8_t>(random());
        }
        break;
      case 2:
        if (round % 4 == 0) {
          store.trim(base + at, count);
          std::memset(expected, 0, bytes);
        }
        break;
      case 3:
        if (const std::uint8_t* seen = store.peek(base + at, count)) {
          ASSERT_EQ(std::memcmp(seen, expected, bytes), 0) << "peek, round " << round;
        }
        break;
      default:
        store.read(base + at, count, buffer.data());
        ASSERT_EQ(std::memcmp(buffer.data(), expected, bytes), 0) << "read, round " << round;
    }
  }
  std::vector<std::uint8_t> all(content.size());
  for (std::uint64_t at = 0; at < span; at += 100)
    store.read(base + at, static_cast<std::uint32_t>(std::min<std::uint64_t>(100, span - at)), all.data() + at * sector_bytes);
  ASSERT_EQ(all, content);
}

std::string error_of(const std::string& path, ImageStore::Access access) {
  try {
    ImageStore store{path, access};
  } catch (const kit::ConfigError& error) {
    EXPECT_EQ(std::string{error.what()}.find('\n'), std::string::npos);
    return error.what();
  }
  return "";
}

std::uint64_t resident_kib() {
  std::ifstream status{"/proc/self/statm"};
  std::uint64_t size = 0, resident = 0;
  status >> size >> resident;
  return resident * 4;
}

TEST(SparseStore, HoldsWhatWasWritten) {
  SparseStore store{std::uint64_t{8} << 30};
  // Across the boundary of two leaves of the table.
  compare_with_array(store, std::vector<std::uint8_t>(3000 * sector_bytes), 1024 * 128 - 1500, 20000, 11);
}

TEST(SparseStore, EndsAtItsLastSector) {
  SparseStore store{1001};
  std::uint8_t sector[sector_bytes] = {7};
  store.write(1000, 1, sector);
  EXPECT_EQ(store.peek(1000, 1)[0], 7);
  EXPECT_THROW(store.read(1001, 1, sector), std::out_of_range);
  EXPECT_THROW(store.write(1000, 2, sector), std::out_of_range);
  EXPECT_THROW(store.peek(~std::uint64_t{0}, 2), std::out_of_range);
}

TEST(SparseStore, AnUntouchedDiskCostsNothingAndReadsZero) {
  const std::uint64_t before = resident_kib();
  SparseStore store{std::uint64_t{4'000'000'000'000} / sector_bytes};
  std::mt19937_64 random{1};
  for (int i = 0; i < 100'000; ++i) {
    const std::uint8_t* seen = store.peek(random() % (store.sectors() - 16), 16);
    ASSERT_NE(seen, nullptr);
    ASSERT_EQ(seen[8191], 0);
  }
  const std::vector<std::uint8_t> zeros(64 * sector_bytes);
  for (int i = 0; i < 100'000; ++i) store.write(random() % (store.sectors() - 64), 64, zeros.data());
  store.trim(0, store.sectors());
  EXPECT_EQ(store.allocated(), 0u);
  EXPECT_LT(resident_kib() - before, 2048u);
}

TEST(SparseStore, ScatteredSmallWritesCostTheirOwnPages) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "what AddressSanitizer keeps beside each piece of memory counts as resident, too";
#endif
  SparseStore store{std::uint64_t{4'000'000'000'000} / sector_bytes};
  const std::vector<std::uint8_t> data(8 * sector_bytes, 1);
  const std::uint64_t before = resident_kib();
  for (std::uint64_t i = 0; i < 4000; ++i) store.write(i * 128 + 8, 8, data.data());
  EXPECT_LT(resident_kib() - before, 4000 * 6u) << "KiB for 4000 pages of 4 KiB";
}

TEST(SparseStore, RewritingAndTrimmingKeepsMemoryFlat) {
  SparseStore store{1 << 24};
  const std::vector<std::uint8_t> data(8 * sector_bytes, 1);
  std::mt19937_64 random{3};
  const std::uint64_t span = 1 << 15;  // 16 MiB
  for (int i = 0; i < 200'000; ++i) store.write(random() % (span / 8) * 8, 8, data.data());
  const std::uint64_t settled = resident_kib(), allocated = store.allocated();
  for (int i = 0; i < 200'000; ++i) store.write(random() % (span / 8) * 8, 8, data.data());
  EXPECT_EQ(store.allocated(), allocated);
  EXPECT_LT(resident_kib(), settled + 512);
  store.trim(0, span);
  EXPECT_LT(resident_kib() + 15000, settled) << "trimmed memory goes back";
  EXPECT_EQ(store.peek(0, 8)[0], 0);
}

TEST(SparseStore, SequentialDataLiesInOnePiece) {
  SparseStore store{1 << 20};
  for (std::uint64_t lba = 0; lba < 4096; lba += 16) ASSERT_NE(store.poke(lba, 16), nullptr);
  for (std::uint64_t lba = 0; lba + 16 <= 4096; ++lba) ASSERT_NE(store.peek(lba, 16), nullptr) << lba;
}

TEST(SparseStore, RefusesImpossibleSizes) {
  EXPECT_THROW(SparseStore{0}, kit::ConfigError);
  EXPECT_THROW(SparseStore{(std::uint64_t{1} << 48) + 1}, kit::ConfigError);
}

TEST(ImageStore, HoldsWhatWasWrittenAndLeavesItInTheFile) {
  TemporaryFile file{2000 * sector_bytes};
  {
    ImageStore store{file.path, ImageStore::Access::read_write};
    EXPECT_EQ(store.sectors(), 2000u);
    compare_with_array(store, std::vector<std::uint8_t>(2000 * sector_bytes), 0, 5000, 12);
    const std::vector<std::uint8_t> mark(sector_bytes, 0xA5);
    store.write(1999, 1, mark.data());
    store.flush();
  }
  ImageStore again{file.path, ImageStore::Access::read_only};
  EXPECT_EQ(again.peek(1999, 1)[511], 0xA5);
  EXPECT_TRUE(again.read_only());
  EXPECT_EQ(again.poke(0, 1), nullptr);
  const std::vector<std::uint8_t> data(sector_bytes, 1);
  EXPECT_THROW(again.write(0, 1, data.data()), std::logic_error);
  EXPECT_THROW(again.trim(0, 1), std::logic_error);
}

TEST(ImageStore, TellsWhatIsWrongWithAnImageAndWhatToDo) {
  using Access = ImageStore::Access;
  EXPECT_THAT(error_of("/tmp/ahcisim/no/such/image", Access::read_only), HasSubstr("no such file; make one"));
  EXPECT_THAT(error_of("/tmp", Access::read_only), HasSubstr("name a raw image file"));
  EXPECT_THAT(error_of("/tmp", Access::read_write), HasSubstr("name a raw image file"));
  EXPECT_THAT(error_of("/dev/null", Access::read_only), HasSubstr("neither a file nor a block device"));
  TemporaryFile empty{0}, crooked{1025}, good{1024};
  EXPECT_THAT(error_of(empty.path, Access::read_only), HasSubstr("is empty"));
  EXPECT_THAT(error_of(crooked.path, Access::read_write), HasSubstr("1025 bytes are no multiple of 512; pad it"));
  ImageStore first{good.path, Access::read_write};
  EXPECT_THAT(error_of(good.path, Access::read_only), HasSubstr("is in use"));
}

TEST(ImageStore, RefusesToWriteAReadOnlyFile) {
  TemporaryFile file{1024};
  ::chmod(file.path.c_str(), 0444);
  // root may write every file, so a child without its rights tries.
  const auto attempt = [&file] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) std::_Exit(2);
    std::cerr << error_of(file.path, ImageStore::Access::read_write);
    std::_Exit(0);
  };
  EXPECT_EXIT(attempt(), ::testing::ExitedWithCode(0), "cannot be written; make it writable");
}

TEST(OverlayStore, StartsAsItsBaseAndLeavesItAlone) {
  // An odd size: the last unit of copying is cut short.
  auto base = std::make_shared<SparseStore>(2003);
  std::vector<std::uint8_t> content(2003 * sector_bytes);
  std::mt19937_64 random{5};
  for (std::size_t i = 0; i < content.size() / 2; ++i) content[i] = static_cast<std::uint8_t>(random());
  base->write(0, 2003, content.data());
  OverlayStore store{base};
  EXPECT_EQ(store.peek(3, 16), base->peek(3, 16)) << "no copy of what is not written";
  compare_with_array(store, content, 0, 20000, 13);
  std::vector<std::uint8_t> after(content.size());
  base->read(0, 2003, after.data());
  EXPECT_EQ(after, content);
}

TEST(OverlayStore, TrimHidesTheBase) {
  auto base = std::make_shared<SparseStore>(1 << 18);
  const std::vector<std::uint8_t> data(1024 * sector_bytes, 9);
  for (std::uint64_t lba = 0; lba < 1 << 18; lba += 1024) base->write(lba, 1024, data.data());
  OverlayStore store{base};
  store.trim(3, (1 << 18) - 5);
  EXPECT_EQ(store.peek(2, 1)[0], 9);
  EXPECT_EQ(store.peek(3, 1)[0], 0);
  EXPECT_EQ(store.peek(100'000, 8)[0], 0);
  EXPECT_EQ(store.peek((1 << 18) - 3, 1)[0], 0);
  EXPECT_EQ(store.peek((1 << 18) - 2, 1)[0], 9);
}

TEST(OverlayStore, LiesOverAReadOnlyImage) {
  TemporaryFile file{4096};
  auto image = std::make_shared<ImageStore>(file.path, ImageStore::Access::read_only);
  OverlayStore store{image};
  const std::vector<std::uint8_t> data(sector_bytes, 3);
  store.write(7, 1, data.data());
  EXPECT_EQ(store.peek(7, 1)[0], 3);
  EXPECT_EQ(image->peek(7, 1)[0], 0);
  EXPECT_THROW(OverlayStore{nullptr}, kit::ConfigError);
}

}  // namespace
}  // namespace ahcisim::disk
