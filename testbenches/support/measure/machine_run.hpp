// SPDX-License-Identifier: MIT
// A workload on a machine of any deployment, and what a figure wants to know of it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::measure {

/// Keys and texts as `ahcisim run --set` takes them: {"machine.drive", "samsung-850-pro"}, {"workload.depth", "32"} …
using Settings = std::vector<std::pair<std::string, std::string>>;

struct MachineRun {
  std::uint64_t requests = 0;         ///< measured, that is without warm-up
  std::uint64_t errors = 0;           ///< requests that failed
  double iops = 0;                    ///< requests per simulated second
  double megabytes_per_second = 0;    ///< 10⁶ bytes read and written per simulated second
  double mean_latency_us = 0;         ///< submitted to completed
  double driver_accesses_per_request = 0;  ///< register accesses that the driver counts
  double device_accesses_per_request = 0;  ///< register accesses that arrived: at the HBA, the root complex (IDE), the exit bus (emulated)
  double interrupts_per_request = 0;
  double exits_per_request = 0;       ///< of an emulated machine: accesses that were trapped, ioeventfds included
  double events_per_request = 0;      ///< callbacks of the calendar
  double wall_seconds = 0;            ///< of the measured requests: no elaboration, bring-up or warm-up
  double cpu_seconds = 0;             ///< the same, processor time
  double early_cpu_seconds = 0;       ///< of the first early_requests of them
  double peak_mebibytes = 0;          ///< resident memory of the process, highest
  std::uint64_t fingerprint = 0;      ///< of every request's kind, place, end and time stamps, in the order of completion
  std::uint64_t unbalanced = 0;       ///< requests whose stages are out of order or do not sum to their latency
  std::uint64_t unfinished_stages = 0;///< reads and writes that lack a stage which every one of them passes that reaches the disk
  std::uint64_t at_disk = 0;          ///< requests that reached the disk: no page cache had answered them
  std::array<std::int64_t, wire::account_count> stage_ps{};  ///< each stage of the accounts, summed over the measured requests
  char first_wrong[96] = {};          ///< the first request of unbalanced or unfinished_stages, in words; empty: none
  std::uint64_t diagnostics = 0;      ///< findings of the checkers
  double simulated_seconds = 0;
  std::array<double, 8> counts{};     ///< see RunOptions::count
};

struct RunOptions {
  std::uint64_t warm_up = 1;         ///< requests before the measurement, 1 or more: the bring-up does not count
  std::uint64_t early_requests = 0;  ///< see early_cpu_seconds
  std::uint64_t seed = 1;
  bool kernel_steps = false;         ///< take every event through the SystemC kernel
  bool accounts = false;             ///< compute fingerprint, unbalanced and stage_ps, which cost time
  /// Statistics by name ("guest.image.calls.pwrite"), at most 8: how much each rose in the measured part. Counters and sums of time.
  std::vector<std::string> count;
};

/// Elaborates and runs to the end of the workload; once in a process, so mostly inside apart(). Bring-up waits are shortened
/// unless `settings` say otherwise. Throws kit::ConfigError for settings that are wrong, std::runtime_error where the disk
/// never became ready or a statistic is unknown.
MachineRun run_machine(const Settings& settings, const RunOptions& options = {});
/// The same in a process of its own.
MachineRun run_machine_apart(const Settings& settings, const RunOptions& options = {});

/// Sectors of 512 bytes on a drive of the catalogue.
std::uint64_t sectors_of(const std::string& drive);

}  // namespace ahcisim::measure
