// SPDX-License-Identifier: MIT
// The drive is chosen first: its figures are the defaults that other settings change.
#include <ahcisim/models/machine/parameters.hpp>

#include <algorithm>

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

}  // namespace

std::vector<std::string> drive_names() {
  std::vector<std::string> names = disk::hdd::catalogue_names();
  const std::vector<std::string>& solid = disk::ssd::known_drives();
  names.insert(names.end(), solid.begin(), solid.end());
  return names;
}

Parameters::Parameters(const std::vector<Setting>& settings, kit::ParameterSet* workload) {
  configuration_.add("machine", system);
  configuration_.add("host.driver", driver);
  configuration_.add("host.cpu", driver.cpu);
  configuration_.add("host.probe", driver.probe);
  configuration_.add("host.memory", memory);
  configuration_.add("pcie.root", root_complex);
  configuration_.add("pcie.link", pcie_link);
  configuration_.add("pcie.endpoint", endpoint);
  configuration_.add("ahci", hba);
  configuration_.add("sata", sata_link);
  configuration_.add("ata", ata);
  if (workload) configuration_.add("workload", *workload);
  const auto apply = [&](const Setting& setting) {
    try {
      configuration_.set(setting.key, setting.text);
    } catch (const kit::ConfigError& error) {
      throw kit::ConfigError{setting.place + ": " + error.what()};
    }
  };
  const auto chooses_drive = [](const Setting& setting) { return setting.key == "machine.drive"; };
  std::string place;
  for (const Setting& setting : settings)
    if (chooses_drive(setting)) apply(setting), place = setting.place + ": ";
  try {
    choose_drive();
  } catch (const kit::ConfigError& error) {
    throw kit::ConfigError{place + error.what()};
  }
  for (const Setting& setting : settings)
    if (!chooses_drive(setting)) apply(setting);
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
