// SPDX-License-Identifier: MIT
// Each experiment that comes with ahcisim runs, and the commands that only tell have something to tell.
#include <map>
#include <set>

#include "program.hpp"

namespace ahcisim {
namespace {

using Experiments = Program;

/// Points that stand for the others of an experiment that has dozens; all of them where none is named.
std::string some_points(const std::string& experiment) {
  static const std::map<std::string, std::string> parts{
      {"communication", "IDE PIO"},          {"multiple_requests", "AHCI NCQ, depth 32"}, {"speed", "virtio-blk, on an SSD, costs kvm-2012"},
      {"device_access", "bare metal, IDE"},  {"cache_policy", "IDE DMA, SSD, cache writethrough"}, {"qemu", "AHCI NCQ, cache unsafe"}};
  const auto part = parts.find(experiment);
  return part == parts.end() ? std::string{} : part->second;
}

TEST_F(Experiments, EachRuns) {
  unsigned found = 0;
  for (const auto& entry : fs::directory_iterator{std::string{AHCISIM_SOURCE_DIR} + "/testbenches/experiments"}) {
    if (entry.path().extension() != ".toml") continue;
    ++found;
    const std::string name = entry.path().stem().string();
    std::vector<std::string> arguments{"run", name, "--set", "workload.requests=200", "--timeline", "0"};
    if (const std::string some = some_points(name); !some.empty()) arguments.insert(arguments.end(), {"--point", some});
    const Outcome outcome = run(arguments);
    ASSERT_EQ(outcome.status, 0) << name << ": " << outcome.err;
    EXPECT_EQ(text_of(entry.path()).rfind("# ", 0), 0u) << name << " does not begin with the question it answers";
    const nlohmann::json stats = nlohmann::json::parse(text_of(folder() / "results" / name / "stats.json"));
    EXPECT_NE(stats["title"], name);
    for (const auto& run : stats["runs"]) {
      // A flush is a request too, so a workload that flushes completes more than it was asked to issue.
      EXPECT_GE(run["requests"], 200u) << name;
      EXPECT_EQ(run["errors"], 0u) << name;
      EXPECT_TRUE(run["diagnostics"].empty()) << name << run["diagnostics"].dump();
    }
  }
  EXPECT_GE(found, 13u);
}

TEST_F(Experiments, ListNamesThem) {
  const Outcome outcome = run({"list"});
  EXPECT_EQ(outcome.status, 0);
  for (const char* word : {"ncq_vs_sequential", "drives", "write_cache", "samsung-850-pro", "randread", "virtio_blk", "kvm-2012", "directsync"})
    EXPECT_NE(outcome.out.find(word), std::string::npos) << word;
  EXPECT_EQ(outcome.out.find("cannot be read"), std::string::npos) << outcome.out;
}

TEST_F(Experiments, ParamsPrintsOneOrMany) {
  const Outcome one = run({"params", "pcie.link.lanes"});
  EXPECT_EQ(one.status, 0);
  EXPECT_EQ(one.out.find("pcie.link.lanes = "), 0u);
  EXPECT_EQ(one.out.find("pcie.link.generation"), std::string::npos);
  const Outcome set = run({"params", "pcie.link.lanes", "--set", "pcie.link.lanes=2"});
  EXPECT_EQ(set.out.find("pcie.link.lanes = 2"), 0u);
  const Outcome all = run({"params"}), assumed = run({"params", "--assumed"});
  for (const char* section : {"machine.", "host.driver.", "pcie.link.", "ahci.", "sata.", "ata.", "hdd.", "ssd.", "workload."})
    EXPECT_NE(all.out.find(section), std::string::npos) << section;
  EXPECT_EQ(all.err, "");
  for (const char* other : {"ide.register_access", "host.driver.fastest_mode", "guest.controller.queues"})
    EXPECT_NE(all.out.find(other), std::string::npos) << other;
  for (const char* choice : {"with machine.interface = \"ide\"", "with machine.interface = \"virtio_blk\"", "with a drive such as machine.drive"})
    EXPECT_NE(all.out.find(choice), std::string::npos) << choice;
  const Outcome chosen = run({"params", "--set", "machine.interface=ide"});
  EXPECT_EQ(chosen.out.find("with machine.interface"), std::string::npos) << "the machine that was asked for, and no other";
  EXPECT_NE(assumed.out.find("with machine.interface = \"virtio_blk\""), std::string::npos);
  EXPECT_LT(assumed.out.size(), all.out.size());
  EXPECT_EQ(assumed.out.find("    choice: "), std::string::npos);
}

TEST_F(Experiments, RegistersHaveTheSpecificationsNames) {
  const Outcome outcome = run({"registers"});
  EXPECT_EQ(outcome.status, 0);
  for (const char* word : {"CAP", "GHC", "PxCMD", "PxSERR", "AHCI 1.3.1", "Alternate Status", "BMISP", "device_feature", "VIRTIO 1.1"}) EXPECT_NE(outcome.out.find(word), std::string::npos) << word;
}

}  // namespace
}  // namespace ahcisim
