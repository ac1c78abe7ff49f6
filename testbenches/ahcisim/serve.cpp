// SPDX-License-Identifier: MIT
// The command `serve`: machines without a driver, each behind a socket, in one process and one thread.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <vector>

#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <ahcisim/models/machine/served.hpp>
#include <ahcisim/models/vfio_user/kernel.hpp>
#include <ahcisim/models/vfio_user/loop.hpp>
#include <ahcisim/models/vfio_user/server.hpp>

#include "commands.hpp"
#include "experiment.hpp"
#include "serve_control.hpp"

namespace ahcisim::program {
namespace {

using vfio_user::Kernel;

Kernel::Time time_of(const std::string& word) {
  if (word == "free") return Kernel::Time::free;
  if (word == "paced") return Kernel::Time::paced;
  if (word == "record") return Kernel::Time::free;  // wall time is what is recorded
  throw kit::ConfigError{fmt::format("--time {}: write free, paced or record", word)};
}

void check_records(const ServeOptions& options) {
  if (options.time != "record" && !options.records.empty())
    throw kit::ConfigError{fmt::format("--record {}: nothing is recorded with --time {}; write --time record", options.records.front(), options.time)};
  if (options.time == "record" && options.records.size() != options.machines.size())
    throw kit::ConfigError{fmt::format("--record: {} machines and {} files; give one for each", options.machines.size(), options.records.size())};
  for (auto at = options.records.begin(); at != options.records.end(); ++at)
    if (std::find(options.records.begin(), at, *at) != at)
      throw kit::ConfigError{fmt::format("--record {}: is given twice; give each machine a file of its own", *at)};
}

/// One machine and its socket.
struct Served {
  Served(std::size_t index, kit::Context& context, const std::vector<Setting>& settings)
      : parameters{settings}, machine{machine::make_served(fmt::format("machine{}", index).c_str(), context, parameters)} {}
  machine::Parameters parameters;
  std::unique_ptr<machine::Served> machine;
  std::unique_ptr<vfio_user::Server> server;
};

double milliseconds(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::milli>{time}.count(); }

void tell(const Served& served) {
  const vfio_user::Server& server = *served.server;
  fmt::print("{}: {} clients, {} messages, {} of them refused\n", server.path(), server.clients(), server.messages(), server.refused());
}

void tell(const Kernel& kernel, Kernel::Time time) {
  if (time == Kernel::Time::free) return;
  fmt::print("paced: at most {:.3f} ms behind the wall, {} times by more than {} ms", milliseconds(kernel.most_behind()), kernel.times_behind(),
             Kernel::tolerance.count());
  if (kernel.given_up().count() > 0) fmt::print("; {:.3f} ms given up", milliseconds(kernel.given_up()));
  fmt::print("\n");
}

/// As it happens, a line a second at most; not among the answers on standard output.
void tell_when_behind(Kernel& kernel) {
  kernel.on_behind([told = Kernel::Clock::time_point{}](std::chrono::nanoseconds behind) mutable {
    const Kernel::Clock::time_point now = Kernel::Clock::now();
    if (now - told < std::chrono::seconds{1}) return;
    told = now;
    fmt::print(stderr, "paced: {:.3f} ms behind the wall\n", milliseconds(behind));
  });
}

void tell(const kit::Diagnostics& diagnostics) {
  for (const auto& finding : diagnostics.findings()) fmt::print("{}: {} ({} times)\n", finding.place, finding.rule, finding.count);
}

void begin_recording(const Served& served, const std::string& machine, const std::string& file) {
  machine::RecordedMedium* const recording = served.machine->recording();
  if (!recording) throw kit::ConfigError{fmt::format("{}: --time record: its drive has no requests of a disk; serve it with --time free", machine)};
  recording->record(file);
}

void end_recording(const Served& served) {
  machine::RecordedMedium* const recording = served.machine->recording();
  if (!recording) return;
  recording->close();
  if (recording->trace()) fmt::print("{}: {} requests\n", recording->trace()->path(), recording->trace()->requests());
}

/// Longer than a guest takes from one register access to the next; a wake-up costs it as much each time.
constexpr std::chrono::microseconds spin{50};

/// A wake-up that is late by the kernel's usual slack (50 us) would be a disk that is slower by it.
void wake_in_time() { ::prctl(PR_SET_TIMERSLACK, 1UL); }

}  // namespace

int serve_command(const ServeOptions& options) {
  const Kernel::Time time = time_of(options.time);
  if (options.machines.size() != options.sockets.size())
    throw kit::ConfigError{fmt::format("--vfio-user: {} machines and {} sockets; give one for each", options.machines.size(), options.sockets.size())};
  check_records(options);
  const std::vector<Setting> over = command_line_settings(options.settings);
  std::vector<MachineFile> files;
  for (const std::string& file : options.machines) {
    files.push_back(read_machine(file));
    files.back().settings.insert(files.back().settings.end(), over.begin(), over.end());
  }
  kit::Context context{files.front().seed};
  std::vector<std::unique_ptr<Served>> served;
  for (std::size_t i = 0; i < files.size(); ++i) {
    try {
      served.push_back(std::make_unique<Served>(i, context, files[i].settings));
    } catch (const kit::ConfigError& error) {
      throw kit::ConfigError{machine::located(files[i].settings, error.what())};
    }
  }
  Kernel kernel{context.calendar, time};
  tell_when_behind(kernel);
  vfio_user::Loop loop{kernel, time == Kernel::Time::free ? spin : std::chrono::microseconds{0}};
  for (std::size_t i = 0; i < served.size(); ++i)
    served[i]->server = std::make_unique<vfio_user::Server>(loop, options.sockets[i], served[i]->machine->function());
  for (std::size_t i = 0; i < options.records.size(); ++i) begin_recording(*served[i], options.machines[i], options.records[i]);
  boost::asio::signal_set signals{loop.io(), SIGINT, SIGTERM};
  signals.async_wait([&loop](const boost::system::error_code& error, int) {
    if (!error) loop.stop();
  });
  std::vector<machine::Served*> machines;
  for (const auto& each : served) machines.push_back(each->machine.get());
  ServeControl control{loop.io(), machines, [&] {
    while (time == Kernel::Time::paced && kernel.advance()) continue;
  }};
  control.read_from(STDIN_FILENO);
  if (time == Kernel::Time::paced) wake_in_time();
  for (const auto& each : served) fmt::print("listening on {}\n", each->server->path());
  std::fflush(stdout);
  loop.run();
  for (const auto& each : served) tell(*each);
  for (const auto& each : served) end_recording(*each);
  tell(kernel, time);
  tell(context.diagnostics);
  return 0;
}

}  // namespace ahcisim::program
