// SPDX-License-Identifier: MIT
// What the IDE driver keeps in memory: the table of physical region descriptors and the buffer of the one command under
// way.
#pragma once

#include <algorithm>
#include <cstdint>

#include <ahcisim/models/host/ide_names.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/host/scatter.hpp>
#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::host {

class IdeBuffers {
 public:
  /// Linux 6.12 include/linux/libata.h LIBATA_MAX_PRD: half of the table, as a piece might cross 64 KiB.
  static constexpr unsigned max_prds = 128;

  /// Takes the memory, all of it below 4 GiB. `segment` bytes, or the power of two below, for each PRD of the buffer.
  IdeBuffers(Memory& memory, std::uint32_t bytes, std::uint32_t segment)
      : rule_{max_prds, std::min(std::uint32_t{1} << (31 - __builtin_clz(segment | 1)), 65536u), 65536} {
    bytes_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, std::uint64_t{rule_.longest} * max_prds)) & ~511u;
    table_address_ = memory.allocate_low(8 * max_prds, 4096);
    table_ = memory.at(table_address_, 8 * max_prds);
    const std::uint32_t size = std::max<std::uint32_t>(bytes_, 4096);
    address_ = memory.allocate_low(size, 65536);
    data_ = memory.at(address_, size);
  }

  std::uint32_t bytes() const { return bytes_; }
  std::uint8_t* data() { return data_; }
  std::uint32_t table_address() const { return static_cast<std::uint32_t>(table_address_); }
  /// For pieces of a program's own buffer.
  static constexpr PieceRule prd_rule() { return {max_prds, 65536, 65536}; }

  void clear_prds() { prds_ = 0; }
  /// Adds an entry (Bus Master IDE 1.0, 1.2): even address, 2 … 65536 bytes within 64 KiB; the last one added ends the
  /// table.
  void add_prd(std::uint64_t address, std::uint32_t bytes) {
    if (prds_) wire::store_le32(entry(prds_ - 1) + 4, wire::load_le32(entry(prds_ - 1) + 4) & ~ide_name::PRD_EOT);
    wire::store_le32(entry(prds_), static_cast<std::uint32_t>(address));
    wire::store_le32(entry(prds_) + 4, (bytes & 0xffff) | ide_name::PRD_EOT);
    ++prds_;
  }
  /// The table covers the first `bytes` of the buffer.
  void use_buffer(std::uint32_t bytes) {
    clear_prds();
    for (std::uint32_t done = 0; done < bytes;) {
      const std::uint32_t piece = rule_.piece(address_ + done, bytes - done);
      add_prd(address_ + done, piece);
      done += piece;
    }
  }

 private:
  std::uint8_t* entry(unsigned index) { return table_ + 8 * index; }
  PieceRule rule_;
  std::uint32_t bytes_ = 0;
  std::uint64_t table_address_ = 0, address_ = 0;
  std::uint8_t *table_ = nullptr, *data_ = nullptr;
  unsigned prds_ = 0;
};

}  // namespace ahcisim::host
