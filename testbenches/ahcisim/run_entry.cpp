// SPDX-License-Identifier: MIT
// What a simulation's entry in stats.json is made of.
#include "run_entry.hpp"

#include <optional>

#include "point.hpp"

namespace ahcisim::program {

using nlohmann::json;

namespace {

json statistics_json(const kit::StatRegistry& registry) {
  json all = json::object();
  for (const auto& [block, set] : registry.sets())
    for (const kit::Stat* stat : set->all()) {
      json entry{{"unit", stat->unit()}, {"meaning", stat->meaning()}};
      for (const auto& [key, value] : stat->values()) entry[key.empty() ? "value" : key] = value;
      all[block + "." + stat->name()] = std::move(entry);
    }
  return all;
}

std::optional<double> sum_of(kit::StatSet& set, const char* name) {
  for (const kit::Stat* stat : set.all())
    if (stat->name() == name) return stat->values().front().second;
  return std::nullopt;
}

}  // namespace

json latency_json(const kit::Latency& latency) {
  json values = json::object();
  for (const auto& [key, value] : latency.values()) values[key] = static_cast<std::int64_t>(value);
  return values;
}

json identity_json(const PointJob& job, const machine::Parameters& parameters, std::string description) {
  json run{{"workload", job.workload}, {"point", job.point}, {"seed", job.seed}, {"drive", parameters.system.drive()}};
  run["deployment"] = parameters.system.deployment();
  run["interface"] = parameters.system.interface();
  // A file is named as the experiment names it: the same results wherever ahcisim is installed.
  const std::string folder = job.inputs.empty() ? "" : (job.inputs / "").string();
  for (std::size_t at; !folder.empty() && (at = description.find(folder)) != std::string::npos;) description.erase(at, folder.size());
  run["description"] = description;
  json settings = json::object();
  for (const std::string& key : parameters.configuration().given()) settings[key] = parameters.configuration().text_of(key);
  run["settings"] = std::move(settings);
  return run;
}

void add_machine(json& run, machine::Machine& machine, const kit::Context& context) {
  if (const double requests = run["requests"]; requests > 0) {
    if (disk::Medium* const medium = machine.medium()) {
      if (const auto seek = sum_of(medium->statistics(), "seek_time")) run["seek_ps_per_request"] = *seek / requests;
      if (const auto rotation = sum_of(medium->statistics(), "rotational_wait")) run["rotation_ps_per_request"] = *rotation / requests;
    }
    run["events_per_request"] = static_cast<double>(context.calendar.events()) / requests;
  }
  run["statistics"] = statistics_json(context.stats);
  json findings = json::array();
  for (const auto& finding : context.diagnostics.findings())
    findings.push_back({{"place", finding.place}, {"rule", finding.rule}, {"first_ps", finding.first.ps()}, {"count", finding.count}});
  run["diagnostics"] = std::move(findings);
}

json run_keys() {
  return {{"workload", "name of the workload"},
          {"point", "name of the point"},
          {"description", "what ran, and how it was driven"},
          {"drive", "the disk; of an emulated machine, its host's"},
          {"deployment", "bare_metal or emulated"},
          {"interface", "how programs' disk is attached: ahci, ide or virtio_blk"},
          {"seed", "of random patterns and of bit errors"},
          {"simulated_ps", "ps: from power-on to the last completion"},
          {"measured_ps", "ps: from the first submission to the last completion"},
          {"requests", "requests completed"},
          {"errors", "requests that failed"},
          {"iops", "requests/s: requests by measured time"},
          {"throughput_MBps", "MB/s (10^6 B): bytes read and written by measured time"},
          {"mean_depth", "requests outstanding, on average"},
          {"latency_ps", "ps: from submission to completion, of all requests; mean and percentiles"},
          {"read_latency_ps", "ps: the same, of reads"},
          {"write_latency_ps", "ps: the same, of writes"},
          {"flush_latency_ps", "ps: the same, of flushes"},
          {"stage_mean_ps", "ps: mean time up to each point of a request's way, from the point that it passed before; a guest's trapped accesses apart"},
          {"seek_ps_per_request", "ps: arm movement by requests (hard disks)"},
          {"rotation_ps_per_request", "ps: wait for the sector by requests (hard disks)"},
          {"events_per_request", "events of the calendar by requests: what the simulation costs"},
          {"durability", "of a workload with power_cuts: cuts examined, and at how many of them a write was lost that was promised to be "
                         "safe (losses), was lost though a later one was kept (order_violations), a sector held what nobody wrote to it "
                         "(foreign), any of these was the case (broken), an acknowledged write was lost that nobody had promised (unpromised_lost)"},
          {"settings", "parameters that were set; all others have the values that `ahcisim params` prints"},
          {"statistics", "every statistic of every block, with its unit and meaning; counted since the device was ready"},
          {"diagnostics", "what blocks found wrong with their neighbours' behaviour: rule, first time in ps, count"}};
}

}  // namespace ahcisim::program
