// SPDX-License-Identifier: MIT
// Child processes, their shared progress, and the interrupt signal.
#include "sweep.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <new>

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::program {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;

/// A child's last words: an error of one line, through shared memory.
struct Shared {
  Progress progress;
  char error[1000] = {};
};

class SharedArray {
 public:
  explicit SharedArray(std::size_t count) : bytes_{(count ? count : 1) * sizeof(Shared)} {
    void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc{};
    first_ = static_cast<Shared*>(memory);
    for (std::size_t i = 0; i < count; ++i) new (first_ + i) Shared;
  }
  SharedArray(const SharedArray&) = delete;
  SharedArray& operator=(const SharedArray&) = delete;
  ~SharedArray() { munmap(first_, bytes_); }
  Shared& operator[](std::size_t i) { return first_[i]; }

 private:
  std::size_t bytes_;
  Shared* first_;
};

[[noreturn]] void run_child(const Sweep::Job& job, std::size_t index, Shared& shared) {
  int status = 2;
  try {
    status = job(index, shared.progress);
  } catch (const std::exception& error) {
    std::snprintf(shared.error, sizeof shared.error, "%s", error.what());
    std::replace(std::begin(shared.error), std::end(shared.error), '\n', ' ');  // SystemC's reports have several lines
  }
  std::fflush(nullptr);
  _exit(status);
}

JobResult result_of(int status, const Shared& shared) {
  JobResult result;
  if (WIFEXITED(status)) {
    result.interrupted = WEXITSTATUS(status) == interrupted_status;
    result.ok = WEXITSTATUS(status) == 0 || result.interrupted;
    if (!result.ok) result.error = shared.error[0] ? shared.error : fmt::format("a simulation ended with status {}", WEXITSTATUS(status));
  } else {
    result.error = fmt::format("a simulation was ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  }
  return result;
}

}  // namespace

bool interrupted() { return interrupt_seen != 0; }

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupt_seen = 1; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);  // a file too long for its limit is a failed write, which is reported
}

std::vector<JobResult> Sweep::run(const Job& job, const Show& show) {
  SharedArray shared{jobs_};
  std::vector<JobResult> results(jobs_);
  std::vector<int> states(jobs_, waiting);
  std::vector<pid_t> pids(jobs_, -1);
  std::vector<const Progress*> progress;
  for (std::size_t i = 0; i < jobs_; ++i) progress.push_back(&shared[i].progress);
  std::size_t next = 0, open = 0;
  bool told = false;
  while (open > 0 || (next < jobs_ && !interrupted())) {
    while (open < at_once_ && next < jobs_ && !interrupted()) {
      std::fflush(nullptr);
      const pid_t pid = fork();
      if (pid == 0) run_child(job, next, shared[next]);
      if (pid < 0) {
        if (open == 0) results[next++].error = fmt::format("cannot start a process: {}", std::strerror(errno));
        break;
      }
      pids[next] = pid;
      states[next++] = running;
      ++open;
    }
    usleep(20'000);
    if (interrupted() && !told) {  // a terminal tells the whole group; `kill` and `timeout` tell only this process
      for (std::size_t i = 0; i < next; ++i)
        if (states[i] == running) kill(pids[i], SIGINT);
      told = true;
    }
    for (std::size_t i = 0; i < next; ++i) {
      int status = 0;
      if (states[i] != running || waitpid(pids[i], &status, WNOHANG) != pids[i]) continue;
      results[i] = result_of(status, shared[i]);
      states[i] = ended;
      --open;
      // A mistake in one point is a mistake in the experiment: start no further ones.
      if (!results[i].ok) next = jobs_;
    }
    if (show) show(progress, states);
  }
  for (std::size_t i = 0; i < jobs_; ++i)
    if (states[i] == waiting && results[i].error.empty()) results[i].interrupted = true;
  return results;
}

}  // namespace ahcisim::program
