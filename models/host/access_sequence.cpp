// SPDX-License-Identifier: MIT
// Running the list.
#include <ahcisim/models/host/access_sequence.hpp>

#include <systemc>

namespace ahcisim::host {

unsigned AccessSequence::add(Step::Kind kind, const Mmio::Access& access) {
  sc_assert(count_ < most);  // drivers' lists have a fixed length
  Step& step = steps_[count_];
  step.kind = kind;
  step.access = access;
  return count_++;
}

unsigned AccessSequence::wait(std::uint64_t address, std::uint8_t mask, kit::Duration interval, unsigned tries) {
  const unsigned index = add(Step::Kind::wait, {address, false, 1});
  steps_[index].mask = mask;
  steps_[index].time = interval;
  steps_[index].tries = tries;
  return index;
}

void AccessSequence::begin(kit::Duration at, void* owner, Done done) {
  next_ = 0;
  before_ = processor_.trapped();
  owner_ = owner;
  done_ = done;
  proceed(at);
}

void AccessSequence::proceed(kit::Duration at) {
  while (next_ < count_) {
    Step& step = steps_[next_];
    if (step.kind == Step::Kind::pause || step.kind == Step::Kind::stamp) {
      if (step.kind == Step::Kind::pause) {
        at += step.time;
      } else {
        step.tag->stamp(wire::Stage::issued, at.ps());
        step.tag->issue_traps = processor_.trapped() - before_;
      }
      ++next_;
      continue;
    }
    if (step.kind == Step::Kind::wait) at += step.time;
    if (step.kind == Step::Kind::write_back) step.access.value = (value(step.source) & step.mask) | step.set;
    (step.access.write ? statistics_.register_writes : statistics_.register_reads).add();
    Mmio::Answer answer;
    if (!mmio_.begin(step.access, at, this, &AccessSequence::answered, answer)) return;
    at = answer.at;
    if (through(answer.value)) ++next_;
  }
  done_(owner_, at);
}

/// Keeps what a read brought; false where a wait has to look again.
bool AccessSequence::through(std::uint32_t value) {
  Step& step = steps_[next_];
  if (!step.access.write) step.access.value = value;
  return step.kind != Step::Kind::wait || !(value & step.mask) || value == 0xff || --step.tries == 0;
}

void AccessSequence::answered(void* self, std::uint32_t value, kit::Duration at) {
  auto& sequence = *static_cast<AccessSequence*>(self);
  if (sequence.through(value)) ++sequence.next_;
  sequence.proceed(at);
}

}  // namespace ahcisim::host
