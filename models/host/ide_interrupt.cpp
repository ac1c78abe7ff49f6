// SPDX-License-Identifier: MIT
// The IDE driver's interrupt handler and PIO data: the register accesses of libata-sff, in its order.
#include <ahcisim/models/host/ide_driver.hpp>

#include <algorithm>

namespace ahcisim::host {

using namespace ide_name;

namespace {
constexpr std::uint8_t error_bits = wire::status::ERR | wire::status::DF;
}  // namespace

void IdeDriver::interrupt(unsigned, kit::Duration at) {
  statistics_.interrupts.add();
  handler_entry_ = at;
  in_task_ = false;
  if (phase_ == Phase::pio && command_.moved == 0) before_data_ = processor_.trapped_before_interrupt();
  const kit::Duration inside = at + parameters_.cpu.interrupt_entry();
  if (queue_.state() != State::running || phase_ == Phase::idle || phase_ == Phase::first_block) return nobody_cared(inside);
  sequence_.clear();
  if (phase_ == Phase::dma) {  // ata_bmdma_port_intr
    first_read_ = sequence_.read(bus_master(BMISX), 1);
    sequence_.run<&IdeDriver::have_bus_master_status>(inside, this);
  } else {
    second_read_ = sequence_.read(control_, 1);
    sequence_.run<&IdeDriver::have_alternate_status>(inside, this);
  }
}

void IdeDriver::nobody_cared(kit::Duration at) {
  statistics_.unhandled.add();
  inlet_.unhandled();
  processor_.release(at + parameters_.cpu.interrupt_exit());
}

/// The bus master says whether the interrupt is this channel's; then it is stopped (ata_bmdma_stop).
void IdeDriver::have_bus_master_status(kit::Duration at) {
  const auto status = static_cast<std::uint8_t>(sequence_.value(first_read_));
  if (!(status & BMISX_interrupt)) return nobody_cared(at);
  bus_master_status_ = status;
  sequence_.clear();
  const unsigned before = sequence_.read(bus_master(BMICX), 1);
  sequence_.write_back(bus_master(BMICX), before, static_cast<std::uint8_t>(~BMICX_SSBM), 0);
  sequence_.read(control_, 1);
  second_read_ = sequence_.read(control_, 1);
  sequence_.run<&IdeDriver::have_alternate_status>(at, this);
}

void IdeDriver::have_alternate_status(kit::Duration at) {
  const auto status = static_cast<std::uint8_t>(sequence_.value(second_read_));
  if (status & wire::status::BSY) {
    if (phase_ == Phase::dma) return fail(Fault::protocol, status, at);  // the bus master is stopped already
    return nobody_cared(at);
  }
  sequence_.clear();
  first_read_ = sequence_.read(port(Status), 1);
  if (bus_master_) {  // ata_bmdma_irq_clear
    const unsigned seen = sequence_.read(bus_master(BMISX), 1);
    sequence_.write_back(bus_master(BMISX), seen, 0xff, 0);
  }
  sequence_.run<&IdeDriver::have_status>(at, this);
}

/// What the device wants now (ata_sff_hsm_move).
void IdeDriver::have_status(kit::Duration at) {
  const auto status = static_cast<std::uint8_t>(sequence_.value(first_read_));
  if (status & wire::status::BSY) return fail(Fault::protocol, status, at);
  if (phase_ == Phase::dma && (bus_master_status_ & BMISX_error)) return fail(Fault::host_bus, status, at);
  const bool more = phase_ == Phase::pio && command_.moved < command_.bytes;
  if (!more) return conclude(status, at);
  if (status & error_bits) return fail(Fault::device, status, at);
  if (!(status & wire::status::DRQ)) return fail(Fault::protocol, status, at);
  sequence_.clear();
  move_block();
  sequence_.run<&IdeDriver::block_moved>(at, this);
}

/// One DRQ block: a string instruction for each sector, then a read that flushes (ata_pio_sectors).
void IdeDriver::move_block() {
  const std::uint32_t block = std::min(block_sectors_ * logical_bytes_, command_.bytes - command_.moved);
  const std::uint32_t width = parameters_.string_width.index() == 0 ? 2 : 4;
  for (std::uint32_t end = command_.moved + block; command_.moved < end; command_.moved += logical_bytes_)
    sequence_.string(port(Data), command_.write, buffers_.data() + command_.moved, logical_bytes_, width);
  sequence_.read(control_, 1);
}

void IdeDriver::block_moved(kit::Duration at) {
  wire::RequestTag* const tag = tags_ ? tags_->at(channel_, device_) : nullptr;
  if (tag && command_.write && command_.moved == command_.bytes)
    tag->data_traps = processor_.trapped_until(kit::Duration::from_ps(tag->when(wire::Stage::transferred))) - before_data_;
  if (command_.write || command_.moved < command_.bytes) return leave_handler(at);
  sequence_.clear();  // all data is here: the device says at once how it went
  first_read_ = sequence_.wait(port(Status), busy_bits, parameters_.busy_wait(), 1000);
  sequence_.run<&IdeDriver::last_status>(at, this);
}

void IdeDriver::last_status(kit::Duration at) { conclude(static_cast<std::uint8_t>(sequence_.value(first_read_)), at); }

/// The first block of a PIO write comes without an interrupt: a kernel thread waits for DRQ (ata_sff_pio_task).
void IdeDriver::first_block_task(kit::Duration at) {
  task_at_ = kit::Duration::never();
  in_task_ = true;
  if (task_looks_ == 0) before_data_ = processor_.trapped();
  sequence_.clear();
  const unsigned tries = task_looks_ == 1 ? 10 : 5;
  first_read_ = sequence_.wait(port(Status), wire::status::BSY, parameters_.busy_wait(), tries);
  sequence_.run<&IdeDriver::first_block_ready>(at, this);
}

void IdeDriver::first_block_ready(kit::Duration at) {
  const auto status = static_cast<std::uint8_t>(sequence_.value(first_read_));
  if ((status & wire::status::BSY) && status != 0xff) {
    task_at_ = at + parameters_.probe.poll_interval() * (task_looks_++ ? 8 : 1);  // 2 ms, then 16
    processor_.release(at);
    return;
  }
  if (status & error_bits) return fail(status == 0xff ? Fault::protocol : Fault::device, status, at);
  if (!(status & wire::status::DRQ)) return fail(Fault::protocol, status, at);
  phase_ = Phase::pio;
  sequence_.clear();
  move_block();
  sequence_.run<&IdeDriver::block_moved>(at, this);
}

/// Accesses for the command's data. A block that the processor fetches comes from the first interrupt on; what the bus master
/// moves waits, where the medium is faster than the guest, for the accesses that start it after the command.
void IdeDriver::account_data(wire::RequestTag& tag) const {
  const auto at = [&](wire::Stage point) { return kit::Duration::from_ps(tag.when(point)); };
  if (command_.phase == Phase::pio) tag.data_traps = processor_.trapped_until(at(wire::Stage::status)) - before_data_;
  if (command_.phase != Phase::dma || tag.when(wire::Stage::transferred) < 0) return;
  kit::Duration ready;  // the last point before that
  for (auto i = static_cast<std::size_t>(wire::Stage::received); i <= static_cast<std::size_t>(wire::Stage::told); ++i) {
    const auto point = static_cast<wire::Stage>(i);
    if (point != wire::Stage::transferred && at(point) <= at(wire::Stage::transferred)) ready = kit::max(ready, at(point));
  }
  tag.data_traps = processor_.trapped_until(at(wire::Stage::transferred)) - processor_.trapped_until(ready);
}

/// The command is over: how did it go?
void IdeDriver::conclude(std::uint8_t status, kit::Duration at) {
  if (status & busy_bits) return fail(Fault::protocol, status, at);
  if (status & error_bits) return fail(Fault::device, status, at);
  Request& request = *command_.request;
  phase_ = Phase::idle;
  recoveries_in_row_ = 0;
  inlet_.handled();
  statistics_.done_in_handler.add();
  if (tags_) {
    wire::RequestTag*& tag = tags_->at(channel_, device_);
    if (tag) {
      account_data(*tag);
      processor_.stamp_interrupt(*tag, handler_entry_);
    }
    tag = nullptr;
  }
  if (request.op == IoRequest::Op::read && command_.bounced)
    copy_scattered(true);
  else if (request.op == IoRequest::Op::read && request.with_data && !request.segments && command_.bytes && request.owner)
    request.owner->inspect(request, buffers_.data(), command_.offset, command_.bytes);
  --request.progress.open;
  if (request.progress.step_issued) queue_.end_step(request);
  leave_handler(at + parameters_.cpu.finish());
}

void IdeDriver::fail(Fault fault, std::uint8_t status, kit::Duration at) {
  inlet_.handled();
  begin_recovery(fault, status, false);
  leave_handler(at);
}

void IdeDriver::leave_handler(kit::Duration at) {
  if (in_task_) return processor_.release(queue_.deliver(at), at);
  const kit::Duration left = at + parameters_.cpu.interrupt_exit();
  processor_.release(queue_.deliver(processor_.bottom_half(left)), left);
}

}  // namespace ahcisim::host
