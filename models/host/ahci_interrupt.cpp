// SPDX-License-Identifier: MIT
// The AHCI driver's interrupt handler: the register accesses of libahci, in its order.
#include <ahcisim/models/host/ahci_driver.hpp>

#include <algorithm>

namespace ahcisim::host {

using namespace ahci_name;

void AhciDriver::interrupt(unsigned vector, kit::Duration at) {
  statistics_.interrupts.add();
  handler_entry_ = at;
  const kit::Duration inside = at + parameters_.cpu.interrupt_entry();
  if (abar_ == 0) return nobody_cared(inside);  // before the HBA is found
  if (message_per_port_ && vector != port_) return nobody_cared(inside);
  statistics_.register_reads.add();
  if (message_per_port_)
    mmio_.read<&AhciDriver::have_port_is>(reg(PxIS), inside, this);
  else
    mmio_.read<&AhciDriver::have_is>(hba(IS), inside, this);
}

/// An interrupt that keeps coming without anything to do for it is switched off, as Linux does.
void AhciDriver::count_unhandled() {
  statistics_.unhandled.add();
  inlet_.unhandled();
}

void AhciDriver::nobody_cared(kit::Duration at) {
  count_unhandled();
  processor_.release(at + parameters_.cpu.interrupt_exit());
}

void AhciDriver::have_is(std::uint32_t value, kit::Duration at) {
  is_ = value & pi_;
  if (is_ == 0) return nobody_cared(at);
  if (!(is_ & 1u << port_)) {  // another port's: acknowledged, so that it does not come again
    statistics_.register_writes.add();
    return nobody_cared(mmio_.post(hba(IS), is_, at));
  }
  statistics_.register_reads.add();
  mmio_.read<&AhciDriver::have_port_is>(reg(PxIS), at, this);
}

void AhciDriver::have_port_is(std::uint32_t value, kit::Duration at) {
  port_is_ = value;
  statistics_.register_writes.add();
  at = mmio_.post(reg(PxIS), value, at);
  if ((cap_ & CAP_SSNTF) && (value & PxIS_SDBS)) {
    statistics_.register_reads.add();
    mmio_.read<&AhciDriver::have_notification>(reg(PxSNTF), at, this);
  } else {
    read_active(at);
  }
}

void AhciDriver::have_notification(std::uint32_t value, kit::Duration at) {
  statistics_.register_writes.add();
  read_active(mmio_.post(reg(PxSNTF), value, at));
}

void AhciDriver::read_active(kit::Duration at) {
  statistics_.register_reads.add();
  mmio_.read<&AhciDriver::have_active>(reg(queued_ ? PxSACT : PxCI), at, this);
}

void AhciDriver::have_active(std::uint32_t value, kit::Duration at) {
  const bool error = port_is_ & PxIS_error;
  if (internal_active_) {
    if (error || !(value & 1))
      internal_done(!error, at);
    else
      count_unhandled();
    return leave_handler(at);
  }
  const std::uint32_t outstanding = queued_ | plain_;
  // All ones: nothing there any more; believing it would be harmless, but so would be all zeros with an error.
  const bool believable = !(port_is_ == ~0u && value == ~0u);
  // PxCI of a command that failed stays set, so what reads 0 is done even beside an error (AHCI 1.3.1, 6.2.2.1).
  const std::uint32_t done = queue_.state() == State::running && believable ? outstanding & ~value : 0;
  unsigned count = 0;
  for (std::uint32_t left = done; left; left &= left - 1, ++count) command_done(static_cast<unsigned>(__builtin_ctz(left)));
  if (count) recoveries_in_row_ = 0;
  if (count || (error && queue_.state() == State::running))
    inlet_.handled();
  else
    count_unhandled();
  statistics_.done_in_handler.add(count);
  if (error && queue_.state() == State::running) begin_recovery(port_is_, 0);
  leave_handler(at + parameters_.cpu.finish() * count);
}

void AhciDriver::command_done(unsigned slot) {
  Command& command = commands_[slot];
  Request& request = *command.request;
  queued_ &= ~(1u << slot);
  plain_ &= ~(1u << slot);
  if (tags_) {
    wire::RequestTag*& tag = tags_->at(port_, slot);
    if (tag) processor_.stamp_interrupt(*tag, handler_entry_);
    tag = nullptr;
  }
  if (request.with_data && !request.segments && request.op == IoRequest::Op::read && command.bytes && request.owner)
    request.owner->inspect(request, slots_.buffer(slot), command.offset, command.bytes);
  --request.progress.open;
  if (request.progress.open == 0 && request.progress.step_issued) queue_.end_step(request);
}

/// W IS, then the way up through the block layer to the program.
void AhciDriver::leave_handler(kit::Duration at) {
  if (!message_per_port_) {
    statistics_.register_writes.add();
    at = mmio_.post(hba(IS), is_, at);
  }
  const kit::Duration left = at + parameters_.cpu.interrupt_exit();
  processor_.release(queue_.deliver(processor_.bottom_half(left)), left);
}

}  // namespace ahcisim::host
