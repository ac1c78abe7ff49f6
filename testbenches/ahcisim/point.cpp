// SPDX-License-Identifier: MIT
// One simulation from configuration to result files.
#include "point.hpp"

#include <memory>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ahcisim/models/host/pump.hpp>
#include <ahcisim/models/host/workload/open.hpp>
#include <ahcisim/models/machine/machine.hpp>

#include "read_only_source.hpp"
#include "results.hpp"
#include "writers/chrome_trace.hpp"
#include "writers/requests_csv.hpp"
#include "writers/vcd.hpp"

namespace ahcisim::program {
namespace {

using nlohmann::json;

/// Shows the parent how far the simulation is, and ends it when the user asks.
class Watch final : public host::RequestObserver {
 public:
  Watch(host::Pump& pump, kit::Calendar& calendar, Progress& progress) : pump_{pump}, calendar_{calendar}, progress_{progress} {}
  void completed(const host::Request&, const wire::RequestTag&) override {
    if (++completed_ % 256 != 0 && !interrupted()) return;
    progress_.requests = completed_;
    progress_.simulated_ps = calendar_.now().ps();
    progress_.fraction = pump_.progress();
    if (interrupted()) pump_.stop_issuing();
  }

 private:
  host::Pump& pump_;
  kit::Calendar& calendar_;
  Progress& progress_;
  std::uint64_t completed_ = 0;
};

/// Ends timeline and waves after so many requests: they would fill a disk otherwise.
class Curtain final : public host::RequestObserver {
 public:
  Curtain(kit::ProbeRegistry& probes, unsigned requests) : probes_{probes}, left_{requests} {}
  void show(kit::ProbeSink& sink) {
    sinks_.push_back(&sink);
    probes_.attach(sink);
  }
  void forward_to(host::RequestObserver& observer) { observer_ = &observer; }
  void completed(const host::Request& request, const wire::RequestTag& tag) override {
    if (left_ == 0) return;
    if (observer_) observer_->completed(request, tag);
    if (--left_ == 0)
      for (kit::ProbeSink* sink : sinks_) probes_.detach(*sink);
  }

 private:
  kit::ProbeRegistry& probes_;
  unsigned left_;
  std::vector<kit::ProbeSink*> sinks_;
  host::RequestObserver* observer_ = nullptr;
};

json latency_json(const kit::Latency& latency) {
  json values = json::object();
  for (const auto& [key, value] : latency.values()) values[key] = static_cast<std::int64_t>(value);
  return values;
}

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

json result_json(const PointJob& job, const machine::Parameters& parameters, const host::Pump& pump, machine::Machine& machine,
                 const kit::Context& context) {
  const host::PumpStatistics& seen = pump.statistics();
  const auto requests = static_cast<double>(seen.requests.value());
  json run{{"workload", job.workload}, {"point", job.point}, {"seed", job.seed}, {"drive", parameters.system.drive()}};
  run["deployment"] = parameters.system.deployment();
  run["interface"] = parameters.system.interface();
  std::string description;
  for (const host::Stream& stream : pump.streams()) description += (description.empty() ? "" : "; ") + stream.describe();
  // A file is named as the experiment names it: the same results wherever ahcisim is installed.
  const std::string folder = job.inputs.empty() ? "" : (job.inputs / "").string();
  for (std::size_t at; !folder.empty() && (at = description.find(folder)) != std::string::npos;) description.erase(at, folder.size());
  run["description"] = description;
  run["simulated_ps"] = pump.finished_at().ps();
  run["measured_ps"] = seen.time.length().ps();
  run["requests"] = seen.requests.value();
  run["errors"] = seen.errors.value();
  run["iops"] = seen.iops.value();
  run["throughput_MBps"] = (seen.read_rate.value() + seen.write_rate.value()) / 1e6;
  run["mean_depth"] = seen.depth.value();
  run["latency_ps"] = latency_json(seen.latency);
  run["read_latency_ps"] = latency_json(seen.read_latency);
  run["write_latency_ps"] = latency_json(seen.write_latency);
  run["flush_latency_ps"] = latency_json(seen.flush_latency);
  json stages = json::object();
  for (const kit::Stat* stage : pump.stages().all()) stages[stage->name()] = static_cast<std::int64_t>(stage->values()[1].second);
  run["stage_mean_ps"] = std::move(stages);
  if (requests > 0) {
    if (disk::Medium* const medium = machine.medium()) {
      if (const auto seek = sum_of(medium->statistics(), "seek_time")) run["seek_ps_per_request"] = *seek / requests;
      if (const auto rotation = sum_of(medium->statistics(), "rotational_wait")) run["rotation_ps_per_request"] = *rotation / requests;
    }
    run["events_per_request"] = static_cast<double>(context.calendar.events()) / requests;
  }
  json settings = json::object();
  for (const std::string& key : parameters.configuration().given()) settings[key] = parameters.configuration().text_of(key);
  run["settings"] = std::move(settings);
  run["statistics"] = statistics_json(context.stats);
  json findings = json::array();
  for (const auto& finding : context.diagnostics.findings())
    findings.push_back({{"place", finding.place}, {"rule", finding.rule}, {"first_ps", finding.first.ps()}, {"count", finding.count}});
  run["diagnostics"] = std::move(findings);
  return run;
}

}  // namespace

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
          {"stage_mean_ps", "ps: mean time up to each point of a request's way, from the point that it passed before"},
          {"seek_ps_per_request", "ps: arm movement by requests (hard disks)"},
          {"rotation_ps_per_request", "ps: wait for the sector by requests (hard disks)"},
          {"events_per_request", "events of the calendar by requests: what the simulation costs"},
          {"settings", "parameters that were set; all others have the values that `ahcisim params` prints"},
          {"statistics", "every statistic of every block, with its unit and meaning"},
          {"diagnostics", "what blocks found wrong with their neighbours' behaviour: rule, first time in ps, count"}};
}

