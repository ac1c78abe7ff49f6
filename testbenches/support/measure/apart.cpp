// SPDX-License-Identifier: MIT
// The child process and what it shares with its parent.
#include <support/measure/apart.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

#include <sys/mman.h>
#include <sys/wait.h>
#include <systemc>
#include <unistd.h>

namespace ahcisim::measure {
namespace {

constexpr std::size_t words_bytes = 1000;

[[noreturn]] void be_child(void (*job)(void*, void*), void* context, void* result, char* words) {
  int status = 1;
  try {
    job(context, result);
    status = 0;
    for (const auto severity : {sc_core::SC_WARNING, sc_core::SC_ERROR, sc_core::SC_FATAL})
      if (sc_core::sc_report_handler::get_count(severity) > 0) {
        std::snprintf(words, words_bytes, "a SystemC warning or error was reported");
        status = 1;
      }
  } catch (const std::exception& error) {
    std::snprintf(words, words_bytes, "%s", error.what());
  }
  std::fflush(nullptr);
  _exit(status);
}

}  // namespace

void run_apart(void (*job)(void*, void*), void* context, void* result, std::size_t bytes) {
  void* const shared = mmap(nullptr, words_bytes + bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::bad_alloc{};
  char* const words = static_cast<char*>(shared);
  void* const there = words + words_bytes;  // 1000 is a multiple of any alignment of numbers
  std::memcpy(there, result, bytes);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) be_child(job, context, there, words);
  int status = 0;
  std::string error;
  if (child < 0)
    error = std::string{"cannot start a process: "} + std::strerror(errno);
  else {
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status))
      error = std::string{"a measurement was ended by signal "} + strsignal(WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
      error = words[0] ? words : "a measurement ended with status " + std::to_string(WEXITSTATUS(status));
  }
  std::memcpy(result, there, bytes);
  munmap(shared, words_bytes + bytes);
  if (!error.empty()) throw std::runtime_error{error};
}

}  // namespace ahcisim::measure
