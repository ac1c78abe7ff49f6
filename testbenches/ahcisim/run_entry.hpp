// SPDX-License-Identifier: MIT
// A simulation's entry in stats.json: the parts that every workload has.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/kit/stat.hpp>
#include <ahcisim/models/machine/machine.hpp>
#include <ahcisim/models/machine/parameters.hpp>

namespace ahcisim::program {

struct PointJob;

/// What ran where: names, seed, machine, settings.
nlohmann::json identity_json(const PointJob& job, const machine::Parameters& parameters, std::string description);
/// Statistics and diagnostics of every block; `run` has its "requests" by now.
void add_machine(nlohmann::json& run, machine::Machine& machine, const kit::Context& context);
nlohmann::json latency_json(const kit::Latency& latency);

}  // namespace ahcisim::program
