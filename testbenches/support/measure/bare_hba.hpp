// SPDX-License-Identifier: MIT
// The HBA alone: a guest of a few lines at its registers, flat memory, a SATA link, an ATA device over a medium without
// mechanics. What remains is events and protocol.
#pragma once

#include <cstdint>

namespace ahcisim::measure {

struct BareHbaRun {
  std::uint64_t requests = 0;
  double wall_seconds = 0, cpu_seconds = 0;
  double events_per_request = 0;
  double iops = 0;  ///< requests per simulated second
};

/// `requests` queued reads of 4 KiB at random places, 32 outstanding. Once in a process. Throws std::runtime_error where the
/// device does not come up or a command fails.
BareHbaRun run_bare_hba(std::uint64_t requests);
BareHbaRun run_bare_hba_apart(std::uint64_t requests);

}  // namespace ahcisim::measure
