// SPDX-License-Identifier: MIT
// The results folder and the summary table.
#include "results.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <regex>

#include <fmt/format.h>
#include <unistd.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::program {
namespace fs = std::filesystem;

namespace {

/// What a run, or scripts/plot after it, leaves in a results folder.
bool is_ours(const fs::path& entry) {
  const std::string name = entry.filename().string();
  return name == "stats.json" || name == "requests.csv" || name == "summary.txt" || name == "timeline" || name == "waves" ||
         entry.stem() == "picture";
}

[[noreturn]] void cannot_write(const fs::path& target, const std::error_code& error) {
  throw kit::ConfigError{fmt::format("{}: cannot be written ({}); choose another folder with --results", target.string(), error.message())};
}

/// A results folder within a report's, or the page itself.
bool is_part(const fs::path& entry, const std::vector<std::string>& parts) {
  if (parts.empty()) return false;
  const std::string name = entry.filename().string();
  std::error_code error;
  if (std::find(parts.begin(), parts.end(), name) == parts.end()) return name == "report.html";
  if (!fs::is_directory(fs::symlink_status(entry, error))) return false;
  const fs::directory_iterator entries{entry, error};
  return !error && std::all_of(begin(entries), end(entries), [](const auto& inner) { return is_ours(inner.path()); });
}

void check_replaceable(const fs::path& target, const std::vector<std::string>& parts) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(target, error))) return;
  if (!fs::is_directory(target, error))
    throw kit::ConfigError{fmt::format("{}: exists and is no folder; choose another with --results", target.string())};
  for (const auto& entry : fs::directory_iterator{target, error})
    if (!is_ours(entry.path()) && !is_part(entry.path(), parts))
      throw kit::ConfigError{fmt::format("{}: holds \"{}\", which is no result of ahcisim; choose another folder with --results",
                                         target.string(), entry.path().filename().string())};
  if (error) cannot_write(target, error);
}

}  // namespace

ResultsFolder::ResultsFolder(fs::path target, const std::vector<std::string>& parts) : target_{std::move(target)} {
  if (target_.filename().empty() || target_.filename() == "." || target_.filename() == "..") {
    std::error_code error;
    target_ = fs::weakly_canonical(target_, error);
    if (target_.filename().empty()) target_ = target_.parent_path();
  }
  check_replaceable(target_, parts);
  std::error_code error;
  for (fs::path parent = target_.parent_path(); !parent.empty() && !fs::exists(parent, error); parent = parent.parent_path())
    first_new_parent_ = parent;
  working_ = target_;
  working_ += fmt::format(".partial-{}", getpid());
  fs::create_directories(working_, error);
  if (error) {
    take_back();
    cannot_write(target_, error);
  }
}

ResultsFolder::~ResultsFolder() {
  if (!committed_) take_back();
}

void ResultsFolder::take_back() noexcept {
  std::error_code ignored;
  fs::remove_all(working_, ignored);
  if (first_new_parent_.empty()) return;
  for (fs::path parent = target_.parent_path(); fs::remove(parent, ignored) && parent != first_new_parent_;)  // only if empty
    parent = parent.parent_path();
}

void ResultsFolder::commit() {
  std::error_code error;
  fs::path old = working_;
  old += ".old";
  if (fs::exists(target_, error)) fs::rename(target_, old, error);
  if (!error) fs::rename(working_, target_, error);
  if (error) {
    std::error_code ignored;
    if (fs::exists(old, ignored)) fs::rename(old, target_, ignored);
    cannot_write(target_, error);
  }
  committed_ = true;
  fs::remove_all(old, error);
}

std::string slug(const std::string& name) {
  std::string safe;
  for (const char letter : name) {
    if (std::isalnum(static_cast<unsigned char>(letter))) safe += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    else if (!safe.empty() && safe.back() != '-') safe += '-';
  }
  while (!safe.empty() && safe.back() == '-') safe.pop_back();
  return safe.empty() ? "run" : safe;
}

