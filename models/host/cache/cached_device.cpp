// SPDX-License-Identifier: MIT
// The way of a request into the page cache and out of it.
#include <ahcisim/models/host/cache/cached_device.hpp>

#include <algorithm>

namespace ahcisim::host {

CachedDevice::CachedDevice(const sc_core::sc_module_name& name, kit::Context& context, const CacheParameters& parameters,
                           BlockDevice& below)
    : sc_module{name},
      calendar_{context.calendar},
      parameters_{parameters},
      below_{below},
      cache_{static_cast<std::uint32_t>(parameters.size().value / page_bytes)},
      read_ahead_{static_cast<std::uint64_t>(parameters.read_ahead().value) / page_bytes,
                  static_cast<std::uint64_t>(parameters.max_request().value) / page_bytes},
      limits_{cache_.limit(), parameters.dirty_background(), parameters.dirty_limit(), parameters.dirty_expire(),
              parameters.writeback_interval()} {
  context.stats.add(this->name(), statistics_);
  below_.listen(*this);
}

void CachedDevice::listen(DeviceListener& listener) {
  listeners_.add(listener, is_ready(), calendar_.now());
}

void CachedDevice::ready(kit::Duration at) {
  told_ready_ = true;
  for (CacheQueue early = early_.take(); !early.empty();) {
    Operation& operation = early.pop();
    calendar_.at<&CachedDevice::arrive>(kit::max(operation.time, at), this, reinterpret_cast<std::uintptr_t>(&operation));
  }
  listeners_.ready(at);
}

void CachedDevice::failed(const std::string& reason, kit::Duration at) {
  listeners_.fail(reason);
  for (CacheQueue early = early_.take(); !early.empty();) {
    Operation& operation = early.pop();
    calendar_.at<&CachedDevice::arrive>(kit::max(operation.time, at), this, reinterpret_cast<std::uintptr_t>(&operation));
  }
  listeners_.announce_failure(at);
}

void CachedDevice::take(Request& request, kit::Duration at, bool direct) {
  if (free_operations_.empty()) {
    operations_.emplace_back();
    free_operations_.push_back(&operations_.back());
  }
  Operation& operation = *free_operations_.back();
  free_operations_.pop_back();
  operation = Operation{};
  operation.request = &request;
  operation.direct = direct;
  operation.time = kit::max(at, calendar_.now());
  request.status = RequestStatus::ok;
  request.ata_status = request.ata_error = 0;
  if (request.tag.when(wire::Stage::submitted) < 0) request.tag.stamp(wire::Stage::submitted, operation.time.ps());
  if (!told_ready_ && listeners_.failure().empty()) return early_.push(operation);
  calendar_.at<&CachedDevice::arrive>(operation.time, this, reinterpret_cast<std::uintptr_t>(&operation));
}

void CachedDevice::arrive(std::uint64_t address) {
  Operation& operation = *reinterpret_cast<Operation*>(static_cast<std::uintptr_t>(address));
  Request& request = *operation.request;
  operation.time = calendar_.now();
  charge(operation, parameters_.cost.syscall());
  request.tag.stamp(wire::Stage::entered, operation.time.ps());
  request.status = verdict(operation);
  if (request.status != RequestStatus::ok) return finish(operation);
  keeps_data_ = keeps_data_ || request.with_data;
  begin(operation);
  run(operation);
}

/// What can be said before anything is done.
RequestStatus CachedDevice::verdict(const Operation& operation) const {
  const Request& request = *operation.request;
  if (!listeners_.failure().empty()) return RequestStatus::gone;
  if (request.op == IoRequest::Op::flush) return RequestStatus::ok;
  if (request.lba > capacity() || request.sectors > capacity() - request.lba) return RequestStatus::out_of_range;
  const bool bypasses = operation.direct || request.op == IoRequest::Op::trim;
  if (request.sectors == 0 || (request.segments && !bypasses)) return RequestStatus::unsupported;
  return RequestStatus::ok;
}

void CachedDevice::begin(Operation& operation) {
  const Request& request = *operation.request;
  operation.page = request.lba / page_sectors;
  operation.end = (request.lba + request.sectors + page_sectors - 1) / page_sectors;
  if (request.op == IoRequest::Op::flush) return begin_whole_sync(operation, Step::done);
  const Step body = body_of(operation);
  if (request.flush_first) return begin_whole_sync(operation, body);
  if (body == Step::pass) return begin_pass(operation);
  operation.step = body;
}

CachedDevice::Step CachedDevice::body_of(const Operation& operation) {
  const IoRequest::Op op = operation.request->op;
  if (operation.direct || op == IoRequest::Op::trim) return Step::pass;
  return op == IoRequest::Op::read ? Step::read : Step::write;
}

/// Goes on until the operation waits for something, or is done.
void CachedDevice::run(Operation& operation) {
  for (;;) {
    switch (operation.step) {
      case Step::write_back:
        if (!write_back(operation)) return;
        break;
      case Step::settle:
        if (!settled(operation)) return;
        break;
      case Step::flush: return send_flush(operation);
      case Step::read:
        if (!read(operation)) return;
        operation.step = Step::done;
        break;
      case Step::write:
        if (!write(operation)) return;
        operation.step = Step::done;
        if (operation.request->fua)
          begin_sync(operation, operation.request->lba / page_sectors, operation.end, true, Step::done);
        break;
      case Step::pass: return pass(operation);
      case Step::done: return finish(operation);
    }
  }
}

void CachedDevice::finish(Operation& operation) {
  Request& request = *operation.request;
  const kit::Duration at = operation.time;
  request.tag.stamp(wire::Stage::woken, at.ps());
  request.tag.stamp(wire::Stage::completed, at.ps());
  free_operations_.push_back(&operation);
  request.owner->completed(request, at);
}

/// What it waited for has happened now.
void CachedDevice::wake(Operation& operation) {
  operation.time = kit::max(operation.time, calendar_.now());
  run(operation);
}

void CachedDevice::charge(Operation& operation, kit::Duration work) {
  statistics_.kernel_time.add(work);
  operation.time = processor_ ? processor_->charge(operation.time, work) : operation.time + work;
}

std::uint32_t CachedDevice::sectors_of(std::uint64_t page) const {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(page_sectors, capacity() - page * page_sectors));
}

void CachedDevice::drop_clean() {
  for (std::uint32_t frame = 0; frame < cache_.frames(); ++frame)
    if (cache_.used(frame)) drop_page(frame, false);
}

bool CachedDevice::unwritten(std::uint64_t lba) const {
  const std::uint32_t frame = cache_.find(lba / page_sectors);
  return frame != no_frame && (cache_[frame].dirty || cache_[frame].transfer == Page::Transfer::writing);
}

}  // namespace ahcisim::host
