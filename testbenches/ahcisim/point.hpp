// SPDX-License-Identifier: MIT
// One simulation: a workload at a point of an experiment, in the process that calls it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "experiment.hpp"
#include "sweep.hpp"

namespace ahcisim::program {

struct PointJob {
  std::string workload, point;     ///< names
  std::vector<Setting> settings;   ///< in the order in which they apply
  std::uint64_t seed = 1;
  std::filesystem::path inputs;    ///< folder in which relative file names are looked up
  std::filesystem::path stats, requests;  ///< files to write
  std::string timeline, waves;     ///< files to write (waves without ending); empty: none
  unsigned watched_requests = 0;   ///< how many requests timeline and waves show
};

/// Builds the machine, runs the workload to its end and writes the files. Returns the exit status of the process: 0, or
/// interrupted_status. Throws kit::ConfigError.
int run_point(const PointJob& job, Progress& progress);

/// What the keys of a simulation's entry in stats.json mean, with their units.
nlohmann::json run_keys();

/// Checks what can be checked without building anything. Throws kit::ConfigError.
void check_point(const PointJob& job);

}  // namespace ahcisim::program
