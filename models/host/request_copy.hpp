// SPDX-License-Identifier: MIT
// What a layer hands up from the request it made below for the request it was given.
#pragma once

#include <cstddef>

#include <ahcisim/models/host/block_device.hpp>

namespace ahcisim::host {

/// The points that driver, controller and disk stamped; submitted, entered, woken and completed stay those of `to`.
inline void copy_stages(const wire::RequestTag& from, wire::RequestTag& to) {
  for (auto i = static_cast<std::size_t>(wire::Stage::issued); i <= static_cast<std::size_t>(wire::Stage::interrupt); ++i)
    if (from.at[i] >= 0) to.at[i] = from.at[i];
}

/// Status and what the device said about it.
inline void copy_result(const Request& from, Request& to) {
  to.status = from.status;
  to.ata_status = from.ata_status;
  to.ata_error = from.ata_error;
  to.error_lba = from.error_lba;
}

}  // namespace ahcisim::host
