// SPDX-License-Identifier: MIT
// The calendar: how every block of a machine waits. A heap of callbacks behind a single sc_event.
//
// Times are absolute (kit::Duration since the start). The calendar may *run ahead* of the kernel within one
// activation, as far as the kernel proves that no foreign process is due (where the simulation starts without any, nobody
// can be, and the kernel is not asked again), so the time of a block is calendar.now(), never sc_time_stamp(). At a TLM socket the annotated delay is relative to sc_time_stamp() as the standard has it
// (IEEE 1666-2011, 11.1.3.1): annotate() makes it from a point in time, absolute() reads it back.
//
//     calendar.at<&Port::fetch_done>(when, this, slot);     // calls this->fetch_done(slot) at `when`
//
// Callbacks of one time run in the order they were scheduled. Scheduling costs no allocation.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include <systemc>

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::kit {

class Calendar : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Calendar);
  explicit Calendar(const sc_core::sc_module_name& name);

  /// The time now: that of the callback being run, else the kernel's.
  Duration now() const { return running_ ? now_ : outside_now(); }

  /// Schedules a call of object->Method(argument) at `when`; a time in the past means now.
  template <auto Method, class T> void at(Duration when, T* object, std::uint64_t argument = 0) {
    push(when, [](void* target, std::uint64_t arg) { (static_cast<T*>(target)->*Method)(arg); }, object, argument);
  }

  /// For the last thing that a callback does: makes `when` the time now, as if a callback scheduled for it had begun, where
  /// that would be the next to run anyway; it counts as an event. False where something else comes first or the kernel has to:
  /// schedule it then.
  bool advance(Duration when);

  /// A length of time, not negative, as SystemC has it.
  static sc_core::sc_time time(Duration length) { return from_ps(static_cast<std::uint64_t>(length.ps())); }
  /// The annotated delay for a socket call that takes effect at `when` (not before the kernel's time).
  sc_core::sc_time annotate(Duration when) const {
    const std::int64_t delta = when.ps() - stamp();
    return from_ps(delta > 0 ? static_cast<std::uint64_t>(delta) : 0);
  }
  /// The point in time an annotated delay stands for.
  Duration absolute(const sc_core::sc_time& delay) const {
    return Duration::from_ps(stamp() + static_cast<std::int64_t>(delay.value()));
  }

  /// Takes every event through the kernel, one activation each; results are identical, speed is not.
  void set_kernel_steps(bool on) {
    kernel_steps_ = on;
    find_horizon();
  }
  /// For a simulation that starts without any foreign process but spawns one later: ask the kernel before every callback.
  void expect_company() {
    alone_ = false;
    find_horizon();
  }
  /// How far to run ahead of the kernel at most: a return of sc_start(t) may find models up to this much ahead of t.
  void set_run_ahead_limit(Duration limit) {
    run_ahead_limit_ = limit;
    find_horizon();
  }
  /// Ends the run before the next callback; safe from a signal handler. sc_start() then returns for want of events.
  void stop() { stopped_.store(true, std::memory_order_relaxed); }
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
  /// Callbacks run so far, those that advance() stands for included: the numerator of events per request.
  std::uint64_t events() const { return events_; }
  /// Activations by the kernel so far.
  std::uint64_t activations() const { return activations_; }
  /// Callbacks pending; what a block keeps back to do within one of them is not among them.
  std::size_t pending() const { return heap_.size() + (front_.when != never ? 1 : 0); }

 private:
  using Call = void (*)(void*, std::uint64_t);
  struct Key {
    std::int64_t when;    // never negative
    std::uint64_t order;  // sequence number, then pool slot
    bool before(const Key& other) const { return whole() < other.whole(); }

   private:
    // One number, whose comparison needs no branch: which of two callbacks is due first is as good as random.
    __extension__ using Whole = unsigned __int128;
    Whole whole() const { return Whole{static_cast<std::uint64_t>(when)} << 64 | order; }
  };
  struct Entry {
    Call call;
    void* object;
    std::uint64_t argument;
  };
  static constexpr std::int64_t never = INT64_MAX;
  static constexpr unsigned slot_bits = 20;  // a million callbacks pending

  /// sc_time::from_value() without its call into the library, of which a request's way has some ninety. An sc_time is its
  /// 64-bit value in every SystemC; where that should change, the library's way remains.
  static sc_core::sc_time from_ps(std::uint64_t value) {
    if constexpr (sizeof(sc_core::sc_time) == sizeof value && std::is_standard_layout_v<sc_core::sc_time>) {
      sc_core::sc_time time;
      std::memcpy(static_cast<void*>(&time), &value, sizeof value);
      return time;
    } else {
      return sc_core::sc_time::from_value(value);
    }
  }
  void start_of_simulation() override;
  void push(Duration when, Call call, void* object, std::uint64_t argument);
  void sift_up(Key key);
  std::size_t first_of(std::size_t first, std::size_t end) const;
  Key pop_heap();
  void run();
  bool may_run(std::int64_t when) const { return when <= horizon_ || may_run_beyond(when); }
  bool may_run_beyond(std::int64_t when) const;
  void find_horizon() {
    const std::int64_t limit = run_ahead_limit_.ps();
    horizon_ = !alone_ || kernel_steps_ ? stamp_ : limit < never - stamp_ ? stamp_ + limit : never;
  }
  Duration outside_now() const;
  std::int64_t stamp() const { return running_ ? stamp_ : kernel_stamp(); }
  static std::int64_t kernel_stamp() { return static_cast<std::int64_t>(sc_core::sc_time_stamp().value()); }

  // The earliest key is kept outside the heap: a chain of events, each scheduling the next, never touches the heap.
  Key front_{never, 0};
  std::vector<Key> heap_;  // 4-ary
  std::vector<Entry> pool_;
  std::vector<std::uint32_t> free_;
  std::uint64_t sequence_ = 0;
  Duration now_;
  std::int64_t stamp_ = 0;
  std::int64_t horizon_ = 0;  // up to here callbacks run without asking the kernel
  std::int64_t armed_ = never;
  bool running_ = false;
  bool kernel_steps_ = false;
  bool alone_ = false;  // no other process in the simulation
  std::atomic<bool> stopped_{false};
  Duration run_ahead_limit_ = 100_us;
  std::uint64_t events_ = 0;
  std::uint64_t activations_ = 0;
  sc_core::sc_event wake_;
};

}  // namespace ahcisim::kit
