// SPDX-License-Identifier: MIT
// Reading an experiment file with toml++; every mistake is named with file, line and column.
#include "experiment.hpp"

#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <toml++/toml.h>

namespace ahcisim::program {
namespace {

using kit::ConfigError;

class Reader {
 public:
  explicit Reader(std::string file) : file_{std::move(file)} {}

  Experiment read() {
    toml::table root = parse();
    Experiment experiment;
    std::vector<std::vector<PointSpec>> axes;
    experiment.file = file_;
    const std::filesystem::path path{file_};
    experiment.folder = path.parent_path().string();
    experiment.name = path.stem().string();
    for (auto&& [key, node] : root) {
      const std::string name{key.str()};
      if (name == "title") experiment.title = text_of(node, name);
      else if (name == "about") experiment.about = text_of(node, name);
      else if (name == "seed") experiment.seed = seed_of(node);
      else if (name == "workload") read_list(node, name, [&](const toml::table& t) { experiment.workloads.push_back(workload(t)); });
      else if (name == "point") read_list(node, name, [&](const toml::table& t) { experiment.points.push_back(point(t, "point")); });
      else if (name == "axis") read_list(node, name, [&](const toml::table& t) { axes.push_back(axis(t)); });
      else if (node.is_table()) flatten(*node.as_table(), name, experiment.settings);
      else fail(node, fmt::format("\"{}\" is not a key of an experiment; known: title, about, seed, [machine] and other tables of parameters, [[workload]], [[point]], [[axis]]", name));
    }
    if (experiment.workloads.empty()) throw ConfigError{file_ + ": there is no [[workload]]; add one with a name and, say, pattern = \"random\""};
    for (const std::vector<PointSpec>& entries : axes) multiply(experiment.points, entries);
    if (experiment.points.empty()) experiment.points.push_back({"run", {}});
    if (experiment.title.empty()) experiment.title = experiment.name;
    check_names(experiment);
    return experiment;
  }

  MachineFile read_machine() {
    toml::table root = parse();
    MachineFile machine;
    for (auto&& [key, node] : root) {
      const std::string name{key.str()};
      if (name == "title" || name == "about") text_of(node, name);
      else if (name == "seed") machine.seed = seed_of(node);
      else if (name == "workload" || name == "point" || name == "axis") fail(node, fmt::format("[[{}]] belongs to an experiment; a machine has parameters only", name));
      else if (node.is_table()) flatten(*node.as_table(), name, machine.settings);
      else fail(node, fmt::format("\"{}\" is not a key of a machine; known: title, about, seed, [machine] and other tables of parameters", name));
    }
    return machine;
  }

 private:
  toml::table parse() {
    std::error_code code;
    if (!std::filesystem::is_regular_file(file_, code))
      throw ConfigError{fmt::format("{}: there is no such file; `ahcisim list` names the experiments that come with ahcisim", file_)};
    try {
      return toml::parse_file(file_);
    } catch (const toml::parse_error& error) {
      throw ConfigError{fmt::format("{}:{}:{}: {}", file_, error.source().begin.line, error.source().begin.column, error.description())};
    }
  }
  std::string place(const toml::node& node) const {
    return fmt::format("{}:{}:{}", file_, node.source().begin.line, node.source().begin.column);
  }
  [[noreturn]] void fail(const toml::node& node, const std::string& what) const { throw ConfigError{place(node) + ": " + what}; }

