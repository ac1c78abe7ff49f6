// SPDX-License-Identifier: MIT
// ahcisim run: an experiment's simulations side by side, their results gathered in one folder, the table.
#include <fmt/format.h>

#include "simulations.hpp"

namespace ahcisim::program {
namespace fs = std::filesystem;
namespace {

void check_options(const RunOptions& options) {
  if (options.waves && options.timeline_requests == 0)
    throw kit::ConfigError{"--waves: shows as many requests as --timeline says, which is 0; give --timeline 200"};
}

}  // namespace

int run_command(const RunOptions& options) {
  check_options(options);
  Simulations simulations{options};
  const Experiment& experiment = simulations.experiment();
  ResultsFolder folder{options.results.empty() ? fs::path{"results"} / experiment.name : fs::path{options.results}};
  simulations.write_into(folder.folder());
  const nlohmann::json stats = simulations.gather(simulate(simulations.jobs(), options.jobs, folder));
  folder.commit();
  if (!options.quiet) {
    fmt::print("{}{}{}\n\n{}", experiment.title, experiment.about.empty() ? "" : "\n", experiment.about, summary_table(stats["runs"]));
    if (interrupted()) fmt::print("\ninterrupted: these are the requests that were done by then\n");
    fmt::print("\nresults: {}/ (stats.json, requests.csv{}{})\n", folder.target().string(),
               options.timeline_requests ? ", timeline/ for https://ui.perfetto.dev" : "", options.waves ? ", waves/ for GTKWave" : "");
  }
  return interrupted() ? interrupted_status : 0;
}

}  // namespace ahcisim::program
