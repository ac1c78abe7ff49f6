// SPDX-License-Identifier: MIT
// The one thread: sockets and SystemC kernel in turn.
//
// A pass handles the messages that have arrived, runs the kernel for a slice, and signals the interrupts that came of it. Where
// there was nothing to do the thread waits in the io_context: for a message, and in paced time for the next event's hour.
// So nothing is handed from thread to thread, nothing polls, and no message waits for more than a slice.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <ahcisim/models/vfio_user/kernel.hpp>

namespace ahcisim::vfio_user {

/// What a loop takes care of; implemented by Server.
class Served {
 public:
  /// Handles what has arrived, without waiting; false where there was nothing.
  virtual bool pump() = 0;
  /// Makes the io_context return when something arrives.
  virtual void arm() = 0;
  /// Signals interrupts.
  virtual void flush() = 0;

 protected:
  ~Served() = default;
};

class Loop {
 public:
  using Clock = std::chrono::steady_clock;
  /// `spin`: how long to look for the next message before the thread is given up; a wake-up costs more than a short wait.
  explicit Loop(Kernel& kernel, std::chrono::nanoseconds spin = {}) : kernel_{kernel}, spin_{spin}, timer_{io_} {}

  boost::asio::io_context& io() { return io_; }
  Kernel& kernel() { return kernel_; }
  void add(Served& served) { served_.push_back(&served); }
  void remove(Served& served);
  /// Elaborates where that has not been done, and serves until stop() is called, from a handler of io() for example.
  void run();
  void stop() { stopped_ = true; }

  /// For a device that waits for its client: messages of all clients, without running the kernel.
  bool pump_all();
  /// Waits for a message, or until `deadline`.
  void wait(std::optional<Clock::time_point> deadline);

 private:
  bool spin();
  Kernel& kernel_;
  const std::chrono::nanoseconds spin_;
  boost::asio::io_context io_;
  boost::asio::steady_timer timer_;
  std::vector<Served*> served_;
  bool stopped_ = false;
};

}  // namespace ahcisim::vfio_user
