// SPDX-License-Identifier: MIT
// How an identify page is written: a table of fields, strings, the integrity word; and what both kinds of device make of names
// and transfer modes (ACS-3, IDENTIFY DEVICE and IDENTIFY PACKET DEVICE).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace ahcisim::disk {

/// A field: bits `high`:`low` counted from bit 0 of `word`; above 15 it continues in the next words.
template <class Inputs> struct IdentifyField {
  std::uint16_t word;
  std::uint8_t high, low;
  const char* meaning;
  std::uint64_t (*value)(const Inputs&);
};

/// Sets the bits of a field whose value has them.
void put_identify_bits(std::uint8_t* to, unsigned word, unsigned high, unsigned low, std::uint64_t value);
/// A checksum in the last of 512 bytes that makes them all sum to zero.
void seal_page(std::uint8_t* to);
/// `text` as ATA strings are: the first letter in the upper byte of the first word, padded with spaces.
void write_ata_string(const std::string& text, std::uint8_t* to, std::size_t bytes);

/// Words 10 to 46: `parameters` has serial, firmware and model.
template <class Parameters> void write_identify_names(const Parameters& parameters, std::uint8_t* to) {
  write_ata_string(parameters.serial(), to + 2 * 10, 20);
  write_ata_string(parameters.firmware(), to + 2 * 23, 8);
  write_ata_string(parameters.model(), to + 2 * 27, 40);
}

/// All 512 bytes from a table of fields.
template <class Inputs, std::size_t count>
void write_identify_page(const IdentifyField<Inputs> (&rows)[count], const Inputs& inputs, std::uint8_t* to) {
  std::fill(to, to + 512, std::uint8_t{0});
  for (const IdentifyField<Inputs>& row : rows) put_identify_bits(to, row.word, row.high, row.low, row.value(inputs));
  write_identify_names(inputs.parameters, to);
  to[510] = 0xa5;  // word 255: the signature; the checksum is its upper byte
  seal_page(to);
}

/// Throws kit::ConfigError where a text has more letters than its words, or others than printable ASCII ones.
void check_identify_text(const std::string& text, std::size_t most, const char* what);
template <class Parameters> void check_names(const Parameters& parameters) {
  check_identify_text(parameters.model(), 40, "model");
  check_identify_text(parameters.serial(), 20, "serial");
  check_identify_text(parameters.firmware(), 8, "firmware");
}

/// SET FEATURES 03h: bits 7:3 of Count are the kind, 2:0 the mode; FFh marks the kind that is not selected. False where there
/// is no such mode. On SATA nothing depends on it but what the page says.
bool select_transfer_mode(std::uint8_t mode, std::uint8_t& multiword_dma, std::uint8_t& ultra_dma);

}  // namespace ahcisim::disk
