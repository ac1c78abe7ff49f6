// SPDX-License-Identifier: MIT
// The commands that only tell: list, registers; and where the experiments are.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <ahcisim/models/ahci/hba.hpp>
#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/host/vm/cache_mode.hpp>
#include <ahcisim/models/host/vm/parameters.hpp>
#include <ahcisim/models/ide/controller.hpp>
#include <ahcisim/models/machine/functions.hpp>
#include <ahcisim/models/machine/parameters.hpp>
#include <ahcisim/models/machine/virtio_function.hpp>
#include <ahcisim/models/pcie/endpoint.hpp>
#include <ahcisim/models/virtio/blk_function.hpp>

#include "commands.hpp"
#include "experiment.hpp"

namespace ahcisim::program {
namespace fs = std::filesystem;
namespace {

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

namespace {

using Row = std::pair<std::string, std::string>;

void print_choices(const char* title, const std::vector<Row>& rows) {
  fmt::print("\n{}:\n", title);
  for (const auto& [name, meaning] : rows) fmt::print("  {:24} {}\n", name, meaning);
}

/// What a machine is put together from, besides its drive.
void print_machines() {
  print_choices("deployments (--set machine.deployment=NAME)",
                {{"bare_metal", "a program on the hardware"},
                 {"emulated", "a program in a virtual machine, whose disk is an image file on the hardware"}});
  print_choices("interfaces (--set machine.interface=NAME)",
                {{"ahci", "an AHCI controller with a Serial ATA disk"},
                 {"ide", "a PIIX-style IDE controller with a parallel ATA disk"},
                 {"virtio_blk", "a paravirtual disk; for emulated machines only"}});
  std::vector<Row> tables, modes;
  for (const std::string& name : host::cost_table_names()) {
    const host::VmParameters costs{name};
    const bool assumed = costs.exit.source().kind() == kit::Source::Kind::assumed;
    tables.emplace_back(name, fmt::format("an access that the emulator serves takes {} on the way there and back{}", kit::to_text(costs.trap()),
                                          assumed ? " (assumed)" : ""));
  }
  for (const host::NamedCacheMode& each : host::cache_modes)
    modes.emplace_back(each.name, fmt::format("{}, {}{}", each.mode.write_back ? "write-back told to the guest" : "every write is flushed",
                                              each.mode.direct ? "around the host's page cache" : "through the host's page cache",
                                              each.mode.no_flush ? ", flushes ignored" : ""));
  print_choices("cost tables of emulated machines (--set vm.costs=NAME)", tables);
  print_choices("cache modes of emulated machines (--set image.cache=NAME)", modes);
}

}  // namespace

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
  fmt::print("  {:24} an optical drive, for `ahcisim serve`: machine.image is the disc\n", disk::optical::drive_name);
  print_machines();
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

  const ide::Controller ide{"ide", context, parameters.ide};
  const ide::Channel& channel = ide.channel(0);
  print_bank(channel.read_block(0).bank);
  print_bank(channel.write_block().bank);
  print_bank(channel.control_block().read);
  print_bank(channel.control_block().written);
  print_bank(ide.bus_master_bank());
  pcie::Endpoint ide_endpoint{"ide_endpoint", context, parameters.endpoint, machine::ide_function()};
  print_bank(ide_endpoint.configuration().bank);

  const virtio::BlkParameters blk;
  disk::MediumFacts facts;
  facts.sectors = 1 << 20;
  disk::InstantMedium medium{facts};
  disk::SparseStore store{facts.sectors};
  virtio::BlkFunction virtio{"virtio_blk", context, blk, medium, store};
  print_bank(virtio.transport().legacy_bank());
  print_bank(virtio.transport().common_bank());
  print_bank(virtio.configuration_bank());
  pcie::Endpoint virtio_endpoint{"virtio_endpoint", context, parameters.endpoint, machine::virtio_blk_function(blk)};
  print_bank(virtio_endpoint.configuration().bank);
  return 0;
}

}  // namespace ahcisim::program
