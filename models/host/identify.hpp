// SPDX-License-Identifier: MIT
// What a driver reads from IDENTIFY DEVICE data (ACS-3, 7.12.7). Plain C++.
#pragma once

#include <cstdint>
#include <string>

#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::host {

struct Identify {
  std::string model, serial, firmware;
  std::uint64_t logical_sectors = 0;
  std::uint32_t logical_sector_bytes = 512;
  unsigned queue_depth = 1;  ///< 1 … 32, whether or not NCQ is offered
  bool lba48 = false, ncq = false, fua = false, write_cache_offered = false, write_cache = false, look_ahead_offered = false,
       look_ahead = false, flush_ext = false, trim = false, log_ext = false, log_dma_ext = false, auto_activate_offered = false,
       auto_activate = false;
  bool bridge = false;      ///< word 93 is not zero: on a SATA port, a parallel drive behind a bridge
  unsigned udma_modes = 0;   ///< word 88, 6:0
  unsigned mwdma_modes = 0;  ///< word 63, 2:0
  unsigned pio_modes = 0;    ///< word 64, 1:0: PIO 3 and 4
  unsigned multiple = 0;     ///< word 47, 7:0: most sectors of one DRQ block
  bool dma = false;          ///< word 49, bit 8

  /// From 512 bytes as they lie in memory.
  static Identify parse(const std::uint8_t* data) {
    const auto word = [data](unsigned i) { return static_cast<std::uint16_t>(data[2 * i] | data[2 * i + 1] << 8); };
    // Words 82 … 87 hold only where 83 and 87 say so (bits 15:14 = 01b).
    const bool offered_valid = (word(83) & 0xc000) == 0x4000, enabled_valid = (word(87) & 0xc000) == 0x4000;
    Identify id;
    id.serial = text(data, 10, 10);
    id.firmware = text(data, 23, 4);
    id.model = text(data, 27, 20);
    id.lba48 = offered_valid && (word(83) & 1 << 10);
    id.logical_sectors = word(60) | std::uint64_t{word(61)} << 16;
    if (id.lba48)
      id.logical_sectors = word(100) | std::uint64_t{word(101)} << 16 | std::uint64_t{word(102)} << 32 | std::uint64_t{word(103)} << 48;
    if ((word(106) & 0xd000) == 0x5000) id.logical_sector_bytes = 2 * (word(117) | std::uint32_t{word(118)} << 16);
    id.queue_depth = (word(75) & 31) + 1;
    const bool sata = word(76) != 0 && word(76) != 0xffff;
    id.ncq = sata && (word(76) & 1 << 8);
    id.auto_activate_offered = sata && (word(78) & 1 << 2);
    id.auto_activate = sata && (word(79) & 1 << 2);
    id.fua = enabled_valid && (word(84) & 1 << 6);
    id.write_cache_offered = offered_valid && (word(82) & 1 << 5);
    id.look_ahead_offered = offered_valid && (word(82) & 1 << 6);
    id.write_cache = enabled_valid && (word(85) & 1 << 5);
    id.look_ahead = enabled_valid && (word(85) & 1 << 6);
    id.flush_ext = offered_valid && (word(83) & 1 << 13);
    id.log_ext = enabled_valid && ((word(84) | word(87)) & 1 << 5);
    id.log_dma_ext = (word(119) & 0xc000) == 0x4000 && (word(119) & 1 << 3) && (word(120) & 1 << 3);
    id.trim = word(169) & 1;
    id.bridge = word(93) != 0;
    id.udma_modes = word(53) & 4 ? word(88) & 0x7f : 0;
    id.mwdma_modes = word(63) & 7;
    id.pio_modes = word(53) & 2 ? word(64) & 3 : 0;
    id.multiple = (word(47) & 0xff00) == 0x8000 ? word(47) & 0xff : 0;
    id.dma = word(49) & 1 << 8;
    return id;
  }

 private:
  /// ATA strings have the first letter of each pair in the high byte, and blanks at the end.
  static std::string text(const std::uint8_t* data, unsigned first, unsigned words) {
    std::string result;
    for (unsigned i = first; i < first + words; ++i)
      for (const std::uint8_t letter : {data[2 * i + 1], data[2 * i]})
        result += letter >= 0x20 && letter < 0x7f ? static_cast<char>(letter) : ' ';
    const std::size_t end = result.find_last_not_of(' ');
    const std::size_t begin = result.find_first_not_of(' ');
    return end == std::string::npos ? std::string{} : result.substr(begin, end - begin + 1);
  }
};

}  // namespace ahcisim::host
