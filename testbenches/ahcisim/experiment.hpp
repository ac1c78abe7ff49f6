// SPDX-License-Identifier: MIT
// An experiment file: a machine, workloads, and the points at which each workload is run.
//
//     title = "What does queueing buy?"
//     about = "…"                      # printed above the table
//     seed = 1
//     [machine]                        # any key of `ahcisim params`, as tables …
//     drive = "ultrastar-dc-hc310"
//     [[workload]]                     # what runs; keys: `ahcisim params workload`
//     name = "random reads"
//     pattern = "random"
//     [[point]]                        # how: each workload runs at each point, a process of its own
//     name = "queue depth 32"
//     set = { "host.pump.depth" = 32 } # … or as dotted keys, over the tables above
//
// Points that are a product need not be written one by one: every entry of an axis meets every entry of the other axes, and
// every [[point]] where there are any. Their settings apply in the order of the file, their names are joined by commas.
//
//     [[axis]]                         # the points "depth 1" and "depth 32" …
//     name = "depth"
//     key = "workload.depth"
//     values = [1, 32]
//     [[axis]]                         # … each with "HDD" and with "SSD": four points
//     name = "drive"
//     [[axis.point]]
//     name = "HDD"
//     set = { "machine.drive" = "deskstar-7k500" }
//     [[axis.point]]
//     name = "SSD"
//     set = { "machine.drive" = "intel-s4500" }
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ahcisim/models/machine/parameters.hpp>

namespace ahcisim::program {

using machine::Setting;

struct PointSpec {
  std::string name;
  std::vector<Setting> settings;
};

struct WorkloadSpec {
  std::string name;
  std::vector<Setting> settings;  ///< keys of WorkloadParameters
};

struct Experiment {
  std::string file, folder;  ///< as given, and the folder relative names are looked up in
  std::string name;          ///< the file's name without folder and ending
  std::string title, about;
  std::uint64_t seed = 1;
  std::vector<Setting> settings;  ///< of the machine
  std::vector<WorkloadSpec> workloads;
  std::vector<PointSpec> points;  ///< axes multiplied out
};

/// A machine without anything to run on it: the file of an experiment without [[workload]], [[point]] and [[axis]]. Throws
/// kit::ConfigError as read_experiment() does.
struct MachineFile {
  std::uint64_t seed = 1;
  std::vector<Setting> settings;
};
MachineFile read_machine(const std::string& file);

/// Reads an experiment. Throws kit::ConfigError: "file:line:column: what; remedy".
Experiment read_experiment(const std::string& file);

}  // namespace ahcisim::program
