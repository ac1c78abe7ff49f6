// SPDX-License-Identifier: MIT
// libFuzzer's target: a client that sends whatever it likes to a served AHCI function, with memory that holds whatever it likes.
//
// An input is a row of steps (script.hpp). The server, its sockets and the simulation are the real ones, in one thread: after each
// step the server handles what has come, without waiting. The function is reset between inputs, as between any two clients.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <systemc>

#include "client.hpp"
#include "served_disk.hpp"
#include "script.hpp"

int sc_main(int, char**) { return 0; }  // libFuzzer has main()

namespace {

using namespace ahcisim;

std::string socket_folder() {
  char name[] = "/tmp/ahcisim-fuzz-XXXXXX";
  if (!::mkdtemp(name)) std::abort();
  std::atexit([] { std::filesystem::remove_all(std::filesystem::path{fuzz::ServedDisk::socket()}.parent_path()); });
  return name;
}

}  // namespace

std::string& ahcisim::fuzz::ServedDisk::socket() {
  static std::string& path = *new std::string{socket_folder() + "/s"};  // until after the folder is removed
  return path;
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 0);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::ServedDisk& disk = *new fuzz::ServedDisk;  // SystemC elaborates once in a process; modules outlive it
  static fuzz::Memory& memory = *new fuzz::Memory;
  memory.clear();
  {
    fuzz::Client client{fuzz::ServedDisk::socket(), memory};
    disk.serve();
    client.greet();
    disk.serve();
    fuzz::Script script{data, size};
    for (fuzz::Step step; script.next(step);) {
      client.take(step);
      disk.serve();
      for (unsigned i = 0; i < step.slices; ++i) disk.run();
      client.drop_answers();
    }
  }
  disk.serve();  // the client has gone
  disk.serve();
  return 0;
}
