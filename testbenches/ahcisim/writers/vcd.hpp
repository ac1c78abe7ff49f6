// SPDX-License-Identifier: MIT
// Waves: the state probes of a machine as a value change dump (IEEE 1364, 18), with a GTKWave view beside it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ahcisim/models/kit/probe.hpp>

namespace ahcisim::program {

/// Collects changes and writes them in order of time at the end: probes look ahead by as much as reservations do.
class VcdWriter final : public kit::ProbeSink {
 public:
  explicit VcdWriter(const kit::ProbeRegistry& registry) : registry_{registry} {}
  void state(const kit::StateProbe& probe, kit::Duration when, std::uint64_t value) override {
    changes_.push_back({when.ps(), &probe, value});
  }
  void span(const kit::Track& track, const char* what, kit::Duration begin, kit::Duration end, std::uint64_t request) override {
    if (begin < end) busy_.push_back({begin.ps(), end.ps(), &track}), (void)what, (void)request;
  }
  /// Writes `base`.vcd and `base`.gtkw. Throws kit::ConfigError where a file cannot be written.
  void write(const std::string& base);

 private:
  struct Change {
    std::int64_t at;
    const void* signal;
    std::uint64_t value;
  };
  struct Busy {
    std::int64_t begin, end;
    const kit::Track* track;
  };
  struct Signal {
    const void* key;
    std::string name, code;
    unsigned bits;
  };
  std::vector<Signal> signals() const;
  std::vector<std::string> idle_blocks() const;
  void add_busy_signals();

  const kit::ProbeRegistry& registry_;
  std::vector<Change> changes_;
  std::vector<Busy> busy_;
};

}  // namespace ahcisim::program
