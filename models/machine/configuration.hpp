// SPDX-License-Identifier: MIT
// All parameters of a machine under dotted names: "pcie.link.lanes", "hdd.rpm".
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::machine {

class Configuration {
 public:
  /// Puts a set under a prefix. The set must outlive the configuration.
  void add(std::string prefix, kit::ParameterSet& set) { sections_.emplace_back(std::move(prefix), &set); }
  /// Sets one parameter by its dotted name. Throws kit::ConfigError, naming the nearest known key.
  void set(std::string_view key, std::string_view text);
  /// The value of a known key as text.
  std::string text_of(std::string_view key) const { return find(key)->text(); }
  const std::vector<std::pair<std::string, kit::ParameterSet*>>& sections() const { return sections_; }
  /// The keys that set() was called with.
  const std::set<std::string, std::less<>>& given() const { return given_; }
  std::vector<std::string> keys() const;
  bool has(std::string_view key) const { return find(key) != nullptr; }

 private:
  kit::ParameterBase* find(std::string_view key) const;
  std::vector<std::pair<std::string, kit::ParameterSet*>> sections_;
  std::set<std::string, std::less<>> given_;
};

}  // namespace ahcisim::machine
