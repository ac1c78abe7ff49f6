// SPDX-License-Identifier: MIT
// The AHCI driver: taking requests, cutting them into commands, issuing them.
#include <ahcisim/models/host/ahci_driver.hpp>

#include <algorithm>
#include <iterator>

#include <ahcisim/models/host/ata_commands.hpp>

namespace ahcisim::host {

using namespace ahci_name;

const char* name_of(RequestStatus status) {
  constexpr const char* names[] = {"ok", "media_error", "device_error", "bus_error", "timed_out", "unsupported", "out_of_range", "gone"};
  return names[static_cast<unsigned>(status)];
}

namespace {
/// Vector 0 of the messages; a multiple of 32 above the exceptions of an x86 processor.
constexpr std::uint32_t message_vector = 0x40;
/// One DATA SET MANAGEMENT payload of 512 bytes: 64 ranges of 65535 sectors (ACS-3, 7.6).
constexpr std::uint32_t trim_ranges = 64, trim_range_sectors = 65535;

PciProbe::Layout layout_of(const AhciDriverParameters& p) {
  PciProbe::Layout layout;
  layout.ecam = static_cast<std::uint64_t>(p.ecam().value);
  layout.window = static_cast<std::uint64_t>(p.window().value);
  layout.io_window = static_cast<std::uint64_t>(p.io_window().value);
  layout.buses = static_cast<unsigned>(p.buses());
  layout.message_address = static_cast<std::uint64_t>(p.message_address().value);
  layout.message_data = message_vector;
  layout.max_payload = static_cast<std::uint32_t>(p.max_payload().value);
  layout.max_read_request = static_cast<std::uint32_t>(p.max_read_request().value);
  return layout;
}
}  // namespace

AhciDriver::AhciDriver(const sc_core::sc_module_name& name, kit::Context& context, const AhciDriverParameters& parameters,
                       Memory& memory, wire::TagBoard* tags)
    : sc_module{name},
      cpu{"cpu"},
      interrupts{"interrupts"},
      context_{context},
      calendar_{context.calendar},
      parameters_{parameters},
      tags_{tags},
      interrupt_sink_{*this},
      mmio_{calendar_, cpu},
      processor_{calendar_, *this},
      script_{calendar_, processor_, mmio_},
      pci_{script_, layout_of(parameters)},
      slots_{memory, static_cast<std::uint32_t>(parameters.max_request().value), static_cast<std::uint32_t>(parameters.segment().value)} {
  cpu.register_nb_transport_bw(this, &AhciDriver::nb_transport_bw);
  interrupts.bind(interrupt_sink_);
  context.stats.add(this->name(), statistics_);
}

void AhciDriver::start_of_simulation() {
  if (!held_) begin_bring_up();
}

void AhciDriver::begin_bring_up() {
  held_ = false;
  bring_up();
  processor_.poke();
}

void AhciDriver::listen(DeviceListener& listener) {
  listener_ = &listener;
  if (is_ready()) listener.ready(calendar_.now());
  if (state_ == State::dead) listener.failed(failure_, calendar_.now());
}

void AhciDriver::submit(Request& request, kit::Duration at) {
  at = kit::max(at, calendar_.now());
  request.progress = {};
  request.progress.ready = at;
  request.status = RequestStatus::ok;
  request.ata_status = request.ata_error = 0;
  if (request.tag.when(wire::Stage::submitted) < 0) request.tag.stamp(wire::Stage::submitted, at.ps());
  auto place = submissions_.end();
  while (place != submissions_.begin() && std::prev(place)->progress.ready > at) --place;
  submissions_.insert(place, request);
  processor_.poke();
}

kit::Duration AhciDriver::wanted() {
  if (can_issue()) return kit::Duration{};
  const kit::Duration steps = script_.wanted();
  return submissions_.empty() ? steps : kit::min(steps, submissions_.front().progress.ready);
}

void AhciDriver::run(kit::Duration at) {
  if (script_.wanted() <= at)
    script_.run(at);
  else if (can_issue())
    retry_ ? reissue(at + parameters_.cpu.dispatch()) : issue_next(at + parameters_.cpu.dispatch());
  else
    take_submission(at);
}

void AhciDriver::take_submission(kit::Duration at) {
  Request& request = submissions_.front();
  submissions_.pop_front();
  const kit::Duration entered = at + parameters_.cpu.syscall(), through = entered + parameters_.cpu.submit();
  request.tag.stamp(wire::Stage::entered, entered.ps());
  if (!admit(request)) {
    finish(request, through);
    processor_.release(through);
    return;
  }
  const bool first = waiting_.empty();
  waiting_.push_back(request);
  if (first && can_issue()) {
    issue_next(through);
  } else {
    statistics_.deferred.add();
    processor_.release(through);
  }
}

bool AhciDriver::refuse(Request& request, RequestStatus status) {
  request.status = status;
  return false;
}

/// Decides what the request needs; false where it is answered without the device.
bool AhciDriver::admit(Request& request) {
  using Step = Request::Progress::Step;
  if (state_ == State::dead) return refuse(request, RequestStatus::gone);
  if (request.op == IoRequest::Op::flush) return !drops_flushes();  // the block layer knows that there is nothing to flush
  if (state_ != State::bringing_up) {
    if (request.lba > capacity_ || request.sectors > capacity_ - request.lba) return refuse(request, RequestStatus::out_of_range);
    const std::uint64_t mask = (std::uint64_t{1} << lba_shift_) - 1;
    if (request.sectors == 0 || ((request.lba | request.sectors) & mask)) return refuse(request, RequestStatus::unsupported);
    if (request.op == IoRequest::Op::trim && !identify_.trim) return refuse(request, RequestStatus::unsupported);
  }
  request.progress.step = request.flush_first && !drops_flushes() ? Step::pre_flush : Step::data;
  return true;
}

AhciDriver::Kind AhciDriver::kind_of(const Request& request) const {
  if (request.op == IoRequest::Op::flush || request.progress.step != Request::Progress::Step::data) return Kind::flush;
  if (request.op == IoRequest::Op::trim) return Kind::trim;
  return queueing_ ? Kind::queued : Kind::plain;
}

/// Queued and other commands do not mix (Serial ATA 3.x, 13.6.3): the others wait until the queue is empty.
bool AhciDriver::may_issue(Kind kind) const {
  if (kind != Kind::queued) return (queued_ | plain_) == 0;
  return plain_ == 0 && static_cast<unsigned>(__builtin_popcount(queued_ | retry_)) < depth_;
}

bool AhciDriver::can_issue() const {
  if (state_ != State::running) return false;
  if (retry_) {
    const Kind kind = commands_[static_cast<unsigned>(__builtin_ctz(retry_))].kind;
    return kind == Kind::queued ? plain_ == 0 : (queued_ | plain_) == 0;
  }
  return !waiting_.empty() && may_issue(kind_of(waiting_.front()));
}

/// Points the slot's PRDT at the next bytes of the request, at most `limit`. Returns how many it covers.
std::uint32_t AhciDriver::attach_buffer(Request& request, unsigned slot, std::uint32_t limit) {
  if (!request.segments) {
    const std::uint32_t bytes = std::min(limit, slots_.buffer_bytes());
    slots_.use_buffer(slot, bytes);
    return bytes;
  }
  constexpr std::uint32_t longest_prd = 4 << 20;
  Request::Progress& progress = request.progress;
  std::uint64_t covered = 0;
  unsigned prds = 0;
  std::uint32_t offset = progress.segment_offset;
  for (std::uint32_t i = progress.segment; i < request.segment_count && covered < limit && prds < CommandSlots::max_prds; ++i) {
    for (std::uint32_t left = request.segments[i].bytes - offset; left && prds < CommandSlots::max_prds; ++prds) {
      const std::uint32_t piece = std::min(left, longest_prd);
      covered += piece;
      left -= piece;
    }
    offset = 0;
  }
  const auto logical = sector_bytes << lba_shift_;
  std::uint32_t bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(covered, limit));
  bytes -= bytes % logical;
  slots_.clear_prds(slot);
  for (std::uint32_t left = bytes; left;) {
    const Segment& segment = request.segments[progress.segment];
    const std::uint32_t piece = std::min({left, longest_prd, segment.bytes - progress.segment_offset});
    if (piece) slots_.add_prd(slot, segment.address + progress.segment_offset, piece);
    left -= piece;
    progress.segment_offset += piece;
    if (progress.segment_offset == segment.bytes) ++progress.segment, progress.segment_offset = 0;
  }
  return bytes;
}

