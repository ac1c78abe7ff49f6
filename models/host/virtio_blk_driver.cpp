// SPDX-License-Identifier: MIT
// The virtio-blk driver: taking requests, putting them into the rings, telling the device.
#include <ahcisim/models/host/virtio_blk_driver.hpp>

#include <algorithm>

#include <ahcisim/models/host/scatter.hpp>

namespace ahcisim::host {

using namespace virtio_name;

VirtioBlkDriver::VirtioBlkDriver(const sc_core::sc_module_name& name, kit::Context& context,
                                 const VirtioBlkDriverParameters& parameters, Memory& memory, wire::TagBoard* tags)
    : DriverFront{name, context, parameters, tags}, parameters_{parameters} {
  context.stats.add(this->name(), statistics_);
  const auto entries = static_cast<unsigned>(parameters.ring());
  if (entries & (entries - 1))
    throw kit::ConfigError{"ring = " + std::to_string(entries) + ": is no power of two (VIRTIO 1.1, 2.6)"};
  queues_.reserve(static_cast<std::size_t>(parameters.queues()));
  for (std::int64_t i = 0; i < parameters.queues(); ++i) queues_.emplace_back(memory, entries);
  const std::uint64_t segment = static_cast<std::uint64_t>(parameters.segment().value);
  buffer_bytes_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(
      static_cast<std::uint64_t>(parameters.max_request().value), segment * (entries - 2))) & ~511u;
  // A page more each: see CommandSlots.
  const auto count = static_cast<std::uint64_t>(parameters.depth());
  buffer_stride_ = ((std::max<std::uint64_t>(buffer_bytes_, 1) + 4095) & ~std::uint64_t{4095}) + 4096;
  buffers_address_ = memory.allocate(buffer_stride_ * count);
  buffers_ = memory.at(buffers_address_, buffer_stride_ * count);
  for (auto i = static_cast<std::uint16_t>(count); i-- > 0;) free_buffers_.push_back(i);
}

kit::Duration VirtioBlkDriver::wanted() {
  if (can_issue()) return kit::Duration{};
  return kit::min(script_.wanted(), queue_.next());
}

void VirtioBlkDriver::run(kit::Duration at) {
  if (script_.wanted() <= at) return script_.run(at);
  if (can_issue()) return issue_next(at + queue_.dispatch());
  const bool first = queue_.waiting().empty();
  batch_ = queue_.next();
  const RequestQueue::Taken taken = queue_.take(at);
  const bool issues = taken.admitted && first && can_issue();
  if (issues && !processor_.divides_steps()) return issue_next(taken.through);
  if (issues) queue_.expect_issue();
  else if (taken.admitted) statistics_.deferred.add();
  if (queues_[current_].unannounced && !more_to_come()) return announce(taken.through);  // of the batch before it
  processor_.release(taken.through, at);
}

bool VirtioBlkDriver::can_issue() const {
  return queue_.state() == State::running && !queue_.waiting().empty() && outstanding_ < depth_ &&
         queues_[current_].ring.has_room(pieces_of(queue_.waiting().front()));
}

/// Most data pieces of the request's next command.
unsigned VirtioBlkDriver::pieces_of(const Request& request) const {
  if (queue_.is_flush(request)) return 0;
  if (request.op == IoRequest::Op::trim) return 1;
  if (request.segments) return std::min(seg_max_, request.segment_count);
  const auto segment = static_cast<std::uint64_t>(parameters_.segment().value);
  const std::uint64_t left = std::uint64_t{request.sectors - request.progress.issued} * sector_bytes;
  return static_cast<unsigned>((std::min<std::uint64_t>(left, longest_request_) + segment - 1) / segment);
}

/// Whether another request follows at once that can be told with the same notification.
bool VirtioBlkDriver::more_to_come() const {
  if (!parameters_.batching() || queue_.state() != State::running) return false;
  if (can_issue()) return true;
  return queue_.waiting().empty() && queue_.next() == batch_ && outstanding_ < depth_ && queues_[current_].ring.has_room(1);
}

std::uint32_t VirtioBlkDriver::attach_buffer(Request& request, std::uint32_t limit) {
  VirtioRing& ring = queues_[current_].ring;
  if (request.segments) {
    constexpr std::uint32_t longest_descriptor = 1u << 30;
    return take_segments(request, limit, logical_bytes_, {seg_max_, longest_descriptor},
                         [&](std::uint64_t address, std::uint32_t bytes) { ring.add(address, bytes); });
  }
  const auto segment = static_cast<std::uint32_t>(parameters_.segment().value);
  const std::uint64_t address = buffers_address_ + buffer_stride_ * free_buffers_.back();
  for (std::uint32_t done = 0; done < limit; done += segment) ring.add(address + done, std::min(segment, limit - done));
  return limit;
}

