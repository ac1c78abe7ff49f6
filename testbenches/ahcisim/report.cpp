// SPDX-License-Identifier: MIT
// ahcisim report: every experiment that tells of the interfaces, their simulations side by side, and one page of it all.
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "simulations.hpp"

namespace ahcisim::program {
namespace fs = std::filesystem;
namespace {

/// The experiments of the page, in its order.
const std::vector<std::string>& report_experiments() {
  static const std::vector<std::string> names{"communication", "multiple_requests", "speed", "device_access", "cache_policy",
                                              "qemu_counts", "qemu"};
  return names;
}

std::vector<std::string> chosen(const std::vector<std::string>& only) {
  const std::vector<std::string>& known = report_experiments();
  for (const std::string& name : only)
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const std::string hint = kit::nearest(name, known);
      throw kit::ConfigError{fmt::format("--only {}: is no experiment of the report{}; there are {}", name,
                                         hint.empty() ? "" : fmt::format("; did you mean \"{}\"?", hint), fmt::join(known, ", "))};
    }
  std::vector<std::string> names;
  for (const std::string& name : known)
    if (only.empty() || std::find(only.begin(), only.end(), name) != only.end()) names.push_back(name);
  return names;
}

/// The page generator: installed with this program, wherever it was moved to, or in the source tree it was built from.
fs::path page_generator() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  fs::path installed = (program.parent_path() / AHCISIM_REPORT_FROM_PROGRAM).lexically_normal();
  if (!error && fs::exists(installed, error)) return installed;
  if (fs::path source{AHCISIM_SOURCE_REPORT}; fs::exists(source, error)) return source;
  throw kit::ConfigError{fmt::format("{}: the page generator is missing; install ahcisim again", installed.string())};
}

std::string quoted(const std::string& text) {
  std::string safe = "'";
  for (const char letter : text) safe += letter == '\'' ? std::string{"'\\''"} : std::string{letter};
  return safe + "'";
}

/// Runs the generator; false: the user interrupted it. Throws kit::ConfigError with what it said: one line, with the remedy.
bool generate(const std::vector<std::string>& arguments) {
  std::string command = quoted(page_generator().string());
  for (const std::string& argument : arguments) command += ' ' + quoted(argument);
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) throw kit::ConfigError{"cannot start the page generator: no process can be started; end others"};
  std::string said;
  char part[512];
  while (const std::size_t got = std::fread(part, 1, sizeof part, pipe)) said.append(part, got);
  const int status = pclose(pipe);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  if (interrupted() && (WIFSIGNALED(status) || WEXITSTATUS(status) > 128)) return false;  // > 128: so the shell tells of a signal
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127))  // it found no interpreter
    throw kit::ConfigError{"the page needs /usr/bin/python3 with Jinja2; install the packages python3 and python3-jinja2"};
  while (!said.empty() && said.back() == '\n') said.pop_back();
  said.erase(0, said.rfind('\n') + 1);
  if (said.rfind("report: ", 0) == 0) said.erase(0, 8);  // it names itself, as this program does
  throw kit::ConfigError{said.empty() ? "the page generator ended without a word" : said};
}

std::vector<Simulations> simulations_of(const ReportOptions& options) {
  std::vector<Simulations> all;
  for (const std::string& name : chosen(options.only)) {
    RunOptions run;
    run.experiment = name;
    run.settings = options.settings;
    run.timeline_requests = 0;
    all.emplace_back(run);
  }
  return all;
}

/// Gathers each experiment's part of the results; returns the folders of those in which a request was done.
std::vector<std::string> gather(const std::vector<Simulations>& all, const std::vector<JobResult>& results) {
  std::vector<std::string> folders;
  auto from = results.begin();
  for (const Simulations& simulations : all) {
    const auto to = from + static_cast<std::ptrdiff_t>(simulations.jobs().size());
    const nlohmann::json runs = simulations.gather({from, to})["runs"];
    if (std::any_of(runs.begin(), runs.end(), [](const auto& run) { return run["requests"] > 0; })) folders.push_back(simulations.folder().string());
    from = to;
  }
  return folders;
}

}  // namespace

int report_command(const ReportOptions& options) {
  if (!generate({"--check"})) return interrupted_status;  // asked before minutes are spent
  std::vector<Simulations> all = simulations_of(options);
  ResultsFolder folder{options.results.empty() ? fs::path{"results"} / "report" : fs::path{options.results}, report_experiments()};
  std::vector<PointJob> jobs;
  for (Simulations& simulations : all) {
    simulations.write_into(folder.folder() / simulations.experiment().name);
    jobs.insert(jobs.end(), simulations.jobs().begin(), simulations.jobs().end());
  }
  std::vector<std::string> arguments = gather(all, simulate(jobs, options.jobs, folder));
  if (arguments.empty()) return interrupted_status;  // it was interrupted before anything was done
  arguments.insert(arguments.end(), {"--output", (folder.folder() / "report.html").string()});
  if (!generate(arguments)) return interrupted_status;
  folder.commit();
  fmt::print("{} simulations of {} experiments{}\n", jobs.size(), all.size(), interrupted() ? ", interrupted: the page shows what was done by then" : "");
  fmt::print("results: {}/ (a folder for each experiment)\npage: {}\n", folder.target().string(), (folder.target() / "report.html").string());
  return interrupted() ? interrupted_status : 0;
}

}  // namespace ahcisim::program
