// SPDX-License-Identifier: MIT
// The simulations of an experiment: which there are, running those of one or several experiments side by side, and
// gathering their parts in the experiment's folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "experiment.hpp"
#include "point.hpp"
#include "results.hpp"
#include "sweep.hpp"

namespace ahcisim::program {

class Simulations {
 public:
  /// Reads options.experiment and checks every point that the options choose. Throws kit::ConfigError.
  explicit Simulations(const RunOptions& options);
  const Experiment& experiment() const { return experiment_; }
  const std::vector<PointJob>& jobs() const { return jobs_; }
  /// Makes the folder in which everything of this experiment is written. Throws kit::ConfigError.
  void write_into(const std::filesystem::path& folder);
  const std::filesystem::path& folder() const { return folder_; }
  /// Joins what the simulations wrote to stats.json, requests.csv and summary.txt; `results` are those of jobs(). Returns the
  /// statistics. Throws kit::ConfigError.
  nlohmann::json gather(const std::vector<JobResult>& results) const;

 private:
  void gather_requests() const;

  RunOptions options_;
  Experiment experiment_;
  std::vector<PointJob> jobs_;
  std::filesystem::path folder_;
};

/// Runs jobs, `at_once` side by side (0: one a core), with a bar on a terminal. Throws kit::ConfigError for the first that
/// failed; its text names the folder that the user chose, not the one that is written aside.
std::vector<JobResult> simulate(const std::vector<PointJob>& jobs, unsigned at_once, const ResultsFolder& folder);

}  // namespace ahcisim::program