void write_file(const fs::path& file, const std::string& content) {
  errno = 0;
  std::ofstream out{file, std::ios::binary};
  out << content;
  if (!out.flush())
    throw kit::ConfigError{fmt::format("{}: cannot be written ({}); make room, or choose another folder with --results", file.string(),
                                       std::strerror(errno))};
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) cannot_write(folder, error);
}

namespace {

/// Three significant digits of a time given in picoseconds.
std::string time_text(double ps) {
  static constexpr std::pair<double, const char*> units[] = {{1e12, "s"}, {1e9, "ms"}, {1e6, "µs"}, {1e3, "ns"}};
  for (const auto& [factor, unit] : units)
    if (ps >= factor * 0.9995) {
      const double value = ps / factor;
      return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, unit);
    }
  return ps > 0 ? fmt::format("{:.0f} ps", ps) : "–";
}

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string layout(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      if (row.size() > 1) widths[i] = std::max(widths[i], width_of(row[i]));
    }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string pad(row.size() > 1 && widths[i] > width_of(row[i]) ? widths[i] - width_of(row[i]) : 0, ' ');
      text += i == 0 ? row[i] + pad : "  " + pad + row[i];
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    text += '\n';
  }
  return text;
}

}  // namespace

namespace {

/// A workload in words. Its queue depth is left out where the points differ in it: their names tell.
std::string heading(const nlohmann::json& runs, const std::string& workload) {
  std::string text;
  bool differ = false;
  for (const auto& run : runs) {
    if (run["workload"] != workload) continue;
    const std::string description = run.value("description", "");
    differ = differ || (!text.empty() && text != description);
    if (text.empty()) text = description;
  }
  static const std::regex depth{", iodepth=[0-9]+"};
  return workload + ": " + (differ ? std::regex_replace(text, depth, "") : text);
}

}  // namespace

namespace {

/// What the power cuts of a run showed, in a few words.
std::string durability_text(const nlohmann::json& verdict) {
  const std::uint64_t cuts = verdict["cuts"];
  // What is out of order is lost, too.
  for (const auto& [key, words] : {std::pair{"losses", "lose stable data"}, std::pair{"foreign", "leave foreign data"}})
    if (const std::uint64_t count = verdict[key]) return fmt::format("{} of {} {}", count, cuts, words);
  return fmt::format("none of {} breaks a promise", cuts);
}

}  // namespace

std::string summary_table(const nlohmann::json& runs) {
  std::vector<std::vector<std::string>> rows;
  std::map<std::string, double> first_iops;
  std::string workload;
  for (const auto& run : runs) {
    if (run["workload"] != workload || rows.empty()) {
      if (!rows.empty()) rows.push_back({""});
      workload = run["workload"];
      rows.push_back({heading(runs, workload)});
      rows.push_back({"", "requests", "IOPS", "gain", "MB/s", "mean", "p50", "p95", "p99", "max", "seek", "rotation"});
      if (run.contains("durability")) rows.back().push_back("power cuts");
    }
    const double iops = run["iops"];
    const double base = first_iops.try_emplace(workload, iops).first->second;
    const auto& latency = run["latency_ps"];
    const auto per_request = [&](const char* key) { return run.contains(key) && run[key] > 0 ? time_text(run[key]) : std::string{"–"}; };
    const auto errors = run["errors"].get<std::uint64_t>();
    rows.push_back({"  " + run["point"].get<std::string>() + (errors ? fmt::format(" ({} failed)", errors) : "") +
                        (run.value("interrupted", false) ? " (interrupted)" : ""),
                    std::to_string(run["requests"].get<std::uint64_t>()), fmt::format("{:.{}f}", iops, iops < 1000 ? 1 : 0),
                    base > 0 ? fmt::format("{:.2f}×", iops / base) : "–", fmt::format("{:.1f}", run["throughput_MBps"].get<double>()),
                    time_text(latency["mean"]), time_text(latency["p50"]), time_text(latency["p95"]), time_text(latency["p99"]),
                    time_text(latency["max"]), per_request("seek_ps_per_request"), per_request("rotation_ps_per_request")});
    if (run.contains("durability")) rows.back().push_back(durability_text(run["durability"]));
  }
  return layout(rows);
}

}  // namespace ahcisim::program
