// SPDX-License-Identifier: MIT
// An exit bus's doorbells, its interrupts, and what holds the guest's processor.
#include <ahcisim/models/host/vm/exit_bus.hpp>

#include <cstring>

namespace ahcisim::host {

using kit::Duration;
using wire::CompletionStatus;
using wire::Tlp;
using wire::TlpType;

void ExitBus::add_ioeventfd(unsigned bar, std::uint64_t offset, std::uint64_t bytes, unsigned length) {
  if (bar > 5 || bytes == 0) throw kit::ConfigError{"exit bus: a doorbell lies in BAR 0 to 5 and has at least one byte"};
  windows_.push_back({bar, offset, bytes, length});
}

/// Where the guest has put the BARs that have doorbells (PCI Express Base, 7.5.1.2.1).
void ExitBus::locate_windows() {
  std::uint8_t raw[0x28] = {};
  Tlp tlp;
  tlp.type = TlpType::CfgRd0;
  for (unsigned at = 0; at < sizeof raw; at += 4) {
    tlp.address = at;
    tlp.length = 4;
    tlp.data = raw + at;
    link->transport_dbg(tlp);
  }
  const auto dword = [&raw](unsigned at) {
    return raw[at] | raw[at + 1] << 8 | raw[at + 2] << 16 | static_cast<std::uint32_t>(raw[at + 3]) << 24;
  };
  const unsigned command = raw[4];
  for (EventWindow& window : windows_) {
    const unsigned at = 0x10 + 4 * window.bar;
    const std::uint32_t low = dword(at);
    window.io = low & 1;
    window.base = low & (window.io ? ~3u : ~15u);
    if (!window.io && (low & 6) == 4 && window.bar < 5) window.base |= std::uint64_t{dword(at + 4)} << 32;
    window.mapped = (command & (window.io ? 1u : 2u)) && window.base != 0;
  }
}

bool ExitBus::is_doorbell(const Access& access, Space space) const {
  if (windows_.empty() || access.tlp.read() || (space != Space::memory && space != Space::io) ||
      access.tlp.length > sizeof access.tlp.inline_data || access.element != access.tlp.length)
    return false;
  for (const EventWindow& window : windows_) {
    const std::uint64_t offset = access.tlp.address - window.base - window.offset;
    if (window.mapped && window.io == (space == Space::io) && offset < window.bytes &&
        (window.length == 0 || window.length == access.tlp.length))
      return true;
  }
  return false;
}

/// The eventfd is signalled now. An eventfd counts: what is written again before the loop has looked is one write.
void ExitBus::ring_later(const Access& access, Duration now) {
  Doorbell* free = nullptr;
  for (Doorbell& each : doorbells_) {
    if (!each.pending) free = &each;
    else if (each.tlp.address == access.tlp.address && each.tlp.type == access.tlp.type && each.tlp.length == access.tlp.length &&
             std::memcmp(each.tlp.inline_data, access.tlp.data, access.tlp.length) == 0)
      return;
  }
  Doorbell& doorbell = free ? *free : doorbells_.emplace_back(*this);
  doorbell.tlp = access.tlp;
  std::memcpy(doorbell.tlp.inline_data, access.tlp.data, access.tlp.length);
  doorbell.tlp.data = doorbell.tlp.inline_data;
  doorbell.trapped = now - costs_.in_kernel();
  doorbell.pending = true;
  emulator_.post(doorbell, now);
}

void ExitBus::ring(Doorbell& doorbell, Duration at) {
  doorbell.pending = false;
  statistics_.doorbells.add();
  emulator_.arrived_in_loop({doorbell.trapped, at, at});
  emulator_.spend(device_access_);
  Tlp tlp = doorbell.tlp;
  tlp.data = tlp.inline_data;
  tlp.status = CompletionStatus::SC;
  serve(tlp, at);
}

/// What a command started costs comes on top of the access that started it.
void ExitBus::device_code_until(Duration until) {
  const Duration end = until + back_;
  if (end <= free_) return;
  outlasted_ = outlasted_ || free_ == logged_until_;
  statistics_.held_time.add(end - free_);
  free_ = end;
  if (guest_) guest_->hold(end);
}

/// The guest acknowledges an interrupt in its entry, as Linux does with messages and edges.
Duration ExitBus::interrupt_taken(Duration now) {
  statistics_.eois.add();
  const std::int64_t exits = costs_.eoi_exits();
  const Duration cost = in_kernel_ * exits;
  statistics_.exits.add(static_cast<std::uint64_t>(exits));
  statistics_.exits_controller.add(static_cast<std::uint64_t>(exits));
  statistics_.kernel_time.add(cost);
  statistics_.held_time.add(cost);
  wire::TrapTime time;
  for (std::size_t i = 0; i < wire::trap_count; ++i) time.ps[i] = kernel_trap_.ps[i] * exits;
  traps_.add(now, time);
  return now + cost;
}

/// The emulator asks for an interrupt at `when`; returns when the guest has it.
Duration ExitBus::inject(Duration when) {
  statistics_.injections.add();
  const Duration asked = kit::max(emulator_.kernel_work(injection_), when + injection_);
  const bool outside = free_ > asked || (first_ && first_->issued <= asked);
  if (outside) return kit::max(first_ ? effect_at(*first_) + device_access_ + back_ : free_, asked);  // with the next entry
  const bool running = guest_ && guest_->running(asked);
  const Duration way = (running ? costs_.kick() : costs_.halt_wake()) + costs_.entry();
  if (running) {
    statistics_.exits.add();
    statistics_.exits_kick.add();
  }
  statistics_.kernel_time.add(way);
  return asked + way;
}

/// A wire changes. It falls at once, in the controller that the kernel emulates; what has risen is seen when the guest looks.
void ExitBus::line(unsigned number, bool asserted, Duration when) {
  Duration& last = line_changed_[number];
  last = kit::max(last, asserted ? inject(when) : kit::max(when, calendar_.now()));
  if (!asserted) emulator_.kernel_work(injection_);
  if (interrupt_target_) interrupt_target_->intx(number, asserted, calendar_.annotate(last));
}

void ExitBus::IsaLines::set_interrupt(unsigned vector, bool asserted, const sc_core::sc_time& delay) {
  bus.line(14 + (vector & 1), asserted, bus.calendar_.absolute(delay));
}

}  // namespace ahcisim::host
