// SPDX-License-Identifier: MIT
// What a run leaves behind: complete, valid, consistent with itself, and the same bytes every time.
#include <map>
#include <set>

#include "program.hpp"

namespace ahcisim {
namespace {

using Results = Program;
using nlohmann::json;

/// Every file below a folder with its content.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator{folder})
    if (entry.is_regular_file()) all[fs::relative(entry.path(), folder).string()] = text_of(entry.path());
  return all;
}

/// One of each: hard disk and solid state drive, reads and writes, one at a time and queued.
std::string mixed_experiment() {
  return "title = \"mixed\"\n[host.probe]\nfast_probe = true\n"
         "[[workload]]\nname = \"mixed\"\npattern = \"randrw\"\nrequests = 400\nflush_every = 50\n"
         "[[workload]]\nname = \"stream\"\npattern = \"read\"\nblock = \"64KiB\"\nrequests = 200\n"
         "[[point]]\nname = \"hdd 1\"\nset = { \"workload.depth\" = 1 }\n[[point]]\nname = \"hdd 16\"\nset = { \"workload.depth\" = 16 }\n"
         "[[point]]\nname = \"ssd 16\"\nset = { \"workload.depth\" = 16, \"machine.drive\" = \"samsung-850-pro\" }\n";
}

TEST_F(Results, StatisticsAreValidAndSayWhatTheyMean) {
  write("e.toml", mixed_experiment());
  const Outcome outcome = run({"run", "e.toml", "--results", "r"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out.find('\033'), std::string::npos);
  EXPECT_EQ(outcome.out.find("SystemC"), std::string::npos);
  const json stats = json::parse(text_of(folder() / "r/stats.json"));
  EXPECT_FALSE(stats["interrupted"]);
  ASSERT_EQ(stats["runs"].size(), 6u);
  for (const json& run : stats["runs"]) {
    for (const auto& item : run.items()) EXPECT_TRUE(stats["keys"].contains(item.key())) << item.key() << " is not explained";
    EXPECT_GT(run["statistics"].size(), 50u);
    for (const auto& item : run["statistics"].items()) {
      EXPECT_NE(item.value()["unit"], "") << item.key();
      EXPECT_NE(item.value()["meaning"], "") << item.key();
    }
    EXPECT_TRUE(run["diagnostics"].empty()) << run["diagnostics"].dump();
    EXPECT_EQ(run["errors"], 0);
    EXPECT_NEAR(run["iops"].get<double>() * run["measured_ps"].get<double>() * 1e-12, run["requests"].get<double>(), 1e-3);
    EXPECT_LE(run["latency_ps"]["p50"], run["latency_ps"]["p99"]);
  }
}

TEST_F(Results, StagesOfEveryRequestSumToItsLatency) {
  write("e.toml", mixed_experiment());
  ASSERT_EQ(run({"run", "e.toml", "--results", "r"}).status, 0);
  const json stats = json::parse(text_of(folder() / "r/stats.json"));
  std::map<std::string, std::uint64_t> counted;
  const std::vector<std::string> lines = lines_of(text_of(folder() / "r/requests.csv"));
  const std::vector<std::string> header = cells_of(lines.at(0));
  ASSERT_EQ(header.at(8), "latency_ps");
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> cells = cells_of(lines[i]);
    ASSERT_EQ(cells.size(), header.size()) << lines[i];
    ++counted[cells[0] + cells[1]];
    long long sum = 0;
    for (std::size_t stage = 9; stage < cells.size(); ++stage) {
      const long long ps = cells[stage].empty() ? 0 : std::stoll(cells[stage]);
      ASSERT_GE(ps, 0) << header[stage] << " in " << lines[i];
      sum += ps;
    }
    ASSERT_EQ(sum, std::stoll(cells[8])) << lines[i];
  }
  for (const json& run : stats["runs"])
    EXPECT_EQ(counted['"' + run["workload"].get<std::string>() + "\"\"" + run["point"].get<std::string>() + '"'], run["requests"]);
}

TEST_F(Results, SpansOfATimelineNestWithinTheirRow) {
  write("e.toml", mixed_experiment());
  ASSERT_EQ(run({"run", "e.toml", "--results", "r", "--timeline", "100"}).status, 0);
  unsigned files = 0;
  for (const auto& entry : fs::directory_iterator{folder() / "r/timeline"}) {
    ++files;
    const json trace = json::parse(text_of(entry.path()));
    struct Span {
      long long begin, end;
    };
    std::map<int, std::vector<Span>> rows;
    std::set<int> named;
    unsigned whole_requests = 0;
    for (const json& event : trace["traceEvents"]) {
      if (event["name"] == "thread_name") named.insert(event["tid"].get<int>());
      if (event["ph"] != "X") continue;
      const auto ps = [&](const char* key) { return std::llround(event[key].get<double>() * 1e6); };
      rows[event["tid"]].push_back({ps("ts"), ps("ts") + ps("dur")});
      const std::string name = event["name"];
      whole_requests += name == "read " + event["args"]["request"].dump() || name == "write " + event["args"]["request"].dump() ||
                        name == "flush " + event["args"]["request"].dump();
    }
    EXPECT_EQ(whole_requests, 100u) << entry.path();
    for (const auto& [row, spans] : rows) {
      EXPECT_TRUE(named.count(row)) << "row " << row << " has no name";
      std::vector<Span> open;
      long long previous = -1;
      for (const Span& span : spans) {
        ASSERT_LT(span.begin, span.end);
        ASSERT_LE(previous, span.begin) << "spans are not in order";
        previous = span.begin;
        while (!open.empty() && open.back().end <= span.begin) open.pop_back();
        ASSERT_TRUE(open.empty() || span.end <= open.back().end) << entry.path() << " row " << row << " at " << span.begin << " ps";
        open.push_back(span);
      }
    }
  }
  EXPECT_EQ(files, 6u);
}

/// Signals of a VCD as GTKWave names them, "scope.name[3:0]"; fails the test where the file breaks IEEE 1364, 18.
std::set<std::string> signals_of(const std::string& vcd) {
  std::set<std::string> names;
  std::map<std::string, std::size_t> width_of_code;
  std::vector<std::string> scopes;
  bool values = false;
  long long now = -1;
  for (const std::string& line : lines_of(vcd)) {
    std::istringstream in{line};
    std::string word, kind, name, range;
    in >> word;
    if (word == "$scope") {
      in >> kind >> name;
      scopes.push_back(name);
    } else if (word == "$upscope") {
      scopes.pop_back();
    } else if (word == "$var") {
      std::size_t width = 0;
      std::string code;
      in >> kind >> width >> code >> name >> range;
      EXPECT_TRUE(width_of_code.emplace(code, width).second) << "two signals of code " << code;
      std::string path;
      for (const std::string& scope : scopes) path += scope + ".";
      EXPECT_TRUE(names.insert(path + name + (range == "$end" ? "" : range)).second) << "two signals " << path + name;
    } else if (word == "$enddefinitions") {
      EXPECT_TRUE(scopes.empty());
      values = true;
    } else if (values && word[0] == '#') {
      EXPECT_LT(now, std::stoll(word.substr(1))) << "time runs backwards";
      now = std::stoll(word.substr(1));
    } else if (values && word[0] == 'b') {
      std::string code;
      in >> code;
      EXPECT_TRUE(width_of_code.count(code) && word.size() - 1 <= width_of_code[code]) << line;
    } else if (values && word[0] != '$') {
      EXPECT_TRUE((word[0] == '0' || word[0] == '1') && width_of_code[word.substr(1)] == 1) << line;
    }
  }
  EXPECT_GT(now, 0);
  return names;
}

void expect_signals_exist(const std::string& view, const std::set<std::string>& signals) {
  unsigned seen = 0;
  for (const std::string& line : lines_of(view)) {
    if (line.empty() || line[0] == '[' || line[0] == '@' || line[0] == '-' || line[0] == '*' || line[0] == '^') continue;
    EXPECT_TRUE(signals.count(line)) << line << " is no signal of the VCD";
    ++seen;
  }
  EXPECT_GT(seen, 5u);
}

TEST_F(Results, EverySignalOfAViewIsInTheWaves) {
  write("e.toml", experiment("", "samsung-850-pro"));
  ASSERT_EQ(run({"run", "e.toml", "--results", "r", "--waves"}).status, 0);
  const std::set<std::string> signals = signals_of(text_of(folder() / "r/waves/reads-run.vcd"));
  expect_signals_exist(text_of(folder() / "r/waves/reads-run.gtkw"), signals);
  expect_signals_exist(text_of(std::string{AHCISIM_SOURCE_DIR} + "/waveforms/bare_metal.gtkw"), signals);
}

TEST_F(Results, AViewShowsOnlyPortsThatHaveADisk) {
  write("e.toml", experiment("", "samsung-850-pro"));
  ASSERT_EQ(run({"run", "e.toml", "--results", "r", "--waves", "--set", "ahci.ports=4"}).status, 0);
  const std::string view = text_of(folder() / "r/waves/reads-run.gtkw");
  EXPECT_NE(view.find("ahci.port0.state"), std::string::npos);
  EXPECT_EQ(view.find("ahci.port1"), std::string::npos) << view;
  EXPECT_NE(text_of(folder() / "r/waves/reads-run.vcd").find("port3"), std::string::npos) << "the waves have them all";
}

TEST_F(Results, TimelineAndWavesEndAfterSoManyRequests) {
  write("e.toml", experiment("", "samsung-850-pro"));
  ASSERT_EQ(run({"run", "e.toml", "--results", "r", "--waves", "--timeline", "20"}).status, 0);
  const auto short_sizes = contents(folder() / "r");
  ASSERT_EQ(run({"run", "e.toml", "--results", "r", "--waves", "--timeline", "20", "--set", "workload.requests=3000"}).status, 0);
  const auto long_sizes = contents(folder() / "r");
  for (const char* file : {"timeline/reads-run.json", "waves/reads-run.vcd"}) EXPECT_EQ(short_sizes.at(file), long_sizes.at(file)) << file;
  ASSERT_EQ(run({"run", "e.toml", "--results", "r", "--timeline", "0"}).status, 0);
  EXPECT_EQ(contents(folder() / "r").size(), 3u);
}

TEST_F(Results, SameInputAndSeedGiveTheSameBytes) {
  write("e.toml", mixed_experiment());
  ASSERT_EQ(run({"run", "e.toml", "--results", "a", "--waves", "--jobs", "1"}).status, 0);
  ASSERT_EQ(run({"run", "e.toml", "--results", "b", "--waves", "--jobs", "4"}).status, 0);
  const auto a = contents(folder() / "a"), b = contents(folder() / "b");
  ASSERT_EQ(a.size(), 3u + 6 + 12);
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [file, content] : a) EXPECT_TRUE(b.at(file) == content) << file << " differs";
  write("f.toml", "seed = 2\n" + mixed_experiment());
  ASSERT_EQ(run({"run", "f.toml", "--results", "c", "--waves"}).status, 0);
  EXPECT_NE(contents(folder() / "c").at("requests.csv"), a.at("requests.csv"));
}

