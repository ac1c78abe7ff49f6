// SPDX-License-Identifier: MIT
// What each subcommand of ahcisim does. All throw kit::ConfigError for a mistake of the user's.
#pragma once

#include <string>
#include <vector>

namespace ahcisim::program {

struct RunOptions {
  std::string experiment;              ///< a file, or the name of one that comes with ahcisim
  std::vector<std::string> settings;   ///< "key=value", over the file's
  std::string results;                 ///< folder; empty: results/<experiment>
  std::string only;                    ///< run only points whose name contains this
  bool waves = false;                  ///< write VCD waves and a GTKWave view
  unsigned timeline_requests = 200;    ///< requests drawn in the timeline of each simulation; 0: none
  unsigned jobs = 0;                   ///< simulations at once; 0: one a core
  bool quiet = false;                  ///< no table
};

/// Runs an experiment; returns the exit status.
int run_command(const RunOptions& options);
/// Prints every parameter with value, unit, source and meaning; `filter` keeps those whose name contains it. With `assumed`,
/// only those that rest on an assumption.
int params_command(const std::string& filter, bool assumed);
/// Prints the experiments, drives and workload patterns there are.
int list_command();
/// Prints the register tables of the HBA and the PCI function.
int registers_command();

/// The file of an experiment given by name or by path. Throws kit::ConfigError naming the nearest known one.
std::string find_experiment(const std::string& name);

}  // namespace ahcisim::program
