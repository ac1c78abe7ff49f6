// SPDX-License-Identifier: MIT
// The list of parameters as users read it: each with its value, what it means, and where its number comes from.
#include <map>
#include <set>

#include "program.hpp"

namespace ahcisim {
namespace {

/// One parameter of the list: a line `name = value`, then paragraphs of 4 spaces whose further lines have 6.
struct Told {
  std::string name;
  std::vector<std::string> paragraphs;
};

std::vector<Told> told(const std::string& text) {
  std::vector<Told> all;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    if (line[0] != ' ')
      all.push_back({line.substr(0, line.find(" = ")), {}});
    else if (all.empty())
      ADD_FAILURE() << "text before the first parameter: " << line;
    else if (line.rfind("      ", 0) == 0 && !all.back().paragraphs.empty())
      all.back().paragraphs.back() += line.substr(5);
    else
      all.back().paragraphs.push_back(line.substr(std::min<std::size_t>(4, line.size())));
  }
  return all;
}

struct Params : Program {
  void expect_complete(const std::string& list) const {
    static const std::set<std::string> kinds{"cited", "measured", "derived", "assumed", "choice"};
    for (const Told& parameter : told(list)) {
      SCOPED_TRACE(parameter.name);
      std::vector<std::string> rest = parameter.paragraphs;
      if (!rest.empty() && rest.front().rfind("with ", 0) == 0) rest.erase(rest.begin());
      ASSERT_EQ(rest.size(), 2u) << "meaning and source";
      const std::string &meaning = rest[0], &source = rest[1];
      EXPECT_GT(meaning.rfind(" ("), 3u) << "no meaning before the unit: " << meaning;
      EXPECT_NE(meaning.rfind(" ("), std::string::npos) << "no unit: " << meaning;
      EXPECT_EQ(meaning.back(), ')') << meaning;
      const std::size_t colon = source.find(": ");
      ASSERT_NE(colon, std::string::npos) << "no text behind the source's kind: " << source;
      EXPECT_EQ(kinds.count(source.substr(0, colon)), 1u) << source;
      EXPECT_GE(source.size() - colon - 2, 4u) << "too short to name a source: " << source;
    }
  }
  std::string list(const std::vector<std::string>& settings) const {
    std::vector<std::string> arguments{"params"};
    for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.out;
  }
};

TEST_F(Params, EachHasAMeaningAndASource) {
  const std::string all = list({});
  std::map<std::string, unsigned> sections;
  for (const Told& parameter : told(all)) ++sections[parameter.name.substr(0, parameter.name.rfind('.'))];
  for (const char* section : {"machine", "pcie.link", "ahci", "sata", "ata", "hdd", "ssd", "optical", "ide",
                              "host.driver", "host.cpu", "guest.controller", "workload"})
    EXPECT_GT(sections[section], 0u) << "no parameter of " << section;
  expect_complete(all);
}

TEST_F(Params, AlsoOfOtherMachines) {
  expect_complete(list({"machine.drive=samsung-850-pro"}));
  expect_complete(list({"machine.drive=dvd-rom"}));
  expect_complete(list({"machine.interface=ide"}));
  for (const char* interface : {"ahci", "ide", "virtio_blk"})
    expect_complete(list({"machine.deployment=emulated", std::string{"machine.interface="} + interface}));
}

}  // namespace
}  // namespace ahcisim