TEST_F(Results, AxesMakeEveryCombination) {
  write("e.toml", experiment() + "[[point]]\nname = \"A\"\nset = { \"workload.depth\" = 3 }\n[[point]]\nname = \"B\"\n"
                  "[[axis]]\nname = \"lanes\"\nkey = \"pcie.link.lanes\"\nvalues = [1, 2]\n[[axis]]\nname = \"how\"\n[[axis.point]]\nname = \"plain\"\n"
                  "[[axis.point]]\nname = \"deep\"\nset = { \"workload.depth\" = 9 }\n");
  ASSERT_EQ(run({"run", "e.toml", "--results", "r"}).status, 0);
  const json stats = json::parse(text_of(folder() / "r/stats.json"));
  std::vector<std::string> seen;
  for (const json& run : stats["runs"])
    seen.push_back(run["point"].get<std::string>() + ": " + run["settings"]["pcie.link.lanes"].get<std::string>() + ", " + run["settings"]["workload.depth"].get<std::string>());
  // The later setting holds: an axis' over a point's, a point's over the workload's.
  EXPECT_EQ(seen, (std::vector<std::string>{"A, lanes 1, plain: 1, 3", "A, lanes 1, deep: 1, 9", "A, lanes 2, plain: 2, 3", "A, lanes 2, deep: 2, 9",
                                            "B, lanes 1, plain: 1, 8", "B, lanes 1, deep: 1, 9", "B, lanes 2, plain: 2, 8", "B, lanes 2, deep: 2, 9"}));
}

