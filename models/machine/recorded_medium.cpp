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

void RecordedMedium::record(std::string file) {
  writer_.emplace(std::move(file));
  begin_ = Clock::now();
}

void RecordedMedium::close() {
  if (writer_) writer_->close();
}

void RecordedMedium::attach(disk::MediumClient& client) {
  client_ = &client;
  medium_->attach(*this);
}

void RecordedMedium::submit(disk::MediaRequest& request, kit::Duration now) {
  if (writer_ && request.op != MediaOp::verify) write_down(request);  // before it is asked: the answer may come from within
  medium_->submit(request, now);
}

void RecordedMedium::complete(disk::MediaRequest& request, kit::Duration at) {
  const auto is_this = [&](const Outstanding& each) { return each.request == &request; };
  outstanding_.erase(std::remove_if(outstanding_.begin(), outstanding_.end(), is_this), outstanding_.end());
  client_->complete(request, at);
}

void RecordedMedium::abandon_all(kit::Duration now) {
  for (const Outstanding& each : outstanding_) writer_->take_back(each.line, this->now());
  outstanding_.clear();
  medium_->abandon_all(now);
}

void RecordedMedium::write_down(const disk::MediaRequest& request) {
  const kit::Duration at = now();
  if (request.op != MediaOp::trim) return issue(request, request.range, at);
  for (std::uint32_t i = 0; i < request.trim_count; ++i)
    if (request.trims[i].count != 0) issue(request, request.trims[i], at);
}

void RecordedMedium::issue(const disk::MediaRequest& request, const disk::LbaRange& range, kit::Duration at) {
  host::IoRequest line;
  line.op = op_of(request.op);
  line.fua = request.fua && line.op == Op::write;
  if (line.op != Op::flush) {
    line.lba = range.lba;
    line.sectors = static_cast<std::uint32_t>(range.count);
  }
  writer_->issue(line, at);
  outstanding_.push_back({&request, line});
}

kit::Duration RecordedMedium::now() const {
  return kit::Duration::from_ps(std::chrono::nanoseconds{Clock::now() - begin_}.count() * 1000);
}

}  // namespace ahcisim::machine
