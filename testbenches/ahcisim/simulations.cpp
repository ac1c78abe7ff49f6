// SPDX-License-Identifier: MIT
// From an experiment to its jobs, and from their parts to its results.
#include "simulations.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "progress.hpp"

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

std::string in_target(std::string text, const ResultsFolder& folder) {
  const std::string aside = folder.folder().string();
  for (std::size_t at; (at = text.find(aside)) != std::string::npos;) text.replace(at, aside.size(), folder.target().string());
  return text;
}

}  // namespace

Simulations::Simulations(const RunOptions& options)
    : options_{options}, experiment_{read_experiment(find_experiment(options.experiment))}, jobs_{jobs_of(experiment_, options)} {
  for (const PointJob& job : jobs_) check_point(job);
}

void Simulations::write_into(const fs::path& folder) {
  folder_ = folder;
  make_folder(folder / "parts");
  if (options_.timeline_requests > 0) make_folder(folder / "timeline");
  if (options_.waves) make_folder(folder / "waves");
  std::set<std::string> taken;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    PointJob& job = jobs_[i];
    std::string base = slug(job.workload + " " + job.point);
    while (!taken.insert(base).second) base += fmt::format("-{}", i + 1);
    job.stats = folder / "parts" / fmt::format("{}.json", i);
    job.requests = folder / "parts" / fmt::format("{}.csv", i);
    if (options_.timeline_requests > 0) job.timeline = (folder / "timeline" / (base + ".json")).string();
    if (options_.waves) job.waves = (folder / "waves" / base).string();
  }
}

/// Appends each simulation's requests to one file, the header once, and removes the parts.
void Simulations::gather_requests() const {
  const fs::path file = folder_ / "requests.csv";
  std::ofstream out{file, std::ios::binary};
  bool header_done = false;
  for (const PointJob& job : jobs_) {
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

nlohmann::json Simulations::gather(const std::vector<JobResult>& results) const {
  nlohmann::json runs = nlohmann::json::array();
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    std::ifstream in{jobs_[i].stats};
    if (!in) continue;  // interrupted before it had anything
    runs.push_back(nlohmann::json::parse(in));
    if (results[i].interrupted) runs.back()["interrupted"] = true;
  }
  nlohmann::json stats{{"experiment", experiment_.name}, {"title", experiment_.title}, {"about", experiment_.about},
                       {"seed", experiment_.seed}, {"interrupted", interrupted()}, {"keys", run_keys()}, {"runs", std::move(runs)}};
  gather_requests();
  std::error_code ignored;
  fs::remove_all(folder_ / "parts", ignored);
  write_file(folder_ / "stats.json", stats.dump(1) + "\n");
  write_file(folder_ / "summary.txt", summary_table(stats["runs"]));
  return stats;
}

std::vector<JobResult> simulate(const std::vector<PointJob>& jobs, unsigned at_once, const ResultsFolder& folder) {
  std::vector<std::string> names;
  for (const PointJob& job : jobs) names.push_back(job.workload + ", " + job.point);
  std::vector<JobResult> results;
  {
    ProgressBar bar{names};
    Sweep sweep{jobs.size(), at_once ? at_once : std::max(1u, std::thread::hardware_concurrency())};
    results = sweep.run([&](std::size_t i, Progress& progress) { return run_point(jobs[i], progress); },
                        [&](const auto& progress, const auto& states) { bar.show(progress, states); });
  }
  for (const JobResult& result : results)
    if (!result.ok && !result.error.empty()) throw kit::ConfigError{in_target(result.error, folder)};
  return results;
}

}  // namespace ahcisim::program
