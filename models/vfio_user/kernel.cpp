// SPDX-License-Identifier: MIT
// Slices of sc_start().
#include <ahcisim/models/vfio_user/kernel.hpp>

#include <algorithm>
#include <utility>

#include <systemc>

namespace ahcisim::vfio_user {
namespace {

using sc_core::sc_time;

std::int64_t simulated_ps() { return static_cast<std::int64_t>(sc_core::sc_time_stamp().value()); }

/// Until the next activity, or nothing where there is none.
std::optional<std::int64_t> pending_in() {
  const sc_time idle = sc_core::sc_time_to_pending_activity(sc_core::sc_get_curr_simcontext());
  if (idle == sc_core::sc_max_time()) return std::nullopt;
  const sc_time left = sc_core::sc_max_time() - sc_core::sc_time_stamp();
  return idle >= left ? std::nullopt : std::optional{static_cast<std::int64_t>(idle.value())};
}

}  // namespace

Kernel::Kernel(kit::Calendar& calendar, Time time) : calendar_{calendar}, time_{time} {
  // Models that run ahead must not do so beyond the slice, and in paced time not at all: what they do can be felt.
  calendar_.set_run_ahead_limit(run_ahead());
}

void Kernel::start() {
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  origin_ = Clock::now() - std::chrono::nanoseconds{simulated_ps() / 1000};
}

bool Kernel::advance() {
  if (std::exchange(running_, true)) return false;
  const bool more = time_ == Time::free ? advance_free() : advance_paced();
  running_ = false;
  calendar_.set_run_ahead_limit(run_ahead());
  return more;
}

void Kernel::yield() {
  if (!running_) return;
  calendar_.set_run_ahead_limit(kit::Duration{});
  sc_core::sc_pause();
}

bool Kernel::advance_free() {
  const std::optional<std::int64_t> next = pending_in();
  if (!next) return false;
  // From the next event on: time would not move where it is farther away than what is asked for.
  sc_core::sc_start(kit::Calendar::time(kit::Duration::from_ps(*next + slice_ps)), sc_core::SC_EXIT_ON_STARVATION);
  return true;
}

std::int64_t Kernel::wall_ps() const { return std::chrono::nanoseconds{Clock::now() - origin_}.count() * 1000; }

bool Kernel::advance_paced() {
  const std::int64_t now = simulated_ps(), target = wall_ps();
  if (target <= now) return false;
  const std::optional<std::int64_t> next = pending_in();
  const bool due = next && *next <= target - now;
  // Where nothing is due on the way the time of the next access is all that matters.
  const std::int64_t step = due ? std::min(target - now, std::max(slice_ps, *next)) : target - now;
  sc_core::sc_start(kit::Calendar::time(kit::Duration::from_ps(step)), sc_core::SC_RUN_TO_TIME);
  if (due) note_lag(now + step);
  return due;
}

void Kernel::note_lag(std::int64_t simulated) {
  const std::chrono::nanoseconds behind{(wall_ps() - simulated) / 1000};
  most_behind_ = std::max(most_behind_, behind);
  if (behind > tolerance) {
    ++times_behind_;
    if (on_behind_) on_behind_(behind);
  }
  if (behind <= most_to_catch_up) return;
  given_up_ += behind;
  origin_ += behind;
}

std::optional<Kernel::Clock::time_point> Kernel::next() const {
  if (time_ == Time::free) return std::nullopt;
  const std::optional<std::int64_t> next = pending_in();
  if (!next) return std::nullopt;
  return origin_ + std::chrono::nanoseconds{(simulated_ps() + *next) / 1000 + 1};
}

}  // namespace ahcisim::vfio_user
