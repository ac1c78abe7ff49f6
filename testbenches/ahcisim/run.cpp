// SPDX-License-Identifier: MIT
// ahcisim run: an experiment's simulations side by side, their results gathered in one folder, the table.
#include <algorithm>
#include <fstream>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "point.hpp"
#include "progress.hpp"
#include "results.hpp"

namespace ahcisim::program {
namespace fs = std::filesystem;
namespace {

std::string nothing_chosen(const Experiment& experiment, const RunOptions& options) {
  std::string names;
  const auto add = [&](const std::string& name) { names += (names.empty() ? "" : ", ") + ("\"" + name + "\""); };
  for (const WorkloadSpec& workload : experiment.workloads) add(workload.name);
  for (const PointSpec& point : experiment.points) add(point.name);
  return fmt::format("{}: no point whose name has \"{}\" of a workload whose name has \"{}\" in it; there are {}", experiment.file,
                     options.only, options.workload, names);
}

std::vector<PointJob> jobs_of(const Experiment& experiment, const RunOptions& options) {
  const std::vector<Setting> overrides = command_line_settings(options.settings);
  std::vector<PointJob> jobs;
  for (const WorkloadSpec& workload : experiment.workloads)
    for (const PointSpec& point : experiment.points) {
      if (point.name.find(options.only) == std::string::npos || workload.name.find(options.workload) == std::string::npos) continue;
      PointJob job;
      job.workload = workload.name;
      job.point = point.name;
      job.seed = experiment.seed;
      job.inputs = experiment.folder;
      job.settings = experiment.settings;
      for (Setting setting : workload.settings) {
        setting.key = "workload." + setting.key;
        job.settings.push_back(std::move(setting));
      }
      job.settings.insert(job.settings.end(), point.settings.begin(), point.settings.end());
      job.settings.insert(job.settings.end(), overrides.begin(), overrides.end());
      job.watched_requests = options.timeline_requests;
      jobs.push_back(std::move(job));
    }
  if (jobs.empty()) throw kit::ConfigError{nothing_chosen(experiment, options)};
  return jobs;
}

void name_files(std::vector<PointJob>& jobs, const fs::path& folder, const RunOptions& options) {
  make_folder(folder / "parts");
  if (options.timeline_requests > 0) make_folder(folder / "timeline");
  if (options.waves) make_folder(folder / "waves");
  std::set<std::string> taken;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    PointJob& job = jobs[i];
    std::string base = slug(job.workload + " " + job.point);
    while (!taken.insert(base).second) base += fmt::format("-{}", i + 1);
    job.stats = folder / "parts" / fmt::format("{}.json", i);
    job.requests = folder / "parts" / fmt::format("{}.csv", i);
    if (options.timeline_requests > 0) job.timeline = (folder / "timeline" / (base + ".json")).string();
    if (options.waves) job.waves = (folder / "waves" / base).string();
  }
}

/// Appends each simulation's requests to one file, the header once, and removes the parts.
void gather_requests(const std::vector<PointJob>& jobs, const fs::path& file) {
  std::ofstream out{file, std::ios::binary};
  bool header_done = false;
  for (const PointJob& job : jobs) {
    std::ifstream in{job.requests, std::ios::binary};
    std::string header;
    if (!std::getline(in, header)) continue;
    if (!header_done) out << header << '\n';
    header_done = true;
    if (in.peek() != std::ifstream::traits_type::eof()) out << in.rdbuf();
    in.close();
    std::error_code ignored;
    fs::remove(job.requests, ignored);  // at most one part is on the disk twice
  }
  if (!out.flush()) throw kit::ConfigError{file.string() + ": cannot be written; make room, or choose another folder with --results"};
}

nlohmann::json gather_stats(const Experiment& experiment, const std::vector<PointJob>& jobs, const std::vector<JobResult>& results) {
  nlohmann::json runs = nlohmann::json::array();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    std::ifstream in{jobs[i].stats};
    if (!in) continue;  // interrupted before it had anything
    runs.push_back(nlohmann::json::parse(in));
    if (results[i].interrupted) runs.back()["interrupted"] = true;
  }
  return {{"experiment", experiment.name}, {"title", experiment.title}, {"about", experiment.about}, {"seed", experiment.seed},
          {"interrupted", interrupted()}, {"keys", run_keys()}, {"runs", std::move(runs)}};
}

/// An error of a simulation names the folder that the user chose, not the one that was written aside.
std::string in_target(std::string text, const ResultsFolder& folder) {
  const std::string aside = folder.folder().string();
  for (std::size_t at; (at = text.find(aside)) != std::string::npos;) text.replace(at, aside.size(), folder.target().string());
  return text;
}

void check_options(const RunOptions& options) {
  if (options.waves && options.timeline_requests == 0)
    throw kit::ConfigError{"--waves: shows as many requests as --timeline says, which is 0; give --timeline 200"};
}

}  // namespace

int run_command(const RunOptions& options) {
  check_options(options);
  const Experiment experiment = read_experiment(find_experiment(options.experiment));
  std::vector<PointJob> jobs = jobs_of(experiment, options);
  for (const PointJob& job : jobs) check_point(job);
  ResultsFolder folder{options.results.empty() ? fs::path{"results"} / experiment.name : fs::path{options.results}};
  name_files(jobs, folder.folder(), options);

  std::vector<std::string> names;
  for (const PointJob& job : jobs) names.push_back(job.workload + ", " + job.point);
  std::vector<JobResult> results;
  {
    ProgressBar bar{names};
    const unsigned cores = options.jobs ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
    Sweep sweep{jobs.size(), cores};
    results = sweep.run([&](std::size_t i, Progress& progress) { return run_point(jobs[i], progress); },
                        [&](const auto& progress, const auto& states) { bar.show(progress, states); });
  }
  for (const JobResult& result : results)
    if (!result.ok && !result.error.empty()) throw kit::ConfigError{in_target(result.error, folder)};

  const nlohmann::json stats = gather_stats(experiment, jobs, results);
  gather_requests(jobs, folder.folder() / "requests.csv");
  std::error_code ignored;
  fs::remove_all(folder.folder() / "parts", ignored);
  write_file(folder.folder() / "stats.json", stats.dump(1) + "\n");
  const std::string table = summary_table(stats["runs"]);
  write_file(folder.folder() / "summary.txt", table);
  folder.commit();
  if (!options.quiet) {
    fmt::print("{}{}{}\n\n{}", experiment.title, experiment.about.empty() ? "" : "\n", experiment.about, table);
    if (interrupted()) fmt::print("\ninterrupted: these are the requests that were done by then\n");
    fmt::print("\nresults: {}/ (stats.json, requests.csv{}{})\n", folder.target().string(),
               options.timeline_requests ? ", timeline/ for https://ui.perfetto.dev" : "", options.waves ? ", waves/ for GTKWave" : "");
  }
  return interrupted() ? interrupted_status : 0;
}

}  // namespace ahcisim::program
