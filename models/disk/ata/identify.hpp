// SPDX-License-Identifier: MIT
// IDENTIFY DEVICE data as a table: one row for each word or field (ACS-3, table "IDENTIFY DEVICE data").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <ahcisim/models/disk/ata/command.hpp>
#include <ahcisim/models/disk/ata/identify_page.hpp>
#include <ahcisim/models/disk/ata/parameters.hpp>

namespace ahcisim::disk {

/// All that IDENTIFY DEVICE and the IDENTIFY DEVICE data log tell comes from here.
struct IdentifyInputs {
  const AtaParameters& parameters;
  const MediumFacts& facts;
  const Settings& settings;
  std::uint8_t speed;  ///< negotiated generation 1 … 3, 0 = unknown
  std::uint8_t position = 0;  ///< parallel: device 0 or 1
  bool cable80 = false;       ///< parallel: a cable of 80 conductors
};

using IdentifyRow = IdentifyField<IdentifyInputs>;
/// The table, in the order of the words; strings and the checksum are not in it.
const IdentifyRow* identify_rows(std::size_t& count);

/// Writes all 512 bytes, words little endian, with the integrity word 255.
void write_identify(const IdentifyInputs& inputs, std::uint8_t* to);

/// World Wide Name: NAA 5h, a locally chosen company id, and a number made from the serial.
std::uint64_t world_wide_name(const AtaParameters& parameters);

}  // namespace ahcisim::disk
