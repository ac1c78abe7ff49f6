// SPDX-License-Identifier: MIT
// ahcisim report: its experiments in one go, what it leaves behind, and how mistakes are answered.
#include "program.hpp"

namespace ahcisim {
namespace {

using nlohmann::json;

/// The experiments of the report are replaced by small ones of the test's folder.
class Report : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    fs::create_directory(folder() / "e");
    setenv("AHCISIM_EXPERIMENTS", (folder() / "e").c_str(), 1);
    for (const char* name : {"communication", "multiple_requests", "speed", "device_access", "cache_policy", "qemu_counts", "qemu"})
      write(std::string{"e/"} + name + ".toml", experiment("[[axis]]\nname = \"depth\"\nkey = \"workload.depth\"\nvalues = [1, 4]\n"));
  }
  void TearDown() override {
    unsetenv("AHCISIM_EXPERIMENTS");
    Program::TearDown();
  }
};

TEST_F(Report, RunsEveryExperimentAndWritesThePage) {
  const Outcome outcome = run({"report"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_NE(outcome.out.find("14 simulations of 7 experiments"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("page: results/report/report.html"), std::string::npos) << outcome.out;
  for (const char* name : {"communication", "multiple_requests", "speed", "device_access", "cache_policy", "qemu_counts", "qemu"}) {
    const json stats = json::parse(text_of(folder() / "results/report" / name / "stats.json"));
    EXPECT_EQ(stats["experiment"], name);
    EXPECT_EQ(stats["runs"].size(), 2u);
    EXPECT_EQ(stats["runs"][0]["requests"], 300);
    EXPECT_TRUE(fs::exists(folder() / "results/report" / name / "requests.csv"));
    EXPECT_TRUE(fs::exists(folder() / "results/report" / name / "summary.txt"));
    EXPECT_FALSE(fs::exists(folder() / "results/report" / name / "parts"));
  }
  EXPECT_NE(text_of(folder() / "results/report/report.html").find("</html>"), std::string::npos);
  EXPECT_EQ(run({"report"}).status, 0) << "an earlier report is replaced";
}

TEST_F(Report, SameResultsAsRun) {
  ASSERT_EQ(run({"report", "--only", "speed", "--results", "a", "--set", "workload.requests=100"}).status, 0);
  ASSERT_EQ(run({"run", "speed", "--results", "b", "--set", "workload.requests=100"}).status, 0);
  for (const char* file : {"stats.json", "requests.csv", "summary.txt"})
    EXPECT_EQ(text_of(folder() / "a/speed" / file), text_of(folder() / "b" / file)) << file;
  const std::string page = text_of(folder() / "a/report.html");
  for (const char* words : {"Not on this page", "<td class=\"open\">not run</td>"})
    EXPECT_NE(page.find(words), std::string::npos) << "what was not run is named: " << words;
}

TEST_F(Report, Options) {
  refused({"report", "--only", "speeed"}, {"--only speeed", "did you mean \"speed\""});
  refused({"report", "--only", "speed", "--set", "pcie.link.lane=4"}, {"--set", "did you mean \"pcie.link.lanes\""});
  refused({"report", "--set", "lanes"}, {"--set lanes", "key=value"});
  refused({"report", "speed"}, {"speed", "--help"});
}

TEST_F(Report, FolderThatIsSomebodyElses) {
  fs::create_directory(folder() / "mine");
  write("mine/letter.txt", "dear all");
  refused({"report", "--results", "mine"}, {"mine", "letter.txt", "--results"});
  fs::rename(folder() / "mine/letter.txt", folder() / "letter.txt");
  fs::create_directory(folder() / "mine/speed");  // named like a part, but it holds something else
  fs::rename(folder() / "letter.txt", folder() / "mine/speed/letter.txt");
  refused({"report", "--results", "mine"}, {"mine", "speed", "--results"});
  EXPECT_EQ(text_of(folder() / "mine/speed/letter.txt"), "dear all");
  refused({"report", "--results", "/proc/nowhere"}, {"/proc/nowhere", "--results"});
}

TEST_F(Report, RunDoesNotReplaceAReport) {
  ASSERT_EQ(run({"report", "--only", "speed", "--results", "r"}).status, 0);
  refused({"run", "speed", "--results", "r"}, {"r: holds", "--results"});
}

TEST_F(Report, ExperimentThatFailsIsAnError) {
  ASSERT_EQ(run({"report", "--results", "r"}).status, 0);
  const std::string before = text_of(folder() / "r/report.html");
  write("e/qemu.toml", experiment("file = \"gone.blkparse\""));
  refused({"report", "--results", "r"}, {"gone.blkparse"});
  write("e/qemu.toml", experiment("blok = \"4KiB\""));
  refused({"report", "--results", "r"}, {"qemu.toml:9:", "workload.block"});
  fs::remove(folder() / "e/qemu.toml");
  EXPECT_EQ(text_of(folder() / "r/report.html"), before);
}

TEST_F(Report, MissingJinjaIsToldBeforeAnythingRuns) {
  write("jinja2.py", "raise ImportError\n");
  setenv("PYTHONPATH", folder().c_str(), 1);
  refused({"report"}, {"Jinja2", "python3-jinja2"});
  unsetenv("PYTHONPATH");
}

TEST_F(Report, InterruptEndsWithWhatThereIs) {
  const pid_t pid = start({"report", "--set", "workload.requests=100000000", "--results", "r"});
  wait_for_requests("r");
  kill(-pid, SIGINT);
  const Outcome outcome = wait_for(pid);
  EXPECT_EQ(outcome.status, 130) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  const std::string page = text_of(folder() / "r/report.html");
  EXPECT_NE(page.find("interrupted"), std::string::npos) << outcome.out;
  EXPECT_TRUE(json::parse(text_of(folder() / "r/communication/stats.json"))["interrupted"]);
}

}  // namespace
}  // namespace ahcisim
