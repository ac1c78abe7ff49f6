// SPDX-License-Identifier: MIT
// Writing of identify pages.
#include <ahcisim/models/disk/ata/identify_page.hpp>

#include <fmt/format.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk {

void put_identify_bits(std::uint8_t* to, unsigned word, unsigned high, unsigned low, std::uint64_t value) {
  for (unsigned bit = low; bit <= high; ++bit)
    if (value >> (bit - low) & 1) to[word * 2 + bit / 8] |= static_cast<std::uint8_t>(1u << bit % 8);
}

void seal_page(std::uint8_t* to) {
  std::uint8_t sum = 0;
  for (unsigned i = 0; i < 511; ++i) sum = static_cast<std::uint8_t>(sum + to[i]);
  to[511] = static_cast<std::uint8_t>(-sum);
}

void write_ata_string(const std::string& text, std::uint8_t* to, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) to[i ^ 1] = static_cast<std::uint8_t>(i < text.size() ? text[i] : ' ');
}

void check_identify_text(const std::string& text, std::size_t most, const char* what) {
  const bool printable = std::all_of(text.begin(), text.end(), [](char letter) { return letter >= 0x20 && letter < 0x7f; });
  if (text.size() > most || !printable)
    throw kit::ConfigError{fmt::format("{} = \"{}\": give at most {} printable ASCII characters", what, text, most)};
}

bool select_transfer_mode(std::uint8_t mode, std::uint8_t& multiword_dma, std::uint8_t& ultra_dma) {
  const std::uint8_t kind = mode >> 3, number = mode & 7;
  if (kind == 0) return number <= 1;  // PIO default
  if (kind == 1) return number <= 4;  // PIO flow control
  if (kind == 4 && number <= 2) {
    multiword_dma = number, ultra_dma = 0xff;
    return true;
  }
  if (kind == 8 && number <= 6) {
    ultra_dma = number, multiword_dma = 0xff;
    return true;
  }
  return false;
}

}  // namespace ahcisim::disk
