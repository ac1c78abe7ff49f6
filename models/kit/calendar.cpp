// SPDX-License-Identifier: MIT
// The heap of the calendar and its one process.
#include <ahcisim/models/kit/calendar.hpp>

#include <algorithm>
#include <stdexcept>

namespace ahcisim::kit {
namespace {

/// Whether any process but those of `own` is among these objects or below them.
bool any_process_but(const sc_core::sc_object* own, const std::vector<sc_core::sc_object*>& objects) {
  return std::any_of(objects.begin(), objects.end(), [own](const sc_core::sc_object* object) {
    if (dynamic_cast<const sc_core::sc_process_b*>(object)) return object->get_parent_object() != own;
    return any_process_but(own, object->get_child_objects());
  });
}

/// Whether nobody else is due within `ahead` ps. Strictly before anybody else: a foreign process due at the same time runs
/// first, as it would have been armed first.
bool before_company(std::int64_t ahead) {
  const sc_core::sc_time idle = sc_core::sc_time_to_pending_activity(sc_core::sc_get_curr_simcontext());
  return idle == sc_core::sc_max_time() || static_cast<std::uint64_t>(ahead) < idle.value();
}

}  // namespace

Calendar::Calendar(const sc_core::sc_module_name& name) : sc_module{name} {
  if (sc_core::sc_get_time_resolution() != sc_core::sc_time(1, sc_core::SC_PS))
    throw std::logic_error{"ahcisim needs the SystemC time resolution of 1 ps (the default); leave it unset"};
  SC_METHOD(run);
  sensitive << wake_;
  dont_initialize();
}

void Calendar::start_of_simulation() { alone_ = !any_process_but(this, sc_core::sc_get_top_level_objects()); }

Duration Calendar::outside_now() const { return max(now_, Duration::from_ps(kernel_stamp())); }

[[gnu::flatten]] void Calendar::push(Duration when, Call call, void* object, std::uint64_t argument) {
  std::uint32_t slot;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(pool_.size());
    if (slot >> slot_bits) throw std::length_error{"calendar: more than a million callbacks pending"};
    pool_.push_back({call, object, argument});
  } else {
    slot = free_.back();
    free_.pop_back();
    pool_[slot] = {call, object, argument};
  }
  const Key key{max(when, now()).ps(), sequence_++ << slot_bits | slot};
  if (front_.when == never) {
    if (heap_.empty() || key.before(heap_.front()))
      front_ = key;
    else
      sift_up(key);
  } else if (key.before(front_)) {
    sift_up(front_);
    front_ = key;
  } else {
    sift_up(key);
  }
  if (!running_ && key.when < armed_) {
    armed_ = key.when;
    wake_.notify(annotate(Duration::from_ps(key.when)));
  }
}

void Calendar::sift_up(Key key) {
  std::size_t hole = heap_.size();
  heap_.push_back(key);
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / 4;
    if (!key.before(heap_[parent])) break;
    heap_[hole] = heap_[parent];
    hole = parent;
  }
  heap_[hole] = key;
}

/// The one due first of heap_[first] to heap_[end - 1], which are four at most.
inline std::size_t Calendar::first_of(std::size_t first, std::size_t end) const {
  const Key* const heap = heap_.data();
  if (end - first == 4) {
    const std::size_t low = first + heap[first + 1].before(heap[first]);
    const std::size_t high = first + 2 + heap[first + 3].before(heap[first + 2]);
    return heap[high].before(heap[low]) ? high : low;
  }
  std::size_t least = first;
  while (++first < end)
    if (heap[first].before(heap[least])) least = first;
  return least;
}

Calendar::Key Calendar::pop_heap() {
  const Key top = heap_.front();
  const Key last = heap_.back();
  heap_.pop_back();
  const std::size_t size = heap_.size();
  if (size == 0) return top;
  std::size_t hole = 0;
  for (;;) {
    const std::size_t first = hole * 4 + 1;
    if (first >= size) break;
    const std::size_t least = first_of(first, std::min(first + 4, size));
    if (!heap_[least].before(last)) break;
    heap_[hole] = heap_[least];
    hole = least;
  }
  heap_[hole] = last;
  return top;
}

bool Calendar::may_run_beyond(std::int64_t when) const {
  return !kernel_steps_ && when - stamp_ <= run_ahead_limit_.ps() && (alone_ || before_company(when - stamp_));
}

bool Calendar::advance(Duration when) {
  if (!running_ || stopped()) return false;
  const std::int64_t next = front_.when != never ? front_.when : heap_.empty() ? never : heap_.front().when;
  if (next <= when.ps() || !may_run(when.ps())) return false;
  now_ = max(now_, when);
  ++events_;
  return true;
}

[[gnu::flatten]] void Calendar::run() {
  ++activations_;
  armed_ = never;
  stamp_ = kernel_stamp();
  find_horizon();
  running_ = true;
  while (!stopped()) {
    if (front_.when == never) {
      if (heap_.empty()) break;
      front_ = pop_heap();
    }
    if (!may_run(front_.when)) break;
    const auto slot = static_cast<std::uint32_t>(front_.order & ((1u << slot_bits) - 1));
    now_ = Duration::from_ps(front_.when);
    front_.when = never;
    const Entry& due = pool_[slot];
    const Call call = due.call;
    void* const object = due.object;
    const std::uint64_t argument = due.argument;
    free_.push_back(slot);
    ++events_;
    call(object, argument);
  }
  running_ = false;
  if (!stopped() && front_.when != never) {
    armed_ = front_.when;
    wake_.notify(annotate(Duration::from_ps(armed_)));
  }
}

}  // namespace ahcisim::kit
