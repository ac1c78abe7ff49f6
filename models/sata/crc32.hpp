// SPDX-License-Identifier: MIT
// The frame CRC (Serial ATA 3.x, 9.5): computed over dwords, most significant bit first. Boost.CRC takes bytes; here a
// dword's most significant byte comes first although the line sends its least significant one first.
#pragma once

#include <array>
#include <cstdint>

namespace ahcisim::sata {

class Crc32 {
 public:
  static constexpr std::uint32_t polynomial = 0x04C11DB7, seed = 0x52325032;

  constexpr void add(std::uint32_t dword) {
    value_ ^= dword;
    for (int i = 0; i < 4; ++i) value_ = (value_ << 8) ^ table[value_ >> 24];
  }
  constexpr std::uint32_t value() const { return value_; }

 private:
  static constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> result{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t remainder = i << 24;
      for (int bit = 0; bit < 8; ++bit) remainder = (remainder << 1) ^ ((remainder >> 31) ? polynomial : 0);
      result[i] = remainder;
    }
    return result;
  }
  static const std::array<std::uint32_t, 256> table;
  std::uint32_t value_ = seed;
};

inline constexpr std::array<std::uint32_t, 256> Crc32::table = Crc32::make_table();

}  // namespace ahcisim::sata
