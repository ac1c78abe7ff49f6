// SPDX-License-Identifier: MIT
// What the drive does with its arm: decide, position, read, write, read ahead.
#include <algorithm>

#include <ahcisim/models/disk/hdd/drive.hpp>

namespace ahcisim::disk::hdd {

/// Brings everything that ends by itself up to `now`.
void Drive::settle(std::int64_t now) {
  if (now < arm_free_ || flow_.kind == Flow::Kind::none) return;
  if (flow_.kind == Flow::Kind::read) {
    follow_read_ahead(now);
  } else {
    arm_ = flow_.passes().back().arm;
    if (flow_.kind == Flow::Kind::destage) finish_destage(); else flow_.stop();
  }
}

/// How far the read-ahead has come by now. The limit is looked up only here: a read with others behind it never asks.
void Drive::follow_read_ahead(std::int64_t now) {
  const std::int32_t segment = flow_.segment;
  const bool wanted = segment >= 0 && look_ahead_ && spec_.read_ahead != ReadAhead::none && spinning_;
  if (wanted && flow_.end() < now) {
    if (asked_count_ != 0)
      flow_.limit = std::max(flow_.limit, read_ahead_limit(asked_lba_, asked_count_, buffer_.start(segment)));
    asked_count_ = 0;
    while (flow_.next < flow_.limit && flow_.end() < now) {
      const std::uint64_t track_end = mechanics_.geometry().track_of(flow_.next).second;
      flow_.plan(mechanics_, flow_.passes().back().arm, flow_.end(), std::min(flow_.limit, track_end), false);
    }
    flow_.forget_before(now);
  }
  if (segment >= 0) {
    const std::uint64_t reached = flow_.reached(now, mechanics_), had = buffer_.end(segment);
    if (reached > had) {
      statistics_.sectors_read_ahead.add(reached - had);
      buffer_.grow(segment, reached);
    }
  }
  // At the very moment a read ends, what follows on the medium is still under the head: it stays a flow.
  arm_ = flow_.passes().back().arm;
  if (flow_.end() < now) flow_.stop();
}

/// Takes the arm off a read-ahead; returns when it is free to move.
std::int64_t Drive::leave_read_ahead(std::int64_t now) {
  std::int64_t free = now;
  const std::vector<Pass>& passes = flow_.passes();
  for (std::size_t i = 0; i < passes.size(); ++i) {
    const Pass& pass = passes[i];
    if (i > 0 && now < pass.moving) break;
    arm_ = pass.arm;
    if (now >= pass.end) continue;
    if (now < pass.settled) free = pass.settled;                       // a seek is not broken off
    else if (spec_.stop_in_sector) free = now;
    else if (now < pass.begin) free = pass.begin;
    else free = std::min(pass.end, Flow::through(pass, pass.lba + static_cast<std::uint64_t>(
                         (now - pass.begin) * pass.per_track / mechanics_.revolution()), mechanics_));
    break;
  }
  flow_.stop();
  return std::max(free, now);
}

/// The same for good: whoever waits is served when the arm is free.
void Drive::stop_read_ahead(std::int64_t now) {
  arm_free_ = leave_read_ahead(now);
  decision_due_ = true;
}

/// The segment that is read into was taken away or made stale.
void Drive::lose_flow_segment(std::int32_t taken, std::int64_t now) {
  if (flow_.kind != Flow::Kind::read || flow_.segment < 0) return;
  if (flow_.segment != taken && buffer_[flow_.segment].state != Segment::State::empty) return;
  if (busy(now)) flow_.segment = -1;  // the command it reads for is served all the same
  else stop_read_ahead(now);
}

void Drive::finish_destage() {
  const std::int32_t index = flow_.segment;
  last_activity_ = std::max(last_activity_, flow_.end());
  flow_.stop();
  if (buffer_.destaged(index, flow_.next)) queue_destage(index);
  else buffer_.clean(index);
}

kit::Duration Drive::next_decision() const {
  const bool pending = !commands_.empty() || !waiting_.empty() || !flushes_.empty() || !blocked_.empty();
  if (decision_due_ && (pending || (!destages_.empty() && urgent_destage()))) return kit::Duration::from_ps(arm_free_);
  if (destages_.empty() || !spinning_) return kit::Duration::never();
  return kit::Duration::from_ps(std::max(arm_free_, last_activity_ + spec_.destage_delay.ps()));
}

void Drive::advance(kit::Duration now) {
  const std::int64_t t = now.ps();
  settle(t);
  if (!busy(t)) decide(t);
}

/// Dirty data that must not wait for an idle arm.
bool Drive::urgent_destage() const {
  return spec_.destage_delay.ps() == 0 || buffer_.dirty() >= destage_mark_ || !flushes_.empty() || urgent_ != 0 ||
         !waiting_.empty() || !spec_.write_cache;
}

bool Drive::destage_due(std::int64_t now) const {
  return !destages_.empty() &&
         (urgent_destage() || (spinning_ && commands_.empty() && now >= last_activity_ + spec_.destage_delay.ps()));
}

/// The arm is free: gives it to whoever is next. Callers have settled.
void Drive::decide(std::int64_t now) {
  decision_due_ = false;
  if (!flushes_.empty() || !blocked_.empty()) try_flushes(now);
  if (!waiting_.empty()) serve_waiting(now);
  if (busy(now)) return;
  decision_due_ = false;
  if (spec_.hits_at_head && latest_ready_ > now && flow_.kind == Flow::Kind::read && flow_.segment >= 0) {
    // The head goes on over what follows anyway, so a command for it need not wait for its overhead to be over.
    const std::uint64_t follows = buffer_.end(flow_.segment);
    for (Candidate& one : commands_)
      if (one.from == follows && !one.write) one.ready = std::min(one.ready, now);
  }
  Candidate chosen;
  if (!choose(now, chosen)) return;
  if (chosen.write) start_write(chosen, now); else start_read(chosen, now);
}

bool Drive::choose(std::int64_t now, Candidate& chosen) {
  const bool destage = destage_due(now);
  std::vector<Candidate>* from = &commands_;
  if (commands_.empty()) {
    if (!destage) return false;
    from = &destages_;
  }
  const Candidate* pool = from->data();
  std::size_t count = from->size();
  const bool mixed = from == &commands_ && destage;
  if (mixed || (prioritized_ && from == &commands_)) {
    // Commands of the highest class queued, those that have waited too long, and the destages that cannot wait.
    std::uint8_t highest = 0;
    if (prioritized_) for (const Candidate& one : commands_) highest = std::max(highest, one.priority);
    scratch_.clear();
    for (std::size_t i = 0; i < commands_.size(); ++i)
      if (commands_[i].priority == highest || now - commands_[i].arrived > spec_.age_limit.ps()) scratch_.push_back(commands_[i]);
    if (mixed) scratch_.insert(scratch_.end(), destages_.begin(), destages_.end());
    pool = scratch_.data();
    count = scratch_.size();
  }
  std::size_t index = count == 1 ? 0 : order_->choose(pool, count, mechanics_, arm_, now);
  chosen = pool[index];
  std::vector<Candidate>& home = chosen.request ? commands_ : destages_;
  if (pool != home.data())
    for (index = 0; home[index].request != chosen.request || home[index].segment != chosen.segment;) ++index;
  home[index] = home.back();
  home.pop_back();
  prioritized_ -= chosen.request && chosen.priority != 0;
  return true;
}

/// When the arm can leave for a chosen access.
std::int64_t Drive::arm_ready(const Candidate& chosen, std::int64_t now) {
  std::int64_t start = now;
  if (flow_.kind == Flow::Kind::read) start = leave_read_ahead(now);
  start = std::max(start, chosen.ready);
  if (!spinning_) {
    spinning_ = true;
    statistics_.spin_ups.add();
    start += spec_.spin_up.ps();
  }
  left_from_ = arm_;
  return start;
}

void Drive::start_read(const Candidate& chosen, std::int64_t now) {
  MediaRequest& request = *chosen.request;
  const std::uint64_t end = request.range.lba + request.range.count;
  // A read right behind what was read last continues its segment.
  std::int32_t segment = chosen.segment;
  if (segment < 0 && flow_.kind == Flow::Kind::read && flow_.segment >= 0 && buffer_.end(flow_.segment) == chosen.from)
    segment = flow_.segment;
  if (segment >= 0 && (buffer_[segment].state != Segment::State::clean || buffer_.end(segment) != chosen.from)) segment = -1;
  const std::int64_t start = arm_ready(chosen, now);
  const bool fresh = segment < 0;
  if (fresh) segment = buffer_.victim(false);
  flow_.start(Flow::Kind::read, segment, chosen.from);
  const std::uint64_t until = std::min(end + (look_ahead_ ? spec_.read_ahead_minimum : 0), facts_.sectors);
  if (until == end) {
    flow_.plan_run(mechanics_, arm_, start, chosen.run, false);
    flow_.plan(mechanics_, flow_.passes().back().arm, flow_.end(), until, false);
  } else {
    flow_.plan(mechanics_, arm_, start, until, false);
  }
  const std::int64_t first_sector = Flow::through(flow_.first(), chosen.from, mechanics_);
  const bool any_order = spec_.zero_latency_read || spec_.read_free_sectors;
  const bool turned = any_order && flow_.passes().size() == 1 && turn_once(flow_.first());
  arm_free_ = flow_.end();
  decision_due_ = true;
  account();
  if (segment >= 0) {
    if (!fresh) buffer_.grow(segment, until);
    else if (spec_.read_free_sectors) keep_free_sectors(segment, chosen.from, until, chosen.run.place);
    else buffer_.fill(segment, chosen.from, until, false);
    buffer_.touch(segment);
  }
  asked_lba_ = request.range.lba;
  asked_count_ = request.range.count;
  stamp(request, start);
  if (request.op == MediaOp::verify) {
    send(request, arm_free_);
    return;
  }
  // What was in the buffer can be sent while the arm is on its way.
  std::int64_t at = std::max(now, request.arrived.ps() + overhead(fresh ? spec_.read_miss : spec_.read_hit));
  if (turned)
    at = std::max({at, first_sector,
                   flow_.end() - static_cast<std::int64_t>(request.range.count - 1) * spec_.interface_sector.ps()});
  send(request, earliest_send(request, at));
}

void Drive::start_write(const Candidate& chosen, std::int64_t now) {
  // An arm that was idle set out as soon as it knew where to, before all the data was there.
  const std::int64_t since = chosen.request ? std::min(now, std::max(arm_free_, chosen.ready)) : now;
  std::int64_t start = arm_ready(chosen, since);
  MediaRequest* request = chosen.request;
  std::uint64_t end;
  if (request) {
    end = request->range.lba + request->range.count;
    flow_.start(Flow::Kind::write, -1, chosen.from);
    start = std::max(start, with_data(chosen, start));
  } else {
    Segment& segment = buffer_[chosen.segment];
    segment.queued = false;
    segment.writing = true;
    end = buffer_.end(chosen.segment);
    flow_.start(Flow::Kind::destage, chosen.segment, chosen.from);
    statistics_.destages.add();
  }
  flow_.plan(mechanics_, arm_, start, end, true);
  const bool turned = spec_.zero_latency_write && flow_.passes().size() == 1 && turn_once(flow_.first());
  arm_free_ = flow_.end();
  decision_due_ = true;
  account();
  if (durability_) report_durable(request, chosen.segment, turned);
  if (!request) return;
  stamp(*request, start);
  last_was_read_ = false;
  client_->complete(*request, kit::Duration::from_ps(arm_free_ + spec_.write_completion.ps()));
}

/// The latest start of a write's seek that still finds each sector's data in the buffer as it comes under the head, given
/// that the data came in evenly and ended at `arriving`: the head must not be over the first sector too early.
std::int64_t Drive::with_data(const Candidate& chosen, std::int64_t start) const {
  const auto count = static_cast<std::int64_t>(chosen.request->range.count);
  const Place& place = chosen.run.place;
  const std::int64_t media = mechanics_.sectors_time(1, mechanics_.geometry().sectors_per_track(place.zone));
  const std::int64_t first = chosen.ready + (chosen.arriving - chosen.ready) / count;
  const std::int64_t earliest = std::max(first, chosen.arriving - (count - 1) * media);
  return std::max(start, earliest - mechanics_.seek(arm_, place.cylinder, place.head, true));
}

/// The arm has set out to write a command's data, or those writes that a segment holds now: what comes into the segment
/// meanwhile is written the next time.
void Drive::report_durable(const MediaRequest* request, std::int32_t segment, bool turned) {
  if (request) return report_passes(request->range, request->scratch[version_scratch], turned);
  std::size_t left = 0;
  for (const Cached& write : cached_)
    if (write.segment == segment) report_passes(write.range, write.version, turned);
    else cached_[left++] = write;
  cached_.resize(left);
}

/// A sector is safe when it is through. Of a pass that began amid its sectors (zero latency) all count when it is over.
void Drive::report_passes(const LbaRange& range, std::uint64_t version, bool turned) {
  for (const Pass& pass : flow_.passes()) {
    const std::uint64_t from = std::max(range.lba, pass.lba), to = std::min(range.lba + range.count, pass.lba + pass.count);
    if (from >= to) continue;
    const std::int64_t first = turned ? pass.end : Flow::through(pass, from, mechanics_);
    const std::int64_t last = turned ? pass.end : Flow::through(pass, to - 1, mechanics_);
    durability_->persisted({from, to - from}, version, kit::Duration::from_ps(first), kit::Duration::from_ps(last));
  }
}

void Drive::account() {
  const std::vector<Pass>& passes = flow_.passes();
  const Pass& first = passes.front();
  statistics_.positionings.add();
  statistics_.seeks.add(left_from_.cylinder != first.arm.cylinder);
  statistics_.head_switches.add(left_from_.head != first.arm.head);
  for (std::size_t i = 1; i < passes.size(); ++i)
    statistics_.head_switches.add(passes[i].arm.head != passes[i - 1].arm.head);
  statistics_.seek_time.add(kit::Duration::from_ps(first.settled - first.moving));
  statistics_.rotational_wait.add(kit::Duration::from_ps(first.begin - first.settled));
  statistics_.transfer_time.add(kit::Duration::from_ps(flow_.end() - first.begin));
}

void Drive::stamp(MediaRequest& request, std::int64_t start) const {
  if (!request.tag) return;
  const Pass& first = flow_.passes().front();
  request.tag->stamp(wire::Stage::selected, start);
  request.tag->stamp(wire::Stage::positioned, std::max(start, first.settled));
  request.tag->stamp(wire::Stage::rotated, std::max(start, first.begin));
  request.tag->stamp(wire::Stage::media, std::max(start, flow_.end()));
}

/// Zero-latency access: a head that lands within the sectors wanted takes what comes and is through after one turn.
bool Drive::turn_once(Pass& pass) {
  const std::int64_t span = pass.end - pass.begin, sector = mechanics_.sectors_time(1, pass.per_track);
  const std::int64_t waited = pass.begin - pass.settled, past = mechanics_.revolution() - waited;
  if (waited == 0 || past >= span) return false;
  // The sector under the head is lost; it is the last to come round again.
  const std::int64_t edge = (past + sector - 1) / sector * sector;
  if (edge >= span) return false;
  pass.begin = pass.settled + (edge - past);
  pass.end = std::max(pass.begin + span, pass.settled + (edge - past) + mechanics_.revolution());
  return true;
}

/// The head reads from where it lands: sectors of the track in front of those asked for are in the buffer too.
void Drive::keep_free_sectors(std::int32_t segment, std::uint64_t start, std::uint64_t end, const Place& place) {
  const Pass& first = flow_.passes().front();
  const std::int64_t waited = first.begin - first.settled;
  const auto passed = static_cast<std::uint64_t>(waited * first.per_track / mechanics_.revolution());
  const std::uint64_t track_start = mechanics_.geometry().track_start(start, place);
  buffer_.fill(segment, std::max(track_start, start - std::min(start, passed)), end, false);
}

/// When sending can begin so that the interface never runs dry, not before a time.
std::int64_t Drive::earliest_send(const MediaRequest& request, std::int64_t not_before) const {
  const std::uint64_t lba = request.range.lba, end = lba + request.range.count;
  const std::int64_t sector = spec_.interface_sector.ps();
  std::int64_t at = not_before;
  for (const Pass& pass : flow_.passes()) {
    const std::uint64_t from = std::max(lba, pass.lba), to = std::min(end, pass.lba + pass.count);
    if (from >= to) continue;
    at = std::max(at, Flow::through(pass, from, mechanics_) - static_cast<std::int64_t>(from - lba) * sector);
    at = std::max(at, Flow::through(pass, to - 1, mechanics_) - static_cast<std::int64_t>(to - 1 - lba) * sector);
  }
  if (spec_.read_watermark > 0) {
    const std::uint64_t most = std::min(request.range.count, buffer_.spec().segment_sectors);
    const auto mark = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(most) * spec_.read_watermark));
    at = std::max(at, flow_.through(lba + mark - 1, mechanics_));
  }
  return at;
}

