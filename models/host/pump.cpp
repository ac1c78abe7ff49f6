// SPDX-License-Identifier: MIT
// The rules of workload/stream.hpp at work.
#include <ahcisim/models/host/pump.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {

namespace {
/// Throws where the request leaves the disk.
void check_bounds(const Stream& stream, std::uint64_t number, const IoRequest& request, std::uint64_t sectors) {
  if (request.op == IoRequest::Op::flush && request.sectors == 0) return;
  if (request.lba <= sectors && request.sectors <= sectors - request.lba) return;
  throw kit::ConfigError{fmt::format(
      "{} ({}): request {} ends at sector {} but the disk has {}; choose a larger disk, or a smaller size or offset, or fold "
      "the trace onto the disk",
      stream.name, stream.source->describe(), number, request.lba + request.sectors, sectors)};
}
}  // namespace

void check_requests(Stream& stream, std::uint64_t sectors) {
  IoRequest request;
  for (std::uint64_t number = 1; stream.source->next(request); ++number) check_bounds(stream, number, request, sectors);
  stream.source->rewind();
}

Pump::Pump(const sc_core::sc_module_name& name, kit::Context& context, BlockDevice& device)
    : sc_module{name},
      context_{context},
      calendar_{context.calendar},
      device_{device},
      outstanding_probe_{context.probes, std::string{this->name()} + ".outstanding", 16} {
  context.stats.add(this->name(), statistics_);
  context.stats.add(std::string{this->name()} + ".stages", stages_);
  device_.listen(*this);
}

void Pump::add(Stream stream) {
  streams_.push_back(std::move(stream));
  runners_.emplace_back(streams_.back(), runners_.size());
}

void Pump::stop_issuing() {
  for (Runner& runner : runners_) runner.ended = true;
}

double Pump::progress() const {
  if (finished_) return 1;
  double sum = 0;
  for (const Stream& stream : streams_) sum += stream.source->progress();
  return streams_.empty() ? 0 : sum / static_cast<double>(streams_.size());
}

void Pump::ready(kit::Duration at) {
  if (started_) return;
  started_ = true;
  if (count_from_ready_)
    for (const auto& [block, set] : context_.stats.sets()) set->reset();
  begin_phase(at);
}

void Pump::failed(const std::string& reason, kit::Duration at) {
  failure_ = reason;
  stop_issuing();
  if (outstanding() == 0) finish(at);
}

/// Starts the streams of the current phase, or of the next that has any; ends where there is none.
void Pump::begin_phase(kit::Duration at) {
  const bool open = std::any_of(runners_.begin(), runners_.end(), [this](const Runner& r) { return r.stream.phase == phase_ && !r.done; });
  if (!open) {
    const bool more = std::any_of(runners_.begin(), runners_.end(), [this](const Runner& r) { return r.stream.phase > phase_; });
    if (!more) return finish(at);
    ++phase_;
    return begin_phase(at);
  }
  const std::uint32_t phase = phase_;
  for (Runner& runner : runners_) {
    if (runner.stream.phase != phase || runner.begun) continue;
    runner.begun = true;
    runner.start = runner.last_completion = at;
  }
  // Streams that are empty end here, and the last may begin the next phase.
  for (Runner& runner : runners_)
    if (runner.stream.phase == phase && !runner.done) advance(runner, at);
}

bool Pump::take_next(Runner& runner) {
  if (runner.ended) return false;
  if (runner.has_next) return true;
  try {
    runner.has_next = runner.stream.source->next(runner.next);
    if (runner.has_next) check_bounds(runner.stream, ++runner.taken, runner.next, device_.capacity());
  } catch (...) {
    // An exception must not cross the kernel: it is kept for rethrow().
    runner.has_next = false;
    error_ = std::current_exception();
    stop_issuing();
    calendar_.stop();
  }
  if (!runner.has_next) runner.ended = true;
  return runner.has_next;
}

/// When the request taken may be issued, not before `at`.
kit::Duration Pump::earliest(const Runner& runner, kit::Duration at) const {
  const IoRequest& next = runner.next;
  kit::Duration when = at;
  if (runner.stream.loop == Stream::Loop::open && next.at > kit::Duration{}) when = kit::max(when, runner.start + next.at);
  if (next.think > kit::Duration{}) when = kit::max(when, runner.last_completion + next.think);
  if (runner.stream.paced()) when = kit::max(when, runner.start + runner.pace.not_before(next));
  return when;
}

