// SPDX-License-Identifier: MIT
// Settings and lengths of the runs behind the figures.
#include <support/measure/figures.hpp>

#include <fmt/format.h>

#include <ahcisim/models/disk/ssd/parameters.hpp>

namespace ahcisim::measure {
namespace {

Settings with(Settings settings, const Settings& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

}  // namespace

double sequential_read(const std::string& drive, const Settings& settings) {
  const Settings all = with({{"machine.drive", drive}, {"workload.pattern", "read"}, {"workload.block", "128KiB"},
                             {"workload.depth", "32"}, {"workload.requests", "4000"}}, settings);
  RunOptions options;
  options.warm_up = 200;
  return run_machine_apart(all, options).megabytes_per_second;
}

Settings sata_gen2() { return {{"sata.host_generation", "2"}}; }
Settings sata_without_latency() { return {{"sata.pipeline", "0"}, {"sata.ready_delay", "0"}, {"sata.check_delay", "0"}}; }
Settings pcie_gen2x1() {
  return {{"pcie.link.generation", "2"}, {"pcie.link.lanes", "1"}, {"pcie.link.max_payload", "128B"}};
}

MachineRun random_4k(const std::string& drive, unsigned depth, std::uint64_t requests, const std::string& pattern, const Settings& settings) {
  const Settings all = with({{"machine.drive", drive}, {"workload.pattern", pattern}, {"workload.depth", fmt::to_string(depth)},
                             {"workload.requests", fmt::to_string(requests)}}, settings);
  RunOptions options;
  options.warm_up = requests / 20 + 1;
  return run_machine_apart(all, options);
}

double sustained(const std::string& drive, Zone zone) {
  constexpr std::uint64_t bytes = 200u << 20;
  const std::uint64_t capacity = sectors_of(drive) * 512;
  const std::uint64_t offset = zone == Zone::outermost ? 0 : (capacity - bytes) / 4096 * 4096;
  RunOptions options;
  options.warm_up = 20;
  return run_machine_apart({{"machine.drive", drive}, {"workload.pattern", "read"}, {"workload.block", "1MiB"}, {"workload.depth", "4"},
                            {"workload.requests", "200"}, {"workload.offset", fmt::format("{}B", offset)},
                            {"workload.span", fmt::format("{}B", bytes)}}, options).megabytes_per_second;
}

double sustained_random_writes(const std::string& drive) {
  disk::ssd::SsdParameters ssd;
  disk::ssd::apply_drive(ssd, drive);
  constexpr std::int64_t pages = 8;
  constexpr std::uint64_t capacity = std::uint64_t{2} << 30, measured = 200'000;
  RunOptions options;
  options.warm_up = 2 * (capacity / 4096);
  return run_machine_apart({{"machine.drive", drive}, {"ssd.capacity", fmt::format("{}B", capacity)},
                            {"ssd.pages_per_block", fmt::to_string(pages)},
                            {"ssd.t_erase", fmt::format("{}ps", ssd.t_erase().ps() * pages / ssd.pages_per_block())},
                            {"workload.pattern", "randwrite"}, {"workload.depth", "32"},
                            {"workload.requests", fmt::to_string(options.warm_up + measured)}}, options).iops;
}

double queueing_gain(const std::string& drive) {
  return random_4k(drive, 32, 8000).iops / random_4k(drive, 1, 4000, "randread", {{"host.driver.ncq", "false"}}).iops;
}

MachineRun register_accesses(const Settings& settings) {
  return random_4k("samsung-850-pro", 1, 2000, "randread", settings);
}

MachineRun emulated_4k(const std::string& interface, std::uint64_t requests, const Settings& settings) {
  const Settings all = with({{"machine.deployment", "emulated"}, {"machine.interface", interface}, {"image.backing", "instant"},
                             {"workload.pattern", "randread"}, {"workload.depth", interface == "ide" ? "1" : "32"},
                             {"workload.requests", fmt::to_string(requests)}}, settings);
  RunOptions options;
  options.warm_up = requests / 20 + 1;
  return run_machine_apart(all, options);
}

}  // namespace ahcisim::measure
