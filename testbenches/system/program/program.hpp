// SPDX-License-Identifier: MIT
// Runs the ahcisim command as a user does: in a folder of its own, with its output and exit status looked at.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace ahcisim {

namespace fs = std::filesystem;

inline std::string text_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Cells of a row without quoted commas.
inline std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in{line};
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  if (!line.empty() && line.back() == ',') cells.emplace_back();
  return cells;
}

struct Outcome {
  int status = -1;  ///< exit status, or 1000 + the signal that ended it
  std::string out, err;
};

class Program : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ahcisim-program-XXXXXX";
    folder_ = mkdtemp(name);
    if (!fs::exists(binary())) GTEST_SKIP() << binary() << " is not built: ninja ahcisim";
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string binary() { return std::string{AHCISIM_BINARY_DIR} + "/testbenches/ahcisim/ahcisim"; }
  const fs::path& folder() const { return folder_; }
  void write(const std::string& file, const std::string& content) const { std::ofstream{folder_ / file, std::ios::binary} << content; }

  /// Starts the command in the test's folder, in a process group of its own; `before` runs in the child.
  pid_t start(std::vector<std::string> arguments, const std::function<void()>& before = {}) const {
    arguments.insert(arguments.begin(), binary());
    std::vector<char*> raw;
    for (std::string& argument : arguments) raw.push_back(argument.data());
    raw.push_back(nullptr);
    const pid_t pid = fork();
    if (pid != 0) return pid;
    setpgid(0, 0);
    if (chdir(folder_.c_str()) != 0) _exit(97);
    if (!std::freopen((folder_.string() + ".out").c_str(), "w", stdout) || !std::freopen((folder_.string() + ".err").c_str(), "w", stderr)) _exit(99);
    if (before) before();
    execv(raw[0], raw.data());
    _exit(98);
  }
  Outcome wait_for(pid_t pid) const {
    int status = 0;
    waitpid(pid, &status, 0);
    Outcome outcome;
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    outcome.out = text_of(folder_.string() + ".out");
    outcome.err = text_of(folder_.string() + ".err");
    fs::remove(folder_.string() + ".out");
    fs::remove(folder_.string() + ".err");
    return outcome;
  }
  Outcome run(std::vector<std::string> arguments, const std::function<void()>& before = {}) const {
    return wait_for(start(std::move(arguments), before));
  }

  /// A small experiment: a few requests of a pattern on a drive without mechanics. `more` goes into the workload.
  static std::string experiment(const std::string& more = "", const std::string& drive = "instant") {
    return "[machine]\ndrive = \"" + drive + "\"\n[host.probe]\nfast_probe = true\n[[workload]]\nname = \"reads\"\nrequests = 300\ndepth = 8\n" + more + "\n";
  }

  /// Waits until a simulation of a run into `results` has written its first requests: it is at work.
  void wait_for_requests(const std::string& results) const {
    const auto written = [&] {
      std::error_code gone;  // folders come and go meanwhile
      for (const std::string& name : entries()) {
        if (name.rfind(results + ".partial", 0) != 0) continue;
        for (fs::recursive_directory_iterator at{folder_ / name, gone}, end; !gone && at != end; at.increment(gone))
          if (at->path().extension() == ".csv" && fs::file_size(at->path(), gone) > 0 && !gone) return true;
      }
      return false;
    };
    for (int tries = 0; tries < 1200 && !written(); ++tries) usleep(50'000);
  }

  /// Every entry of the test's folder, by name.
  std::vector<std::string> entries() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{folder_}) names.push_back(entry.path().filename().string());
    return names;
  }

  /// The arguments are refused: status 2, one line that has all of `words` in it, and nothing left behind.
  void refused(const std::vector<std::string>& arguments, const std::vector<std::string>& words, const std::function<void()>& before = {}) const {
    const std::size_t had = entries().size();
    const Outcome outcome = run(arguments, before);
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    for (const std::string& word : words) EXPECT_NE(outcome.err.find(word), std::string::npos) << "no \"" << word << "\" in: " << outcome.err;
    EXPECT_EQ(entries().size(), had) << "something was left behind, such as " << (entries().empty() ? "" : entries().back());
  }
  /// The same for an experiment written by the test.
  void refused_experiment(const std::string& content, const std::vector<std::string>& words, std::vector<std::string> more = {}) const {
    write("e.toml", content);
    more.insert(more.begin(), {"run", "e.toml"});
    refused(more, words);
  }

 private:
  fs::path folder_;
};

}  // namespace ahcisim
