// SPDX-License-Identifier: MIT
// What a run is given: job files and traces of each kind become the requests they describe, images change as they are allowed to.
#include <algorithm>

#include "program.hpp"

namespace ahcisim {
namespace {

class Inputs : public Program {
 protected:
  /// Runs one workload out of `file` on a disk of 1 MiB. "write 0 16": operation, address and sectors of each request, a line each.
  std::string requests_of(const std::string& file, const std::string& content, const std::string& more = "") const {
    write(file, content);
    write("e.toml", machine + "[[workload]]\nname = \"given\"\nfile = \"" + file + "\"\n" + more);
    const Outcome outcome = run({"run", "e.toml", "--results", "r"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const std::vector<std::string> rows = lines_of(text_of(folder() / "r/requests.csv"));
    EXPECT_EQ(rows.at(0).rfind("workload,point,request,op,lba,sectors,status,", 0), 0u);
    std::string all;
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const std::vector<std::string> cell = cells_of(rows[i]);
      EXPECT_EQ(cell.at(6), "ok") << rows[i];
      all += cell[3] + " " + cell[4] + " " + cell[5] + "\n";
    }
    return all;
  }
  const std::string machine = "[machine]\ndrive = \"instant\"\ninstant_capacity = \"1MiB\"\n";
};

TEST_F(Inputs, AFioJobIsRun) {
  EXPECT_EQ(requests_of("job.fio", "[global]\nbs=8k\n[a]\nrw=write\noffset=64k\nsize=32k\nfsync=2\n"),
            "write 128 16\nwrite 144 16\nflush 0 0\nwrite 160 16\nwrite 176 16\nflush 0 0\n");
}

TEST_F(Inputs, AFioLogOfVersionTwoIsReplayed) {
  EXPECT_EQ(requests_of("log.txt", "fio version 2 iolog\n/dev/sda add\n/dev/sda open\n/dev/sda read 4096 8192\n/dev/sda write 0 512\n/dev/sda sync 0 0\n"
                                   "/dev/sda close\n"),
            "read 8 16\nwrite 0 1\nflush 0 0\n");
}

TEST_F(Inputs, AFioLogOfVersionThreeIsReplayedAtItsTimes) {
  EXPECT_EQ(requests_of("log.txt", "fio version 3 iolog\n2 nvme add\n872 nvme open\n878 nvme write 0 16384\n888 nvme read 512 512\n990 nvme close\n"),
            "write 0 32\nread 1 1\n");
  const std::vector<std::string> rows = lines_of(text_of(folder() / "r/requests.csv"));
  const auto submitted = [&](std::size_t row) { return std::stoll(cells_of(rows.at(row)).at(7)); };
  EXPECT_EQ(submitted(2) - submitted(1), 10'000'000) << "10 us, in picoseconds";
}

TEST_F(Inputs, ADisksimTraceIsReplayed) {
  EXPECT_EQ(requests_of("arrivals.trace", "10.5 0 100 8 0\n10.75 0 200 16 1\n12.0 0 64 8 1\n"), "write 100 8\nread 200 16\nread 64 8\n");
}

TEST_F(Inputs, AnImageIsLeftAloneUnlessItMayBeWritten) {
  const std::string before(1 << 20, '\x5a'), writes = "[a]\nrw=write\nbs=4k\nsize=64k\n";
  write("disk.img", before);
  const std::string image = machine + "image = \"disk.img\"\n", workload = "[[workload]]\nname = \"w\"\nfile = \"w.fio\"\n";
  write("w.fio", writes);
  write("e.toml", image + workload);
  ASSERT_EQ(run({"run", "e.toml", "--results", "r"}).status, 0);
  EXPECT_EQ(text_of(folder() / "disk.img"), before) << "writes stay in memory";
  write("e.toml", image + "image_access = \"read_write\"\n" + workload);
  const Outcome written = run({"run", "e.toml", "--results", "s"});
  ASSERT_EQ(written.status, 0) << written.err;
  const std::string after = text_of(folder() / "disk.img");
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t block = 0; block < 16; ++block) EXPECT_NE(after.substr(4096 * block, 4096), before.substr(0, 4096)) << block;
  EXPECT_EQ(after.substr(65536), before.substr(65536));
}

TEST_F(Inputs, HelpSaysWhatEachCommandTakes) {
  for (const char* command : {"", "run", "params", "list", "report", "serve"}) {
    std::vector<std::string> words{"--help"};
    if (*command) words.insert(words.begin(), command);
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.status, 0) << command;
    EXPECT_EQ(outcome.err, "") << command;
    EXPECT_GE(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 8) << command;
    EXPECT_NE(outcome.out.find("ahcisim"), std::string::npos) << command;
  }
  const Outcome run_help = run({"run", "--help"});
  for (const char* word : {"--set", "--results", "--waves", "--jobs"}) EXPECT_NE(run_help.out.find(word), std::string::npos) << word;
}

}  // namespace
}  // namespace ahcisim
