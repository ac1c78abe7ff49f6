// SPDX-License-Identifier: MIT
// The progress bar: simulated time, requests and the estimated end, on a terminal only.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "sweep.hpp"

namespace ahcisim::program {

class ProgressBar {
 public:
  explicit ProgressBar(std::vector<std::string> names);
  ~ProgressBar();
  void show(const std::vector<const Progress*>& progress, const std::vector<int>& states);

 private:
  std::string line(const std::vector<const Progress*>& progress, const std::vector<int>& states) const;

  std::vector<std::string> names_;
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_, last_;
};

}  // namespace ahcisim::program
