// SPDX-License-Identifier: MIT
// The results folder and the summary table.
#include "results.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <unistd.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::program {
namespace fs = std::filesystem;

ResultsFolder::ResultsFolder(fs::path target) : target_{std::move(target)} {
  if (target_.filename().empty()) target_ = target_.parent_path();
  std::error_code error;
  if (fs::exists(target_, error) && !(fs::is_directory(target_, error) && (fs::is_empty(target_, error) || fs::exists(target_ / "stats.json"))))
    throw kit::ConfigError{fmt::format("{}: exists and is not a results folder; choose another with --results", target_.string())};
  working_ = target_;
  working_ += fmt::format(".partial-{}", getpid());
  fs::create_directories(working_, error);
  if (error) throw kit::ConfigError{fmt::format("{}: cannot be written ({}); choose another folder with --results", target_.string(), error.message())};
}

ResultsFolder::~ResultsFolder() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(working_, ignored);
}

void ResultsFolder::commit() {
  std::error_code error;
  fs::remove_all(target_, error);
  fs::rename(working_, target_, error);
  if (error) throw kit::ConfigError{fmt::format("{}: cannot be written ({}); choose another folder with --results", target_.string(), error.message())};
  committed_ = true;
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
  std::ofstream out{file, std::ios::binary};
  out << content;
  if (!out.flush()) throw kit::ConfigError{file.string() + ": cannot be written; is the disk full?"};
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

std::string summary_table(const nlohmann::json& runs) {
  std::vector<std::vector<std::string>> rows;
  std::map<std::string, double> first_iops;
  std::string workload;
  for (const auto& run : runs) {
    if (run["workload"] != workload || rows.empty()) {
      if (!rows.empty()) rows.push_back({""});
      workload = run["workload"];
      rows.push_back({fmt::format("{}: {}", workload, run.value("description", ""))});
      rows.push_back({"", "requests", "IOPS", "gain", "MB/s", "mean", "p50", "p95", "p99", "max", "seek", "rotation"});
    }
    const double iops = run["iops"];
    const double base = first_iops.try_emplace(workload, iops).first->second;
    const auto& latency = run["latency_ps"];
    const auto per_request = [&](const char* key) { return run.contains(key) && run[key] > 0 ? time_text(run[key]) : std::string{"–"}; };
    rows.push_back({"  " + run["point"].get<std::string>() + (run.value("interrupted", false) ? " (interrupted)" : ""),
                    std::to_string(run["requests"].get<std::uint64_t>()), fmt::format("{:.{}f}", iops, iops < 1000 ? 1 : 0),
                    base > 0 ? fmt::format("{:.2f}×", iops / base) : "–", fmt::format("{:.1f}", run["throughput_MBps"].get<double>()),
                    time_text(latency["mean"]), time_text(latency["p50"]), time_text(latency["p95"]), time_text(latency["p99"]),
                    time_text(latency["max"]), per_request("seek_ps_per_request"), per_request("rotation_ps_per_request")});
  }
  return layout(rows);
}

}  // namespace ahcisim::program