/// Where read-ahead behind a read ends (DiskSim 4.0 manual, "Buffer continuous read").
std::uint64_t Drive::read_ahead_limit(std::uint64_t lba, std::uint64_t count, std::uint64_t segment_start) const {
  const Geometry& geometry = mechanics_.geometry();
  const std::uint64_t end = lba + count;
  if (end >= facts_.sectors || spec_.read_ahead == ReadAhead::none) return std::min(end, facts_.sectors);
  std::uint64_t limit = end + (spec_.read_ahead_maximum ? spec_.read_ahead_maximum : buffer_.spec().segment_sectors);
  if (spec_.read_ahead == ReadAhead::track) {
    limit = std::min(limit, geometry.track_of(end - 1).second);
  } else if (spec_.read_ahead == ReadAhead::cylinder) {
    std::uint64_t last = geometry.track_of(end - 1).second;
    const std::uint32_t cylinder = geometry.place(end - 1).cylinder;
    while (last < limit && last < facts_.sectors && geometry.place(last).cylinder == cylinder) last = geometry.track_of(last).second;
    limit = std::min(limit, last);
  } else if (spec_.read_ahead == ReadAhead::next_track) {
    const auto [first, last] = geometry.track_of(end);
    limit = segment_start < first ? last + geometry.sectors_per_track(geometry.place(lba).zone) : last;
  }
  return std::min(limit, facts_.sectors);
}

}  // namespace ahcisim::disk::hdd
