// SPDX-License-Identifier: MIT
// What the software around a hypervisor costs on a cost table's machine: the guest's kernel, and the host's files in memory.
#pragma once

#include <string>

#include <ahcisim/models/host/cache/parameters.hpp>
#include <ahcisim/models/host/driver_parameters.hpp>
#include <ahcisim/models/host/file/parameters.hpp>

namespace ahcisim::host {

/// The sets whose defaults a table replaces.
struct SoftwareCosts {
  CpuParameters& guest;       ///< the guest's kernel
  CacheCosts& guest_cache;
  CacheCosts& host_cache;
  MemoryFileParameters& tmpfs;
  bool scsi;                  ///< the guest's driver lies below the SCSI layer
};

/// Gives `costs` the defaults of the table `table`. The sets' own are a core of 2020; on an older host everything takes longer by
/// processor_slowness(). A name that is none changes nothing.
void set_software_costs(const std::string& table, const SoftwareCosts& costs);

}  // namespace ahcisim::host
