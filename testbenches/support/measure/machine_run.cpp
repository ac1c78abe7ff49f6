// SPDX-License-Identifier: MIT
// Builds the machine, pumps the workload, watches the clock.
#include <support/measure/machine_run.hpp>

#include <cstdio>
#include <cstring>
#include <ctime>
#include <stdexcept>

#include <ahcisim/models/host/pump.hpp>
#include <ahcisim/models/host/workload/open.hpp>
#include <ahcisim/models/machine/bare_metal.hpp>

#include <support/measure/apart.hpp>

namespace ahcisim::measure {
namespace {

double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// VmHWM of /proc/self/status.
double peak_resident_mebibytes() {
  std::FILE* const file = std::fopen("/proc/self/status", "r");
  if (!file) return 0;
  char line[256];
  long kibibytes = 0;
  while (std::fgets(line, sizeof line, file))
    if (std::sscanf(line, "VmHWM: %ld", &kibibytes) == 1) break;
  std::fclose(file);
  return static_cast<double>(kibibytes) / 1024;
}

/// Notes where things stand when the measured part begins, at its early mark, and at its end.
class StopWatch final : public host::RequestObserver {
 public:
  StopWatch(const RunOptions& options, const kit::Calendar& calendar, const machine::BareMetal& machine)
      : options_{options}, calendar_{calendar}, machine_{machine} {}
  void begin() {
    at_driver_ = at_driver(), at_hba_ = at_hba(), interrupts_ = machine_.driver.statistics().interrupts.value();
    wall_ = seconds_of(CLOCK_MONOTONIC), cpu_ = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    events_ = calendar_.events();
    begun_ = true;
  }
  void completed(const host::Request&, const wire::RequestTag& tag) override {
    ++completed_;
    if (!begun_ && tag.id >= options_.warm_up) begin(), completed_ = 0;
    if (options_.early_requests && completed_ == options_.early_requests) early_ = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_;
  }
  void finished(kit::Duration) override {
    wall_ = seconds_of(CLOCK_MONOTONIC) - wall_, cpu_ = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_;
    events_ = calendar_.events() - events_;
    at_driver_ = at_driver() - at_driver_, at_hba_ = at_hba() - at_hba_;
    interrupts_ = machine_.driver.statistics().interrupts.value() - interrupts_;
  }
  void put(MachineRun& run) const {
    run.wall_seconds = wall_, run.cpu_seconds = cpu_, run.early_cpu_seconds = early_;
    const auto each = static_cast<double>(completed_ ? completed_ : 1);
    run.events_per_request = static_cast<double>(events_) / each;
    run.driver_accesses_per_request = static_cast<double>(at_driver_) / each;
    run.hba_accesses_per_request = static_cast<double>(at_hba_) / each;
    run.interrupts_per_request = static_cast<double>(interrupts_) / each;
  }

 private:
  std::uint64_t at_driver() const {
    return machine_.driver.statistics().register_reads.value() + machine_.driver.statistics().register_writes.value();
  }
  std::uint64_t at_hba() const {
    return machine_.hba.statistics().register_reads.value() + machine_.hba.statistics().register_writes.value();
  }
  const RunOptions& options_;
  const kit::Calendar& calendar_;
  const machine::BareMetal& machine_;
  bool begun_ = false;
  std::uint64_t completed_ = 0, events_ = 0, at_driver_ = 0, at_hba_ = 0, interrupts_ = 0;
  double wall_ = 0, cpu_ = 0, early_ = 0;
};

/// Adds up every request's account.
class Auditor final : public host::RequestObserver {
 public:
  void completed(const host::Request& request, const wire::RequestTag& tag) override {
    mix(tag.id), mix(static_cast<std::uint64_t>(request.op)), mix(request.lba), mix(request.sectors);
    mix(static_cast<std::uint64_t>(request.status));
    std::int64_t last = tag.at[0], sum = 0;
    bool ordered = last >= 0;
    for (const std::int64_t at : tag.at) {
      mix(static_cast<std::uint64_t>(at));
      if (at < 0) continue;
      ordered = ordered && at >= last;
      sum += at - last;
      last = at;
    }
    if (!ordered || sum != tag.when(wire::Stage::completed) - tag.when(wire::Stage::submitted)) ++unbalanced_;
    if (request.op != host::IoRequest::Op::read && request.op != host::IoRequest::Op::write) return;
    using wire::Stage;
    for (const Stage stage : {Stage::submitted, Stage::issued, Stage::fetched, Stage::received, Stage::selected, Stage::media,
                              Stage::transferred, Stage::status, Stage::interrupt, Stage::completed})
      if (tag.when(stage) < 0) {
        ++unfinished_;
        break;
      }
  }
  void put(MachineRun& run) const { run.fingerprint = hash_, run.unbalanced = unbalanced_, run.unfinished_stages = unfinished_; }

 private:
  // FNV-1a over 64-bit words.
  void mix(std::uint64_t word) { hash_ = (hash_ ^ word) * 0x100000001b3u, hash_ ^= hash_ >> 29; }
  std::uint64_t hash_ = 0xcbf29ce484222325u, unbalanced_ = 0, unfinished_ = 0;
};

MachineRun result_of(const host::Pump& pump, const kit::Context& context) {
  MachineRun run;
  const host::PumpStatistics& seen = pump.statistics();
  run.requests = seen.requests.value();
  run.errors = seen.errors.value();
  run.iops = seen.iops.value();
  run.megabytes_per_second = (seen.read_rate.value() + seen.write_rate.value()) / 1e6;
  run.mean_latency_us = static_cast<double>(seen.latency.mean().ps()) / 1e6;
  run.diagnostics = context.diagnostics.count();
  run.simulated_seconds = pump.finished_at().seconds();
  return run;
}

}  // namespace

MachineRun run_machine(const Settings& settings, const RunOptions& options) {
  std::vector<machine::Setting> all{{"host.probe.fast_probe", "true", "figure"}};
  for (const auto& [key, text] : settings) all.push_back({key, text, "figure"});
  host::WorkloadParameters workload;
  workload.seed.set(static_cast<std::int64_t>(options.seed));
  const machine::Parameters parameters{all, &workload};
  kit::Context context{options.seed};
  context.calendar.set_run_ahead_limit(kit::Duration::never());
  context.calendar.set_kernel_steps(options.kernel_steps);
  machine::BareMetal machine{context, parameters};
  host::Pump pump{"pump", context, machine.driver};
  for (host::Stream& stream : host::open_workload(workload, machine.sectors())) pump.add(std::move(stream));
  pump.set_stop_when_finished(true);
  pump.set_warm_up(options.warm_up);
  StopWatch watch{options, context.calendar, machine};
  Auditor auditor;
  pump.observe(watch);
  if (options.accounts) pump.observe(auditor);
  sc_core::sc_start();
  pump.rethrow();
  if (!pump.failure().empty()) throw std::runtime_error{pump.failure()};
  if (!pump.finished()) throw std::runtime_error{"the simulation ended before the workload"};
  MachineRun run = result_of(pump, context);
  watch.put(run);
  if (options.accounts) auditor.put(run);
  run.peak_mebibytes = peak_resident_mebibytes();
  return run;
}

MachineRun run_machine_apart(const Settings& settings, const RunOptions& options) {
  return apart([&] { return run_machine(settings, options); });
}

std::uint64_t sectors_of(const std::string& drive) {
  const machine::Parameters parameters{{{"machine.drive", drive, "figure"}}};
  return machine::make_medium(parameters)->facts().sectors;
}

}  // namespace ahcisim::measure
