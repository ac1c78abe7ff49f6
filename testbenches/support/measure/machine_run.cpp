// SPDX-License-Identifier: MIT
// Builds the machine, pumps the workload, watches the clock.
#include <support/measure/machine_run.hpp>

#include <algorithm>
#include <cstdio>
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

/// Where machines differ: the driver whose disk the program uses is the guest's in an emulated one.
std::string scope_of(const machine::Parameters& parameters) { return parameters.is_emulated() ? "guest." : ""; }

/// The block where the driver's register accesses arrive.
std::string device_of(const machine::Parameters& parameters) {
  if (parameters.is_emulated()) return "guest.exit_bus";
  return parameters.system.interface() == "ide" ? "root_complex" : "ahci";
}

/// A sum over some statistics, by their names; those that the machine does not have count nothing.
class Sum {
 public:
  Sum(const kit::StatRegistry& registry, std::initializer_list<std::string> names) {
    for (const auto& [block, set] : registry.sets())
      for (const kit::Stat* stat : set->all())
        if (std::find(names.begin(), names.end(), block + "." + stat->name()) != names.end()) parts_.push_back(stat);
  }
  bool empty() const { return parts_.empty(); }
  void begin() { before_ = now(); }
  void end() { risen_ = now() - before_; }
  double risen() const { return risen_; }

 private:
  double now() const {
    double sum = 0;
    for (const kit::Stat* part : parts_) sum += part->values().front().second;
    return sum;
  }
  std::vector<const kit::Stat*> parts_;
  double before_ = 0, risen_ = 0;
};

/// Notes where things stand when the measured part begins, at its early mark, and at its end.
class StopWatch final : public host::RequestObserver {
 public:
  StopWatch(const RunOptions& options, const kit::Context& context, const std::string& scope, const std::string& device)
      : options_{options}, calendar_{context.calendar} {
    const kit::StatRegistry& registry = context.stats;
    sums_.push_back({registry, {scope + "driver.register.reads", scope + "driver.register.writes"}});
    sums_.push_back({registry, {device + ".register_reads", device + ".register_writes"}});
    sums_.push_back({registry, {scope + "driver.interrupts"}});
    sums_.push_back({registry, {"guest.exit_bus.exits.user", "guest.exit_bus.exits.ioeventfd"}});
    for (const std::string& name : options.count) {
      sums_.push_back({registry, {name}});
      if (sums_.back().empty()) throw std::runtime_error{"no statistic has the name " + name};
    }
  }
  void completed(const host::Request&, const wire::RequestTag& tag) override {
    ++completed_;
    if (!begun_ && tag.id >= options_.warm_up) begin(), completed_ = 0;
    if (options_.early_requests && completed_ == options_.early_requests) early_ = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_;
  }
  void finished(kit::Duration) override {
    wall_ = seconds_of(CLOCK_MONOTONIC) - wall_, cpu_ = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_;
    events_ = calendar_.events() - events_;
    for (Sum& sum : sums_) sum.end();
  }
  void put(MachineRun& run) const {
    run.wall_seconds = wall_, run.cpu_seconds = cpu_, run.early_cpu_seconds = early_;
    const auto each = static_cast<double>(completed_ ? completed_ : 1);
    run.events_per_request = static_cast<double>(events_) / each;
    run.driver_accesses_per_request = sums_[0].risen() / each;
    run.device_accesses_per_request = sums_[1].risen() / each;
    run.interrupts_per_request = sums_[2].risen() / each;
    run.exits_per_request = sums_[3].risen() / each;
    for (std::size_t i = 0; i < options_.count.size(); ++i) run.counts.at(i) = sums_[4 + i].risen();
  }

 private:
  void begin() {
    for (Sum& sum : sums_) sum.begin();
    wall_ = seconds_of(CLOCK_MONOTONIC), cpu_ = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    events_ = calendar_.events();
    begun_ = true;
  }
  const RunOptions& options_;
  const kit::Calendar& calendar_;
  std::vector<Sum> sums_;
  bool begun_ = false;
  std::uint64_t completed_ = 0, events_ = 0;
  double wall_ = 0, cpu_ = 0, early_ = 0;
};

using wire::Stage;

/// What every read or write passes that reaches the disk. On hardware all that is not in the medium's hands; in an emulator each
/// step on the way to the host and back. A virtio-blk device that has more than one request to serve finds some by itself, which
/// then were not trapped.
std::vector<Stage> stages_of(const machine::Parameters& parameters, bool alone) {
  if (!parameters.is_emulated())
    return {Stage::submitted, Stage::entered, Stage::issued, Stage::fetched, Stage::received, Stage::selected, Stage::media,
            Stage::transferred, Stage::status, Stage::interrupt, Stage::woken, Stage::completed};
  std::vector<Stage> stages{Stage::submitted, Stage::entered, Stage::issued, Stage::fetched, Stage::received, Stage::host_call,
                            Stage::transferred, Stage::host_done, Stage::told, Stage::status, Stage::injected, Stage::interrupt,
                            Stage::woken, Stage::completed};
  if (parameters.system.interface() != "virtio_blk" || alone)
    stages.insert(stages.end(), {Stage::trapped, Stage::emulator, Stage::dispatched});
  return stages;
}