/// Makes the next command of a request in `slot`.
AhciDriver::Command AhciDriver::cut(Request& request, unsigned slot, Kind kind) {
  Command command;
  command.request = &request;
  command.kind = kind;
  command.offset = std::uint64_t{request.progress.issued} * sector_bytes;
  wire::RegisterH2D fis;
  fis.flags = wire::RegisterH2D::C;
  const std::uint32_t left = request.sectors - request.progress.issued;
  if (kind == Kind::flush) {
    fis.command = identify_.flush_ext ? ata_command::FLUSH_CACHE_EXT : ata_command::FLUSH_CACHE;
    slots_.clear_prds(slot);
    slots_.put(slot, fis, false);
    return command;
  }
  if (kind == Kind::trim) {
    const std::uint32_t logical = left >> lba_shift_;
    const std::uint32_t take = std::min(logical, trim_ranges * trim_range_sectors);
    make_trim_ranges(slots_.buffer(slot), (request.lba + request.progress.issued) >> lba_shift_, take);
    slots_.use_buffer(slot, 512);
    request.progress.issued += take << lba_shift_;
    make_trim(fis);
    slots_.put(slot, fis, true);
    return command;
  }
  const std::uint64_t wanted_bytes = std::min<std::uint64_t>(std::uint64_t{left} * sector_bytes, longest_command_);
  command.bytes = attach_buffer(request, slot, static_cast<std::uint32_t>(wanted_bytes));
  const std::uint64_t lba = (request.lba + request.progress.issued) >> lba_shift_;
  const std::uint32_t sectors = command.bytes / (sector_bytes << lba_shift_);
  const bool write = (request.op == IoRequest::Op::write);
  if (write && request.with_data && !request.segments && request.owner)
    request.owner->fill(request, slots_.buffer(slot), command.offset, command.bytes);
  const bool fua = write && request.fua && parameters_.fua() && identify_.fua;
  if (kind == Kind::queued)
    make_queued(fis, write, lba, sectors, slot, fua, request.priority);
  else
    make_plain(fis, write, lba, sectors, identify_.lba48, fua);
  request.progress.issued += command.bytes / sector_bytes;
  slots_.put(slot, fis, write);
  return command;
}

