// SPDX-License-Identifier: MIT
// Deployment, interface, drive and cost table are chosen first: its figures are the defaults that other settings change.
#include <ahcisim/models/machine/parameters.hpp>

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include <fmt/format.h>

#include <ahcisim/models/disk/hdd/diskspecs.hpp>
#include <ahcisim/models/machine/driver_addresses.hpp>
#include <ahcisim/models/machine/functions.hpp>

namespace ahcisim::machine {
namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Whether a message of `word` and `rest` begins with a key: `key = …`, `key "…"`, `section.key: …`.
bool begins_with_key(const std::string& word, const std::string& rest) {
  if (word.empty()) return false;
  return rest.compare(0, 3, " = ") == 0 || rest.compare(0, 2, " \"") == 0 ||
         (rest.compare(0, 2, ": ") == 0 && word.find('.') != std::string::npos);
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Refuses settings whose keys begin so. Of several for one key the last is in force, and told.
void refuse(const std::vector<Setting>& settings, std::initializer_list<std::string_view> beginnings, const std::string& why) {
  for (auto setting = settings.rbegin(); setting != settings.rend(); ++setting)
    for (const std::string_view beginning : beginnings)
      if (setting->key.compare(0, beginning.size(), beginning) == 0)
        throw kit::ConfigError{fmt::format("{}: {} = \"{}\": {}", setting->place, setting->key, setting->text, why)};
}

const std::vector<std::string> choosing_keys{"machine.deployment", "machine.interface", "machine.drive", "vm.costs"};

}  // namespace

std::vector<std::string> drive_names() {
  std::vector<std::string> names = disk::hdd::catalogue_names();
  const std::vector<std::string>& solid = disk::ssd::known_drives();
  names.insert(names.end(), solid.begin(), solid.end());
  return names;
}

std::string located(const std::vector<Setting>& settings, const std::string& message) {
  const std::string word = message.substr(0, message.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_."));
  const std::string rest = message.substr(word.size());
  if (!begins_with_key(word, rest)) return message;
  const Setting* found = nullptr;
  for (const Setting& setting : settings) {
    if (setting.key != word && !ends_with(setting.key, "." + word)) continue;
    if (found && found->key != setting.key) return message;
    found = &setting;
  }
  return found ? found->place + ": " + found->key + rest : message;
}

Parameters::Parameters(const std::vector<Setting>& settings, kit::ParameterSet* workload) {
  configuration_.add("machine", system);
  configuration_.add("vm", cost_table_);
  choose(settings);
  if (system.interface() == "virtio_blk" && !is_emulated())
    refuse(settings, {"machine.interface"}, "a guest's interface; set machine.deployment = \"emulated\"");
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
  if (!is_optical()) {
    configuration_.add("ata", ata);
    configuration_.add("faults", faults);
  }
  emulated->add_to(configuration_);
  if (workload) configuration_.add("workload", *workload);
  // A key that one looks for where the file's others are.
  refuse(settings, {"image.file.size"}, "the file is as large as the guest's disk; set image.size");
  for (const Setting& setting : settings)
    if (!contains(choosing_keys, setting.key)) apply(setting);
  check_deployment(settings);
  check_hardware(settings);
  check_driver_addresses(*this, settings);
  emulated->settle();
  if (is_emulated()) driver.cpu.syscall.set(kit::Duration{}, kit::derived("vm.system_call accounts for the emulator's call"));
}

void Parameters::apply(const Setting& setting) {
  if (!configuration_.has(setting.key))
    if (const std::string others = others_that_know(setting.key); !others.empty())
      throw kit::ConfigError{fmt::format("{}: {} = \"{}\": {}", setting.place, setting.key, setting.text, others)};
  try {
    configuration_.set(setting.key, setting.text);
  } catch (const kit::ConfigError& error) {
    throw kit::ConfigError{setting.place + ": " + error.what()};
  }
}

/// Whose key it is, where another choice of drive or interface brings it; else an empty text.
std::string Parameters::others_that_know(const std::string& key) const {
  if (!emulated) return {};  // the machine is still being chosen
  const std::pair<Setting, const char*> others[] = {
      {{"machine.drive", disk::hdd::catalogue_names().front(), ""}, "only a hard disk has it"},
      {{"machine.drive", disk::ssd::known_drives().front(), ""}, "only a solid state drive has it"},
      {{"machine.interface", "ahci", ""}, "only with AHCI; set machine.interface = \"ahci\""},
      {{"machine.interface", "ide", ""}, "only with IDE; set machine.interface = \"ide\""},
      {{"machine.interface", "virtio_blk", ""}, "only with virtio-blk; set machine.interface = \"virtio_blk\""},
      {{"machine.drive", disk::optical::drive_name, ""}, "only an optical drive has it"}};
  for (const auto& [choice, words] : others) {
    const bool disc = choice.text == disk::optical::drive_name;
    std::vector<Setting> settings{
        {"machine.deployment", choice.text == "virtio_blk" ? "emulated" : disc ? "bare_metal" : system.deployment(), ""},
        {"machine.interface", disc ? "ahci" : system.interface(), ""}, choice};
    if (!Parameters{settings}.configuration_.has(key)) continue;
    return choice.key == "machine.drive" ? fmt::format("{}; choose another machine.drive, such as \"{}\"", words, choice.text) : words;
  }
  return {};
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
      refuse(settings, {"machine.image", "faults."}, "the guest's disk lies in memory; set image.backing = \"drive\"");
    if (emulated->file.layout() != "contiguous")
      refuse(settings, {"machine.image"}, "a file that grows has no content beforehand; set image.file.layout = \"contiguous\"");
    return;
  }
  refuse(settings, {"guest.", "vm.", "image.", "host.page_cache."}, "only an emulated machine has it; set machine.deployment = \"emulated\"");
  if (system.interface() == "ide")
    refuse(settings, {"pcie.link.", "sata.", "faults.lost_link", "faults.link_silence", "faults.damaged_data"}, "an IDE function of the chipset has neither link; set machine.interface = \"ahci\"");
}

/// Settings that contradict each other, or what the hardware can do.
void Parameters::check_hardware(const std::vector<Setting>& settings) const {
  if (is_optical()) refuse(settings, {"machine.image_access", "machine.instant_capacity"}, "a DVD-ROM is what its image is, and read-only; leave it out");
  if (system.image().empty()) refuse(settings, {"machine.image_access"}, "there is no image; set machine.image too");
  if (ata.parallel())
    refuse(settings, {"ata.queue_depth", "ata.auto_activate", "ata.non_zero_offsets", "ata.bridge_quirk"},
           "a disk on a parallel channel has none; set machine.interface = \"ahci\"");
  if (ata.parallel() != (system.interface() == "ide" && !is_emulated())) refuse(settings, {"ata.interface"}, "machine.interface decides it; set that");
  const auto most = static_cast<std::int64_t>(ahci_function(hba).max_payload_supported);
  if (pcie_link.max_payload().value > most)
    throw kit::ConfigError{located(settings, fmt::format("pcie.link.max_payload = \"{}\": the controller takes {} at most; lower it",
                                                         pcie_link.max_payload.text(), kit::to_text(kit::Bytes{most})))};
}

void Parameters::choose_optical() {
  if (is_emulated())
    throw kit::ConfigError{fmt::format("machine.drive = \"{}\": an emulated machine has a disk; set machine.deployment = \"bare_metal\"", system.drive())};
  if (system.interface() != "ahci")
    throw kit::ConfigError{fmt::format("machine.drive = \"{}\": an optical drive is modelled behind AHCI only; set machine.interface = \"ahci\"", system.drive())};
  optical = std::make_unique<disk::optical::OpticalParameters>();
  configuration_.add("optical", *optical);
  sata_link.device_generation.set(1, kit::assumed("a drive that reads 22 MB/s has no use for more than 1.5 Gb/s, and most have no more"));
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
  } else if (name == disk::optical::drive_name) {
    choose_optical();
  } else if (name != "instant") {
    std::vector<std::string> names = drive_names();
    names.push_back("instant");
    names.push_back(disk::optical::drive_name);
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
