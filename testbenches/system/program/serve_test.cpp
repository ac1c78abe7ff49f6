// SPDX-License-Identifier: MIT
// `ahcisim serve` as its users start and end it; what it records is what was asked, and `ahcisim run` replays it.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <support/served_ahci_driver.hpp>

#include "program.hpp"

namespace ahcisim {
namespace {

using test::ServedAhciGuest;
using test::VfioUserClient;
using Driver = test::ServedAhciDriver;

class Serve : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    write("m.toml", "[machine]\ndrive = \"instant\"\ninstant_capacity = \"64MiB\"\n");
  }
  static bool is_socket(const fs::path& path) { return fs::is_socket(fs::symlink_status(path)); }
  /// Starts a server and waits until its sockets listen: it says so for all of them at once.
  pid_t listening(const std::vector<std::string>& arguments) const {
    const pid_t pid = start(arguments);
    for (int tries = 0; tries < 400 && text_of(folder().string() + ".out").find("listening") == std::string::npos; ++tries) usleep(25'000);
    return pid;
  }
  Outcome ended(pid_t pid, int signal) const {
    kill(pid, signal);
    return wait_for(pid);
  }
};

TEST_F(Serve, MistakesAreAnswered) {
  refused({"serve"}, {"MACHINE"});
  refused({"serve", "m.toml"}, {"--vfio-user"});
  refused({"serve", "none.toml", "--vfio-user", "s"}, {"none.toml"});
  refused({"serve", "m.toml", "--vfio-user", ""}, {"1 to 107 characters"});
  refused({"serve", "m.toml", "--vfio-user", std::string(108, 's')}, {"1 to 107 characters", "shorter"});
  refused({"serve", "m.toml", "--vfio-user", "nowhere/s"}, {"nowhere/s", "folder that exists"});
  refused({"serve", "m.toml", "--vfio-user", "/proc/s"}, {"/proc/s", "may write to"});
  refused({"serve", "m.toml", "--vfio-user", "m.toml"}, {"m.toml: exists and is no socket"});
  refused({"serve", "m.toml", "m.toml", "--vfio-user", "s"}, {"2 machines and 1 sockets"});
  refused({"serve", "m.toml", "m.toml", "--vfio-user", "s", "--vfio-user", "s"}, {"s: another server listens there"});
  refused({"serve", "m.toml", "m.toml", "--vfio-user", "s", "--vfio-user", "nowhere/s"}, {"nowhere/s"});
  refused({"serve", "m.toml", "--vfio-user", "s", "--time", "slow"}, {"--time slow", "free, paced or record"});
  refused({"serve", "m.toml", "--vfio-user", "s", "--time"}, {"--time"});
}

TEST_F(Serve, MachinesThatCannotBeServed) {
  const auto with = [&](const std::vector<std::string>& settings, const std::vector<std::string>& words) {
    std::vector<std::string> arguments{"serve", "m.toml", "--vfio-user", "s"};
    for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    refused(arguments, words);
  };
  with({"machine.interface=ide", "faults.lost_link=5"}, {"faults.lost_link", "set machine.interface = \"ahci\""});
  with({"machine.interface=virtio_blk"}, {"machine.interface = \"virtio_blk\"", "machine.deployment = \"emulated\""});
  with({"machine.deployment=emulated"}, {"machine.deployment = \"emulated\"", "bare_metal"});
  with({"host.cpu.syscall=1us"}, {"host.cpu.syscall", "leave it out"});
  with({"machine.deployment=emulated", "machine.interface=virtio_blk", "image.cache=none"}, {"image.cache", "leave it out"});
  with({"machine.drive=nothing"}, {"unknown drive"});
  with({"lanes"}, {"--set lanes", "key=value"});
  with({"machine.image=none.img", "machine.image_access=read_write"}, {"none.img"});
  write("small.img", "");
  fs::resize_file(folder() / "small.img", 1 << 20);
  with({"machine.image=small.img", "machine.image_access=read_write"}, {"small.img", "truncate"});
  write("bad.toml", "[machine]\ndrive = \n");
  refused({"serve", "bad.toml", "--vfio-user", "s"}, {"bad.toml:2"});
}

TEST_F(Serve, MistakesWithRecordings) {
  refused({"serve", "m.toml", "--vfio-user", "s", "--record", "t"}, {"--record t", "--time record"});
  refused({"serve", "m.toml", "--vfio-user", "s", "--time", "paced", "--record", "t"}, {"--record t", "--time record"});
  refused({"serve", "m.toml", "--vfio-user", "s", "--time", "record"}, {"1 machines and 0 files"});
  refused({"serve", "m.toml", "--vfio-user", "s", "--time", "record", "--record", "t", "--record", "u"}, {"1 machines and 2 files"});
  refused({"serve", "m.toml", "--vfio-user", "nowhere/s", "--time", "record", "--record", "t"}, {"nowhere/s"});
  write("nowhere.txt", "");
  refused({"serve", "m.toml", "--vfio-user", "s", "--time", "record", "--record", "nowhere/t"}, {"nowhere/t: cannot be written"});
  refused({"serve", "m.toml", "m.toml", "--vfio-user", "s", "--vfio-user", "u", "--time", "record", "--record", "t", "--record", "t"},
          {"--record t", "twice"});
}

TEST_F(Serve, ASecondServerDoesNotTakeTheSocketOfTheFirst) {
  const pid_t pid = listening({"serve", "m.toml", "--vfio-user", "s"});
  const Outcome second = [&] {  // its output would go where the first one's goes
    const pid_t child = fork();
    if (child == 0) {
      if (chdir(folder().c_str()) != 0 || !std::freopen("second.err", "w", stderr)) _exit(97);
      execl(binary().c_str(), binary().c_str(), "serve", "m.toml", "--vfio-user", "s", nullptr);
      _exit(98);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return Outcome{WEXITSTATUS(status), "", text_of(folder() / "second.err")};
  }();
  EXPECT_EQ(second.status, 2);
  EXPECT_NE(second.err.find("another server listens"), std::string::npos) << second.err;
  EXPECT_TRUE(is_socket(folder() / "s")) << "still the first one's";
  EXPECT_EQ(ended(pid, SIGINT).status, 0);
}

TEST_F(Serve, ASocketThatNobodyListensOnIsTaken) {
  const pid_t killed = listening({"serve", "m.toml", "--vfio-user", "s"});
  ended(killed, SIGKILL);
  ASSERT_TRUE(is_socket(folder() / "s")) << "left behind";
  const pid_t pid = listening({"serve", "m.toml", "--vfio-user", "s"});
  EXPECT_EQ(VfioUserClient{folder() / "s"}.version().error(), 0u);
  EXPECT_EQ(ended(pid, SIGINT).status, 0);
}

TEST_F(Serve, SignalsEndItInOrder) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const pid_t pid = listening({"serve", "m.toml", "m.toml", "--vfio-user", "s", "--vfio-user", "u"});
    for (const char* name : {"s", "u"}) {
      EXPECT_TRUE(is_socket(folder() / name));
      EXPECT_EQ(fs::status(folder() / name).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    }
    VfioUserClient client{folder() / "u"};
    client.version();
    const Outcome outcome = ended(pid, signal);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_NE(outcome.out.find("listening on s\nlistening on u\n"), std::string::npos) << outcome.out;
    EXPECT_NE(outcome.out.find("s: 0 clients, 0 messages, 0 of them refused\nu: 1 clients, 1 messages, 0 of them refused\n"), std::string::npos) << outcome.out;
    EXPECT_FALSE(fs::exists(folder() / "s"));
    EXPECT_FALSE(fs::exists(folder() / "u"));
  }
}

TEST_F(Serve, PacedTimeIsToldAtTheEnd) {
  const Outcome outcome = ended(listening({"serve", "m.toml", "--vfio-user", "s", "--time", "paced"}), SIGTERM);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(outcome.out.find("paced: at most "), std::string::npos) << outcome.out;
}

Driver::Order order(std::uint8_t command, std::uint64_t lba, std::uint16_t sectors, bool to_device) {
  Driver::Order made{command};
  made.lba = lba, made.count = sectors, made.to_device = to_device, made.bytes = sectors * 512u;
  return made;
}

/// Reads, writes with and without FUA, queued and not, a flush and a trim, twenty milliseconds after each other at least. Each as it
/// is to stand in the trace.
std::vector<std::string> some_requests(ServedAhciGuest& guest) {
  const auto queued = [](std::uint8_t command, std::uint64_t lba, std::uint16_t sectors, bool to_device, bool fua) {
    Driver::Order made = order(command, lba, 0, to_device);
    made.features = sectors, made.bytes = sectors * 512u, made.device = fua ? 0xc0 : 0x40, made.queued = true;
    return made;
  };
  Driver::Order trim = order(0x06, 0, 1, true);  // DATA SET MANAGEMENT
  trim.features = 1;
  const std::uint64_t ranges[] = {std::uint64_t{8} << 48 | 2048, 0, std::uint64_t{16} << 48 | 4096};
  const struct {
    Driver::Order order;
    std::vector<std::string> lines;
  } steps[] = {
      {order(0x25, 8, 16, false), {"D R 8 + 16"}},                       // READ DMA EXT
      {order(0x35, 1000, 64, true), {"D W 1000 + 64"}},                  // WRITE DMA EXT
      {order(0x3d, 64, 8, true), {"D WF 64 + 8"}},                       // WRITE DMA FUA EXT
      {order(0xea, 0, 0, false), {"D FF 0 + 0"}},                        // FLUSH CACHE EXT
      {queued(0x60, 72, 8, false, false), {"D R 72 + 8"}},               // READ FPDMA QUEUED
      {queued(0x61, 80, 8, true, true), {"D WF 80 + 8"}},                // WRITE FPDMA QUEUED
      {trim, {"D D 2048 + 8", "D D 4096 + 16"}},
      {order(0xec, 0, 0, false), {}},                                    // IDENTIFY DEVICE asks nothing of the disk
      {order(0x25, 1 << 20, 8, false), {}},                              // beyond the disk: refused
  };
  std::vector<std::string> lines;
  for (const auto& step : steps) {
    std::memset(guest.memory.data() + Driver::data, 0, 512);
    std::memcpy(guest.memory.data() + Driver::data, ranges, sizeof ranges);
    Driver::Order with = step.order;
    if (with.command == 0xec) with.bytes = 512;
    usleep(20'000);
    guest.driver.issue(with);
    if (with.lba != 1 << 20) { EXPECT_TRUE(guest.driver.done()) << "command " << int{with.command}; }
    lines.insert(lines.end(), step.lines.begin(), step.lines.end());
  }
  EXPECT_TRUE(guest.driver.until(Driver::PxTFD, 1, 1)) << "ERR";
  return lines;
}

TEST_F(Serve, WhatIsRecordedIsWhatWasAskedAndIsReplayed) {
  const pid_t pid = listening({"serve", "m.toml", "--vfio-user", "s", "--time", "record", "--record", "t.blkparse"});
  std::vector<std::string> asked;
  {
    ServedAhciGuest guest{folder() / "s"};
    ASSERT_TRUE(guest.driver.bring_up());
    asked = some_requests(guest);
  }
  const Outcome outcome = ended(pid, SIGINT);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("t.blkparse: 8 requests\n"), std::string::npos) << outcome.out;

  std::istringstream trace{text_of(folder() / "t.blkparse")};
  std::vector<std::string> written;
  std::vector<double> times;
  for (std::string line; std::getline(trace, line);) {
    std::istringstream fields{line};
    std::string device, skipped, what;
    double time = 0;
    fields >> device >> skipped >> skipped >> time >> skipped;
    std::getline(fields, what);
    times.push_back(time);
    written.push_back(what.substr(1, what.find(" [") - 1));
  }
  EXPECT_EQ(written, asked);
  ASSERT_EQ(times.size(), 8u);
  for (std::size_t i = 1; i < 7; ++i) EXPECT_GE(times[i] - times[i - 1], 0.020) << "wall time, line " << i + 1;

  for (const std::string loop : {"recorded", "closed"}) {
    write("e.toml", "[machine]\ndrive = \"samsung-850-pro\"\n[host.probe]\nfast_probe = true\n[[workload]]\nname = \"guest\"\nfile = \"t.blkparse\"\nloop = \"" +
                        loop + "\"\n");
    const Outcome replay = run({"run", "e.toml", "--results", loop});
    ASSERT_EQ(replay.status, 0) << replay.err;
    const nlohmann::json stats = nlohmann::json::parse(text_of(folder() / loop / "stats.json"));
    const nlohmann::json& result = stats["runs"][0];
    EXPECT_EQ(result["requests"], 8);
    EXPECT_EQ(result["errors"], 0);
    const double took = result["measured_ps"].get<double>() * 1e-12;
    const bool recorded = loop == "recorded";
    EXPECT_GE(took, recorded ? times.back() - times.front() : 0) << loop;
    EXPECT_LT(took, recorded ? times.back() - times.front() + 0.010 : 0.1) << loop;
  }
}

}  // namespace
}  // namespace ahcisim
