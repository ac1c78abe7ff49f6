// SPDX-License-Identifier: MIT
// The 8b/10b tables: written for negative disparity, the others follow by complement.
#include <ahcisim/models/sata/encoding.hpp>

#include <array>

namespace ahcisim::sata {
namespace {

// abcdei of D0 … D31 at negative disparity (Serial ATA 3.x, 9.2.2).
constexpr std::uint8_t six_bits[32] = {
    0b100111, 0b011101, 0b101101, 0b110001, 0b110101, 0b101001, 0b011001, 0b111000, 0b111001, 0b100101, 0b010101,
    0b110100, 0b001101, 0b101100, 0b011100, 0b010111, 0b011011, 0b100011, 0b010011, 0b110010, 0b001011, 0b101010,
    0b011010, 0b111010, 0b110011, 0b100110, 0b010110, 0b110110, 0b001110, 0b101110, 0b011110, 0b101011};
constexpr std::uint8_t six_bits_k28 = 0b001111;
// fghj of x.0 … x.7 at negative disparity.
constexpr std::uint8_t four_bits[8] = {0b1011, 0b1001, 0b0101, 0b1100, 0b1101, 0b1010, 0b0110, 0b1110};
constexpr std::uint8_t four_bits_alternate_7 = 0b0111;

constexpr int ones(unsigned value) {
  int count = 0;
  for (; value; value >>= 1) count += value & 1;
  return count;
}
constexpr Disparity flipped(Disparity d) { return d == Disparity::minus ? Disparity::plus : Disparity::minus; }

struct Code {
  std::uint16_t bits = 0;
  bool flips = false;
};

constexpr Code make_code(unsigned byte, bool control, bool plus) {
  const unsigned x = byte & 31, y = byte >> 5;
  unsigned six = control ? six_bits_k28 : six_bits[x];
  const bool six_unbalanced = ones(six) != 3;
  if (plus && (six_unbalanced || (x == 7 && !control))) six ^= 0x3f;
  const bool plus_after = plus != six_unbalanced;
  unsigned four = four_bits[y];
  const bool alternate = y == 7 && (control || (!plus_after && (x == 17 || x == 18 || x == 20)) ||
                                    (plus_after && (x == 11 || x == 13 || x == 14)));
  if (alternate) four = four_bits_alternate_7;
  const bool four_unbalanced = ones(four) != 2;
  // K28.1, .2, .5 and .6 complement with the disparity although they are balanced: that is what makes commas unique.
  const bool complement = control && !four_unbalanced && y != 3 ? !plus_after : plus_after && (four_unbalanced || y == 3);
  if (complement) four ^= 0xf;
  return {static_cast<std::uint16_t>(six << 4 | four), six_unbalanced != four_unbalanced};
}

struct Tables {
  Code code[2][2][256];  // disparity, control, byte
  Decoded meaning[2][1024];
  constexpr Tables() : code{}, meaning{} {
    for (unsigned plus = 0; plus < 2; ++plus)
      for (unsigned byte = 0; byte < 256; ++byte) {
        set(plus, false, byte);
        if ((byte & 31) == 28) set(plus, true, byte);
      }
    for (unsigned plus = 0; plus < 2; ++plus)
      for (unsigned bits = 0; bits < 1024; ++bits)
        if (!meaning[plus][bits].valid && meaning[1 - plus][bits].valid) {
          meaning[plus][bits] = meaning[1 - plus][bits];
          meaning[plus][bits].disparity_ok = false;
        }
  }
  constexpr void set(unsigned plus, bool control, unsigned byte) {
    const Code made = make_code(byte, control, plus);
    code[plus][control][byte] = made;
    Decoded& decoded = meaning[plus][made.bits];
    decoded.byte = static_cast<std::uint8_t>(byte);
    decoded.control = control;
    decoded.valid = true;
    decoded.disparity_ok = true;
  }
};
const Tables tables;

}  // namespace

std::uint16_t encode(std::uint8_t byte, bool control, Disparity& disparity) {
  const Code& code = tables.code[static_cast<unsigned>(disparity)][control][byte];
  if (code.flips) disparity = flipped(disparity);
  return code.bits;
}

Decoded decode(std::uint16_t code, Disparity& disparity) {
  const Decoded& decoded = tables.meaning[static_cast<unsigned>(disparity)][code & 0x3ff];
  const int balance = ones(code & 0x3ffu);
  if (balance != 5) disparity = balance > 5 ? Disparity::plus : Disparity::minus;
  return decoded;
}

std::uint64_t encode_dword(std::uint32_t dword, bool primitive, Disparity& disparity) {
  std::uint64_t line = 0;
  for (unsigned i = 0; i < 4; ++i)
    line = line << 10 | encode(static_cast<std::uint8_t>(dword >> (8 * i)), primitive && i == 0, disparity);
  return line;
}

}  // namespace ahcisim::sata