  std::string text_of(const toml::node& node, const std::string& key) const {
    if (const auto* text = node.as_string()) return text->get();
    fail(node, fmt::format("\"{}\" must be a text in quotes", key));
  }
  std::uint64_t seed_of(const toml::node& node) const {
    const auto value = node.value<std::int64_t>();
    if (!value || *value < 0) fail(node, "seed must be a whole number, 0 or more");
    return static_cast<std::uint64_t>(*value);
  }
  /// A value as the text a parameter takes: "0.6ms", 32, true.
  std::string value_text(const toml::node& node, const std::string& key) const {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    if (node.is_floating_point()) fail(node, fmt::format("{} has no unit; write it in quotes with one, such as \"0.6ms\"", key));
    fail(node, fmt::format("{} must be a text, a whole number, true or false", key));
  }
  void flatten(const toml::table& table, const std::string& prefix, std::vector<Setting>& into) const {
    for (auto&& [key, node] : table) {
      const std::string name = prefix + "." + std::string{key.str()};
      if (const toml::table* inner = node.as_table()) flatten(*inner, name, into);
      else into.push_back({name, value_text(node, name), place(node)});
    }
  }
  template <class Function> void read_list(const toml::node& node, const std::string& key, Function&& each) const {
    const toml::array* list = node.as_array();
    if (!list) fail(node, fmt::format("write [[{}]] with two brackets: there may be several", key));
    for (const toml::node& entry : *list) {
      const toml::table* table = entry.as_table();
      if (!table) fail(entry, fmt::format("[[{}]] must be a table", key));
      each(*table);
    }
  }
  WorkloadSpec workload(const toml::table& table) const {
    WorkloadSpec spec;
    for (auto&& [key, node] : table) {
      const std::string name{key.str()};
      if (name == "name") spec.name = text_of(node, name);
      else spec.settings.push_back({name, value_text(node, name), place(node)});
    }
    if (spec.name.empty()) throw ConfigError{place(table) + ": this [[workload]] has no name"};
    return spec;
  }
  /// `list` is what the table is called: [[point]] or [[axis.point]].
  PointSpec point(const toml::table& table, const std::string& list) const {
    PointSpec spec;
    for (auto&& [key, node] : table) {
      const std::string name{key.str()};
      if (name == "name") spec.name = text_of(node, name);
      else if (name != "set" || !node.is_table()) fail(node, fmt::format("a [[{}]] has a name and set = {{ \"key\" = value, … }}", list));
      else
        for (auto&& [inner_key, value] : *node.as_table()) {
          const std::string inner{inner_key.str()};
          if (const toml::table* deeper = value.as_table()) flatten(*deeper, inner, spec.settings);
          else spec.settings.push_back({inner, value_text(value, inner), place(value)});
        }
    }
    if (spec.name.empty()) throw ConfigError{fmt::format("{}: this [[{}]] has no name", place(table), list)};
    return spec;
  }
  /// The entries of an axis: its [[axis.point]], or one for each of its values.
  std::vector<PointSpec> axis(const toml::table& table) const {
    std::string name, key;
    const toml::array* values = nullptr;
    std::vector<PointSpec> entries;
    for (auto&& [word, node] : table) {
      const std::string text{word.str()};
      if (text == "name") name = text_of(node, text);
      else if (text == "key") key = text_of(node, text);
      else if (text == "values" && node.is_array()) values = node.as_array();
      else if (text == "point") read_list(node, "axis.point", [&](const toml::table& t) { entries.push_back(point(t, "axis.point")); });
      else fail(node, "an [[axis]] has a name, and key = \"…\" with values = […], or [[axis.point]]");
    }
    if (name.empty()) throw ConfigError{place(table) + ": this [[axis]] has no name"};
    if ((key.empty() || !values) == entries.empty() || (values && key.empty()))
      throw ConfigError{fmt::format("{}: [[axis]] \"{}\" needs key = \"…\" with values = […], or [[axis.point]], not both", place(table), name)};
    if (values)
      for (const toml::node& value : *values) {
        const std::string text = value_text(value, key);
        entries.push_back({name + " " + text, {{key, text, place(value)}}});
      }
    if (entries.empty()) throw ConfigError{fmt::format("{}: [[axis]] \"{}\" has no values", place(table), name)};
    return entries;
  }
  /// Every point so far with every entry of an axis.
  void multiply(std::vector<PointSpec>& points, const std::vector<PointSpec>& entries) const {
    if (points.empty()) points.push_back({});
    if (points.size() * entries.size() > most_points)
      throw ConfigError{fmt::format("{}: the axes make more than {} points; shorten one of them", file_, most_points)};
    std::vector<PointSpec> product;
    for (const PointSpec& point : points)
      for (const PointSpec& entry : entries) {
        product.push_back(point);
        product.back().name += (point.name.empty() ? "" : ", ") + entry.name;
        product.back().settings.insert(product.back().settings.end(), entry.settings.begin(), entry.settings.end());
      }
    points = std::move(product);
  }
  void check_names(const Experiment& experiment) const {
    std::set<std::string> seen;
    for (const WorkloadSpec& spec : experiment.workloads)
      if (!seen.insert(spec.name).second) throw ConfigError{fmt::format("{}: two workloads are named \"{}\"", file_, spec.name)};
    seen.clear();
    for (const PointSpec& spec : experiment.points)
      if (!seen.insert(spec.name).second) throw ConfigError{fmt::format("{}: two points are named \"{}\"", file_, spec.name)};
  }

  /// More would not end within a day; a mistyped axis is more likely.
  static constexpr std::size_t most_points = 10'000;

  std::string file_;
};

}  // namespace

Experiment read_experiment(const std::string& file) { return Reader{file}.read(); }
MachineFile read_machine(const std::string& file) { return Reader{file}.read_machine(); }

}  // namespace ahcisim::program
