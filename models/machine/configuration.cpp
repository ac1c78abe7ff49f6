// SPDX-License-Identifier: MIT
// Look-up of parameters by dotted name.
#include <ahcisim/models/machine/configuration.hpp>

#include <fmt/format.h>

namespace ahcisim::machine {

kit::ParameterBase* Configuration::find(std::string_view key) const {
  const std::size_t dot = key.rfind('.');
  if (dot == std::string_view::npos) return nullptr;
  for (const auto& [prefix, set] : sections_)
    if (prefix == key.substr(0, dot))
      if (kit::ParameterBase* parameter = set->find(key.substr(dot + 1))) return parameter;
  return nullptr;
}

std::vector<std::string> Configuration::keys() const {
  std::vector<std::string> all;
  for (const auto& [prefix, set] : sections_)
    for (const kit::ParameterBase* parameter : set->all()) all.push_back(prefix + "." + parameter->name());
  return all;
}

void Configuration::set(std::string_view key, std::string_view text) {
  kit::ParameterBase* parameter = find(key);
  if (!parameter) {
    const std::string hint = kit::nearest(key, keys());
    throw kit::ConfigError{fmt::format("unknown key \"{}\"{}", key,
                                       hint.empty() ? std::string{"; `ahcisim params` lists the known ones"}
                                                    : fmt::format("; did you mean \"{}\"?", hint))};
  }
  try {
    parameter->set_text(text);
  } catch (const kit::ConfigError& error) {
    // The parameter names itself only: put its section before it.
    throw kit::ConfigError{std::string{key.substr(0, key.rfind('.') + 1)} + error.what()};
  }
  given_.emplace(key);
}

}  // namespace ahcisim::machine
