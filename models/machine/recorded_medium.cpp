// SPDX-License-Identifier: MIT
// From requests to a medium to lines of a trace.
#include <ahcisim/models/machine/recorded_medium.hpp>

#include <algorithm>

namespace ahcisim::machine {
namespace {

using disk::MediaOp;
using Op = host::IoRequest::Op;

Op op_of(MediaOp op) {
  switch (op) {
    case MediaOp::write: return Op::write;
    case MediaOp::flush: return Op::flush;
    case MediaOp::trim: return Op::trim;
    case MediaOp::read:
    case MediaOp::verify: break;
  }
  return Op::read;
}

}  // namespace

void RecordedMedium::attach(disk::MediumClient& client) {
  client_ = &client;
  medium_->attach(*this);
}

void RecordedMedium::submit(disk::MediaRequest& request, kit::Duration now) {
  write_down(Event::issue, request);
  outstanding_.push_back(&request);  // before it is asked: the answer may come from within
  medium_->submit(request, now);
}

void RecordedMedium::complete(disk::MediaRequest& request, kit::Duration at) {
  const auto found = std::find(outstanding_.begin(), outstanding_.end(), &request);
  if (found != outstanding_.end()) outstanding_.erase(found);
  client_->complete(request, at);
}

void RecordedMedium::abandon_all(kit::Duration now) {
  for (const disk::MediaRequest* each : outstanding_) write_down(Event::take_back, *each);
  outstanding_.clear();
  medium_->abandon_all(now);
}

void RecordedMedium::write_down(Event event, const disk::MediaRequest& request) {
  if (request.op == MediaOp::verify) return;
  const auto at = kit::Duration::from_ps(std::chrono::nanoseconds{Clock::now() - begin_}.count() * 1000);
  host::IoRequest line;
  line.op = op_of(request.op);
  if (request.op == MediaOp::trim) {
    for (std::uint32_t i = 0; i < request.trim_count; ++i) {
      line.lba = request.trims[i].lba;
      line.sectors = static_cast<std::uint32_t>(request.trims[i].count);
      if (line.sectors != 0) write_down(event, line, at);
    }
    return;
  }
  if (request.op != MediaOp::flush) {
    line.lba = request.range.lba;
    line.sectors = static_cast<std::uint32_t>(request.range.count);
    line.fua = request.fua;
  }
  write_down(event, line, at);
}

void RecordedMedium::write_down(Event event, const host::IoRequest& request, kit::Duration at) {
  event == Event::issue ? writer_.issue(request, at) : writer_.take_back(request, at);
}

}  // namespace ahcisim::machine