TEST_F(Results, NamesThatLookAlikeAsFilesAreKeptApart) {
  write("e.toml", experiment() + "[[workload]]\nname = \"reads!\"\nrequests = 20\n");
  ASSERT_EQ(run({"run", "e.toml", "--results", "r"}).status, 0);
  EXPECT_EQ(contents(folder() / "r/timeline").size(), 2u);
}

/// A program of which it is known that it writes: what a power cut leaves of it, by cache mode.
std::string power_cuts_experiment() {
  return "[machine]\ndeployment = \"emulated\"\ndrive = \"samsung-850-pro\"\n[host.probe]\nfast_probe = true\n"
         "[[workload]]\nname = \"cuts\"\npower_cuts = 2000\nrequests = 300\nblock = \"16KiB\"\ndepth = 4\nflush_every = 8\n"
         "[[axis]]\nname = \"interface\"\nkey = \"machine.interface\"\nvalues = [\"ahci\", \"ide\", \"virtio_blk\"]\n"
         "[[axis]]\nname = \"cache\"\nkey = \"image.cache\"\nvalues = [\"writeback\", \"directsync\", \"unsafe\"]\n";
}

TEST_F(Results, PowerCutsAreJudged) {
  write("e.toml", power_cuts_experiment());
  const Outcome outcome = run({"run", "e.toml", "--results", "r"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json stats = json::parse(text_of(folder() / "r/stats.json"));
  ASSERT_EQ(stats["runs"].size(), 9u);
  for (const json& run : stats["runs"]) {
    SCOPED_TRACE(run["point"].get<std::string>());
    for (const auto& item : run.items()) EXPECT_TRUE(stats["keys"].contains(item.key())) << item.key() << " is not explained";
    const json& judged = run["durability"];
    const std::string cache = run["settings"]["image.cache"];
    EXPECT_EQ(judged["cuts"], 2000);
    EXPECT_EQ(judged["foreign"], 0);
    EXPECT_EQ(judged["broken"], judged["losses"]);
    EXPECT_EQ(judged["losses"] > 0, cache == "unsafe") << "flushes are ignored there, and nowhere else: " << judged.dump();
    if (cache != "unsafe") {
      EXPECT_EQ(judged["order_violations"], 0);
    }
    EXPECT_EQ(judged["unpromised_lost"] > 0, cache != "directsync") << "every write is promised there";
    EXPECT_EQ(run["errors"], 0);
    EXPECT_GE(run["requests"], 300);
    const std::string told = run["durability"]["losses"] > 0 ? " of 2000 lose stable data" : "none of 2000 breaks a promise";
    EXPECT_NE(outcome.out.find(told), std::string::npos) << outcome.out;
  }
}

TEST_F(Results, PowerCutsSayWhatTheyNeed) {
  const std::string some = "power_cuts = 100\nblock = \"8KiB\"\n";
  refused_experiment("[[workload]]\nname = \"w\"\n" + some, {"workload.power_cuts", "workload.requests"});
  refused_experiment("[[workload]]\nname = \"w\"\nrequests = 9\nspan = \"1GiB\"\n" + some, {"workload.span", "64 MiB"});
  refused_experiment("[[workload]]\nname = \"w\"\nrequests = 9\nfile = \"t.blkparse\"\n" + some, {"workload.file"});
  refused_experiment("[[workload]]\nname = \"w\"\nrequests = 9\nruntime = \"1s\"\n" + some, {"workload.runtime", "leave it out"});
  refused_experiment("[machine]\ndeployment = \"emulated\"\n[image]\nbacking = \"tmpfs\"\n[[workload]]\nname = \"w\"\nrequests = 9\n" + some,
                     {"memory keeps nothing", "image.backing"});
}

TEST_F(Results, RequestsThatFailAreToldInTheTable) {
  write("e.toml", experiment("block = \"64KiB\""));
  const Outcome outcome = run({"run", "e.toml", "--results", "r", "--set", "sata.bit_error_rate=3e-6x", "--set", "workload.depth=1",
                               "--set", "workload.requests=60"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json stats = json::parse(text_of(folder() / "r/stats.json"));
  const auto errors = stats["runs"][0]["errors"].get<std::uint64_t>();
  EXPECT_GT(errors, 0u);
  const std::string told = "  run (" + std::to_string(errors) + " failed) ";
  EXPECT_NE(outcome.out.find(told), std::string::npos) << outcome.out;
  EXPECT_NE(text_of(folder() / "r/summary.txt").find(told), std::string::npos);
}

/// A run long enough to be interrupted; the signal goes to the process, or to its whole group as a terminal's Ctrl-C does.
void interrupt(const Outcome& outcome, const fs::path& results) {
  EXPECT_EQ(outcome.status, 130) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  const json stats = json::parse(text_of(results / "stats.json"));
  EXPECT_TRUE(stats["interrupted"]);
  ASSERT_GE(stats["runs"].size(), 1u);
  const std::size_t rows = lines_of(text_of(results / "requests.csv")).size() - 1;
  std::size_t requests = 0;
  for (const json& run : stats["runs"]) {
    EXPECT_TRUE(run["interrupted"]);
    requests += run["requests"].get<std::size_t>();
  }
  EXPECT_EQ(rows, requests);
  EXPECT_LT(requests, 100'000'000u);
  EXPECT_NE(text_of(results / "summary.txt").find("interrupted"), std::string::npos);
}

TEST_F(Results, InterruptEndsWithWhatThereIs) {
  write("e.toml", experiment());
  const auto signalled = [&](int signal, bool group) {
    const pid_t pid = start({"run", "e.toml", "--set", "workload.requests=100000000", "--results", "r"});
    wait_for_requests("r");
    kill(group ? -pid : pid, signal);
    return wait_for(pid);
  };
  interrupt(signalled(SIGINT, false), folder() / "r");
  interrupt(signalled(SIGINT, true), folder() / "r");
  interrupt(signalled(SIGTERM, false), folder() / "r");
  EXPECT_EQ(entries().size(), 2u) << "something else was left behind";
}

}  // namespace
}  // namespace ahcisim
