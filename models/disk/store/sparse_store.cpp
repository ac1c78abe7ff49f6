// SPDX-License-Identifier: MIT
// A disk in memory that costs what was written to it.
#include <ahcisim/models/disk/store/sparse_store.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include <sys/mman.h>

#include <fmt/format.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk {
namespace {

bool all_zero(const std::uint8_t* bytes, std::size_t count) {
  return bytes[0] == 0 && std::memcmp(bytes, bytes + 1, count - 1) == 0;
}

}  // namespace

void SparseStore::Free::operator()(void* memory) const { std::free(memory); }

SparseStore::SparseStore(std::uint64_t sectors) : sectors_{sectors} {
  if (sectors == 0 || sectors > (std::uint64_t{1} << 48))
    throw kit::ConfigError{fmt::format("disk of {} sectors: give a capacity of 1 to 2^48 sectors of 512 bytes", sectors)};
  const std::uint64_t leaves = (sectors - 1) / (leaf_chunks * chunk_sectors) + 1;
  // calloc: the system backs the directory page by page, as it is touched.
  directory_.reset(static_cast<Leaf**>(std::calloc(leaves, sizeof(Leaf*))));
  if (!directory_)
    throw kit::ConfigError{fmt::format("disk of {} sectors: no memory for its table; give a smaller capacity", sectors)};
}

SparseStore::~SparseStore() {
  for (void* arena : arenas_) ::munmap(arena, arena_chunks * chunk_bytes);
}

inline std::uint8_t* SparseStore::find(std::uint64_t chunk) const {
  const Leaf* leaf = directory_[chunk / leaf_chunks];
  return leaf ? (*leaf)[chunk % leaf_chunks] : nullptr;
}

std::uint8_t* SparseStore::new_chunk() {
  const std::uint64_t place = chunks_ % arena_chunks;
  if (place == 0) {
    void* arena = ::mmap(nullptr, arena_chunks * chunk_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED) throw std::bad_alloc{};
    ::madvise(arena, arena_chunks * chunk_bytes, MADV_NOHUGEPAGE);
    arenas_.push_back(arena);
  }
  ++chunks_;
  return static_cast<std::uint8_t*>(arenas_.back()) + place * chunk_bytes;
}

std::uint8_t* SparseStore::find_or_make(std::uint64_t chunk) {
  Leaf*& leaf = directory_[chunk / leaf_chunks];
  if (!leaf) {
    leaves_.push_back(std::make_unique<Leaf>());
    leaf = leaves_.back().get();
  }
  std::uint8_t*& bytes = (*leaf)[chunk % leaf_chunks];
  if (!bytes) bytes = new_chunk();
  return bytes;
}

void SparseStore::read(std::uint64_t lba, std::uint32_t sectors, std::uint8_t* to) {
  check_run(lba, sectors, sectors_);
  for (std::uint64_t left = sectors; left != 0;) {
    const std::uint64_t offset = lba % chunk_sectors, run = std::min(left, chunk_sectors - offset);
    if (const std::uint8_t* bytes = find(lba / chunk_sectors))
      std::memcpy(to, bytes + offset * sector_bytes, run * sector_bytes);
    else
      std::memset(to, 0, run * sector_bytes);
    to += run * sector_bytes, lba += run, left -= run;
  }
}

void SparseStore::write(std::uint64_t lba, std::uint32_t sectors, const std::uint8_t* from) {
  check_run(lba, sectors, sectors_);
  for (std::uint64_t left = sectors; left != 0;) {
    const std::uint64_t offset = lba % chunk_sectors, run = std::min(left, chunk_sectors - offset);
    std::uint8_t* bytes = find(lba / chunk_sectors);
    // Zeros onto nothing stay nothing.
    if (!bytes && !all_zero(from, run * sector_bytes)) bytes = find_or_make(lba / chunk_sectors);
    if (bytes) std::memcpy(bytes + offset * sector_bytes, from, run * sector_bytes);
    from += run * sector_bytes, lba += run, left -= run;
  }
}

void SparseStore::trim(std::uint64_t lba, std::uint64_t sectors) {
  check_run(lba, sectors, sectors_);
  constexpr std::uint64_t leaf_sectors = leaf_chunks * chunk_sectors;
  const auto clear = [](std::uint8_t* at, std::uint64_t bytes) {
    // A whole chunk goes back to the system, which hands out zeroed pages on the next touch.
    if (bytes != chunk_bytes || ::madvise(at, bytes, MADV_DONTNEED) != 0) std::memset(at, 0, bytes);
  };
  while (sectors != 0) {
    const bool empty = !directory_[lba / leaf_sectors];
    const std::uint64_t unit = empty ? leaf_sectors : chunk_sectors;
    const std::uint64_t offset = lba % unit, run = std::min(sectors, unit - offset);
    if (!empty)
      if (std::uint8_t* bytes = find(lba / chunk_sectors)) clear(bytes + offset * sector_bytes, run * sector_bytes);
    lba += run, sectors -= run;
  }
}

const std::uint8_t* SparseStore::peek(std::uint64_t lba, std::uint32_t sectors) {
  check_run(lba, sectors, sectors_);
  if (sectors == 0) return zero_page();
  const std::uint64_t first = lba / chunk_sectors, last = (lba + sectors - 1) / chunk_sectors;
  const std::uint8_t* bytes = find(first);
  for (std::uint64_t chunk = first + 1; chunk <= last; ++chunk) {
    // Chunks first written in ascending order lie in ascending order.
    const std::uint8_t* next = find(chunk);
    if (bytes ? next != bytes + (chunk - first) * chunk_bytes : next != nullptr) return nullptr;
  }
  if (bytes) return bytes + lba % chunk_sectors * sector_bytes;
  return sectors <= zero_page_sectors ? zero_page() : nullptr;
}

std::uint8_t* SparseStore::poke(std::uint64_t lba, std::uint32_t sectors) {
  check_run(lba, sectors, sectors_);
  if (sectors == 0) return nullptr;
  const std::uint64_t first = lba / chunk_sectors, last = (lba + sectors - 1) / chunk_sectors;
  std::uint8_t* bytes = find_or_make(first);
  for (std::uint64_t chunk = first + 1; chunk <= last; ++chunk)
    if (find_or_make(chunk) != bytes + (chunk - first) * chunk_bytes) return nullptr;
  return bytes + lba % chunk_sectors * sector_bytes;
}

}  // namespace ahcisim::disk
