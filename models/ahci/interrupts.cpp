// SPDX-License-Identifier: MIT
// The interrupt rules of AHCI 1.3.1, 10.6.2 and 10.7.
#include <ahcisim/models/ahci/interrupts.hpp>

namespace ahcisim::ahci {

using kit::Duration;

void Interrupts::request(unsigned vector, Duration when) {
  asserted_ |= 1u << vector;
  statistics_.interrupts.add();
  out_->set_interrupt(vector, true, calendar_.annotate(when + timing_.interrupt_delay));
}

void Interrupts::release(unsigned vector, Duration when) {
  if (!(asserted_ >> vector & 1)) return;
  asserted_ &= ~(1u << vector);
  out_->set_interrupt(vector, false, calendar_.annotate(when + timing_.interrupt_delay));
}

void Interrupts::port_changed(unsigned port, bool pending, bool written, Duration when) {
  const std::uint32_t bit = 1u << port;
  const bool was_pending = pending_ & bit;
  pending_ = pending ? pending_ | bit : pending_ & ~bit;
  const bool was_latched = registers_.is.value() & bit;
  if (pending) registers_.is.set_bits(bit);
  if (!registers_.ghc.IE) return;
  if (per_port()) {
    if (pending && (!was_pending || written)) request(port, when);
    if (!pending) release(port, when);
  } else if (pending && !was_latched) {
    request(0, when);
  }
}

void Interrupts::status_written(Duration when) {
  registers_.is.set_bits(pending_);
  if (!registers_.ghc.IE || per_port()) return;
  if (registers_.is.value())
    request(0, when);
  else
    release(0, when);
}

void Interrupts::enable_written(bool before, Duration when) {
  const bool now = registers_.ghc.IE;
  if (now == before) return;
  if (!now) {
    for (unsigned vector = 0; vector < 32; ++vector) release(vector, when);
  } else if (per_port()) {
    for (unsigned port = 0; port < ports_; ++port)
      if (pending_ >> port & 1) request(port, when);
  } else if (registers_.is.value()) {
    request(0, when);
  }
}

void Interrupts::reset(Duration when) {
  pending_ = 0;
  for (unsigned vector = 0; vector < 32; ++vector) release(vector, when);
}

}  // namespace ahcisim::ahci