void AhciDriver::issue_next(kit::Duration at) {
  Request& request = waiting_.front();
  const Kind kind = kind_of(request);
  const auto slot = static_cast<unsigned>(__builtin_ctz(~(queued_ | plain_ | retry_)));
  Command& command = commands_[slot];
  command = cut(request, slot, kind);
  if ((kind == Kind::queued || kind == Kind::plain) && command.bytes == 0) {  // a scatter list shorter than the request
    complain("scatter list shorter than the request");
    request.status = RequestStatus::unsupported;
    waiting_.pop_front();
    request.progress.step_issued = true;
    if (request.progress.open == 0) finish(request, at);
    processor_.release(at);
    return;
  }
  ++request.progress.open;
  request.progress.step_issued = kind == Kind::flush || request.progress.issued == request.sectors;
  if (request.progress.step_issued) waiting_.pop_front();
  if (tags_) {
    // The account follows the last command of the data; a request's other commands carry no tag.
    const bool last = request.progress.step == Request::Progress::Step::data && request.progress.step_issued;
    tags_->at(port_, slot) = last ? &request.tag : nullptr;
  }
  processor_.release(send(slot, at + parameters_.cpu.build()));
}

void AhciDriver::reissue(kit::Duration at) {
  const auto slot = static_cast<unsigned>(__builtin_ctz(retry_));
  retry_ &= retry_ - 1;
  slots_.prepare_again(slot);
  statistics_.retries.add();
  processor_.release(send(slot, at));
}

