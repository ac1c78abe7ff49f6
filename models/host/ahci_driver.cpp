// SPDX-License-Identifier: MIT
// The AHCI driver: taking requests, cutting them into commands, issuing them.
#include <ahcisim/models/host/ahci_driver.hpp>

#include <algorithm>

#include <ahcisim/models/host/ata_commands.hpp>
#include <ahcisim/models/host/scatter.hpp>

namespace ahcisim::host {

using namespace ahci_name;

namespace {
/// One DATA SET MANAGEMENT payload of 512 bytes: 64 ranges of 65535 sectors (ACS-3, 7.6).
constexpr std::uint32_t trim_ranges = 64, trim_range_sectors = 65535;
}  // namespace

AhciDriver::AhciDriver(const sc_core::sc_module_name& name, kit::Context& context, const AhciDriverParameters& parameters,
                       Memory& memory, wire::TagBoard* tags)
    : DriverFront{name, context, parameters, tags}, parameters_{parameters},
      slots_{memory, static_cast<std::uint32_t>(parameters.max_request().value), static_cast<std::uint32_t>(parameters.segment().value)} {
  context.stats.add(this->name(), statistics_);
}

kit::Duration AhciDriver::wanted() {
  if (can_issue()) return kit::Duration{};
  return kit::min(script_.wanted(), queue_.next());
}

void AhciDriver::run(kit::Duration at) {
  if (script_.wanted() <= at)
    script_.run(at);
  else if (can_issue())
    retry_ ? reissue(at + parameters_.cpu.dispatch()) : issue_next(at + queue_.dispatch());
  else
    take_submission(at);
}

void AhciDriver::take_submission(kit::Duration at) {
  const bool first = queue_.waiting().empty();
  const RequestQueue::Taken taken = queue_.take(at);
  const bool issues = taken.admitted && first && can_issue();
  if (issues && !processor_.divides_steps()) return issue_next(taken.through);
  if (issues) queue_.expect_issue();
  else if (taken.admitted) statistics_.deferred.add();
  processor_.release(taken.through, at);
}

AhciDriver::Kind AhciDriver::kind_of(const Request& request) const {
  if (queue_.is_flush(request)) return Kind::flush;
  if (request.op == IoRequest::Op::trim) return Kind::trim;
  return queueing_ ? Kind::queued : Kind::plain;
}

/// Queued and other commands do not mix (Serial ATA 3.x, 13.6.3): the others wait until the queue is empty.
bool AhciDriver::may_issue(Kind kind) const {
  if (kind != Kind::queued) return (queued_ | plain_) == 0;
  return plain_ == 0 && static_cast<unsigned>(__builtin_popcount(queued_ | retry_)) < depth_;
}

bool AhciDriver::can_issue() const {
  if (queue_.state() != State::running) return false;
  if (retry_) {
    const Kind kind = commands_[static_cast<unsigned>(__builtin_ctz(retry_))].kind;
    return kind == Kind::queued ? plain_ == 0 : (queued_ | plain_) == 0;
  }
  return !queue_.waiting().empty() && may_issue(kind_of(queue_.waiting().front()));
}

/// Points the slot's PRDT at the next bytes of the request, at most `limit`. Returns how many it covers.
std::uint32_t AhciDriver::attach_buffer(Request& request, unsigned slot, std::uint32_t limit) {
  if (!request.segments) {
    const std::uint32_t bytes = std::min(limit, slots_.buffer_bytes());
    slots_.use_buffer(slot, bytes);
    return bytes;
  }
  constexpr PieceRule rule{CommandSlots::max_prds, 4 << 20};
  slots_.clear_prds(slot);
  return take_segments(request, limit, sector_bytes << queue_.disk.lba_shift, rule,
                       [&](std::uint64_t address, std::uint32_t bytes) { slots_.add_prd(slot, address, bytes); });
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
    const std::uint32_t logical = left >> queue_.disk.lba_shift;
    const std::uint32_t take = std::min(logical, trim_ranges * trim_range_sectors);
    make_trim_ranges(slots_.buffer(slot), (request.lba + request.progress.issued) >> queue_.disk.lba_shift, take);
    slots_.use_buffer(slot, 512);
    request.progress.issued += take << queue_.disk.lba_shift;
    make_trim(fis);
    slots_.put(slot, fis, true);
    return command;
  }
  const std::uint64_t wanted_bytes = std::min<std::uint64_t>(std::uint64_t{left} * sector_bytes, longest_command_);
  command.bytes = attach_buffer(request, slot, static_cast<std::uint32_t>(wanted_bytes));
  const std::uint64_t lba = (request.lba + request.progress.issued) >> queue_.disk.lba_shift;
  const std::uint32_t sectors = command.bytes / (sector_bytes << queue_.disk.lba_shift);
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
  Request& request = queue_.waiting().front();
  const Kind kind = kind_of(request);
  const auto slot = static_cast<unsigned>(__builtin_ctz(~(queued_ | plain_ | retry_)));
  Command& command = commands_[slot];
  command = cut(request, slot, kind);
  if ((kind == Kind::queued || kind == Kind::plain) && command.bytes == 0) {  // a scatter list shorter than the request
    complain("scatter list shorter than the request");
    request.status = RequestStatus::unsupported;
    queue_.waiting().pop_front();
    request.progress.step_issued = true;
    if (request.progress.open == 0) queue_.finish(request, at);
    processor_.release(at);
    return;
  }
  ++request.progress.open;
  request.progress.step_issued = kind == Kind::flush || request.progress.issued == request.sectors;
  if (request.progress.step_issued) queue_.waiting().pop_front();
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
  commands_[slot].request->tag.reopen();
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
  const wire::TrapTime before = processor_.trapped();
  if (command.kind == Kind::queued) {
    queued_ |= bit;
    at = mmio_.post(reg(PxSACT), bit, at);
  } else {
    plain_ |= bit;
  }
  if (tags_)
    if (wire::RequestTag* tag = tags_->at(port_, slot)) {
      tag->stamp(wire::Stage::issued, at.ps());
      tag->issue_traps = processor_.trapped() - before;
    }
  watch_deadline();
  return mmio_.post(reg(PxCI), bit, at);
}

/// One look at the clock for each time-out's length, not for each request.
void AhciDriver::watch_deadline() {
  if (deadline_watched_) return;
  deadline_watched_ = true;
  calendar_.at<&AhciDriver::check_deadlines>(calendar_.now() + parameters_.timeout(), this);
}

void AhciDriver::check_deadlines(std::uint64_t) {
  deadline_watched_ = false;
  if (queue_.state() != State::running || !(queued_ | plain_)) return;  // watched again at the next issue
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

}  // namespace ahcisim::host
