// SPDX-License-Identifier: MIT
// What a layer hands up from the request it made below for the request it was given.
#pragma once

#include <algorithm>
#include <cstddef>

#include <ahcisim/models/host/block_device.hpp>

namespace ahcisim::host {

/// The points that driver, controller and disk stamped, if it went there: those of the last request below. What was over when `to`
/// came to this layer is no part of its way (it found somebody else's request there, a read-ahead). Submitted, entered, woken and
/// completed stay those of `to`. Trapped accesses count where the stage that they lie in does, from its beginning.
inline void copy_stages(const wire::RequestTag& from, wire::RequestTag& to) {
  const auto first = static_cast<std::ptrdiff_t>(wire::Stage::issued), end = static_cast<std::ptrdiff_t>(wire::Stage::interrupt) + 1;
  if (std::all_of(from.at.begin() + first, from.at.begin() + end, [](std::int64_t at) { return at < 0; })) return;
  const std::int64_t since = to.when(wire::Stage::entered);
  std::transform(from.at.begin() + first, from.at.begin() + end, to.at.begin() + first,
                 [since](std::int64_t at) { return at < since ? -1 : at; });
  const auto traps = [&](const wire::TrapTime& below, wire::Stage begin) { return from.when(begin) < since ? wire::TrapTime{} : below; };
  to.issue_traps = traps(from.issue_traps, wire::Stage::entered);
  to.data_traps = traps(from.data_traps, wire::Stage::issued);
  to.acknowledge_traps = traps(from.acknowledge_traps, wire::Stage::injected);
  to.handler_traps = from.when(wire::Stage::woken) < 0 ? wire::TrapTime{} : traps(from.handler_traps, wire::Stage::interrupt);
}

/// Status and what the device said about it.
inline void copy_result(const Request& from, Request& to) {
  to.status = from.status;
  to.ata_status = from.ata_status;
  to.ata_error = from.ata_error;
  to.error_lba = from.error_lba;
}

}  // namespace ahcisim::host
