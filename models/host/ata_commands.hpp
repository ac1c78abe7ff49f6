// SPDX-License-Identifier: MIT
// Command FISes as libata fills them (ACS-3, chapter 7; Serial ATA 3.x, 13.6). Plain C++.
#pragma once

#include <cstdint>
#include <cstring>

#include <ahcisim/models/host/ahci_names.hpp>
#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::host {

inline constexpr std::uint8_t device_lba = 0x40, device_fua = 0x80;

namespace ata_command {
/// Whether libata writes and reads the task file's 48 bits for it (ATA_TFLAG_LBA48); FLUSH CACHE EXT has no address to write.
inline bool is_extended(std::uint8_t command) {
  switch (command) {
    case READ_DMA_EXT: case WRITE_DMA_EXT: case WRITE_DMA_FUA_EXT: case READ_SECTORS_EXT: case WRITE_SECTORS_EXT:
    case READ_MULTIPLE_EXT: case WRITE_MULTIPLE_EXT: case DATA_SET_MANAGEMENT: return true;
    default: return false;
  }
}
}  // namespace ata_command

inline void set_count(wire::RegisterH2D& fis, std::uint32_t sectors) {
  fis.count_7_0 = static_cast<std::uint8_t>(sectors);
  fis.count_15_8 = static_cast<std::uint8_t>(sectors >> 8);
}

/// READ/WRITE FPDMA QUEUED: 1 … 65536 sectors, count in FEATURES, tag in COUNT 7:3, PRIO in COUNT 15:14.
inline void make_queued(wire::RegisterH2D& fis, bool write, std::uint64_t lba, std::uint32_t sectors, unsigned tag, bool fua,
                        unsigned priority) {
  fis.command = write ? ata_command::WRITE_FPDMA_QUEUED : ata_command::READ_FPDMA_QUEUED;
  fis.features_7_0 = static_cast<std::uint8_t>(sectors);
  fis.features_15_8 = static_cast<std::uint8_t>(sectors >> 8);
  fis.set_lba48(lba);
  fis.device = static_cast<std::uint8_t>(device_lba | (fua ? device_fua : 0));
  fis.count_7_0 = static_cast<std::uint8_t>(tag << 3);
  fis.count_15_8 = static_cast<std::uint8_t>(priority ? 2 << 6 : 0);
}

/// READ/WRITE DMA: the 28-bit form where it reaches, as libata prefers it.
inline void make_plain(wire::RegisterH2D& fis, bool write, std::uint64_t lba, std::uint32_t sectors, bool lba48, bool fua) {
  const bool short_form = lba + sectors < (1u << 28) - 1 && sectors <= 256 && !fua;
  fis.set_lba48(lba);
  set_count(fis, sectors);
  fis.device = device_lba;
  if (short_form || !lba48) {
    fis.command = write ? ata_command::WRITE_DMA : ata_command::READ_DMA;
    fis.device = static_cast<std::uint8_t>(device_lba | (lba >> 24 & 0xf));
    fis.lba_31_24 = fis.lba_39_32 = fis.lba_47_40 = fis.count_15_8 = 0;
  } else {
    fis.command = write ? fua ? ata_command::WRITE_DMA_FUA_EXT : ata_command::WRITE_DMA_EXT : ata_command::READ_DMA_EXT;
  }
}

/// DATA SET MANAGEMENT with TRIM, one block of ranges.
inline void make_trim(wire::RegisterH2D& fis) {
  fis.command = ata_command::DATA_SET_MANAGEMENT;
  fis.features_7_0 = 1;
  fis.device = device_lba;
  set_count(fis, 1);
}
/// The block: 64 ranges of LBA in 47:0 and length in 63:48.
inline void make_trim_ranges(std::uint8_t* block, std::uint64_t lba, std::uint32_t sectors) {
  std::memset(block, 0, 512);
  for (unsigned i = 0; i < 64 && sectors; ++i) {
    const std::uint32_t piece = sectors < 65535 ? sectors : 65535;
    const std::uint64_t range = lba | std::uint64_t{piece} << 48;
    wire::store_le32(block + 8 * i, static_cast<std::uint32_t>(range));
    wire::store_le32(block + 8 * i + 4, static_cast<std::uint32_t>(range >> 32));
    lba += piece;
    sectors -= piece;
  }
}

}  // namespace ahcisim::host
