// SPDX-License-Identifier: MIT
// Probes: what a block declares for those who look from outside. A state has a value that changes; a track carries spans
// (begin, end, request). Writers (VCD, Chrome trace) attach as sinks; without one a probe costs a null check.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::kit {

class StateProbe;
class Track;

/// Receives what probes show. Times may arrive out of order by as much as a reservation reaches ahead.
class ProbeSink {
 public:
  virtual void state(const StateProbe& probe, Duration when, std::uint64_t value) = 0;
  /// `what` must be a string literal or outlive the sink.
  virtual void span(const Track& track, const char* what, Duration begin, Duration end, std::uint64_t request) = 0;

 protected:
  ~ProbeSink() = default;
};

/// All probes of a machine, in order of construction.
class ProbeRegistry {
 public:
  ProbeRegistry() = default;
  ProbeRegistry(const ProbeRegistry&) = delete;
  ProbeRegistry& operator=(const ProbeRegistry&) = delete;
  /// Shows everything, from now on, to `sink` too.
  void attach(ProbeSink& sink) { sinks_.push_back(&sink); }
  /// Shows `sink` nothing more. Not to be called from within a sink's own functions.
  void detach(ProbeSink& sink) { sinks_.erase(std::remove(sinks_.begin(), sinks_.end(), &sink), sinks_.end()); }
  bool watched() const { return !sinks_.empty(); }
  const std::vector<const StateProbe*>& states() const { return states_; }
  const std::vector<const Track*>& tracks() const { return tracks_; }

 private:
  friend class StateProbe;
  friend class Track;
  std::vector<ProbeSink*> sinks_;
  std::vector<const StateProbe*> states_;
  std::vector<const Track*> tracks_;
};

/// A state with a width in bits and, where it is an enumeration, its words.
class StateProbe {
 public:
  StateProbe(ProbeRegistry& registry, std::string name, unsigned bits, std::vector<std::string> words = {})
      : registry_{registry}, name_{std::move(name)}, bits_{bits}, words_{std::move(words)} {
    registry.states_.push_back(this);
  }
  StateProbe(const StateProbe&) = delete;
  StateProbe& operator=(const StateProbe&) = delete;
  void set(Duration when, std::uint64_t value) {
    if (registry_.watched()) tell(when, value);
  }
  const std::string& name() const { return name_; }
  unsigned bits() const { return bits_; }
  const std::vector<std::string>& words() const { return words_; }

 private:
  [[gnu::cold]] void tell(Duration when, std::uint64_t value) const {
    for (ProbeSink* sink : registry_.sinks_) sink->state(*this, when, value);
  }
  ProbeRegistry& registry_;
  std::string name_;
  unsigned bits_;
  std::vector<std::string> words_;
};

/// A row of the timeline.
class Track {
 public:
  Track(ProbeRegistry& registry, std::string name) : registry_{registry}, name_{std::move(name)} {
    registry.tracks_.push_back(this);
  }
  Track(const Track&) = delete;
  Track& operator=(const Track&) = delete;
  void span(const char* what, Duration begin, Duration end, std::uint64_t request = 0) {
    if (registry_.watched()) tell(what, begin, end, request);
  }
  bool watched() const { return registry_.watched(); }
  const std::string& name() const { return name_; }

 private:
  [[gnu::cold]] void tell(const char* what, Duration begin, Duration end, std::uint64_t request) const {
    for (ProbeSink* sink : registry_.sinks_) sink->span(*this, what, begin, end, request);
  }
  ProbeRegistry& registry_;
  std::string name_;
};

}  // namespace ahcisim::kit
