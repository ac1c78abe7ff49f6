// SPDX-License-Identifier: MIT
// The commands that only tell: params, list, registers; and where the experiments are.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <ahcisim/models/host/workload/open.hpp>
#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/parameters.hpp>

#include "commands.hpp"
#include "experiment.hpp"

namespace ahcisim::program {
namespace fs = std::filesystem;
namespace {

const char* kind_text(kit::Source::Kind kind) {
  constexpr const char* words[] = {"cited", "measured", "derived", "assumed", "choice"};
  return words[static_cast<unsigned>(kind)];
}

/// Folders with experiments: $AHCISIM_EXPERIMENTS, those installed with this program (wherever it was moved to), and the
/// source tree it was built from.
std::vector<fs::path> experiment_folders() {
  std::vector<fs::path> folders;
  if (const char* given = std::getenv("AHCISIM_EXPERIMENTS")) folders.emplace_back(given);
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) folders.push_back((program.parent_path() / AHCISIM_EXPERIMENTS_FROM_PROGRAM).lexically_normal());
  folders.emplace_back(AHCISIM_SOURCE_EXPERIMENTS);
  return folders;
}

std::map<std::string, fs::path> experiments() {
  std::map<std::string, fs::path> found;
  for (const fs::path& folder : experiment_folders()) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{folder, error})
      if (entry.path().extension() == ".toml") found.try_emplace(entry.path().stem().string(), entry.path());
  }
  return found;
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

/// Prints those parameters of a section that were asked for.
void print_section(const std::string& prefix, const kit::ParameterSet& set, const std::function<bool(const std::string&)>& wanted, bool assumed) {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  for (const kit::ParameterBase* parameter : set.all()) {
    const std::string name = prefix + "." + parameter->name();
    if (!wanted(name) || (assumed && parameter->source().kind() != kit::Source::Kind::assumed)) continue;
    const std::string value = parameter->text();
    fmt::print("{}{}{} = {}\n", terminal ? "\033[1m" : "", name, terminal ? "\033[0m" : "", value.empty() ? "\"\"" : value);
    fmt::print("{}", wrapped(fmt::format("{} ({})", parameter->meaning(), parameter->kind()), 4));
    fmt::print("{}\n", wrapped(fmt::format("{}: {}", kind_text(parameter->source().kind()), parameter->source().text()), 4));
  }
}

}  // namespace

std::string find_experiment(const std::string& name) {
  std::error_code error;
  if (fs::is_regular_file(name, error)) return name;
  const auto known = experiments();
  if (const auto found = known.find(name); found != known.end()) return found->second.string();
  std::vector<std::string> names;
  for (const auto& entry : known) names.push_back(entry.first);
  const std::string hint = kit::nearest(name, names);
  throw kit::ConfigError{fmt::format("{}: there is no such file or experiment{}; `ahcisim list` names them", name,
                                     hint.empty() ? "" : fmt::format("; did you mean \"{}\"?", hint))};
}

std::vector<machine::Setting> command_line_settings(const std::vector<std::string>& texts) {
  std::vector<machine::Setting> settings;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      throw kit::ConfigError{fmt::format("--set {}: write key=value, such as --set workload.depth=8", text)};
    settings.push_back({text.substr(0, equals), text.substr(equals + 1), "--set"});
  }
  return settings;
}

int params_command(const ParamsOptions& options) {
  host::WorkloadParameters workload;
  const machine::Parameters chosen{command_line_settings(options.settings), &workload};
  // The other kind of drive is shown too: it has parameters of its own.
  const std::string other_drive = chosen.is_ssd() ? disk::hdd::catalogue_names().front() : disk::ssd::known_drives().front();
  const machine::Parameters other{{{"machine.drive", other_drive, ""}}};
  auto sections = chosen.configuration().sections();
  if (!chosen.is_hdd() && other.is_hdd()) sections.emplace_back("hdd", other.hdd.get());
  if (!chosen.is_ssd() && other.is_ssd()) sections.emplace_back("ssd", other.ssd.get());
  if (!chosen.is_emulated() && options.settings.empty() && !options.assumed)
    fmt::print(stderr, "other interfaces have parameters of their own: --set machine.interface=ide, or virtio_blk with machine.deployment=emulated\n");

  std::vector<std::string> names;
  for (const auto& [prefix, set] : sections)
    for (const kit::ParameterBase* parameter : set->all()) names.push_back(prefix + "." + parameter->name());
  const bool exact = std::find(names.begin(), names.end(), options.filter) != names.end();
  const auto wanted = [&](const std::string& name) { return exact ? name == options.filter : name.find(options.filter) != std::string::npos; };
  if (std::none_of(names.begin(), names.end(), wanted)) {
    const std::string hint = kit::nearest(options.filter, names);
    throw kit::ConfigError{fmt::format("params {}: no parameter has that in its name{}", options.filter,
                                       hint.empty() ? "; `ahcisim params` prints all" : fmt::format("; did you mean \"{}\"?", hint))};
  }
  for (const auto& [prefix, set] : sections) print_section(prefix, *set, wanted, options.assumed);
  return 0;
}

int list_command() {
  fmt::print("experiments (ahcisim run NAME):\n");
  for (const auto& [name, file] : experiments()) {
    try {
      fmt::print("  {:24} {}\n", name, read_experiment(file.string()).title);
    } catch (const kit::ConfigError& error) {
      fmt::print("  {:24} cannot be read: {}\n", name, error.what());
    }
  }
  fmt::print("\ndrives (--set machine.drive=NAME):\n");
  for (const std::string& name : disk::hdd::catalogue_names()) fmt::print("  {:24} {}\n", name, disk::hdd::catalogue_drive(name).description);
  for (const std::string& name : disk::ssd::known_drives()) fmt::print("  {:24} solid state drive\n", name);
  fmt::print("  {:24} no mechanics at all: what controller, link and driver cost\n  {:24} a measured drive in DiskSim's format\n", "instant", "FILE.diskspecs");
  fmt::print("\nworkloads: `ahcisim params workload.`; a fio job file, blkparse text, fio iolog or DiskSim trace by its file name,\n"
             "or a pattern: read, write, rw, randread, randwrite, randrw, trim, randtrim\n");
  return 0;
}

namespace {

void print_bank(const kit::RegisterBank& bank) {
  fmt::print("{}\n", bank.name());
  for (const kit::Register* reg : bank.registers()) {
    fmt::print("  {:03X}h  {:12} {}; {}\n", reg->offset(), reg->name(), reg->meaning(), reg->section());
    for (const kit::Field* field : reg->fields()) {
      const std::string bits = field->high() == field->low() ? std::to_string(field->high()) : fmt::format("{}:{}", field->high(), field->low());
      fmt::print("        {:>5}  {:10} {:6} {:>8X}h  {}\n", bits, field->name(), name_of(field->access()), field->reset_value(), field->meaning());
    }
  }
}

}  // namespace

int registers_command() {
  kit::Context context;
  const machine::Parameters parameters;
  const ahci::Hba hba{"ahci", context, parameters.hba};
  pcie::Endpoint endpoint{"endpoint", context, parameters.endpoint, machine::ahci_function(parameters.hba)};
  print_bank(hba.bank());
  print_bank(endpoint.configuration().bank);
  return 0;
}

}  // namespace ahcisim::program
