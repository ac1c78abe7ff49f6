// SPDX-License-Identifier: MIT
// Taking requests from programs and giving them back.
#include <ahcisim/models/host/request_queue.hpp>

#include <iterator>

namespace ahcisim::host {

const char* name_of(RequestStatus status) {
  constexpr const char* names[] = {"ok", "media_error", "device_error", "bus_error", "timed_out", "unsupported", "out_of_range", "gone"};
  return names[static_cast<unsigned>(status)];
}

namespace {
bool refuse(Request& request, RequestStatus status) {
  request.status = status;
  return false;
}
}  // namespace

void RequestQueue::ready() {
  state_ = State::running;
  for (auto place = waiting_.begin(); place != waiting_.end();) {  // handed in before anybody knew the disk
    Request& request = *place++;
    if (admit(request)) continue;
    request.unlink();
    finish(request, calendar_.now());
  }
  if (listener_) listener_->ready(calendar_.now());
}

void RequestQueue::die(const std::string& reason) {
  state_ = State::dead;
  failure_ = reason;
}

void RequestQueue::announce_failure() {
  if (listener_) listener_->failed(failure_, calendar_.now());
}

void RequestQueue::listen(DeviceListener& listener) {
  listener_ = &listener;
  if (is_ready()) listener.ready(calendar_.now());
  if (state_ == State::dead) listener.failed(failure_, calendar_.now());
}

void RequestQueue::submit(Request& request, kit::Duration at) {
  at = kit::max(at, calendar_.now());
  request.progress = {};
  request.progress.ready = at;
  request.status = RequestStatus::ok;
  request.ata_status = request.ata_error = 0;
  if (request.tag.when(wire::Stage::submitted) < 0) request.tag.stamp(wire::Stage::submitted, at.ps());
  auto place = submissions_.end();
  while (place != submissions_.begin() && std::prev(place)->progress.ready > at) --place;
  submissions_.insert(place, request);
}

RequestQueue::Taken RequestQueue::take(kit::Duration at) {
  Request& request = submissions_.front();
  submissions_.pop_front();
  const kit::Duration entered = at + cost_.syscall(), through = entered + cost_.submit();
  request.tag.stamp(wire::Stage::entered, entered.ps());
  const bool admitted = admit(request);
  if (admitted)
    waiting_.push_back(request);
  else
    finish(request, through);
  return {through, admitted};
}

/// Decides what the request needs; false where it is answered without the device.
bool RequestQueue::admit(Request& request) const {
  using Step = Request::Progress::Step;
  if (state_ == State::dead) return refuse(request, RequestStatus::gone);
  if (request.op == IoRequest::Op::flush) return disk.flushes;  // the block layer knows that there is nothing to flush
  if (state_ != State::bringing_up) {
    if (request.lba > disk.capacity || request.sectors > disk.capacity - request.lba)
      return refuse(request, RequestStatus::out_of_range);
    const std::uint64_t mask = (std::uint64_t{1} << disk.lba_shift) - 1;
    if (request.sectors == 0 || ((request.lba | request.sectors) & mask)) return refuse(request, RequestStatus::unsupported);
    if (request.op == IoRequest::Op::trim && !disk.trim) return refuse(request, RequestStatus::unsupported);
  }
  request.progress.step = request.flush_first && disk.flushes ? Step::pre_flush : Step::data;
  return true;
}

void RequestQueue::end_step(Request& request) {
  using Step = Request::Progress::Step;
  Step& step = request.progress.step;
  const bool failed = request.status != RequestStatus::ok;
  const bool flush_after = request.op == IoRequest::Op::write && request.fua && disk.flushes && !disk.fua;
  if (!failed && step == Step::pre_flush && request.sectors != 0)
    step = Step::data;
  else if (!failed && step == Step::data && request.op != IoRequest::Op::flush && flush_after)
    step = Step::post_flush;
  else
    step = Step::done;
  request.progress.step_issued = step == Step::done;
  if (step == Step::done) {
    finished_.push_back(request);
    ++finished_count_;
  } else {
    waiting_.push_front(request);
  }
}

kit::Duration RequestQueue::deliver(kit::Duration at) {
  if (finished_count_ == 0) return at;
  at += cost_.complete() * finished_count_;
  for (Request& request : finished_) {
    processor_.stamp_handled(request.tag);
    request.tag.stamp(wire::Stage::woken, at.ps());
  }
  if (submissions_.empty()) at += cost_.wake();  // else the program is at work already
  hand_back(finished_count_, at);
  return at;
}

void RequestQueue::deliver_failed() {
  hand_back(finished_count_, calendar_.now() + cost_.complete() * finished_count_ + cost_.wake());
}

/// The count is taken first: an owner may hand in its request again at once.
void RequestQueue::hand_back(unsigned count, kit::Duration at) {
  finished_count_ = 0;
  for (; count && !finished_.empty(); --count) {
    Request& request = finished_.front();
    finished_.pop_front();
    finish(request, at);
  }
}

void RequestQueue::finish(Request& request, kit::Duration at) {
  request.tag.stamp(wire::Stage::completed, at.ps());
  if (request.owner) request.owner->completed(request, at);
}

void RequestQueue::fail_waiting(RequestStatus status) {
  while (!waiting_.empty()) {
    Request& request = waiting_.front();
    waiting_.pop_front();
    request.status = status;
    finish(request, calendar_.now());
  }
}

}  // namespace ahcisim::host