void check_point(const PointJob& job) {
  host::WorkloadParameters workload;
  const machine::Parameters parameters{job.settings, &workload};
}

int run_point(const PointJob& job, Progress& progress) {
  host::WorkloadParameters workload;
  workload.seed.set(static_cast<std::int64_t>(job.seed));
  const machine::Parameters parameters{job.settings, &workload};
  kit::Context context{job.seed};
  context.calendar.set_run_ahead_limit(kit::Duration::never());
  const std::unique_ptr<machine::Machine> machine = machine::make_machine(context, parameters);
  host::Pump pump{"pump", context, machine->device()};
  for (host::Stream& stream : host::open_workload(workload, machine->sectors(), job.inputs)) {
    if (machine->content().read_only())
      stream.source = std::make_unique<ReadOnlySource>(std::move(stream.source), parameters.system.image());
    pump.add(std::move(stream));
  }
  pump.set_stop_when_finished(true);

  RequestsCsv csv{job.requests.string(), job.workload, job.point};
  Watch watch{pump, context.calendar, progress};
  Curtain curtain{context.probes, job.watched_requests};
  std::optional<ChromeTrace> timeline;
  std::optional<TimelineRequests> timeline_requests;
  std::optional<VcdWriter> waves;
  if (!job.timeline.empty()) {
    timeline_requests.emplace(timeline.emplace());
    curtain.show(*timeline);
    curtain.forward_to(*timeline_requests);
  }
  if (!job.waves.empty()) curtain.show(waves.emplace(context.probes));
  pump.observe(csv);
  pump.observe(watch);
  pump.observe(curtain);

  sc_core::sc_start();
  pump.rethrow();
  if (const std::string& failure = pump.failure(); !failure.empty())
    throw kit::ConfigError{job.workload + ", " + job.point + ": " + failure + machine->remedy(failure)};
  if (const std::string failure = machine->failure(); !failure.empty())
    throw kit::ConfigError{job.workload + ", " + job.point + ": " + failure + machine->remedy(failure)};
  if (!pump.finished() && !interrupted())
    throw kit::ConfigError{fmt::format("{}, {}: nothing happens any more and {} requests are unanswered; please report this with the experiment file",
                                       job.workload, job.point, pump.outstanding())};
  csv.close();
  if (timeline) timeline->write(job.timeline, job.workload + ", " + job.point, context.probes);
  if (waves) waves->write(job.waves);
  write_file(job.stats, result_json(job, parameters, pump, *machine, context).dump());
  return interrupted() ? interrupted_status : 0;
}

}  // namespace ahcisim::program