/// Puts the next command of a request into the ring; false where its buffer is too short.
bool VirtioBlkDriver::cut(Request& request) {
  Queue& queue = queues_[current_];
  Command command;
  command.request = &request;
  command.offset = std::uint64_t{request.progress.issued} * sector_bytes;
  command.buffer = free_buffers_.back();
  command.issued = calendar_.now();
  const std::uint64_t sector = request.lba + request.progress.issued;
  const std::uint32_t left = request.sectors - request.progress.issued;
  const bool read = request.op == IoRequest::Op::read;
  unsigned head = 0;
  if (queue_.is_flush(request)) {
    command.kind = Kind::flush;
    head = queue.ring.begin(BLK_T_FLUSH, 0);
  } else if (request.op == IoRequest::Op::trim) {
    command.kind = Kind::trim;
    const std::uint32_t take = std::min(left, max_discard_);
    head = queue.ring.begin(BLK_T_DISCARD, 0);
    queue.ring.add_range(sector, take);
    request.progress.issued += take;
  } else {
    head = queue.ring.begin(read ? BLK_T_IN : BLK_T_OUT, sector);
    const auto limit = static_cast<std::uint32_t>(std::min<std::uint64_t>(std::uint64_t{left} * sector_bytes, longest_request_));
    command.bytes = attach_buffer(request, limit);
    if (command.bytes == 0) {
      queue.ring.forget();
      return false;
    }
    if (!read && request.with_data && !request.segments && request.owner)
      request.owner->fill(request, buffers_ + buffer_stride_ * command.buffer, command.offset, command.bytes);
    request.progress.issued += command.bytes / sector_bytes;
  }
  queue.ring.put(read && command.kind == Kind::data);
  free_buffers_.pop_back();
  queue.commands[head] = command;
  request.progress.step_issued = command.kind == Kind::flush || request.progress.issued == request.sectors;
  if (tags_) tags_->at(current_, head) = carries_account(request) ? &request.tag : nullptr;
  return true;
}

void VirtioBlkDriver::issue_next(kit::Duration at) {
  Request& request = queue_.waiting().front();
  if (!queues_[current_].unannounced) {
    const unsigned next = (current_ + 1) % queue_count_;
    if (queues_[next].ring.has_room(pieces_of(request))) current_ = next;
  }
  if (!cut(request)) {  // a scatter list shorter than the request
    complain("scatter list shorter than the request");
    request.status = RequestStatus::unsupported;
    request.progress.step_issued = true;
    request.unlink();
    if (request.progress.open == 0) queue_.finish(request, at);
    if (queues_[current_].unannounced && !more_to_come()) return announce(at);
    processor_.release(at);
    return;
  }
  ++request.progress.open;
  ++outstanding_;
  if (request.progress.step_issued) request.unlink();
  statistics_.commands.add();
  const kit::Duration built = at + parameters_.cpu.build();
  if (carries_account(request)) request.tag.stamp(wire::Stage::issued, built.ps());
  calendar_.at<&VirtioBlkDriver::published>(built, this);
}

/// The device may see the request from now on.
void VirtioBlkDriver::published(std::uint64_t) {
  Queue& queue = queues_[current_];
  queue.ring.publish();
  queue.unannounced = true;
  watch_deadline();
  if (more_to_come()) return processor_.release(calendar_.now());
  announce(calendar_.now());
}

/// The notification, unless the device does without (VIRTIO 1.1, 2.6.7.1, 2.6.10, 4.1.5.2).
void VirtioBlkDriver::announce(kit::Duration at) {
  Queue& queue = queues_[current_];
  queue.unannounced = false;
  if (!queue.ring.wants_notification()) {
    statistics_.held_back.add();
    return processor_.release(at);
  }
  statistics_.notifications.add();
  statistics_.register_writes.add();
  if (notify_is_io_) return mmio_.write<&VirtioBlkDriver::announced>(queue.notify, current_, at, this, 2);
  processor_.release(mmio_.post(queue.notify, current_, at, 2));
}

void VirtioBlkDriver::announced(std::uint32_t, kit::Duration at) { processor_.release(at); }

/// One look at the clock for each time-out's length, not for each request.
void VirtioBlkDriver::watch_deadline() {
  if (deadline_watched_) return;
  deadline_watched_ = true;
  calendar_.at<&VirtioBlkDriver::check_deadlines>(calendar_.now() + parameters_.timeout(), this);
}

/// Nothing takes back a single request of virtio-blk: a device that lost one is given up.
void VirtioBlkDriver::check_deadlines(std::uint64_t) {
  deadline_watched_ = false;
  if (queue_.state() != State::running || outstanding_ == 0) return;  // watched again at the next issue
  const kit::Duration now = calendar_.now(), limit = parameters_.timeout();
  kit::Duration earliest = kit::Duration::never();
  unsigned late = 0;
  for (const Queue& queue : queues_)
    for (const Command& command : queue.commands) {
      if (!command.request) continue;
      const kit::Duration deadline = command.issued + limit;
      if (deadline <= now) ++late;
      earliest = kit::min(earliest, deadline);
    }
  if (late && !processor_.busy()) {
    statistics_.timeouts.add(late);
    return give_up("request not answered in time: the device is given up", RequestStatus::timed_out);
  }
  deadline_watched_ = true;
  calendar_.at<&VirtioBlkDriver::check_deadlines>(late ? now + kit::Duration::from_ms(1) : earliest, this);
}

}  // namespace ahcisim::host
