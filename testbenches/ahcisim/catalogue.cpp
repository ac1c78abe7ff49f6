// SPDX-License-Identifier: MIT
// The commands that only tell: params, list, registers; and where the experiments are.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include <fmt/format.h>

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

/// Folders with experiments: $AHCISIM_EXPERIMENTS, the source tree this was built from, the installed ones.
std::vector<fs::path> experiment_folders() {
  std::vector<fs::path> folders;
  if (const char* given = std::getenv("AHCISIM_EXPERIMENTS")) folders.emplace_back(given);
  folders.emplace_back(AHCISIM_SOURCE_EXPERIMENTS);
  folders.emplace_back(AHCISIM_INSTALLED_EXPERIMENTS);
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

void print_section(const std::string& prefix, const kit::ParameterSet& set, const std::string& filter, bool assumed) {
  for (const kit::ParameterBase* parameter : set.all()) {
    const std::string name = prefix + "." + parameter->name();
    if (name.find(filter) == std::string::npos) continue;
    if (assumed && parameter->source().kind() != kit::Source::Kind::assumed) continue;
    const std::string value = parameter->text();
    fmt::print("{} = {}\n    {}; {}\n    {}: {}\n", name, value.empty() ? "\"\"" : value, parameter->meaning(), parameter->kind(),
               kind_text(parameter->source().kind()), parameter->source().text());
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

int params_command(const std::string& filter, bool assumed) {
  host::WorkloadParameters workload;
  const machine::Parameters hard_disk{{}, &workload};
  for (const auto& [prefix, set] : hard_disk.configuration().sections()) print_section(prefix, *set, filter, assumed);
  const machine::Parameters solid_state{{{"machine.drive", disk::ssd::known_drives().front(), ""}}};
  print_section("ssd", *solid_state.ssd, filter, assumed);
  return 0;
}

int list_command() {
  fmt::print("experiments (ahcisim run NAME):\n");
  for (const auto& [name, file] : experiments()) fmt::print("  {:24} {}\n", name, read_experiment(file.string()).title);
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
