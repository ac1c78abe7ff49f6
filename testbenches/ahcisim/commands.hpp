// SPDX-License-Identifier: MIT
// What each subcommand of ahcisim does. All throw kit::ConfigError for a mistake of the user's.
#pragma once

#include <string>
#include <vector>

#include <ahcisim/models/machine/parameters.hpp>

namespace ahcisim::program {

struct RunOptions {
  std::string experiment;              ///< a file, or the name of one that comes with ahcisim
  std::vector<std::string> settings;   ///< "key=value", over the file's
  std::string results;                 ///< folder; empty: results/<experiment>
  std::string only;                    ///< run only points whose name contains this
  std::string workload;                ///< run only workloads whose name contains this
  bool waves = false;                  ///< write VCD waves and a GTKWave view
  unsigned timeline_requests = 200;    ///< requests drawn in the timeline of each simulation; 0: none
  unsigned jobs = 0;                   ///< simulations at once; 0: one a core
  bool quiet = false;                  ///< no table
};

/// Runs an experiment; returns the exit status.
int run_command(const RunOptions& options);

struct ReportOptions {
  std::string results;                ///< folder; empty: results/report
  std::vector<std::string> only;      ///< experiments; empty: all of them
  std::vector<std::string> settings;  ///< "key=value", over every experiment's
  unsigned jobs = 0;                  ///< simulations at once; 0: one a core
};

/// Runs the experiments of the report, all their simulations in one go, and has the page written; returns the exit status.
int report_command(const ReportOptions& options);

struct ParamsOptions {
  std::string filter;                 ///< a key, or a part of keys; empty: all
  std::vector<std::string> settings;  ///< "key=value": the values as they are with these set
  bool assumed = false;               ///< only those that rest on an assumption
};

/// Prints parameters with value, unit, source and meaning; those of other drives and interfaces with the choice that
/// brings them. Throws kit::ConfigError where none has the filter in its name.
int params_command(const ParamsOptions& options);
/// Prints the experiments, drives, deployments, interfaces, cost tables, cache modes and workload patterns there are.
int list_command();
/// Prints the register tables of each interface's controller and of its PCI function.
int registers_command();

struct ServeOptions {
  std::vector<std::string> machines;  ///< files of machines
  std::vector<std::string> sockets;   ///< a path for each of them
  std::vector<std::string> settings;  ///< "key=value", over every file's
  std::string time = "free";          ///< free, paced or record
  std::vector<std::string> records;   ///< record: the file of a trace for each machine
};

/// Serves each machine's PCI function to vfio-user clients until it is interrupted; returns the exit status.
int serve_command(const ServeOptions& options);

/// "key=value" texts of a command line as settings. Throws kit::ConfigError where one has no "=".
std::vector<machine::Setting> command_line_settings(const std::vector<std::string>& texts);

/// The file of an experiment given by name or by path. Throws kit::ConfigError naming the nearest known one.
std::string find_experiment(const std::string& name);

}  // namespace ahcisim::program
