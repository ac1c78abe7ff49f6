// SPDX-License-Identifier: MIT
// The command that tells of parameters: those of the machine that was asked for, and those that other choices would add.
#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <ahcisim/models/host/workload/open.hpp>
#include <ahcisim/models/machine/parameters.hpp>

#include "commands.hpp"

namespace ahcisim::program {
namespace {

const char* kind_text(kit::Source::Kind kind) {
  constexpr const char* words[] = {"cited", "measured", "derived", "assumed", "choice"};
  return words[static_cast<unsigned>(kind)];
}

unsigned columns() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 40 ? size.ws_col : 120;
}

/// Words in lines of at most the terminal's width.
std::string wrapped(const std::string& text, std::size_t indent) {
  const std::size_t limit = columns() - 1;
  std::string lines, line(indent, ' ');
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (line.size() > indent && line.size() + 1 + end - at > limit) {
      lines += line + '\n';
      line.assign(indent + 2, ' ');
    } else if (line.size() > indent) {
      line += ' ';
    }
    line.append(text, at, end - at);
    at = end + 1;
  }
  return lines + line + '\n';
}

/// A parameter under its dotted name, and the setting that a machine has it by, where the present one has not.
struct Entry {
  std::string name;
  const kit::ParameterBase* parameter;
  std::string by;
};

class Listing {
 public:
  explicit Listing(const machine::Parameters& machine) { add(machine, {}, {}); }
  /// What a machine has that none before it had, within sections that begin with one of `sections`.
  void add_other(const std::vector<machine::Setting>& settings, const std::string& by, const std::vector<std::string>& sections) {
    add(others_.emplace_back(settings), by, sections);
  }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  void add(const machine::Parameters& machine, const std::string& by, const std::vector<std::string>& sections) {
    for (const auto& [prefix, set] : machine.configuration().sections()) {
      if (!sections.empty() && std::find(sections.begin(), sections.end(), prefix) == sections.end()) continue;
      for (const kit::ParameterBase* parameter : set->all())
        if (Entry entry{prefix + "." + parameter->name(), parameter, by}; by.empty() || !known(entry)) entries_.push_back(std::move(entry));
    }
  }
  bool known(const Entry& entry) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& other) {
      return other.name == entry.name && other.parameter->meaning() == entry.parameter->meaning();
    });
  }
  std::deque<machine::Parameters> others_;
  std::vector<Entry> entries_;
};

/// Other kinds of drives and other interfaces have parameters of their own: they are shown too, unless the user has chosen.
void add_others(Listing& listing, const machine::Parameters& chosen) {
  const std::string other_drive = chosen.is_ssd() ? disk::hdd::catalogue_names().front() : disk::ssd::known_drives().front();
  listing.add_other({{"machine.drive", other_drive, ""}}, fmt::format("a drive such as machine.drive = \"{}\"", other_drive), {"hdd", "ssd"});
  if (!chosen.configuration().given().count("machine.drive"))
    listing.add_other({{"machine.drive", disk::optical::drive_name, ""}}, fmt::format("machine.drive = \"{}\"", disk::optical::drive_name), {"optical"});
  if (chosen.configuration().given().count("machine.interface")) return;
  const std::vector<std::string> sections{"host.driver", "host.cpu", "host.probe", "ide", "guest.driver", "guest.cpu", "guest.probe", "guest.controller"};
  listing.add_other({{"machine.interface", "ide", ""}}, "machine.interface = \"ide\"", sections);
  listing.add_other({{"machine.interface", "virtio_blk", ""}, {"machine.deployment", "emulated", ""}}, "machine.interface = \"virtio_blk\"", sections);
}

void print(const Entry& entry) {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  const kit::ParameterBase& parameter = *entry.parameter;
  const std::string value = parameter.text();
  fmt::print("{}{}{} = {}\n", terminal ? "\033[1m" : "", entry.name, terminal ? "\033[0m" : "", value.empty() ? "\"\"" : value);
  if (!entry.by.empty()) fmt::print("{}", wrapped(fmt::format("with {}", entry.by), 4));
  fmt::print("{}", wrapped(fmt::format("{} ({})", parameter.meaning(), parameter.kind()), 4));
  fmt::print("{}\n", wrapped(fmt::format("{}: {}", kind_text(parameter.source().kind()), parameter.source().text()), 4));
}

}  // namespace

int params_command(const ParamsOptions& options) {
  host::WorkloadParameters workload;
  const machine::Parameters chosen{command_line_settings(options.settings), &workload};
  Listing listing{chosen};
  add_others(listing, chosen);

  std::vector<std::string> names;
  for (const Entry& entry : listing.entries()) names.push_back(entry.name);
  const bool exact = std::find(names.begin(), names.end(), options.filter) != names.end();
  const auto wanted = [&](const std::string& name) { return exact ? name == options.filter : name.find(options.filter) != std::string::npos; };
  if (std::none_of(names.begin(), names.end(), wanted)) {
    const std::string hint = kit::nearest(options.filter, names);
    throw kit::ConfigError{fmt::format("params {}: no parameter has that in its name{}", options.filter,
                                       hint.empty() ? "; `ahcisim params` prints all" : fmt::format("; did you mean \"{}\"?", hint))};
  }
  for (const Entry& entry : listing.entries())
    if (wanted(entry.name) && (!options.assumed || entry.parameter->source().kind() == kit::Source::Kind::assumed)) print(entry);
  return 0;
}

}  // namespace ahcisim::program
