// SPDX-License-Identifier: MIT
// The processor's loop: which step comes next, and when.
#include <ahcisim/models/host/processor.hpp>

namespace ahcisim::host {

void Processor::raise(unsigned vector, kit::Duration at) {
  if (masked_) return;
  Latch& latch = latches_[vector % vectors];
  const std::uint32_t bit = 1u << vector % vectors;
  if (!(announced_ & bit)) {
    latch = {at, at};
    announced_ |= bit;
  } else {
    latch.first = kit::min(latch.first, at);
    latch.last = kit::max(latch.last, at);
  }
  next_interrupt_ = kit::min(next_interrupt_, latch.first);
  poke();
}

void Processor::set_level(bool asserted) {
  if (asserted && !level_) level_since_ = calendar_.now();
  level_ = asserted;
  poke();
}

void Processor::find_next_interrupt() {
  next_interrupt_ = kit::Duration::never();
  for (std::uint32_t left = announced_; left; left &= left - 1)
    next_interrupt_ = kit::min(next_interrupt_, latches_[static_cast<unsigned>(__builtin_ctz(left))].first);
}

void Processor::enter_handler(unsigned vector, kit::Duration now) {
  if (!platform_) return software_.interrupt(vector, now);
  taken_at_ = now;
  taken_traps_ = trapped();
  const kit::Duration entry = platform_->interrupt_taken(now);
  entered_traps_ = trapped();
  software_.interrupt(vector, entry);
}

void Processor::stamp_interrupt(wire::RequestTag& tag, kit::Duration entry) const {
  const std::int64_t status = tag.when(wire::Stage::status), entered = std::max(entry.ps(), status);
  tag.stamp(wire::Stage::interrupt, entered);
  if (!platform_) return;
  tag.stamp(wire::Stage::injected, std::max(raised_at_.ps(), status));
  wire::TrapTime inside = entered_traps_;
  if (status <= taken_at_.ps()) {
    tag.acknowledge_traps = inside - taken_traps_;
  } else {  // from its end on
    const wire::TrapTime since = trapped_until(kit::Duration::from_ps(status));
    if (entered == status) inside = since;
    tag.acknowledge_traps = inside - since;
  }
  tag.handler_traps = wire::TrapTime{} - inside;
}

void Processor::take_interrupt(kit::Duration now) {
  unsigned vector = 0;
  raised_at_ = level_since_;
  for (std::uint32_t left = announced_; left; left &= left - 1) {
    const auto candidate = static_cast<unsigned>(__builtin_ctz(left));
    Latch& latch = latches_[candidate];
    if (latch.first > now) continue;
    vector = candidate;
    raised_at_ = latch.first;
    if (latch.last > now)
      latch.first = latch.last;  // announced, but not here yet: it will come again
    else
      announced_ &= ~(1u << candidate);
    break;
  }
  find_next_interrupt();
  in_handler_ = true;
  if (free_at_ > now) {
    handlers_rest_ = kit::max(handlers_until_, now) - now;
    rest_ = free_at_ - now - handlers_rest_;
  }
  enter_handler(vector, now);
}

void Processor::poke() {
  if (busy_ || in_loop_) return;
  in_loop_ = true;
  while (!busy_) {
    const kit::Duration now = calendar_.now();
    const kit::Duration interrupt = level_ && !masked_ ? now : next_interrupt_;
    const kit::Duration when = kit::min(kit::max(closed_until_, interrupt), kit::max(free_at_, software_.wanted()));
    if (when == kit::Duration::never()) break;
    if (when > now) {
      if (when < armed_) {
        armed_ = when;
        calendar_.at<&Processor::wake>(when, this);
      }
      break;
    }
    busy_ = true;
    begun_ = now;
    if (interrupt <= now && closed_until_ <= now)
      take_interrupt(now);
    else
      software_.run(now);
  }
  in_loop_ = false;
}

void Processor::wake(std::uint64_t) {
  if (calendar_.now() >= armed_) armed_ = kit::Duration::never();
  poke();
}

void Processor::hold(kit::Duration until) {
  if (busy_) {
    held_until_ = kit::max(held_until_, until);
    return;
  }
  const kit::Duration from = kit::max(closed_until_, calendar_.now());
  if (until <= from) return;
  busy_time_ += until - from;
  if (handlers_until_ > from) handlers_until_ += until - from;
  free_at_ = kit::max(free_at_, from) + (until - from);
  closed_until_ = until;
}

kit::Duration Processor::occupy(kit::Duration at, kit::Duration work) {
  busy_time_ += work;
  at = kit::max(at, calendar_.now());
  if (busy_) {
    rest_ += work;
    return at + work;
  }
  free_at_ = kit::max(free_at_, at) + work;
  return free_at_;
}

void Processor::release(kit::Duration end, kit::Duration open) {
  end = kit::max(end, held_until_);
  busy_ = false;
  busy_time_ += end - begun_ - std::exchange(resumed_, {});
  closed_until_ = platform_ ? kit::max(open, held_until_) : end;
  end += std::exchange(handlers_rest_, {});
  if (std::exchange(in_handler_, false)) handlers_until_ = end;
  free_at_ = end + std::exchange(rest_, {});
  poke();
}

}  // namespace ahcisim::host
