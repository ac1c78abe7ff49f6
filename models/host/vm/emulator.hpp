// SPDX-License-Identifier: MIT
// The emulator process: whose thread runs the device models, who waits for the big lock, when the sleeping wake.
//
// Device models are the bare-metal ones with their own times at zero; their code's time is spent here. A register access or a
// completion enters the device models in one thread's name; what the models then do, in callbacks of the same time, calls
// spend() and keeps that thread busy.
#pragma once

#include <cstdint>
#include <string>

#include <boost/intrusive/list.hpp>

#include <ahcisim/models/host/vm/parameters.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/kit/stat.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::host {

struct EmulatorStatistics : kit::StatSet {
  kit::TimeSum vcpu_time{*this, "time.vcpu_thread", "device code and dispatch in the processor's thread, inside an exit"};
  kit::TimeSum loop_time{*this, "time.loop", "device code in the main loop or I/O thread"};
  kit::TimeSum worker_time{*this, "time.workers", "worker threads: taking a call and telling its end, without the call itself"};
  kit::TimeSum kernel_time{*this, "time.kernel", "host kernel for the emulator: system calls, waking threads; without what a call does"};
  kit::TimeSum lock_wait{*this, "lock.wait", "waiting for the big lock"};
  kit::Counter lock_waits{*this, "lock.waits", "times", "how often somebody waited for the big lock"};
  kit::Counter loop_runs{*this, "loop.runs", "handlers", "handlers that the main loop or I/O thread ran"};
  kit::Counter loop_wakes{*this, "loop.wakes", "times", "how often the loop was woken from its sleep"};
  kit::Counter worker_wakes{*this, "workers.wakes", "times", "how often a worker was woken from its sleep"};
  kit::Counter calls_queued{*this, "workers.queued", "calls", "calls that waited because every worker was busy"};
  kit::Counter calls{*this, "calls", "calls", "calls of the host kernel for the image"};
};

/// Something the loop is to do. Leaves the loop's list by itself where it ends before.
class LoopWork {
 public:
  /// Runs in the loop's thread, with the big lock, from `at` (= the calendar's time) on.
  virtual void run_in_loop(kit::Duration at) = 0;

 protected:
  ~LoopWork() = default;

 private:
  friend class Emulator;
  boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> loop_hook_;
  kit::Duration told_;
};

/// A call of the host kernel: by a worker thread that blocks in it, or asynchronously.
class HostCall {
 public:
  /// The call enters the kernel at `at` (now or later). Emulator::call_returned() is due when it returns.
  virtual void begin_call(kit::Duration at) = 0;

 protected:
  ~HostCall() = default;

 private:
  friend class Emulator;
  boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> call_hook_;
};

/// The virtual processor, where device code runs inside one of its exits.
class VcpuThread {
 public:
  /// Device code in the exit under way goes on until `until`.
  virtual void device_code_until(kit::Duration until) = 0;

 protected:
  ~VcpuThread() = default;
};

class Emulator {
 public:
  Emulator(const std::string& name, kit::Context& context, const VmParameters& parameters);
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;

  /// The points a trapped access passed.
  struct Arrival {
    kit::Duration trapped, emulator, dispatched;
  };
  /// When the big lock is free, as far as it is known.
  kit::Duration lock_free() const { return lock_until_; }
  void count_lock_wait(kit::Duration time) { statistics_.lock_waits.add(), statistics_.lock_wait.add(time); }
  /// The processor's thread enters device code at arrival.dispatched, the time now; it takes `cost`, and more where spend() is
  /// called. Ends in vcpu.device_code_until() for each spend().
  void enter_vcpu(VcpuThread& vcpu, const Arrival& arrival, kit::Duration cost);
  /// A handler of the loop is a trapped access's second half (ioeventfd).
  void arrived_in_loop(const Arrival& arrival) { arrival_ = arrival, has_arrival_ = true; }
  /// Device code takes `cost` more, in the thread that runs it now; returns when it is done.
  kit::Duration spend(kit::Duration cost);
  /// As spend(), for time in the host kernel (an interrupt asked for by system call).
  kit::Duration kernel_work(kit::Duration cost);
  /// Stamps trapped, emulator and dispatched where device code runs because of a trapped access: those that lie between the
  /// request's issue and its fetch. A request that the device found in its ring while it served an earlier one's was not trapped.
  void stamp(wire::RequestTag& tag) const;

  /// The loop is to run `work`; it can be told from `at` on (now or later). A loop that sleeps is woken.
  void post(LoopWork& work, kit::Duration at);
  /// Starts a call from device code: the thread that runs it hands it to a worker, or submits it.
  void call(HostCall& call);
  /// A call begun has returned, now. Returns when the loop can be told.
  kit::Duration call_returned();

  const VmParameters& parameters() const { return parameters_; }
  const EmulatorStatistics& statistics() const { return statistics_; }

 private:
  enum class Thread : std::uint8_t { loop, vcpu };
  template <class T, auto Hook>
  using List = boost::intrusive::list<T, boost::intrusive::member_hook<T, boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>, Hook>,
                                      boost::intrusive::constant_time_size<false>>;
  bool sleeps_before(const LoopWork& work) const { return until(Thread::loop) < work.told_; }
  kit::Duration due(const LoopWork& work) const;
  void arm(kit::Duration when);
  void arm_next();
  void run_loop(std::uint64_t);
  Thread current() const;
  kit::Duration occupy(kit::Duration cost);
  kit::Duration& until(Thread thread) { return until_[static_cast<unsigned>(thread)]; }
  const kit::Duration& until(Thread thread) const { return until_[static_cast<unsigned>(thread)]; }

  kit::Calendar& calendar_;
  const VmParameters& parameters_;
  EmulatorStatistics statistics_;
  const bool native_;

  Thread running_ = Thread::loop;  // who entered device code last
  VcpuThread* vcpu_ = nullptr;
  kit::Duration until_[2];         // when each thread's device code ends
  kit::Duration lock_until_;
  Arrival arrival_;
  bool has_arrival_ = false;       // whether that is why device code runs

  List<LoopWork, &LoopWork::loop_hook_> works_;
  List<HostCall, &HostCall::call_hook_> waiting_calls_;
  bool in_handler_ = false;
  kit::Duration armed_ = kit::Duration::never();
  std::int64_t free_workers_;
};

}  // namespace ahcisim::host
