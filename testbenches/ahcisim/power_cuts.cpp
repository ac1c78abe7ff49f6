// SPDX-License-Identifier: MIT
// From a workload's keys to the check of power cuts, and from its verdict to stats.json.
#include "power_cuts.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ahcisim/models/machine/power_cut.hpp>

#include "results.hpp"
#include "run_entry.hpp"

namespace ahcisim::program {
namespace {

using kit::Duration;
using nlohmann::json;

constexpr std::int64_t page = 4096, most_writes = 1'000'000, most_span = std::int64_t{64} << 20, usual_span = std::int64_t{2} << 20;

std::int64_t span_of(const host::WorkloadParameters& workload) { return workload.span().value ? workload.span().value : usual_span; }

host::StampingOptions options_of(const host::WorkloadParameters& workload, bool write_through) {
  host::StampingOptions options;
  options.first_lba = static_cast<std::uint64_t>(workload.offset().value / disk::sector_bytes);
  options.region_sectors = static_cast<std::uint64_t>(span_of(workload) / disk::sector_bytes);
  options.alignment = workload.block().value % page == 0 ? page / disk::sector_bytes : 1;
  options.writes = static_cast<std::uint64_t>(workload.requests());
  options.most_sectors = static_cast<std::uint32_t>(workload.block().value / disk::sector_bytes);
  options.depth = static_cast<unsigned>(std::max<std::int64_t>(1, workload.depth()));
  options.flush_every = static_cast<unsigned>(workload.flush_every());
  options.longest_pause = workload.think();
  options.stable_when_acknowledged = write_through;
  options.seed = static_cast<std::uint64_t>(workload.seed());
  return options;
}

/// Times of the program's calls, as for any other workload.
struct Seen : kit::StatSet {
  kit::Latency all{*this, "latency", "from submission to completion", "all requests"};
  kit::Latency writes{*this, "write_latency", "from submission to completion", "writes"};
  kit::Latency flushes{*this, "flush_latency", "from submission to completion", "flushes"};
  std::uint64_t bytes = 0;

  explicit Seen(const host::WriteHistory& history) {
    for (const host::WriteHistory::Write& write : history.writes()) {
      if (write.acknowledged == Duration::never()) continue;
      all.add(write.acknowledged - write.submitted);
      writes.add(write.acknowledged - write.submitted);
      bytes += std::uint64_t{write.sectors} * disk::sector_bytes;
    }
    for (const host::WriteHistory::Flush& flush : history.flushes()) {
      if (flush.acknowledged == Duration::never()) continue;
      all.add(flush.acknowledged - flush.submitted);
      flushes.add(flush.acknowledged - flush.submitted);
    }
  }
};

void add_times(json& run, const host::StampingWorkload& program) {
  const Seen seen{program.history()};
  const Duration measured = program.finished_at() - program.started_at();
  const double seconds = static_cast<double>(measured.ps()) * 1e-12;
  run["simulated_ps"] = program.finished_at().ps();
  run["measured_ps"] = measured.ps();
  run["requests"] = program.history().writes().size() + program.history().flushes().size();
  run["errors"] = program.errors();
  run["iops"] = seconds > 0 ? run["requests"].get<double>() / seconds : 0.0;
  run["throughput_MBps"] = seconds > 0 ? static_cast<double>(seen.bytes) / seconds / 1e6 : 0.0;
  run["latency_ps"] = latency_json(seen.all);
  run["write_latency_ps"] = latency_json(seen.writes);
  run["flush_latency_ps"] = latency_json(seen.flushes);
}

json durability_json(const host::PowerCutVerdict& verdict) {
  return {{"cuts", verdict.cuts}, {"losses", verdict.cuts_losing_stable}, {"order_violations", verdict.cuts_out_of_order},
          {"foreign", verdict.cuts_with_foreign}, {"broken", verdict.cuts_with_any_breach}, {"unpromised_lost", verdict.cuts_losing_acknowledged},
          {"first_breach", verdict.first_breach}};
}

}  // namespace

void check_power_cuts(const host::WorkloadParameters& workload) {
  const auto refuse = [](const std::string& what) { throw kit::ConfigError{"workload.power_cuts: " + what}; };
  const std::vector<std::string> heeded{"requests", "file", "block", "offset", "span", "depth", "flush_every", "think", "seed", "power_cuts"};
  for (const kit::ParameterBase* each : workload.all())
    if (each->text() != each->default_text() && std::find(heeded.begin(), heeded.end(), each->name()) == heeded.end())
      refuse(fmt::format("the program writes at random and flushes; workload.{} has no part in that, leave it out", each->name()));
  if (workload.requests() < 1 || workload.requests() > most_writes)
    refuse(fmt::format("its writes are counted by workload.requests; set it to 1 to {}", most_writes));
  if (!workload.file().empty()) refuse("the program writes what can be recognised, not what a file says; leave workload.file out");
  if (workload.block().value % disk::sector_bytes != 0 || workload.offset().value % page != 0)
    refuse("workload.block has to be a multiple of 512 B, workload.offset one of 4 KiB; round them");
  if (span_of(workload) > most_span || span_of(workload) < workload.block().value || span_of(workload) % page != 0)
    refuse("every sector is remembered; make workload.span a multiple of 4 KiB from workload.block to 64 MiB");
}

int run_power_cuts(const PointJob& job, const machine::Parameters& parameters, const host::WorkloadParameters& workload,
                   machine::Machine& machine, kit::Context& context, Progress& progress) {
  const machine::Keeper keeper = machine.keeper();
  if (!keeper.medium)
    throw kit::ConfigError{fmt::format("{}, {}: workload.power_cuts: memory keeps nothing; set image.backing = \"drive\"", job.workload, job.point)};
  const host::StampingOptions options = options_of(workload, keeper.write_through);
  if (options.first_lba + options.region_sectors > machine.sectors())
    throw kit::ConfigError{fmt::format("{}, {}: workload.offset + span: beyond the disk; take less, or a larger disk", job.workload, job.point)};
  const machine::PowerCutCheck check{context, machine.device(), *keeper.medium, *keeper.store, options};
  sc_core::sc_start();
  const host::StampingWorkload& program = check.workload;
  for (const std::string& failure : {program.failure(), machine.failure()})
    if (!failure.empty()) throw kit::ConfigError{job.workload + ", " + job.point + ": " + failure + machine.remedy(failure)};
  if (!program.finished())
    throw kit::ConfigError{fmt::format("{}, {}: nothing happens any more and writes are unanswered; please report this with the experiment file",
                                       job.workload, job.point)};
  json run = identity_json(job, parameters, fmt::format("{} stamped writes, iodepth={}, a flush after every {}, {} power cuts", options.writes,
                                                        options.depth, options.flush_every, workload.power_cuts()));
  add_times(run, program);
  add_machine(run, machine, context);
  run["durability"] = durability_json(check.verdict(static_cast<std::uint64_t>(workload.power_cuts()), keeper.map));
  progress.requests = run["requests"].get<std::uint64_t>();
  progress.fraction = 1;
  write_file(job.stats, run.dump());
  return interrupted() ? interrupted_status : 0;
}

}  // namespace ahcisim::program
