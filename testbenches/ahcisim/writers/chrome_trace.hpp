// SPDX-License-Identifier: MIT
// A timeline in the Trace Event format, which the Perfetto UI and chrome://tracing open: one row for each track.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ahcisim/models/kit/probe.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::program {

/// Collects spans and writes them at the end: viewers nest spans of a row by their times, so spans that overlap without one
/// holding the other (commands side by side in a drive) need rows of their own, and that shows only when all are known.
/// Memory grows with what is shown; whoever attaches it detaches it after so many requests.
class ChromeTrace final : public kit::ProbeSink {
 public:
  void state(const kit::StateProbe& probe, kit::Duration when, std::uint64_t value) override {
    changes_.push_back({when.ps(), &probe, value});
  }
  void span(const kit::Track& track, const char* what, kit::Duration begin, kit::Duration end, std::uint64_t request) override {
    spans_.push_back({&track, begin.ps(), end.ps(), what, request});
  }
  /// The stages of one request, drawn as spans within one from submission to completion. `what` must be a string literal.
  void request(const wire::RequestTag& tag, const char* what) { requests_.push_back({tag, what}); }
  /// Writes the file. Throws kit::ConfigError where it cannot be written.
  void write(const std::string& file, const std::string& title, const kit::ProbeRegistry& registry);

 private:
  struct Change {
    std::int64_t at;
    const kit::StateProbe* probe;
    std::uint64_t value;
  };
  struct Span {
    const kit::Track* track;
    std::int64_t begin, end;
    const char* what;
    std::uint64_t request;
  };
  struct ShownRequest {
    wire::RequestTag tag;
    const char* what;
  };
  std::string request_rows(int& next_row) const;
  std::string track_rows(const kit::Track* track, int& next_row) const;

  std::vector<Change> changes_;
  std::vector<Span> spans_;
  std::vector<ShownRequest> requests_;
};

}  // namespace ahcisim::program
