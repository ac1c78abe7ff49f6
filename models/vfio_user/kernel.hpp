// SPDX-License-Identifier: MIT
// The SystemC kernel in slices, and what simulated time has to do with the wall's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include <ahcisim/models/kit/calendar.hpp>
#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::vfio_user {

/// free: whatever is pending happens at once, and simulated time stands while nothing is. paced: an event happens when as much
/// wall time has passed since start() as simulated time before it.
class Kernel {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Time : std::uint8_t { free, paced };
  Kernel(kit::Calendar& calendar, Time time);

  /// Elaborates where that has not been done. Wall time counts from here.
  void start();
  /// Runs what is due, a slice of it at most; false where nothing more is due now, or where it is called from within itself (a
  /// model that waits for the client lets the sockets' handlers run).
  bool advance();
  /// Ends the slice under way with the callback under way: an access of the client's that has to wait for its end is to take effect
  /// before the model does anything else. Of a status that is cleared only that is lost which the client has seen.
  void yield();
  /// Told of each slice that ended more than `tolerance` behind the wall: by how much.
  void on_behind(std::function<void(std::chrono::nanoseconds)> call) { on_behind_ = std::move(call); }
  /// When the next event is due; none where only a client can bring one, or it is due now.
  std::optional<Clock::time_point> next() const;

  /// How far behind the wall paced time has been at most.
  std::chrono::nanoseconds most_behind() const { return most_behind_; }
  /// Slices that ended more than `tolerance` behind it.
  std::uint64_t times_behind() const { return times_behind_; }
  /// Simulated time given up where it fell behind by more than `most_to_catch_up`.
  std::chrono::nanoseconds given_up() const { return given_up_; }

  /// As much simulated time as passes between two looks at the sockets.
  static constexpr std::int64_t slice_ps = 1'000'000'000;
  /// A wake-up of the thread, and a transfer that takes the model as long, are not worth a word.
  static constexpr std::chrono::milliseconds tolerance{2};
  static constexpr std::chrono::seconds most_to_catch_up{1};

 private:
  kit::Duration run_ahead() const { return kit::Duration::from_ps(time_ == Time::free ? slice_ps : 0); }
  bool advance_free();
  bool advance_paced();
  void note_lag(std::int64_t simulated_ps);
  std::int64_t wall_ps() const;

  kit::Calendar& calendar_;
  const Time time_;
  Clock::time_point origin_{};
  std::chrono::nanoseconds most_behind_{}, given_up_{};
  std::uint64_t times_behind_ = 0;
  std::function<void(std::chrono::nanoseconds)> on_behind_;
  bool running_ = false;
};

}  // namespace ahcisim::vfio_user
