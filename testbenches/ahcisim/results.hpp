// SPDX-License-Identifier: MIT
// The results folder: written aside and moved into place when all is done, so that nothing half-written is left behind.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace ahcisim::program {

class ResultsFolder {
 public:
  /// Prepares a folder beside `target`. Throws kit::ConfigError where it cannot be written, or where `target` exists and holds
  /// anything that ahcisim did not write: a run replaces its earlier results, never somebody's files.
  /// `parts` are the results folders that it may hold, by name, beside a report.html over them.
  explicit ResultsFolder(std::filesystem::path target, const std::vector<std::string>& parts = {});
  ResultsFolder(const ResultsFolder&) = delete;
  ResultsFolder& operator=(const ResultsFolder&) = delete;
  /// Removes what was not committed.
  ~ResultsFolder();
  /// Where to write for now.
  const std::filesystem::path& folder() const { return working_; }
  const std::filesystem::path& target() const { return target_; }
  /// Replaces the target by what was written.
  void commit();

 private:
  void take_back() noexcept;

  std::filesystem::path target_, working_, first_new_parent_;
  bool committed_ = false;
};

/// A file-name-safe form of a name: "random 4 KiB, QD 32" becomes "random-4-kib-qd-32".
std::string slug(const std::string& name);

/// Writes a text file whole. Throws kit::ConfigError.
void write_file(const std::filesystem::path& file, const std::string& content);

/// Makes a folder and those above it. Throws kit::ConfigError.
void make_folder(const std::filesystem::path& folder);

/// The table printed after a run: one row for each simulation, with the gain over the first point of its workload.
std::string summary_table(const nlohmann::json& runs);

}  // namespace ahcisim::program
