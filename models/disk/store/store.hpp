// SPDX-License-Identifier: MIT
// Where a disk's bytes live. Data only: when they are there is the medium's business (medium.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

namespace ahcisim::disk {

inline constexpr std::size_t sector_bytes = 512;

/// The bytes of one disk, in logical sectors of 512 bytes. The caller keeps `lba + sectors` within sectors(): the
/// device has refused everything else with IDNF before; a call outside throws std::out_of_range.
class Store {
 public:
  virtual ~Store() = default;
  virtual std::uint64_t sectors() const = 0;
  /// write(), trim() and poke() must not be called on a read-only store; they throw std::logic_error, poke() gives nullptr.
  virtual bool read_only() const = 0;
  /// Copies sectors out. Sectors never written read as zero.
  virtual void read(std::uint64_t lba, std::uint32_t sectors, std::uint8_t* to) = 0;
  virtual void write(std::uint64_t lba, std::uint32_t sectors, const std::uint8_t* from) = 0;
  /// The sectors read as zero afterwards, and their memory is given back where that is possible.
  virtual void trim(std::uint64_t lba, std::uint64_t sectors) = 0;
  /// The bytes themselves where they lie in one piece, for a transfer without a copy; else nullptr: use read(). Runs of
  /// up to zero_page_sectors never written yield a shared page of zeros. The pointer stays good as long as the store, but
  /// shows the sectors' present content only until the next write(), trim() or poke() of them.
  virtual const std::uint8_t* peek(std::uint64_t lba, std::uint32_t sectors) = 0;
  /// Likewise for writing: the caller overwrites all of it, now. Where it gives nullptr: use write().
  virtual std::uint8_t* poke(std::uint64_t lba, std::uint32_t sectors) = 0;
  /// FLUSH CACHE was executed: whoever else looks at the store's backing sees everything written so far.
  virtual void flush() = 0;
};

/// 8 KiB: the most a Data FIS carries (Serial ATA 3.x, 10.5.11).
inline constexpr std::uint32_t zero_page_sectors = 16;
/// zero_page_sectors sectors of zeros, shared and never written.
const std::uint8_t* zero_page();

/// Throws std::out_of_range unless the run lies within a store of `size` sectors.
void check_run(std::uint64_t lba, std::uint64_t sectors, std::uint64_t size);

}  // namespace ahcisim::disk
