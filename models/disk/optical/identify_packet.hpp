// SPDX-License-Identifier: MIT
// IDENTIFY PACKET DEVICE data as a table: one row for each word or field (ACS-3, table "IDENTIFY PACKET DEVICE data").
#pragma once

#include <cstdint>

#include <ahcisim/models/disk/optical/parameters.hpp>

namespace ahcisim::disk::optical {

/// What SET FEATURES changes.
struct AtapiSettings {
  std::uint8_t multiword_dma = 0xff, ultra_dma = 5;  ///< the mode selected; 0xff = the other kind is
  bool preservation = true;                          ///< software settings preservation
};

struct IdentifyPacketInputs {
  const OpticalParameters& parameters;
  const AtapiSettings& settings;
  std::uint8_t speed;  ///< negotiated generation 1 … 3
};

/// Writes all 512 bytes, words little endian, with the integrity word 255.
void write_identify_packet(const IdentifyPacketInputs& inputs, std::uint8_t* to);

}  // namespace ahcisim::disk::optical
