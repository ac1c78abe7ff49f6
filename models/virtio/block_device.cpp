// SPDX-License-Identifier: MIT
// The order of things: what is due is done, the medium is served, what is finished goes back to the driver.
#include <ahcisim/models/virtio/block_device.hpp>

namespace ahcisim::virtio {

using kit::Duration;

const char* BlockDevice::enable_queue(unsigned queue, const RingLayout& layout) {
  return queues_[queue].ring.enable(layout);
}

/// Requests at the medium come back and find that nobody waits for them.
void BlockDevice::disable_queue(unsigned number) {
  Queue& queue = queues_[number];
  queue.ring.disable();
  queue.quiet = queue.dirty = false;
  for (unsigned head = 0; head < queue_size_; ++head)
    if (request_at(number, head).taken) request_at(number, head).orphan = true;
}

void BlockDevice::reset() {
  if (at_medium_ != 0) medium_.abandon_all(now());
  agenda_.clear();
  for (Queue& queue : queues_) {
    queue.ring.disable();
    queue.due = Duration::never();
    queue.quiet = queue.dirty = false;
  }
  for (BlkRequest& request : requests_) request.taken = request.orphan = request.handed = request.at_medium = false;
  outstanding_ = at_medium_ = 0;
  first_waiting_ = last_waiting_ = nullptr;
}

void BlockDevice::notified(unsigned number, Duration when) {
  Queue& queue = queues_[number];
  when = kit::max(when, now()) + notification_time_;
  if (queue.due != Duration::never() && queue.due >= when) return;  // it will be looked at anyway
  queue.due = when;
  agenda_.add(when, Step::drain, number);
  arm();
}

/// Sees to it that wake() is called when something is due. One that comes too early is void.
void BlockDevice::arm() {
  const Duration next = kit::min(agenda_.next(), medium_.next_decision());
  if (next >= armed_) return;
  armed_ = next;
  context_.calendar.at<&BlockDevice::wake>(next, this, ++wake_serial_);
}

void BlockDevice::wake(std::uint64_t serial) {
  if (serial != wake_serial_) return;
  armed_ = Duration::never();
  awake_ = true;
  const Duration time = now();
  if (medium_.next_decision() <= time) medium_.advance(time);
  do {
    while (agenda_.next() <= time) {
      const auto entry = agenda_.take();
      run(entry.step, entry.index);
    }
  } while (publish_all());
  awake_ = false;
  arm();
}

void BlockDevice::run(Step step, std::uint32_t index) {
  switch (step) {
    case Step::drain: return drain(index);
    case Step::submit: return start(requests_[index]);
    case Step::transfer: return transfer(requests_[index]);
    case Step::transferred: return transferred(requests_[index]);
    case Step::done: return done(requests_[index]);
  }
}

/// Takes all available requests in the order of the ring. While that takes time, the driver is told not to notify, and
/// the ring is looked at once more afterwards, so that none is left behind (2.6.10.2). Each pass takes what the driver
/// has put there before; the device's own accesses add nothing, so passes come to an end.
void BlockDevice::drain(unsigned number) {
  Queue& queue = queues_[number];
  if (queue.due <= now()) queue.due = Duration::never();
  if (!queue.ring.enabled()) return;
  Duration when = now();
  Fault fault = nullptr;
  if (queue.quiet) {
    queue.quiet = false;
    if ((fault = queue.ring.allow_notifications(when))) return transport_->fail(fault, when);
  }
  for (bool first = true;; first = false) {
    unsigned waiting = 0;
    if ((fault = queue.ring.look(when, waiting))) return transport_->fail(fault, when);
    if (waiting == 0) {
      if (first && when == now()) statistics_.notifications_in_vain.add();
      return;
    }
    if ((fault = queue.ring.forbid_notifications(when))) return transport_->fail(fault, when);
    if (!take_all(number, waiting, when)) return;
    if (when > now()) {
      queue.quiet = true;
      queue.due = when;
      return agenda_.add(when, Step::drain, number);
    }
    if ((fault = queue.ring.allow_notifications(when))) return transport_->fail(fault, when);
  }
}

bool BlockDevice::take_all(unsigned number, unsigned waiting, Duration& when) {
  Virtqueue& ring = queues_[number].ring;
  for (; waiting != 0; --waiting) {
    std::uint16_t head = 0;
    Fault fault = ring.take(when, head);
    if (!fault && request_at(number, head).taken)
      fault = "available ring names a chain that is in use already (VIRTIO 1.1, 2.6.13)";
    if (!fault) {
      BlkRequest& request = request_at(number, head);
      request.media.tag = board_ ? board_->at(number, head) : nullptr;
      request.fetched = when;
      when += request_time_;
      fault = ring.follow(head, when, request.chain);
      if (!fault) fault = open(request, when);
      if (!fault) {
        request.taken = true;
        ++outstanding_;
        agenda_.add(when, Step::submit, request.media.index);
      }
    }
    if (fault) {
      transport_->fail(fault, when);
      return false;
    }
  }
  return true;
}

/// To the medium, or behind those that wait for it.
void BlockDevice::hand_over(BlkRequest& request) {
  if (at_medium_ < medium_depth_) return to_medium(request);
  request.next_waiting = nullptr;
  (first_waiting_ ? last_waiting_->next_waiting : first_waiting_) = &request;
  last_waiting_ = &request;
}

void BlockDevice::to_medium(BlkRequest& request) {
  ++at_medium_;
  request.handed = request.at_medium = true;
  request.media.failed = false;
  medium_.submit(request.media, now());
}

/// A medium that waits for others (an image file) answers on its own, outside wake().
void BlockDevice::may_transfer(disk::MediaRequest& media, Duration at) {
  agenda_.add(at, Step::transfer, media.index);
  if (!awake_) arm();
}

void BlockDevice::complete(disk::MediaRequest& media, Duration at) {
  BlkRequest& request = requests_[media.index];
  request.at_medium = false;
  request.done_at = at;
  if (media.failed) request.status = VIRTIO_BLK_S_IOERR;
  const bool moves = media.op == disk::MediaOp::read || media.op == disk::MediaOp::write;
  if (!moves) end_at(request, at);
  else if (request.moved) end_at(request, kit::max(at, request.moved_at));
  if (!awake_) arm();
}

void BlockDevice::transferred(BlkRequest& request) {
  if (request.at_medium) medium_.transferred(request.media, now());
}

void BlockDevice::end_at(BlkRequest& request, Duration when) { agenda_.add(when, Step::done, request.media.index); }

/// Nothing more is to be done for a request, or for one of its ranges.
void BlockDevice::done(BlkRequest& request) {
  if (request.handed) {
    request.handed = false;
    --at_medium_;
    if (BlkRequest* next = first_waiting_) {
      first_waiting_ = next->next_waiting;
      to_medium(*next);
    }
  }
  if (request.orphan) return release(request);
  if (request.status == VIRTIO_BLK_S_OK && request.next_range < request.ranges.size()) return next_range(request);
  if (request.type == VIRTIO_BLK_T_FLUSH && request.status == VIRTIO_BLK_S_OK) store_.flush();
  give_back(request);
}

void BlockDevice::release(BlkRequest& request) {
  request.taken = request.orphan = false;
  --outstanding_;
}

void BlockDevice::give_back(BlkRequest& request) {
  Queue& queue = queues_[request.queue];
  Duration when = now() + completion_time_;
  release(request);
  if (!memory_.write(request.status_address, &request.status, 1, when, statistics_.status_writes))
    transport_->complain("status byte where there is no memory (VIRTIO 1.1, 5.2.6)", when);
  // The used length counts from the first device-writable byte on, as far as there is no gap (2.6.8).
  std::uint64_t written = request.given;
  if (written + 1 == request.chain.writable_bytes) ++written;
  if (Fault fault = queue.ring.give_back(request.head, static_cast<std::uint32_t>(written), when))
    return transport_->fail(fault, when);
  if (request.status == VIRTIO_BLK_S_IOERR) statistics_.failed.add();
  if (request.status == VIRTIO_BLK_S_UNSUPP) statistics_.unsupported.add();
  statistics_.request_time.add(when - request.fetched);
  if (request.media.tag) request.media.tag->stamp(wire::Stage::status, when.ps());
  queue.published_from = queue.dirty ? kit::max(queue.published_from, when) : when;
  queue.dirty = true;
}

/// One index update and at most one interrupt for all that became finished at one time. True if anything was.
bool BlockDevice::publish_all() {
  bool any = false;
  for (unsigned number = 0; number < queues_.size(); ++number) {
    Queue& queue = queues_[number];
    if (!queue.dirty) continue;
    queue.dirty = false;
    any = true;
    Duration when = queue.published_from;
    bool notify = false;
    if (Fault fault = queue.ring.publish(when, notify)) {
      transport_->fail(fault, when);
      return true;
    }
    if (notify) transport_->interrupt_queue(number, when);
    else statistics_.interrupts_suppressed.add();
  }
  return any;
}

}  // namespace ahcisim::virtio
