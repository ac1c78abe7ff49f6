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

#include "power_cuts.hpp"
#include "read_only_source.hpp"
#include "results.hpp"
#include "run_entry.hpp"
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

json result_json(const PointJob& job, const machine::Parameters& parameters, const host::Pump& pump, machine::Machine& machine,
                 const kit::Context& context) {
  const host::PumpStatistics& seen = pump.statistics();
  std::string description;
  for (const host::Stream& stream : pump.streams()) description += (description.empty() ? "" : "; ") + stream.describe();
  json run = identity_json(job, parameters, std::move(description));
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
  add_machine(run, machine, context);
  return run;
}

}  // namespace

void check_point(const PointJob& job) try {
  host::WorkloadParameters workload;
  const machine::Parameters parameters{job.settings, &workload};
  if (workload.power_cuts() > 0) check_power_cuts(workload);
} catch (const kit::ConfigError& error) {
  throw kit::ConfigError{machine::located(job.settings, error.what())};
}

int run_point(const PointJob& job, Progress& progress) try {
  host::WorkloadParameters workload;
  workload.seed.set(static_cast<std::int64_t>(job.seed));
  const machine::Parameters parameters{job.settings, &workload};
  kit::Context context{job.seed};
  context.calendar.set_run_ahead_limit(kit::Duration::never());
  const std::unique_ptr<machine::Machine> machine = machine::make_machine(context, parameters);
  if (workload.power_cuts() > 0) return run_power_cuts(job, parameters, workload, *machine, context, progress);
  host::Pump pump{"pump", context, machine->device()};
  for (host::Stream& stream : host::open_workload(workload, machine->sectors(), job.inputs)) {
    if (machine->content().read_only())
      stream.source = std::make_unique<ReadOnlySource>(std::move(stream.source), parameters.system.image());
    pump.add(std::move(stream));
  }
  pump.set_stop_when_finished(true);
  pump.set_count_from_ready(true);

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
} catch (const kit::ConfigError& error) {
  throw kit::ConfigError{machine::located(job.settings, error.what())};
}

}  // namespace ahcisim::program
