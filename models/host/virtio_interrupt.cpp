// SPDX-License-Identifier: MIT
// The virtio-blk driver's interrupt handler: one read of the ISR status without MSI-X, then memory only.
#include <ahcisim/models/host/virtio_blk_driver.hpp>

#include <algorithm>

namespace ahcisim::host {

using namespace virtio_name;

void VirtioBlkDriver::interrupt(unsigned vector, kit::Duration at) {
  statistics_.interrupts.add();
  handler_entry_ = at;
  const kit::Duration inside = at + parameters_.cpu.interrupt_entry();
  found_ = 0;
  first_queue_ = 0;
  last_queue_ = queue_count_;
  if (queue_.state() != State::running && !(isr_ && !message_signalled_)) return nobody_cared(inside);
  if (!message_signalled_) {
    statistics_.register_reads.add();
    return mmio_.read<&VirtioBlkDriver::have_isr>(isr_, inside, this, 1);
  }
  const unsigned vectors = pci_.function().vectors;
  if (vectors > queue_count_) {  // vector 0 is the configuration's
    if (vector == 0 || vector > queue_count_) return nobody_cared(inside);
    first_queue_ = vector - 1;
    last_queue_ = vector;
  }
  calendar_.at<&VirtioBlkDriver::begin_pass>(inside, this);
}

/// The read has cleared it and taken INTx back (VIRTIO 1.1, 4.1.4.5).
void VirtioBlkDriver::have_isr(std::uint32_t value, kit::Duration at) {
  if (!(value & ISR_queue) || queue_.state() != State::running) return nobody_cared(at);
  calendar_.at<&VirtioBlkDriver::begin_pass>(at, this);
}

void VirtioBlkDriver::begin_pass(std::uint64_t) { drain(); }

/// Everything that is in the used rings now (virtblk_done).
void VirtioBlkDriver::drain() {
  unsigned count = 0;
  for (unsigned i = first_queue_; i < last_queue_; ++i) {
    Queue& queue = queues_[i];
    queue.ring.suppress_interrupts();
    for (; queue.ring.has_used() && queue_.state() == State::running; ++count)
      if (!command_done(queue, queue.ring.take_used())) return leave_handler(calendar_.now());
  }
  found_ += count;
  statistics_.done_in_handler.add(count);
  calendar_.at<&VirtioBlkDriver::end_pass>(calendar_.now() + parameters_.cpu.finish() * count, this);
}

/// Interrupts may come again; what came meanwhile sent none, so it is looked for (VIRTIO 1.1, 2.6.8.1).
void VirtioBlkDriver::end_pass(std::uint64_t) {
  bool more = false;
  for (unsigned i = first_queue_; i < last_queue_; ++i) {
    queues_[i].ring.arm_interrupts();
    more |= queues_[i].ring.has_used();
  }
  if (more && queue_.state() == State::running) return drain();
  if (found_ == 0) return nobody_cared(calendar_.now());
  inlet_.handled();
  leave_handler(calendar_.now());
}

void VirtioBlkDriver::nobody_cared(kit::Duration at) {
  statistics_.unhandled.add();
  inlet_.unhandled();
  processor_.release(at + parameters_.cpu.interrupt_exit());
}

/// False where the device cannot be believed any more.
bool VirtioBlkDriver::command_done(Queue& queue, const VirtioRing::Used& used) {
  if (!used.valid) {
    give_up("used ring names no request that is outstanding (VIRTIO 1.1, 2.6.8)");
    return false;
  }
  Command& command = queue.commands[used.head];
  Request& request = *command.request;
  if (tags_) {
    wire::RequestTag*& tag = tags_->at(static_cast<unsigned>(&queue - queues_.data()), used.head);
    if (tag) processor_.stamp_interrupt(*tag, handler_entry_);
    tag = nullptr;
  }
  const bool read = request.op == IoRequest::Op::read && command.kind == Kind::data;
  if (used.status == BLK_S_OK) {
    if (read && request.with_data && !request.segments && request.owner)
      request.owner->inspect(request, buffers_ + buffer_stride_ * command.buffer, command.offset, command.bytes);
  } else {
    if (used.status != BLK_S_IOERR && used.status != BLK_S_UNSUPP)
      complain("request status that does not exist (VIRTIO 1.1, 5.2.6)");
    request.status = used.status == BLK_S_UNSUPP ? RequestStatus::unsupported : RequestStatus::device_error;
    request.progress.step_issued = true;  // nothing more of it is sent
    if (request.is_linked()) request.unlink();
  }
  free_buffers_.push_back(static_cast<std::uint16_t>(command.buffer));
  command.request = nullptr;
  --outstanding_;
  --request.progress.open;
  if (request.progress.open == 0 && request.progress.step_issued) queue_.end_step(request);
  return true;
}

void VirtioBlkDriver::leave_handler(kit::Duration at) {
  const kit::Duration left = at + parameters_.cpu.interrupt_exit();
  processor_.release(queue_.deliver(processor_.bottom_half(left)), left);
}

}  // namespace ahcisim::host
