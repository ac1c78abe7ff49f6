// SPDX-License-Identifier: MIT
// One processor: busy with one thing at a time, interrupts first. It decides where one step ends and another may begin; a virtual
// one also takes interrupts in the middle of what may be interrupted, which then ends later.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <ahcisim/models/host/trap_log.hpp>
#include <ahcisim/models/kit/calendar.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::host {

/// What runs on the processor.
class Software {
 public:
  /// When there is work other than interrupts: a time (the past means now) or never.
  virtual kit::Duration wanted() = 0;
  /// Does one step of that work from `at` on. Must call Processor::release() now or later.
  virtual void run(kit::Duration at) = 0;
  /// Enters the handler of `vector` at `at`. Must call Processor::release() now or later.
  virtual void interrupt(unsigned vector, kit::Duration at) = 0;

 protected:
  ~Software() = default;
};

/// What stands under a virtual processor.
class ProcessorPlatform {
 public:
  /// An interrupt is taken at `now`; returns when its handler begins (acknowledging it may trap).
  virtual kit::Duration interrupt_taken(kit::Duration now) = 0;
  /// What the processor's accesses that trap took.
  virtual const TrapLog& traps() const = 0;

 protected:
  ~ProcessorPlatform() = default;
};

class Processor {
 public:
  static constexpr unsigned vectors = 32;
  Processor(kit::Calendar& calendar, Software& software) : calendar_{calendar}, software_{software} {}
  Processor(const Processor&) = delete;
  Processor& operator=(const Processor&) = delete;

  /// A message for `vector` arrives at `at`. Those that wait are one (an interrupt request register has a bit each).
  void raise(unsigned vector, kit::Duration at);
  /// A level-triggered line, from now on: the handler of vector 0 runs as long as it is asserted.
  void set_level(bool asserted);
  /// No more interrupts (a storm that nobody handles).
  void mask() { masked_ = true, next_interrupt_ = kit::Duration::never(); }
  bool masked() const { return masked_; }
  /// Software's work may have changed.
  void poke();
  /// The step under way ends at `end` (now or later).
  void release(kit::Duration end) { release(end, end); }
  /// As above; from `open` on (end or earlier) interrupts are enabled. A virtual processor takes them then, and `end` is put off.
  void release(kit::Duration end, kit::Duration open);
  /// Whether steps should end where interrupts are enabled: on a virtual processor they may be long.
  bool divides_steps() const { return platform_ != nullptr; }
  /// A handler comes to the part that leaves interrupts enabled: it begins when that of the handler it came upon is done.
  kit::Duration bottom_half(kit::Duration at) {
    resumed_ += handlers_rest_;
    return at + std::exchange(handlers_rest_, {});
  }
  /// Work of programs or the kernel beside the steps, from `at` on as soon as the processor is free. Returns when it is done,
  /// unless interrupts come in between; where a step is under way, whose end is not known, as if it ended at `at`.
  kit::Duration occupy(kit::Duration at, kit::Duration work);
  /// When the processor is free, as far as it is known.
  kit::Duration free_at() const { return free_at_; }
  bool busy() const { return busy_; }
  /// Whether it executes at `at`, as far as it is known; else it has halted.
  bool running(kit::Duration at) const { return busy_ || at < free_at_; }
  /// Makes it a virtual one; before the simulation starts.
  void attach(ProcessorPlatform& platform) { platform_ = &platform; }
  /// Nothing runs before `until`: the hypervisor holds it. The step under way ends no earlier.
  void hold(kit::Duration until);
  /// The account of a request that the interrupt handler under way, entered at `entry`, finds done. The command may have ended
  /// while it was in there: then its wait for the handler was nothing. On a virtual processor: when it was given the interrupt,
  /// and what its accesses took from there on.
  void stamp_interrupt(wire::RequestTag& tag, kit::Duration entry) const;
  /// The handler's accesses for that request are over.
  void stamp_handled(wire::RequestTag& tag) const {
    if (platform_ && tag.when(wire::Stage::injected) >= 0) tag.handler_traps += trapped();
  }
  /// What trapped accesses took so far; up to the time `at`, just past; up to the interrupt taken last. Nothing on hardware.
  const wire::TrapTime& trapped() const { return platform_ ? platform_->traps().total() : nothing_trapped; }
  wire::TrapTime trapped_until(kit::Duration at) const { return platform_ ? platform_->traps().until(at) : wire::TrapTime{}; }
  const wire::TrapTime& trapped_before_interrupt() const { return taken_traps_; }
  /// Time spent with steps that have ended.
  kit::Duration busy_time() const { return busy_time_; }

 private:
  /// Messages that have not been taken: the earliest and the latest announced.
  struct Latch {
    kit::Duration first = kit::Duration::never(), last = kit::Duration::never();
  };
  static constexpr wire::TrapTime nothing_trapped{};

  void wake(std::uint64_t);
  void enter_handler(unsigned vector, kit::Duration now);
  void take_interrupt(kit::Duration now);
  void find_next_interrupt();

  kit::Calendar& calendar_;
  Software& software_;
  std::array<Latch, vectors> latches_{};
  std::uint32_t announced_ = 0;  // vectors with a latch set
  kit::Duration next_interrupt_ = kit::Duration::never();
  ProcessorPlatform* platform_ = nullptr;
  kit::Duration held_until_;    // while busy
  kit::Duration closed_until_;  // no interrupt is taken before; free_at_ or earlier
  kit::Duration handlers_until_;  // until when what may be interrupted is a handler's
  // What was interrupted and is to be done yet: handlers' parts first, then everything else.
  kit::Duration handlers_rest_, rest_;
  kit::Duration resumed_;       // of the step under way: a part that an earlier one has counted
  bool in_handler_ = false;
  kit::Duration level_since_, raised_at_, taken_at_;
  wire::TrapTime taken_traps_, entered_traps_;  // up to when the last interrupt was taken, and its handler entered
  bool level_ = false, masked_ = false, busy_ = false, in_loop_ = false;
  kit::Duration begun_, free_at_, busy_time_;
  kit::Duration armed_ = kit::Duration::never();
};

}  // namespace ahcisim::host