void Pump::advance(Runner& runner, kit::Duration at) {
  while (take_next(runner)) {
    if (runner.stream.depth && runner.outstanding >= runner.stream.depth) return;
    if (runner.next.think > kit::Duration{} && runner.outstanding) return;
    const kit::Duration when = earliest(runner, at);
    if (runner.stream.runtime != kit::Duration::never() && when - runner.start >= runner.stream.runtime) {
      runner.ended = true;
      runner.has_next = false;
      break;
    }
    if (when > at) {
      if (when < runner.armed) {
        runner.armed = when;
        calendar_.at<&Pump::wake>(when, this, runner.index);
      }
      return;
    }
    issue(runner, at);
  }
  if (runner.outstanding == 0) stream_done(runner, at);
}

void Pump::wake(std::uint64_t index) {
  Runner& runner = runners_[index];
  runner.armed = kit::Duration::never();
  if (!runner.done) advance(runner, calendar_.now());
}

Request& Pump::fresh_request() {
  if (free_.empty()) {
    pool_.emplace_back();
    return pool_.back();
  }
  Request& request = *free_.back();
  free_.pop_back();
  return request;
}

void Pump::issue(Runner& runner, kit::Duration at) {
  const IoRequest& wanted = runner.next;
  Request& request = fresh_request();
  request.op = wanted.op;
  request.fua = wanted.fua;
  request.flush_first = wanted.flush_first;
  request.priority = wanted.priority;
  request.lba = wanted.lba;
  request.sectors = wanted.sectors;
  request.owner = this;
  request.context = &runner;
  request.tag.open(++issued_);
  // In an open loop the clock runs from the recorded time, whether or not there was room (rule 3).
  kit::Duration submitted = at;
  if (runner.stream.loop == Stream::Loop::open && wanted.at >= kit::Duration{}) submitted = kit::min(at, runner.start + wanted.at);
  request.tag.stamp(wire::Stage::submitted, submitted.ps());
  if (issued_ == warm_up_ + 1) statistics_.time.begin = submitted;
  if (runner.stream.paced()) runner.pace.issued(wanted);
  runner.has_next = false;
  ++runner.outstanding;
  outstanding_probe_.set(at, outstanding());
  device_.submit(request, at);
}

void Pump::completed(Request& request, kit::Duration at) {
  Runner& runner = *static_cast<Runner*>(request.context);
  ++completions_;
  --runner.outstanding;
  runner.last_completion = kit::max(runner.last_completion, at);
  last_completion_ = kit::max(last_completion_, at);
  outstanding_probe_.set(at, outstanding());
  count(request, at);
  for (RequestObserver* observer : observers_) observer->completed(request, request.tag);
  if (request.status == RequestStatus::gone) runner.ended = true, runner.has_next = false;
  free_.push_back(&request);
  if (!failure_.empty() && outstanding() == 0) return finish(at);
  if (!runner.done) advance(runner, at);
}

void Pump::count(const Request& request, kit::Duration at) {
  if (request.status != RequestStatus::ok) statistics_.errors.add();
  if (request.tag.id <= warm_up_) return statistics_.warm_up.add();
  if (request.status != RequestStatus::ok) return;
  const auto latency = kit::Duration::from_ps(at.ps() - request.tag.when(wire::Stage::submitted));
  const std::uint64_t bytes = std::uint64_t{request.sectors} * sector_bytes;
  statistics_.time.end = kit::max(statistics_.time.end, at);
  statistics_.latency.add(latency);
  statistics_.depth.add(latency);
  statistics_.iops.add(1);
  statistics_.requests.add();
  if (!stages_.add(request.tag)) context_.diagnostics.report(name(), "a request passed a point before one that comes earlier (wire::Stage)", at);
  switch (request.op) {
    case IoRequest::Op::read:
      statistics_.read_latency.add(latency);
      statistics_.read_iops.add(1);
      statistics_.read_rate.add(bytes);
      break;
    case IoRequest::Op::write:
      statistics_.write_latency.add(latency);
      statistics_.write_iops.add(1);
      statistics_.write_rate.add(bytes);
      break;
    case IoRequest::Op::flush: statistics_.flush_latency.add(latency); break;
    case IoRequest::Op::trim: statistics_.trim_latency.add(latency); break;
  }
}

void Pump::stream_done(Runner& runner, kit::Duration at) {
  if (runner.done) return;
  runner.done = true;
  const bool phase_over = std::all_of(runners_.begin(), runners_.end(), [this](const Runner& r) { return r.stream.phase != phase_ || r.done; });
  if (phase_over) begin_phase(at);
}

void Pump::finish(kit::Duration at) {
  if (finished_) return;
  finished_ = true;
  last_completion_ = kit::max(last_completion_, kit::min(at, calendar_.now()));
  for (RequestObserver* observer : observers_) observer->finished(last_completion_);
  if (stop_when_finished_) calendar_.stop();
}

}  // namespace ahcisim::host
