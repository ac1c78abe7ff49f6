// SPDX-License-Identifier: MIT
// Builds the machine, pumps the workload, watches the clock.
#include <support/measure/machine_run.hpp>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <initializer_list>
#include <memory>
#include <stdexcept>

#include <ahcisim/models/host/pump.hpp>
#include <ahcisim/models/host/workload/open.hpp>
#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/machine.hpp>

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

/// Statistics looked up by name once the machine is built: those of the software that drives the disk, and those of the place
/// where its register accesses arrive.
class Counters {
 public:
  explicit Counters(const kit::StatRegistry& registry) {
    const kit::StatSet& driver = set(registry, {"guest.driver", "driver"});
    const kit::StatSet& device = set(registry, {"guest.exit_bus", "ahci", "root_complex"});
    driver_reads_ = &counter(driver, "register.reads"), driver_writes_ = &counter(driver, "register.writes");
    device_reads_ = &counter(device, "register_reads"), device_writes_ = &counter(device, "register_writes");
    interrupts_ = &counter(driver, "interrupts");
  }
  std::uint64_t at_driver() const { return driver_reads_->value() + driver_writes_->value(); }
  std::uint64_t at_device() const { return device_reads_->value() + device_writes_->value(); }
  std::uint64_t interrupts() const { return interrupts_->value(); }

 private:
  /// The first block of `names` that there is.
  static const kit::StatSet& set(const kit::StatRegistry& registry, std::initializer_list<const char*> names) {
    for (const char* const name : names)
      for (const auto& [block, set] : registry.sets())
        if (block == name) return *set;
    throw std::logic_error{std::string{"no statistics of a block called "} + *names.begin()};
  }
  static const kit::Counter& counter(const kit::StatSet& set, const char* name) {
    for (const kit::Stat* const stat : set.all())
      if (stat->name() == name) return dynamic_cast<const kit::Counter&>(*stat);
    throw std::logic_error{std::string{"no statistic called "} + name};
  }
  const kit::Counter *driver_reads_, *driver_writes_, *device_reads_, *device_writes_, *interrupts_;
};

/// Notes where things stand when the measured part begins, at its early mark, and at its end.
class StopWatch final : public host::RequestObserver {
 public:
  StopWatch(const RunOptions& options, const kit::Context& context)
      : options_{options}, calendar_{context.calendar}, counters_{context.stats} {}
  void begin() {
    at_driver_ = counters_.at_driver(), at_device_ = counters_.at_device(), interrupts_ = counters_.interrupts();
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
    at_driver_ = counters_.at_driver() - at_driver_, at_device_ = counters_.at_device() - at_device_;
    interrupts_ = counters_.interrupts() - interrupts_;
  }
  void put(MachineRun& run) const {
    run.wall_seconds = wall_, run.cpu_seconds = cpu_, run.early_cpu_seconds = early_;
    const auto each = static_cast<double>(completed_ ? completed_ : 1);
    run.events_per_request = static_cast<double>(events_) / each;
    run.driver_accesses_per_request = static_cast<double>(at_driver_) / each;
    run.device_accesses_per_request = static_cast<double>(at_device_) / each;
    run.interrupts_per_request = static_cast<double>(interrupts_) / each;
  }

 private:
  const RunOptions& options_;
  const kit::Calendar& calendar_;
  const Counters counters_;
  bool begun_ = false;
  std::uint64_t completed_ = 0, events_ = 0, at_driver_ = 0, at_device_ = 0, interrupts_ = 0;
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
  const auto given = [&](const char* key, const char* text) {
    return std::find(settings.begin(), settings.end(), std::pair<std::string, std::string>{key, text}) != settings.end();
  };
  std::vector<machine::Setting> all{{"host.probe.fast_probe", "true", "figure"}};
  if (given("machine.deployment", "emulated") && !given("machine.interface", "virtio_blk"))  // whose probe has nothing to wait for
    all.push_back({"guest.probe.fast_probe", "true", "figure"});
  for (const auto& [key, text] : settings) all.push_back({key, text, "figure"});
  host::WorkloadParameters workload;
  workload.seed.set(static_cast<std::int64_t>(options.seed));
  const machine::Parameters parameters{all, &workload};
  kit::Context context{options.seed};
  context.calendar.set_run_ahead_limit(kit::Duration::never());
  context.calendar.set_kernel_steps(options.kernel_steps);
  const std::unique_ptr<machine::Machine> machine = machine::make_machine(context, parameters);
  host::Pump pump{"pump", context, machine->device()};
  for (host::Stream& stream : host::open_workload(workload, machine->sectors())) pump.add(std::move(stream));
  pump.set_stop_when_finished(true);
  pump.set_warm_up(options.warm_up);
  StopWatch watch{options, context};
  Auditor auditor;
  pump.observe(watch);
  if (options.accounts) pump.observe(auditor);
  sc_core::sc_start();
  pump.rethrow();
  if (!pump.failure().empty()) throw std::runtime_error{pump.failure()};
  if (!pump.finished()) throw std::runtime_error{machine->failure().empty() ? "the simulation ended before the workload" : machine->failure()};
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
