// SPDX-License-Identifier: MIT
// A timeline in the Trace Event format, which the Perfetto UI and chrome://tracing open: one row for each track.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>

#include <ahcisim/models/kit/probe.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::program {

class ChromeTrace final : public kit::ProbeSink {
 public:
  /// Throws kit::ConfigError where the file cannot be written.
  ChromeTrace(const std::string& file, const std::string& title);
  ChromeTrace(const ChromeTrace&) = delete;
  ChromeTrace& operator=(const ChromeTrace&) = delete;
  ~ChromeTrace();

  void state(const kit::StateProbe& probe, kit::Duration when, std::uint64_t value) override;
  void span(const kit::Track& track, const char* what, kit::Duration begin, kit::Duration end, std::uint64_t request) override;
  /// The stages of one request as nested spans on a row of its own kind ("requests in flight", one row a slot).
  void request(const wire::RequestTag& tag, const char* what, unsigned row);

 private:
  int row_of(const void* track, const std::string& name);
  void event(char phase, int row, const std::string& name, std::int64_t begin_ps, std::int64_t length_ps, std::uint64_t request);

  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::unordered_map<const void*, int> rows_;
  std::unordered_map<std::uint64_t, int> request_rows_;
  int next_row_ = 1;
  bool first_ = true;
};

}  // namespace ahcisim::program
