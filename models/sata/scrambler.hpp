// SPDX-License-Identifier: MIT
// The frame scrambler (Serial ATA 3.x, 9.5): G(x) = x^16 + x^15 + x^13 + x^4 + 1, started with all ones at each SOF.
#pragma once

#include <array>
#include <cstdint>

namespace ahcisim::sata {

class Scrambler {
 public:
  /// The next 32 bits of the sequence, the first in bit 0. A frame's dwords and its CRC are XORed with them.
  constexpr std::uint32_t next() {
    const Step low = steps[state_ >> 8];  // eight bits a step
    std::uint32_t word = low.bits;
    state_ = static_cast<std::uint16_t>((state_ << 8) ^ low.feedback);
    for (int i = 1; i < 4; ++i) {
      const Step step = steps[state_ >> 8];
      word |= static_cast<std::uint32_t>(step.bits) << (8 * i);
      state_ = static_cast<std::uint16_t>((state_ << 8) ^ step.feedback);
    }
    return word;
  }
  void restart() { state_ = 0xffff; }

 private:
  struct Step {
    std::uint8_t bits = 0;
    std::uint16_t feedback = 0;
  };
  static constexpr std::array<Step, 256> make_steps() {
    std::array<Step, 256> result{};
    for (unsigned high = 0; high < 256; ++high) {
      auto state = static_cast<std::uint16_t>(high << 8);
      for (int i = 0; i < 8; ++i) {
        const bool out = state >> 15;
        if (out) result[high].bits = static_cast<std::uint8_t>(result[high].bits | 1 << i);
        state = static_cast<std::uint16_t>((state << 1) ^ (out ? 0xA011 : 0));  // x^15, x^13, x^4, 1
      }
      result[high].feedback = state;
    }
    return result;
  }
  static const std::array<Step, 256> steps;
  std::uint16_t state_ = 0xffff;
};

inline constexpr std::array<Scrambler::Step, 256> Scrambler::steps = Scrambler::make_steps();

}  // namespace ahcisim::sata
