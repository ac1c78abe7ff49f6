// SPDX-License-Identifier: MIT
// ahcisim report: its experiments in one go, what it leaves behind, and how mistakes are answered.
#include <regex>

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

/// The first cell of each row of a page's table, and the row's numbers.
std::vector<std::vector<std::string>> rows_of_table(const std::string& page, const std::string& caption) {
  std::vector<std::vector<std::string>> rows;
  const std::size_t begin = page.find(caption), end = page.find("</table>", begin);
  if (begin == std::string::npos) return rows;
  const std::string table = page.substr(begin, end - begin);
  const std::regex cell{"<(th scope=\"row\"|td)>([^<]*)<"};
  for (std::sregex_iterator i{table.begin(), table.end(), cell}, none; i != none; ++i) {
    if ((*i)[1] != "td") rows.emplace_back();
    if (!rows.empty()) rows.back().push_back((*i)[2]);
  }
  return rows;
}

// Real requests of a guest, image on tmpfs: the page tells of them in an order that can be, and each step takes its time.
TEST_F(Report, TellsAGuestsRequestInTheOrderOfItsWay) {
  const auto point = [](const char* name, const char* interface, const char* more) {
    return std::string{"[[point]]\nname = \""} + name + "\"\n[point.set]\nmachine = { deployment = \"emulated\", interface = \"" + interface +
           "\" }\nvm.costs = \"kvm-2012\"\nimage = { backing = \"tmpfs\", cache = \"none\" }\nguest.io = \"direct\"\n" + more;
  };
  const std::string workload = "block = \"4KiB\"\nspan = \"1GiB\"\nrequests = 11\ndepth = 1\n";
  write("e/device_access.toml",
        "title = \"t\"\nseed = 1\n[[workload]]\nname = \"a read\"\npattern = \"randread\"\n" + workload +
            "[[workload]]\nname = \"a write\"\npattern = \"randwrite\"\n" + workload +
            point("pio", "ide", "guest.driver.mode = \"pio\"\n") + point("dma", "ide", "guest.driver.mode = \"dma\"\n") +
            point("ncq", "ahci", "") + point("virtio", "virtio_blk", ""));
  const Outcome outcome = run({"report", "--only", "device_access", "--results", "r"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const std::string page = text_of(folder() / "r/report.html");
  const auto reads = rows_of_table(page, "a read, emulated, image on tmpfs</caption>"),
             writes = rows_of_table(page, "a write, emulated, image on tmpfs</caption>");
  const auto place = [](const auto& rows, const std::string& name) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r[0] == name; });
    EXPECT_NE(row, rows.end()) << name;
    return row - rows.begin();
  };
  const char* const in[] = {"dispatch", "device code reads the request", "emulator calls the host"};
  for (const auto& rows : {reads, writes})
    for (int i = 0; i < 2; ++i) EXPECT_LT(place(rows, in[i]), place(rows, in[i + 1])) << in[i];
  EXPECT_LT(place(reads, "host: read"), place(reads, "emulator told"));
  EXPECT_LT(place(reads, "emulator told"), place(reads, "device code completes"));
  const std::string between = "for the data: guest&#39;s kernel";
  EXPECT_LT(place(writes, between), place(writes, "emulator calls the host"));
  EXPECT_LT(place(reads, "emulator told"), place(reads, between));
  ASSERT_EQ(reads.size(), static_cast<std::size_t>(place(reads, "from call to return")) + 1);
  // IDE PIO, IDE DMA, AHCI NCQ, virtio-blk.
  const auto cell = [&](const auto& rows, const std::string& name, std::size_t column) {
    const auto at = static_cast<std::size_t>(place(rows, name));
    return at < rows.size() && column < rows[at].size() ? rows[at][column] : "no cell";
  };
  for (std::size_t column = 1; column <= 4; ++column) {
    EXPECT_NE(cell(reads, "device code reads the request", column), "–") << column;
    EXPECT_NE(cell(writes, "device code reads the request", column), "–") << column;
  }
  for (std::size_t column = 3; column <= 4; ++column)
    EXPECT_GT(std::stod(cell(reads, "device code completes", column)), 1.0) << "more than what rounding leaves: " << column;
  // What the guest fetches itself, or lets the bus master fetch, waits for it.
  for (std::size_t column = 1; column <= 2; ++column) {
    EXPECT_GT(std::stod(cell(reads, between, column)), 0) << column;
    EXPECT_EQ(cell(reads, "device code completes", column), "–") << column;
  }
  // Accesses are told as what they are, and the guest's kernel without them: IDE's is as long as AHCI's but for three times 10 µs and
  // once 400 ns that it waits before it looks.
  EXPECT_NEAR(std::stod(cell(reads, "guest&#39;s kernel processes it", 2)), std::stod(cell(reads, "guest&#39;s kernel processes it", 3)) + 30.4, 1e-6);
  // 62 accesses by PIO, 7 by AHCI; an end of interrupt each for 8 of them and for one; half a vmcall of 3898 cycles at 2.8 GHz.
  const auto trapped = [](int accesses, int ends) { return (accesses * 1949 + ends * (1949 + 553)) / 2800.0; };
  EXPECT_NEAR(std::stod(cell(reads, "access trapped", 3)), trapped(7, 1), 1e-4);
  EXPECT_NEAR(std::stod(cell(reads, "access trapped", 1)), trapped(62, 8), 1.0) << "the access after the command is over while the host reads";
  for (const auto& row : reads) EXPECT_NE(row[0], "data handed over") << "an emulated read's data is moved on by device code";
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
