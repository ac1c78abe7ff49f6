// SPDX-License-Identifier: MIT
// Passes of the loop, and the waiting between them.
#include <ahcisim/models/vfio_user/loop.hpp>

#include <algorithm>

namespace ahcisim::vfio_user {

void Loop::remove(Served& served) { served_.erase(std::remove(served_.begin(), served_.end(), &served), served_.end()); }

bool Loop::pump_all() {
  bool any = false;
  for (Served* each : served_) any |= each->pump();
  return any;
}

void Loop::run() {
  // Signals, timers and new clients come by the io_context, which a busy client must not keep from its turn.
  constexpr unsigned passes_between = 64;
  kernel_.start();
  for (unsigned pass = 0; !stopped_; ++pass) {
    bool busy = pump_all();
    busy |= kernel_.advance();
    for (Served* each : served_) each->flush();
    if (!busy && !spin()) wait(kernel_.next());
    else if (pass % passes_between == 0) io_.poll();
  }
}

bool Loop::spin() {
  if (spin_.count() == 0) return false;
  const Clock::time_point until = Clock::now() + spin_;
  while (!stopped_ && Clock::now() < until)
    if (pump_all()) return true;
  return false;
}

void Loop::wait(std::optional<Clock::time_point> deadline) {
  for (Served* each : served_) each->arm();
  if (deadline) {
    timer_.expires_at(*deadline);
    timer_.async_wait([](const boost::system::error_code&) {});
  }
  io_.restart();
  io_.run_one();
  if (deadline) timer_.cancel();
  io_.poll();
}

}  // namespace ahcisim::vfio_user
