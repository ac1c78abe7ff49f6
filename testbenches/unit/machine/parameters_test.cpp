// SPDX-License-Identifier: MIT
// Every parameter that any machine has says what it is and where its number comes from, under a name of its own.
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/host/workload/open.hpp>
#include <ahcisim/models/machine/parameters.hpp>

namespace ahcisim::machine {
namespace {

bool blank(const std::string& text) { return text.find_first_not_of(" \t\n") == std::string::npos; }

void expect_described(const std::vector<Setting>& settings) {
  host::WorkloadParameters workload;
  const Parameters machine{settings, &workload};
  std::set<std::string> names;
  for (const auto& [prefix, set] : machine.configuration().sections())
    for (const kit::ParameterBase* parameter : set->all()) {
      const std::string name = prefix + "." + parameter->name();
      EXPECT_TRUE(names.insert(name).second) << name << " is there twice";
      EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_."), std::string::npos) << name;
      EXPECT_FALSE(blank(parameter->meaning())) << name << " has no meaning";
      EXPECT_FALSE(blank(parameter->source().text())) << name << " has no source";
      EXPECT_FALSE(blank(parameter->kind())) << name << " has no unit";
    }
  EXPECT_GT(names.size(), 100u) << "the whole machine's";
}

TEST(MachineParameters, OfEveryDriveAreDescribed) {
  for (const std::string& drive : drive_names()) {
    SCOPED_TRACE(drive);
    expect_described({{"machine.drive", drive, ""}});
  }
  expect_described({{"machine.drive", "instant", ""}});
  expect_described({{"machine.drive", disk::optical::drive_name, ""}});
}

TEST(MachineParameters, OfEveryInterfaceAreDescribed) {
  expect_described({{"machine.interface", "ide", ""}});
  for (const char* interface : {"ahci", "ide", "virtio_blk"}) {
    SCOPED_TRACE(interface);
    expect_described({{"machine.deployment", "emulated", ""}, {"machine.interface", interface, ""}});
  }
}

}  // namespace
}  // namespace ahcisim::machine