/// Adds up every request's account.
class Auditor final : public host::RequestObserver {
 public:
  Auditor(std::vector<Stage> wanted, std::uint64_t warm_up) : wanted_{std::move(wanted)}, warm_up_{warm_up} {}
  void completed(const host::Request& request, const wire::RequestTag& tag) override {
    mix(tag.id), mix(static_cast<std::uint64_t>(request.op)), mix(request.lba), mix(request.sectors);
    mix(static_cast<std::uint64_t>(request.status));
    for (const std::int64_t at : tag.at) mix(static_cast<std::uint64_t>(at));
    for (const wire::TrapTime* traps : {&tag.issue_traps, &tag.data_traps, &tag.acknowledge_traps, &tag.handler_traps})
      for (const std::int64_t ps : traps->ps) mix(static_cast<std::uint64_t>(ps));
    if (!ordered(tag) || !balanced(tag)) ++unbalanced_;
    const bool reached = tag.when(Stage::interrupt) >= 0;
    at_disk_ += reached;
    // A read that found what it wants on its way already has passed the later points only.
    if (tag.when(Stage::issued) < 0 || (request.op != host::IoRequest::Op::read && request.op != host::IoRequest::Op::write)) return;
    const auto lacks = [&tag](Stage stage) { return tag.when(stage) < 0; };
    const auto first = std::find_if(wanted_.begin(), wanted_.end(), lacks);
    if (first == wanted_.end()) return;
    ++unfinished_;
    note(tag, "lacks", *first, *first);
  }
  void put(MachineRun& run) const {
    run.fingerprint = hash_, run.unbalanced = unbalanced_, run.unfinished_stages = unfinished_, run.at_disk = at_disk_;
    run.stage_ps = stage_ps_;
    std::snprintf(run.first_wrong, sizeof run.first_wrong, "%s", wrong_.c_str());
  }

 private:
  // FNV-1a over 64-bit words.
  void mix(std::uint64_t word) { hash_ = (hash_ ^ word) * 0x100000001b3u, hash_ ^= hash_ >> 29; }
  void note(const wire::RequestTag& tag, const char* what, Stage a, Stage b) {
    if (!wrong_.empty()) return;
    wrong_ = "request " + std::to_string(tag.id) + " " + what + " " + wire::name_of(a);
    if (a != b) wrong_ += std::string{" before "} + wire::name_of(b);
  }
  /// Each point comes no earlier than those before it; data moves at some time between the device's having the command and the end.
  bool ordered(const wire::RequestTag& tag) {
    Stage last = Stage::submitted;
    bool right = tag.when(last) >= 0;
    for (std::size_t i = 0; i < wire::stage_count; ++i) {
      const auto stage = static_cast<Stage>(i);
      if (tag.at[i] < 0 || stage == Stage::transferred) continue;
      if (tag.at[i] < tag.when(last)) note(tag, "passed", stage, last), right = false;
      last = stage;
    }
    const std::int64_t data = tag.when(Stage::transferred);
    if (data >= 0 && data < tag.when(Stage::received)) note(tag, "passed", Stage::transferred, Stage::received), right = false;
    if (data > tag.when(Stage::completed)) note(tag, "passed", Stage::completed, Stage::transferred), right = false;
    return right;
  }
  /// The account tells of every point once, of no stage or access below zero, and sums to the latency.
  bool balanced(const wire::RequestTag& tag) {
    std::int64_t sum = 0;
    std::ptrdiff_t told = 1;
    bool positive = true;
    tag.account([&](Stage stage, std::int64_t ps) {
      positive = positive && ps >= 0, sum += ps;
      if (tag.id > warm_up_) stage_ps_[static_cast<std::size_t>(stage)] += ps;
      told += static_cast<std::size_t>(stage) < wire::stage_count;
    });
    return positive && sum == tag.when(Stage::completed) - tag.when(Stage::submitted) &&
           told == std::count_if(tag.at.begin(), tag.at.end(), [](std::int64_t at) { return at >= 0; });
  }
  const std::vector<Stage> wanted_;
  const std::uint64_t warm_up_;
  std::array<std::int64_t, wire::account_count> stage_ps_{};
  std::string wrong_;
  std::uint64_t hash_ = 0xcbf29ce484222325u, unbalanced_ = 0, unfinished_ = 0, at_disk_ = 0;
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
  const std::unique_ptr<machine::Machine> machine = machine::make_machine(context, parameters);
  host::Pump pump{"pump", context, machine->device()};
  for (host::Stream& stream : host::open_workload(workload, machine->sectors())) pump.add(std::move(stream));
  pump.set_stop_when_finished(true);
  pump.set_warm_up(options.warm_up);
  StopWatch watch{options, context, scope_of(parameters), device_of(parameters)};
  Auditor auditor{stages_of(parameters, workload.depth() <= 1), options.warm_up};
  pump.observe(watch);
  if (options.accounts) pump.observe(auditor);
  sc_core::sc_start();
  pump.rethrow();
  if (!pump.failure().empty()) throw std::runtime_error{pump.failure()};
  if (const std::string failure = machine->failure(); !failure.empty()) throw std::runtime_error{failure};
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