/// The register writes of the issue; `at` is when the first leaves. Returns when the processor may go on.
kit::Duration AhciDriver::send(unsigned slot, kit::Duration at) {
  Command& command = commands_[slot];
  const std::uint32_t bit = 1u << slot;
  statistics_.commands.add();
  statistics_.register_writes.add(command.kind == Kind::queued ? 2 : 1);
  command.issued = at;
  if (command.kind == Kind::queued) {
    queued_ |= bit;
    at = mmio_.post(reg(PxSACT), bit, at);
  } else {
    plain_ |= bit;
  }
  if (tags_)
    if (wire::RequestTag* tag = tags_->at(port_, slot)) tag->stamp(wire::Stage::issued, at.ps());
  watch_deadline();
  return mmio_.post(reg(PxCI), bit, at);
}

/// All commands of a step are done: what comes next?
void AhciDriver::end_step(Request& request) {
  using Step = Request::Progress::Step;
  Step& step = request.progress.step;
  const bool failed = request.status != RequestStatus::ok;
  const bool flush_after = (request.op == IoRequest::Op::write) && request.fua && !drops_flushes() && !(parameters_.fua() && identify_.fua);
  if (!failed && step == Step::pre_flush && request.sectors != 0)
    step = Step::data;
  else if (!failed && step == Step::data && request.op != IoRequest::Op::flush && flush_after)
    step = Step::post_flush;
  else
    step = Step::done;
  request.progress.step_issued = step == Step::done;
  if (step == Step::done)
    finished_[finished_count_++] = &request;
  else
    waiting_.push_front(request);
}

void AhciDriver::finish(Request& request, kit::Duration at) {
  request.tag.stamp(wire::Stage::completed, at.ps());
  if (request.owner) request.owner->completed(request, at);
}

/// One look at the clock for each time-out's length, not for each request.
void AhciDriver::watch_deadline() {
  if (deadline_watched_) return;
  deadline_watched_ = true;
  calendar_.at<&AhciDriver::check_deadlines>(calendar_.now() + parameters_.timeout(), this);
}

void AhciDriver::check_deadlines(std::uint64_t) {
  deadline_watched_ = false;
  if (state_ != State::running || !(queued_ | plain_)) return;  // watched again at the next issue
  const kit::Duration now = calendar_.now(), limit = parameters_.timeout();
  kit::Duration earliest = kit::Duration::never();
  std::uint32_t late = 0;
  for (std::uint32_t left = queued_ | plain_; left; left &= left - 1) {
    const auto slot = static_cast<unsigned>(__builtin_ctz(left));
    const kit::Duration deadline = commands_[slot].issued + limit;
    if (deadline <= now) late |= 1u << slot;
    earliest = kit::min(earliest, deadline);
  }
  if (late) {
    statistics_.timeouts.add(static_cast<std::uint64_t>(__builtin_popcount(late)));
    complain("command not answered in time");
    begin_recovery(0, late);
  } else {
    deadline_watched_ = true;
    calendar_.at<&AhciDriver::check_deadlines>(earliest, this);
  }
}

void AhciDriver::complain(const std::string& rule) { context_.diagnostics.report(name(), rule, calendar_.now()); }

}  // namespace ahcisim::host
