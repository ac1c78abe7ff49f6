// SPDX-License-Identifier: MIT
// A workload with power cuts: the program writes stamps, and what each of many cuts would have left is judged.
#pragma once

#include <ahcisim/models/host/workload/open.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/machine/machine.hpp>
#include <ahcisim/models/machine/parameters.hpp>

#include "point.hpp"

namespace ahcisim::program {

/// Throws kit::ConfigError where the workload's keys say nothing that can be judged.
void check_power_cuts(const host::WorkloadParameters& workload);

/// Runs it on a machine just built and writes its entry of stats.json, with "durability". Returns the process's exit status.
/// Throws kit::ConfigError.
int run_power_cuts(const PointJob& job, const machine::Parameters& parameters, const host::WorkloadParameters& workload,
                   machine::Machine& machine, kit::Context& context, Progress& progress);

}  // namespace ahcisim::program
