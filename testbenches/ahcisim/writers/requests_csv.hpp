// SPDX-License-Identifier: MIT
// requests.csv: one row for each request with the account of its stages; and the requests of the timeline.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <ahcisim/models/host/pump.hpp>

#include "chrome_trace.hpp"

namespace ahcisim::program {

class RequestsCsv final : public host::RequestObserver {
 public:
  /// Throws kit::ConfigError where the file cannot be written. `workload` and `point` are repeated in every row.
  RequestsCsv(const std::string& file, const std::string& workload, const std::string& point);
  void completed(const host::Request& request, const wire::RequestTag& tag) override;
  /// Throws kit::ConfigError where something could not be written.
  void close();

 private:
  std::string name_, prefix_;
  std::vector<char> buffer_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

/// Hands the requests to a timeline.
class TimelineRequests final : public host::RequestObserver {
 public:
  explicit TimelineRequests(ChromeTrace& timeline) : timeline_{timeline} {}
  void completed(const host::Request& request, const wire::RequestTag& tag) override { timeline_.request(tag, name_of(request.op)); }

 private:
  ChromeTrace& timeline_;
};

}  // namespace ahcisim::program
