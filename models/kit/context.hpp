// SPDX-License-Identifier: MIT
// What the blocks of one machine share: the calendar, the probes, the statistics, the checker's diagnostics and the seed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ahcisim/models/kit/calendar.hpp>
#include <ahcisim/models/kit/probe.hpp>
#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::kit {

/// Findings about illegal guest behaviour or protocol violations: never fatal, never silent. One entry for each place and
/// rule, with a count.
class Diagnostics {
 public:
  struct Finding {
    std::string place;  ///< the block's name: "ahci.port0"
    std::string rule;   ///< what was broken, with the section: "PxCI set while PxCMD.ST is 0 (AHCI 1.3.1, 3.3.14)"
    Duration first;     ///< when it was first seen
    std::uint64_t count = 0;
  };
  /// Cold, so that compilers lay what leads here out of the way of what happens all the time.
  [[gnu::cold]] void report(const std::string& place, const std::string& rule, Duration when);
  /// In the order of place and rule.
  std::vector<Finding> findings() const {
    std::vector<Finding> all;
    for (const auto& entry : findings_) all.push_back(entry.second);
    return all;
  }
  std::uint64_t count() const {
    std::uint64_t sum = 0;
    for (const auto& entry : findings_) sum += entry.second.count;
    return sum;
  }
  /// How often a rule containing `text` was broken anywhere.
  std::uint64_t count_of(const std::string& text) const {
    std::uint64_t sum = 0;
    for (const auto& entry : findings_)
      if (entry.second.rule.find(text) != std::string::npos) sum += entry.second.count;
    return sum;
  }

 private:
  std::map<std::pair<std::string, std::string>, Finding> findings_;
};

/// The statistics of all blocks, each set under its block's name.
class StatRegistry {
 public:
  void add(std::string block, StatSet& set) { sets_.emplace_back(std::move(block), &set); }
  const std::vector<std::pair<std::string, StatSet*>>& sets() const { return sets_; }

 private:
  std::vector<std::pair<std::string, StatSet*>> sets_;
};

/// Constructed first and destroyed last by whoever builds a machine; every block takes it by reference.
struct Context {
  explicit Context(std::uint64_t seed_value = 1, const char* calendar_name = "calendar")
      : seed{seed_value}, calendar{calendar_name} {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  const std::uint64_t seed;
  ProbeRegistry probes;
  StatRegistry stats;
  Diagnostics diagnostics;
  Calendar calendar;
};

}  // namespace ahcisim::kit
