// SPDX-License-Identifier: MIT
// A disk in memory that costs what was written to it: the default store.
//
// A table of two levels (directory → leaf → chunk of 64 KiB) finds a sector without a search. Chunks are carved from
// reserved address space, so that within a chunk only the pages that were touched occupy memory: 10⁶ scattered 4 KiB
// writes cost 4 GB, not 64, while neighbouring sectors still lie in one piece for peek() and poke().
#pragma once

#include <array>
#include <memory>
#include <vector>

#include <ahcisim/models/disk/store/store.hpp>

namespace ahcisim::disk {

class SparseStore final : public Store {
 public:
  /// `sectors`: 1 … 2⁴⁸ (ACS-4, 48-bit addresses), else kit::ConfigError.
  explicit SparseStore(std::uint64_t sectors);
  ~SparseStore() override;
  SparseStore(const SparseStore&) = delete;
  SparseStore& operator=(const SparseStore&) = delete;

  std::uint64_t sectors() const override { return sectors_; }
  bool read_only() const override { return false; }
  void read(std::uint64_t lba, std::uint32_t sectors, std::uint8_t* to) override;
  void write(std::uint64_t lba, std::uint32_t sectors, const std::uint8_t* from) override;
  void trim(std::uint64_t lba, std::uint64_t sectors) override;
  const std::uint8_t* peek(std::uint64_t lba, std::uint32_t sectors) override;
  std::uint8_t* poke(std::uint64_t lba, std::uint32_t sectors) override;
  void flush() override {}

  /// Bytes of address space handed out to chunks so far: an upper bound of the memory they occupy.
  std::uint64_t allocated() const { return chunks_ * chunk_bytes; }

 private:
  static constexpr std::uint64_t chunk_sectors = 128, chunk_bytes = chunk_sectors * sector_bytes;
  static constexpr std::uint64_t leaf_chunks = 1024, arena_chunks = 4096;
  using Leaf = std::array<std::uint8_t*, leaf_chunks>;
  struct Free {
    void operator()(void* memory) const;
  };

  std::uint8_t* find(std::uint64_t chunk) const;
  std::uint8_t* find_or_make(std::uint64_t chunk);
  std::uint8_t* new_chunk();

  std::uint64_t sectors_;
  std::unique_ptr<Leaf*[], Free> directory_;
  std::vector<std::unique_ptr<Leaf>> leaves_;
  std::vector<void*> arenas_;
  std::uint64_t chunks_ = 0;
};

}  // namespace ahcisim::disk
