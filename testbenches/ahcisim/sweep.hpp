// SPDX-License-Identifier: MIT
// Many simulations at once: each in a process of its own (SystemC elaborates once), as many side by side as there are cores.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ahcisim::program {

/// What a running simulation shows its parent, in shared memory.
struct Progress {
  std::atomic<std::int64_t> simulated_ps{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<double> fraction{0};  ///< 0 … 1 of its work; 0 where unknown
};

/// How one job ended.
struct JobResult {
  bool ok = false;
  bool interrupted = false;  ///< it ended early, cleanly, because the user asked
  std::string error;         ///< one line where it is not ok
};

/// The exit status of a job that was interrupted but wrote what it had.
inline constexpr int interrupted_status = 130;

/// Runs `job(index, progress)` for each index in a child process and returns when all have ended. A job reports a mistake of
/// the user's by throwing kit::ConfigError. `show` is called about ten times a second while jobs run. SIGINT reaches the
/// children too; no further job is started then.
class Sweep {
 public:
  using Job = std::function<int(std::size_t index, Progress& progress)>;
  using Show = std::function<void(const std::vector<const Progress*>& progress, const std::vector<int>& states)>;
  /// States given to Show: waiting, running, ended.
  enum State : int { waiting, running, ended };

  Sweep(std::size_t jobs, unsigned at_once) : jobs_{jobs}, at_once_{at_once} {}
  std::vector<JobResult> run(const Job& job, const Show& show);

 private:
  std::size_t jobs_;
  unsigned at_once_;
};

/// Whether the user pressed Ctrl-C (or SIGTERM came). The handler is installed by catch_interrupts().
bool interrupted();
void catch_interrupts();

}  // namespace ahcisim::program
