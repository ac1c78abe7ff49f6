// SPDX-License-Identifier: MIT
// What a layer hands up from the request it made below for the request it was given.
#pragma once

#include <algorithm>
#include <cstddef>

#include <ahcisim/models/host/block_device.hpp>

namespace ahcisim::host {

/// The points that driver, controller and disk stamped, if it went there: those of the last request below. What was over when `to`
/// came to this layer is no part of its way (it found somebody else's request there, a read-ahead). Submitted, entered, woken and
/// completed stay those of `to`.
inline void copy_stages(const wire::RequestTag& from, wire::RequestTag& to) {
  const auto first = static_cast<std::ptrdiff_t>(wire::Stage::issued), end = static_cast<std::ptrdiff_t>(wire::Stage::interrupt) + 1;
  if (std::all_of(from.at.begin() + first, from.at.begin() + end, [](std::int64_t at) { return at < 0; })) return;
  const std::int64_t since = to.when(wire::Stage::entered);
  std::transform(from.at.begin() + first, from.at.begin() + end, to.at.begin() + first,
                 [since](std::int64_t at) { return at < since ? -1 : at; });
}

/// Status and what the device said about it.
inline void copy_result(const Request& from, Request& to) {
  to.status = from.status;
  to.ata_status = from.ata_status;
  to.ata_error = from.ata_error;
  to.error_lba = from.error_lba;
}

}  // namespace ahcisim::host
