// SPDX-License-Identifier: MIT
// The IDENTIFY DEVICE data log, 30h (ACS-3): capacity, capabilities, settings and strings by page.
#pragma once

#include <ahcisim/models/disk/ata/identify.hpp>

namespace ahcisim::disk {

/// Pages 00h to 08h.
inline constexpr unsigned identify_log_pages = 9;

/// Writes one page of 512 bytes; pages the device has nothing to say in stay zero and are not in the list of page 00h.
void write_identify_log(const IdentifyInputs& inputs, unsigned page, std::uint8_t* to);

}  // namespace ahcisim::disk
