// SPDX-License-Identifier: MIT
// Lines on standard input of `ahcisim serve`: each is answered with one, and nothing that they hold ends the server.
#include <fcntl.h>

#include "program.hpp"

namespace ahcisim {
namespace {

class ServeControl : public Program {
 protected:
  /// A server of these machines, its standard input a pipe.
  void serve(const std::vector<std::string>& machines) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    std::vector<std::string> arguments{"serve"};
    for (std::size_t i = 0; i < machines.size(); ++i) {
      write("m" + std::to_string(i) + ".toml", machines[i]);
      arguments.push_back("m" + std::to_string(i) + ".toml");
    }
    for (std::size_t i = 0; i < machines.size(); ++i) arguments.insert(arguments.end(), {"--vfio-user", "s" + std::to_string(i)});
    server_ = start(arguments, [&] {
      dup2(ends[0], STDIN_FILENO);
      close(ends[0]), close(ends[1]);
    });
    close(ends[0]);
    input_ = ends[1];
    lines_ = machines.size();
    EXPECT_TRUE(wait_for_lines());
  }
  /// The answer to a line.
  std::string say(const std::string& line) {
    EXPECT_EQ(::write(input_, (line + "\n").data(), line.size() + 1), static_cast<ssize_t>(line.size() + 1));
    ++lines_;
    if (!wait_for_lines()) return "no answer";
    const std::string all = text_of(folder().string() + ".out");
    return all.substr(all.rfind('\n', all.size() - 2) + 1);
  }
  Outcome stop() {
    kill(server_, SIGINT);
    return wait_for(server_);
  }
  int input_ = -1;

 private:
  bool wait_for_lines() {
    for (int tries = 0; tries < 400; ++tries, usleep(25'000)) {
      const std::string all = text_of(folder().string() + ".out");
      if (static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n')) >= lines_) return true;
    }
    return false;
  }
  pid_t server_ = -1;
  std::size_t lines_ = 0;
};

const char* const dvd = "[machine]\ndrive = \"dvd-rom\"\n";
const char* const disk = "[machine]\ndrive = \"instant\"\n";

TEST_F(ServeControl, DiscsAreChanged) {
  write("disc.iso", std::string(2048 * 20, 'x'));
  serve({dvd});
  EXPECT_EQ(say("status"), "status: tray closed, no disc; 0 unit attentions told\n");
  EXPECT_EQ(say("insert disc.iso"), "insert: the tray takes the disc\n");
  EXPECT_EQ(say("status"), "status: tray closed, a disc of 20 blocks is ready; 0 unit attentions told\n") << "time is free";
  EXPECT_EQ(say("eject"), "eject: the tray comes out\n");
  EXPECT_EQ(say("status"), "status: tray open, a disc lies in it; 0 unit attentions told\n");
  EXPECT_EQ(say("  insert \t disc.iso  "), "insert: the tray takes the disc\n");
  EXPECT_EQ(stop().status, 0);
}

TEST_F(ServeControl, MistakesAreAnsweredInOneLine) {
  serve({dvd});
  EXPECT_EQ(say("insert gone.iso").find("insert: image \"gone.iso\": no such file"), 0u);
  EXPECT_EQ(say("insert"), "insert: write insert FILE\n");
  EXPECT_EQ(say("eject now"), "eject: write eject\n");
  EXPECT_EQ(say("open sesame"), "\"open\" is no command; there are: eject, insert FILE, status\n");
  EXPECT_EQ(say("status"), "status: tray closed, no disc; 0 unit attentions told\n");
  const std::string endless(20'000, 'x');
  EXPECT_EQ(::write(input_, endless.data(), endless.size()), static_cast<ssize_t>(endless.size()));
  close(input_);
  const Outcome outcome = stop();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
}

TEST_F(ServeControl, SeveralMachinesAreNamed) {
  serve({disk, dvd});
  EXPECT_EQ(say("eject"), "eject: which machine? Write its name before, such as machine0 eject\n");
  EXPECT_EQ(say("machine0 eject").find("eject: machine0 has no optical drive"), 0u);
  EXPECT_EQ(say("machine1 eject"), "eject: the tray comes out\n");
  EXPECT_EQ(stop().status, 0);
}

TEST_F(ServeControl, AnInputThatEndsEndsNothing) {
  serve({dvd});
  close(input_);
  usleep(100'000);
  EXPECT_EQ(stop().status, 0);
}

}  // namespace
}  // namespace ahcisim
