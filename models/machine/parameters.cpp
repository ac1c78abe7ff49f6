// SPDX-License-Identifier: MIT
// Deployment, interface, drive and cost table are chosen first: its figures are the defaults that other settings change.
#include <ahcisim/models/machine/parameters.hpp>

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include <fmt/format.h>

#include <ahcisim/models/disk/hdd/diskspecs.hpp>

namespace ahcisim::machine {
namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Refuses settings whose keys begin so.
void refuse(const std::vector<Setting>& settings, std::initializer_list<std::string_view> beginnings, const std::string& why) {
  for (const Setting& setting : settings)
    for (const std::string_view beginning : beginnings)
      if (setting.key.compare(0, beginning.size(), beginning) == 0)
        throw kit::ConfigError{fmt::format("{}: {} = \"{}\": {}", setting.place, setting.key, setting.text, why)};
}

const std::vector<std::string> choosing_keys{"machine.deployment", "machine.interface", "machine.drive", "vm.costs"};

}  // namespace

std::vector<std::string> drive_names() {
  std::vector<std::string> names = disk::hdd::catalogue_names();
  const std::vector<std::string>& solid = disk::ssd::known_drives();
  names.insert(names.end(), solid.begin(), solid.end());
  return names;
}

Parameters::Parameters(const std::vector<Setting>& settings, kit::ParameterSet* workload) {
  configuration_.add("machine", system);
  configuration_.add("vm", cost_table_);
  choose(settings);
  if (system.interface() == "ide" && !is_emulated()) {
    ata.interface.set_text("pata");
    configuration_.add("host.driver", ide_driver);
    configuration_.add("host.cpu", ide_driver.cpu);
    configuration_.add("host.probe", ide_driver.probe);
    configuration_.add("ide", ide);
  } else {
    configuration_.add("host.driver", driver);
    configuration_.add("host.cpu", driver.cpu);
    configuration_.add("host.probe", driver.probe);
    configuration_.add("ahci", hba);
  }
  configuration_.add("host.memory", memory);
  configuration_.add("pcie.root", root_complex);
  configuration_.add("pcie.link", pcie_link);
  configuration_.add("pcie.endpoint", endpoint);
  configuration_.add("sata", sata_link);
  configuration_.add("ata", ata);
  emulated->add_to(configuration_);
  if (workload) configuration_.add("workload", *workload);
  // A key that one looks for where the file's others are.
  refuse(settings, {"image.file.size"}, "the file is as large as the guest's disk; set image.size");
  for (const Setting& setting : settings)
    if (!contains(choosing_keys, setting.key)) apply(setting);
  check_deployment(settings);
  emulated->settle();
  if (is_emulated()) driver.cpu.syscall.set(kit::Duration{}, kit::derived("vm.system_call accounts for the emulator's call"));
}

void Parameters::apply(const Setting& setting) {
  try {
    configuration_.set(setting.key, setting.text);
  } catch (const kit::ConfigError& error) {
    throw kit::ConfigError{setting.place + ": " + error.what()};
  }
}

/// What decides which other parameters there are, and their defaults.
void Parameters::choose(const std::vector<Setting>& settings) {
  std::string place;
  for (const Setting& setting : settings) {
    if (!contains(choosing_keys, setting.key)) continue;
    apply(setting);
    if (setting.key == "machine.drive") place = setting.place + ": ";
  }
  try {
    choose_drive();
  } catch (const kit::ConfigError& error) {
    throw kit::ConfigError{place + error.what()};
  }
  emulated = std::make_unique<EmulatedParameters>(system.interface(), cost_table_.costs());
}

/// A setting that the machine has no use for is a mistake, not a wish.
void Parameters::check_deployment(const std::vector<Setting>& settings) const {
  if (is_emulated()) {
    if (emulated->image.backing() != "drive")
      refuse(settings, {"machine.image"}, "the guest's disk lies in memory; set image.backing = \"drive\"");
    if (emulated->file.layout() != "contiguous")
      refuse(settings, {"machine.image"}, "a file that grows has no content beforehand; set image.file.layout = \"contiguous\"");
    return;
  }
  if (system.interface() == "virtio_blk") refuse(settings, {"machine.interface"}, "a guest's interface; set machine.deployment = \"emulated\"");
  refuse(settings, {"guest.", "vm.", "image.", "host.page_cache."}, "only an emulated machine has it; set machine.deployment = \"emulated\"");
  if (system.interface() == "ide")
    refuse(settings, {"pcie.link.", "sata."}, "an IDE function of the chipset has neither link; set machine.interface = \"ahci\"");
}

void Parameters::choose_drive() {
  const std::string& name = system.drive();
  if (ends_with(name, ".diskspecs")) {
    hdd = std::make_unique<disk::hdd::HddParameters>(disk::hdd::read_diskspecs(name));
  } else if (contains(disk::hdd::catalogue_names(), name)) {
    hdd = std::make_unique<disk::hdd::HddParameters>(disk::hdd::catalogue_drive(name));
  } else if (contains(disk::ssd::known_drives(), name)) {
    ssd = std::make_unique<disk::ssd::SsdParameters>();
    disk::ssd::apply_drive(*ssd, name);
  } else if (name != "instant") {
    std::vector<std::string> names = drive_names();
    names.push_back("instant");
    const std::string hint = kit::nearest(name, names);
    throw kit::ConfigError{fmt::format("machine.drive = \"{}\": unknown drive{}; `ahcisim list` names them", name,
                                       hint.empty() ? "" : fmt::format("; did you mean \"{}\"?", hint))};
  }
  if (hdd) {
    configuration_.add("hdd", *hdd);
    const disk::hdd::DriveFigures& figures = hdd->figures();
    sata_link.device_generation.set(figures.sata_generation.value, figures.sata_generation.source);
  }
  if (ssd) configuration_.add("ssd", *ssd);
}

}  // namespace ahcisim::machine
