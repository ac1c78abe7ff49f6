// SPDX-License-Identifier: MIT
// What the drive does with a command: hit or miss, buffer or arm.
#include <ahcisim/models/disk/hdd/drive.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace ahcisim::disk::hdd {
namespace {

// What the drive keeps in MediaRequest::scratch.
enum Slot : std::size_t { segment_slot, flush_slot, ready_slot };
constexpr std::uint64_t not_cached = ~std::uint64_t{0};

void erase_from(std::vector<MediaRequest*>& list, std::size_t index) {
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace

Drive::Drive(DriveSpec spec, std::unique_ptr<SeekOrder> order)
    : spec_{spec.controller}, mechanics_{spec.layout, std::move(spec.mechanics)}, buffer_{spec.buffer},
      order_{std::move(order)} {
  facts_.sectors = mechanics_.geometry().sectors();
  facts_.rotation_rate = spec.rotation_rate;
  facts_.physical_exponent = spec.physical_exponent;
  facts_.form_factor = spec.form_factor;
  facts_.write_cache = spec.controller.write_cache;
  facts_.priority = true;
  facts_.buffer_sectors = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(spec.buffer.segments * spec.buffer.segment_sectors, 0xffffffffu));
  destage_mark_ = std::max(1u, static_cast<std::uint32_t>(std::ceil(spec_.destage_mark * spec.buffer.write_segments)));
  commands_.reserve(64);
  destages_.reserve(buffer_.size());
  scratch_.reserve(64 + buffer_.size());
  for (auto* list : {&waiting_, &blocked_, &flushes_}) list->reserve(64);
}

MediumFacts Drive::facts() const { return facts_; }

void Drive::submit(MediaRequest& request, kit::Duration now) {
  request.arrived = now;
  const std::int64_t t = now.ps();
  settle(t);
  last_activity_ = std::max(last_activity_, t);
  switch (request.op) {
    case MediaOp::read:
    case MediaOp::verify: submit_read(request, t); break;
    case MediaOp::write: submit_write(request, t); break;
    case MediaOp::flush:
      statistics_.flushes.add();
      request.scratch[flush_slot] = buffer_.clock();
      flushes_.push_back(&request);
      try_flushes(t);
      break;
    case MediaOp::trim:
      for (std::uint32_t i = 0; i < request.trim_count; ++i) report_taken_safely(request.trims[i], true, now, now);
      client_->complete(request, now + spec_.write_hit.after_write);
      break;
  }
  if (!busy(t)) decide(t);
}

void Drive::submit_read(MediaRequest& request, std::int64_t now) {
  statistics_.reads.add();
  const bool arm_idle = !busy(now) && commands_.empty() && waiting_.empty();
  if (arm_idle || spec_.hits_while_busy) {
    if (serve_from_buffer(request, now, now + overhead(spec_.read_hit))) return;
  } else if (buffer_.find(request.range.lba, request.range.count).match == Buffer::Match::whole) {
    waiting_.push_back(&request);
    return;
  }
  if (buffer_.overlaps_dirty(request.range.lba, request.range.count)) {
    buffer_.urge(request.range.lba, request.range.count);
    ++urgent_;
    blocked_.push_back(&request);
    return;
  }
  queue_command(request, request.range.lba, now + overhead(spec_.read_miss), false);
}

/// A hit, wholly or with the rest following from the medium. False: the request is a miss.
bool Drive::serve_from_buffer(MediaRequest& request, std::int64_t now, std::int64_t overhead_over) {
  const LbaRange range = request.range;
  const bool reading = flow_.kind == Flow::Kind::read && flow_.segment >= 0;
  const Buffer::Hit hit = buffer_.find(range.lba, range.count);
  if (hit.match == Buffer::Match::whole) {
    statistics_.read_hits.add();
    buffer_.touch(hit.segment);
    std::int64_t at = overhead_over;
    if (reading && flow_.segment == hit.segment) at = earliest_send(request, at);
    if (request.tag) request.tag->stamp(wire::Stage::selected, overhead_over);
    if (request.tag) request.tag->stamp(wire::Stage::media, std::max(at, overhead_over));
    if (!busy(now)) join_read_ahead(request, hit.segment, now + overhead(spec_.read_miss));
    send(request, at);
    return true;
  }
  const bool at_head = spec_.hits_at_head && reading && !busy(now) && range.lba == buffer_.end(flow_.segment);
  const std::int32_t segment = hit.match == Buffer::Match::partial ? hit.segment : at_head ? flow_.segment : -1;
  if (segment < 0 || buffer_[segment].state == Segment::State::dirty) return false;
  if (buffer_.overlaps_dirty(range.lba, range.count)) return false;
  statistics_.partial_hits.add();
  const std::uint64_t end = range.lba + range.count;
  if (reading && flow_.segment == segment && !busy(now) && now <= flow_.end()) {
    // The head is on its way over the rest already.
    flow_.plan(mechanics_, flow_.passes().back().arm, flow_.end(), end, false);
    buffer_.grow(segment, end);
    buffer_.touch(segment);
    asked_lba_ = range.lba;
    asked_count_ = range.count;
    flow_.limit = std::max(flow_.limit, read_ahead_limit(range.lba, range.count, buffer_.start(segment)));
    arm_free_ = flow_.through(end - 1, mechanics_);
    decision_due_ = true;
    stamp(request, overhead_over);
    if (request.tag) request.tag->stamp(wire::Stage::media, std::max(arm_free_, overhead_over));
    send(request, earliest_send(request, overhead_over));
    return true;
  }
  queue_command(request, buffer_.end(segment), now + overhead(spec_.read_miss), false);
  commands_.back().segment = segment;
  return true;
}

/// A hit tells the read-ahead that somebody follows the stream.
void Drive::join_read_ahead(MediaRequest& request, std::int32_t segment, std::int64_t at) {
  if (!look_ahead_ || spec_.read_ahead == ReadAhead::none || buffer_[segment].written) return;
  const bool reading = flow_.kind == Flow::Kind::read && flow_.segment >= 0;
  if (reading && flow_.segment != segment && spec_.hits_while_busy) return;  // it goes on for its own stream
  const LbaRange range = request.range;
  const std::uint64_t limit = read_ahead_limit(range.lba, range.count, buffer_.start(segment));
  if (reading && flow_.segment == segment) {
    flow_.limit = std::max(flow_.limit, limit);
    return;
  }
  if (reading) stop_read_ahead(request.arrived.ps());
  if (!spec_.read_ahead_after_hit || !spinning_ || !commands_.empty() || buffer_.end(segment) >= limit) return;
  const std::uint64_t from = buffer_.end(segment);
  flow_.start(Flow::Kind::read, segment, from);
  flow_.plan(mechanics_, arm_, std::max(at, arm_free_), std::min(limit, mechanics_.geometry().track_of(from).second), false);
  flow_.limit = limit;
}

void Drive::send(MediaRequest& request, std::int64_t at) {
  const auto time = kit::Duration::from_ps(at);
  if (request.op == MediaOp::verify) {
    last_was_read_ = true;
    client_->complete(request, time);
  } else {
    client_->may_transfer(request, time);
  }
}

void Drive::submit_write(MediaRequest& request, std::int64_t now) {
  statistics_.writes.add();
  request.scratch[segment_slot] = not_cached;
  if (!spec_.write_cache || request.fua || request.range.count > buffer_.spec().segment_sectors) {
    // Its data waits in the buffer for the arm, apart from the cache. An idle arm sets out while the data arrives.
    const std::int64_t ready = now + (spec_.write_cache ? write_hit_overhead(request.range, now) : overhead(spec_.write_miss));
    request.scratch[ready_slot] = static_cast<std::uint64_t>(ready);
    if (!busy(now) && flow_.kind == Flow::Kind::read) stop_read_ahead(now);
    client_->may_transfer(request, kit::Duration::from_ps(ready));
    return;
  }
  if (waiting_.empty() && accept_write(request, now)) return;
  statistics_.write_stalls.add();
  waiting_.push_back(&request);
}

/// A write that leaves the track the arm is on takes what one behind a read takes, and what such writes take on top.
/// The arm of a drive that is busy is where it is bound for.
std::int64_t Drive::write_hit_overhead(const LbaRange& range, std::int64_t now) const {
  const Place place = mechanics_.geometry().place(range.lba);
  const Arm arm = busy(now) && !flow_.passes().empty() ? flow_.passes().back().arm : arm_;
  const bool on_track = place.cylinder == arm.cylinder && place.head == arm.head;
  return on_track ? overhead(spec_.write_hit) : (spec_.write_hit.after_read + spec_.write_hit_off_track).ps();
}

/// Room for a write in the cache, if the drive may take it now.
bool Drive::accept_write(MediaRequest& request, std::int64_t now) {
  const LbaRange range = request.range;
  std::int32_t segment = buffer_.joinable(range.lba, range.count);
  if (segment >= 0 && (spec_.writes_while_busy || !busy(now) || buffer_[segment].writing)) {
    buffer_[segment].planned_end = std::max(buffer_[segment].planned_end, range.lba + range.count);
    statistics_.joined_writes.add();
  } else {
    if (busy(now) && !spec_.writes_while_busy) return false;
    if (buffer_.dirty() >= buffer_.spec().write_segments) return false;
    buffer_.invalidate(range.lba, range.count);
    segment = buffer_.victim(true);
    if (segment < 0) return false;
    buffer_.claim(segment, range.lba, range.count, now);
    lose_flow_segment(segment, now);
  }
  statistics_.write_hits.add();
  ++buffer_[segment].incoming;
  request.scratch[segment_slot] = static_cast<std::uint64_t>(segment);
  const std::int64_t at = std::max(now, request.arrived.ps() + write_hit_overhead(range, now));
  if (request.tag) request.tag->stamp(wire::Stage::selected, at);
  client_->may_transfer(request, kit::Duration::from_ps(at));
  return true;
}

void Drive::transferred(MediaRequest& request, kit::Duration now) {
  const std::int64_t t = now.ps();
  settle(t);
  if (request.op != MediaOp::write) {
    last_was_read_ = true;
    client_->complete(request, now + spec_.read_completion);
    if (!busy(t)) decide(t);  // data that came while a destage was under way may be left to write
    return;
  }
  last_activity_ = std::max(last_activity_, t);
  const std::uint64_t version = durability_ ? durability_->accepted(request.range, false, now) : 0;
  if (request.scratch[segment_slot] == not_cached) {
    request.scratch[version_scratch] = version;
    buffer_.invalidate(request.range.lba, request.range.count);
    lose_flow_segment(-1, t);
    queue_command(request, request.range.lba, static_cast<std::int64_t>(request.scratch[ready_slot]), true);
    commands_.back().arriving = t;
  } else {
    const auto segment = static_cast<std::int32_t>(request.scratch[segment_slot]);
    buffer_.arrived(segment, request.range.lba, request.range.count);
    if (durability_) cached_.push_back({request.range, version, segment});
    queue_destage(segment);
    last_was_read_ = false;
    if (request.tag) request.tag->stamp(wire::Stage::media, t);
    client_->complete(request, now + spec_.write_completion);
  }
  if (!busy(t)) decide(t);
}

void Drive::queue_command(MediaRequest& request, std::uint64_t from, std::int64_t ready, bool write) {
  Candidate one;
  one.run = mechanics_.geometry().run(from, request.range.lba + request.range.count - from);
  one.cylinder = one.run.place.cylinder;
  one.head = one.run.place.head;
  one.phase = mechanics_.phase_of(one.run.place.angle);
  one.ready = ready;
  one.arrived = request.arrived.ps();
  one.from = from;
  one.request = &request;
  one.write = write;
  one.priority = request.priority;
  prioritized_ += one.priority != 0;
  latest_ready_ = std::max(latest_ready_, ready);
  commands_.push_back(one);
}

void Drive::queue_destage(std::int32_t index) {
  Segment& segment = buffer_[index];
  if (segment.queued || segment.writing || segment.destaged >= buffer_.end(index)) return;
  const Place place = mechanics_.geometry().place(segment.destaged);
  Candidate one;
  one.cylinder = place.cylinder;
  one.head = place.head;
  one.phase = mechanics_.phase_of(place.angle);
  one.arrived = segment.dirty_time;
  one.from = segment.destaged;
  one.segment = index;
  one.write = true;
  segment.queued = true;
  destages_.push_back(one);
}

/// Whoever waited for room or for the arm, oldest first; nobody overtakes.
void Drive::serve_waiting(std::int64_t now) {
  while (!waiting_.empty()) {
    MediaRequest& request = *waiting_.front();
    if (request.op == MediaOp::write) {
      if (!accept_write(request, now)) return;
    } else {
      // The wait covers the command overhead of a disconnected command.
      const std::int64_t at = std::max(now, request.arrived.ps() + overhead(spec_.read_miss));
      if (!serve_from_buffer(request, now, at)) queue_command(request, request.range.lba, at, false);
    }
    erase_from(waiting_, 0);
    if (busy(now) && !spec_.writes_while_busy) return;
  }
}

/// Flushes and blocked reads whose dirty data is on the medium.
void Drive::try_flushes(std::int64_t now) {
  for (std::size_t i = 0; i < flushes_.size();) {
    MediaRequest& request = *flushes_[i];
    bool done = true;
    for (std::uint32_t s = 0; s < buffer_.size() && done; ++s) {
      const Segment& segment = buffer_[static_cast<std::int32_t>(s)];
      done = segment.state != Segment::State::dirty || segment.dirty_since > request.scratch[flush_slot];
    }
    if (!done) {
      ++i;
      continue;
    }
    erase_from(flushes_, i);
    last_was_read_ = false;
    const std::int64_t at = std::max(now, request.arrived.ps() + overhead(spec_.write_hit));
    client_->complete(request, kit::Duration::from_ps(at));
  }
  for (std::size_t i = 0; i < blocked_.size();) {
    MediaRequest& request = *blocked_[i];
    if (buffer_.overlaps_dirty(request.range.lba, request.range.count)) {
      ++i;
      continue;
    }
    erase_from(blocked_, i);
    --urgent_;
    queue_command(request, request.range.lba, std::max(now, request.arrived.ps() + overhead(spec_.read_miss)), false);
  }
}

void Drive::abandon_all(kit::Duration now) {
  const std::int64_t t = now.ps();
  settle(t);
  commands_.clear();
  waiting_.clear();
  blocked_.clear();
  flushes_.clear();
  prioritized_ = urgent_ = 0;
  for (std::uint32_t i = 0; i < buffer_.size(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    Segment& segment = buffer_[index];
    if (segment.state != Segment::State::dirty) continue;
    segment.urgent = false;
    segment.planned_end = buffer_.end(index);  // transfers under way will not end
    segment.incoming = 0;
    if (segment.destaged >= segment.planned_end && !segment.writing) buffer_.clean(index);
  }
  if (busy(t) && flow_.kind == Flow::Kind::read) arm_free_ = t;  // nobody waits for it any more: it is read-ahead now
  if (!busy(t)) decide(t);
}

void Drive::stop_spindle(kit::Duration now) {
  settle(now.ps());
  if (flow_.kind == Flow::Kind::read && !busy(now.ps())) stop_read_ahead(now.ps());
  spinning_ = false;
}

}  // namespace ahcisim::disk::hdd
