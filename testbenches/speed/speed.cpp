// SPDX-License-Identifier: MIT
// Speed: simulated requests per second of wall-clock time, on one core, statistics on; growth and memory of a long run.
#include "figure.hpp"

#include <algorithm>
#include <cstdio>

#include <support/measure/bare_hba.hpp>
#include <support/measure/figures.hpp>

namespace ahcisim::figures {
namespace {

constexpr const char* budget = "the project's own: 4 KiB random reads at depth 32, one core";

/// The best of three: what other programs take from this one is not the model's. Says so where they took much.
template <class Run> double best_rate(const char* name, const Run& run) {
  double best = 0, best_of_processor = 0;
  for (int i = 0; i < 3; ++i) {
    const auto result = run();
    best = std::max(best, static_cast<double>(result.requests) / result.wall_seconds);
    best_of_processor = std::max(best_of_processor, static_cast<double>(result.requests) / result.cpu_seconds);
  }
  if (best < 0.9 * best_of_processor)
    std::fprintf(stderr, "figures: %s: other programs kept the processor busy; %.0f requests per second of processor time\n", name,
                 best_of_processor);
  return best;
}

Measurement machine_speed(const char* name, const char* target, const char* drive, std::uint64_t requests) {
  Measurement m{{{name, "requests/s", target, budget}}, [name, drive, requests] {
                  return std::vector<double>{best_rate(name, [&] { return measure::random_4k(drive, 32, requests); })};
                }};
  m.alone = true;
  return m;
}

Measurement emulated_speed(const char* name, const char* interface) {
  Measurement m{{{name, "requests/s", ">= 300000", "the project's own: 4 KiB random reads of a guest, an image that answers at once, one core"}},
                [name, interface] {
                  return std::vector<double>{best_rate(name, [&] { return measure::emulated_4k(interface, 200'000); })};
                }};
  m.alone = true;
  return m;
}

}  // namespace

void add_speed_figures(std::vector<Measurement>& all) {
  all.push_back(machine_speed("speed.ssd.qd32", ">= 500000", "samsung-850-pro", 300'000));
  all.push_back(machine_speed("speed.hdd.sptf", ">= 300000", "ultrastar-dc-hc310", 200'000));
  all.push_back(machine_speed("speed.full.instant", "", "instant", 300'000));
  all.back().figures.front().source = "the whole path, a disk without mechanics";
  Measurement hba{{{"speed.hba", "requests/s", ">= 1000000", "the project's own: HBA, link and device with an instant medium"}},
                  [] { return std::vector<double>{best_rate("speed.hba", [] { return measure::run_bare_hba_apart(500'000); })}; }};
  hba.alone = true;
  all.push_back(std::move(hba));
  all.push_back(emulated_speed("speed.emulated.virtio", "virtio_blk"));
  all.push_back(emulated_speed("speed.emulated.ahci", "ahci"));
  all.push_back(emulated_speed("speed.emulated.ide_dma", "ide"));
  Measurement grown{{{"speed.growth", "ratio", ">= 0.9", "requests per processor second over 10^7 requests by those over the first 10^5", 2},
                     {"speed.memory", "MiB", "< 100", "the project's own: peak resident memory of the run of 10^7 requests", 1}},
                    [] {
                      measure::RunOptions options;
                      options.warm_up = 10'000;
                      options.early_requests = 100'000;
                      const measure::MachineRun run = measure::run_machine_apart(
                          {{"machine.drive", "samsung-850-pro"}, {"workload.depth", "32"}, {"workload.requests", "10000000"}}, options);
                      const double late = static_cast<double>(run.requests) / run.cpu_seconds;
                      const double early = static_cast<double>(options.early_requests) / run.early_cpu_seconds;
                      return std::vector<double>{late / early, run.peak_mebibytes};
                    }};
  grown.alone = true;
  all.push_back(std::move(grown));
}

}  // namespace ahcisim::figures
