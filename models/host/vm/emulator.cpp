// SPDX-License-Identifier: MIT
// Threads of the emulator: the loop's queue, the workers, and who spends device code's time.
#include <ahcisim/models/host/vm/emulator.hpp>

#include <iterator>

namespace ahcisim::host {

using kit::Duration;

Emulator::Emulator(const std::string& name, kit::Context& context, const VmParameters& parameters)
    : calendar_{context.calendar}, parameters_{parameters}, native_{parameters.aio() == "native"}, free_workers_{parameters.workers()} {
  context.stats.add(name, statistics_);
}

/// Whose device code runs now: that of whoever entered it last, as long as it is at it; else a timer of the loop's.
Emulator::Thread Emulator::current() const { return calendar_.now() <= until(running_) ? running_ : Thread::loop; }

void Emulator::enter_vcpu(VcpuThread& vcpu, const Arrival& arrival, Duration cost) {
  running_ = Thread::vcpu;
  vcpu_ = &vcpu;
  arrival_ = arrival;
  has_arrival_ = true;
  until(Thread::vcpu) = lock_until_ = calendar_.now() + cost;
  statistics_.vcpu_time.add(parameters_.dispatch() + cost);
}

/// Keeps the thread that runs device code busy for `cost` more, with the lock.
Duration Emulator::occupy(Duration cost) {
  const Thread thread = current();
  Duration& end = until(thread);
  end = kit::max(end, calendar_.now()) + cost;
  lock_until_ = kit::max(lock_until_, end);
  if (thread == Thread::vcpu) vcpu_->device_code_until(end);
  return end;
}

Duration Emulator::spend(Duration cost) {
  (current() == Thread::vcpu ? statistics_.vcpu_time : statistics_.loop_time).add(cost);
  return occupy(cost);
}

Duration Emulator::kernel_work(Duration cost) {
  statistics_.kernel_time.add(cost);
  return occupy(cost);
}

void Emulator::stamp(wire::RequestTag& tag) const {
  if (!has_arrival_ || until(running_) < calendar_.now()) return;
  const std::int64_t issued = tag.when(wire::Stage::issued), fetched = tag.when(wire::Stage::fetched);
  const auto pass = [&](wire::Stage stage, Duration when) {
    if (when.ps() >= issued && (fetched < 0 || when.ps() <= fetched)) tag.stamp(stage, when.ps());
  };
  pass(wire::Stage::trapped, arrival_.trapped);
  pass(wire::Stage::emulator, arrival_.emulator);
  pass(wire::Stage::dispatched, arrival_.dispatched);
}

void Emulator::post(LoopWork& work, Duration at) {
  work.told_ = at;
  auto place = works_.end();
  while (place != works_.begin() && std::prev(place)->told_ > at) --place;
  works_.insert(place, work);
  if (&works_.front() == &work && !in_handler_) arm_next();
}

/// When the loop comes to `work`, the first of its list: a loop that has nothing to do before sleeps in poll.
Duration Emulator::due(const LoopWork& work) const {
  return sleeps_before(work) ? work.told_ + parameters_.loop_wake() : kit::max(until(Thread::loop), work.told_);
}

void Emulator::arm(Duration when) {
  if (when >= armed_) return;
  armed_ = when;
  calendar_.at<&Emulator::run_loop>(when, this);
}

void Emulator::arm_next() {
  if (!works_.empty()) arm(due(works_.front()));
}

void Emulator::run_loop(std::uint64_t) {
  const Duration now = calendar_.now();
  if (now < armed_) return;  // of an earlier arming
  armed_ = Duration::never();
  if (works_.empty()) return;
  LoopWork& work = works_.front();
  if (due(work) > now) return arm_next();
  if (lock_until_ > now) {
    statistics_.lock_waits.add();
    statistics_.lock_wait.add(lock_until_ - now);
    return arm(lock_until_);
  }
  if (sleeps_before(work)) statistics_.loop_wakes.add();
  statistics_.loop_runs.add();
  works_.pop_front();
  running_ = Thread::loop;
  has_arrival_ = false;
  until(Thread::loop) = now;
  in_handler_ = true;
  work.run_in_loop(now);
  in_handler_ = false;
  arm_next();
}

void Emulator::call(HostCall& call) {
  statistics_.calls.add();
  if (native_) return call.begin_call(kernel_work(parameters_.aio_submit() + parameters_.system_call()));
  const Duration handed_over = kernel_work(parameters_.signal());
  if (free_workers_ == 0) {
    statistics_.calls_queued.add();
    waiting_calls_.push_back(call);
    return;
  }
  --free_workers_;
  statistics_.worker_wakes.add();
  statistics_.kernel_time.add(parameters_.system_call());
  call.begin_call(handed_over + parameters_.worker_wake() + parameters_.system_call());
}

Duration Emulator::call_returned() {
  const Duration now = calendar_.now();
  if (native_) return now;
  statistics_.worker_time.add(parameters_.signal());
  const Duration told = now + parameters_.signal();
  if (waiting_calls_.empty()) {
    ++free_workers_;
  } else {
    HostCall& next = waiting_calls_.front();
    waiting_calls_.pop_front();
    statistics_.kernel_time.add(parameters_.system_call());
    next.begin_call(told + parameters_.system_call());
  }
  return told;
}

}  // namespace ahcisim::host
