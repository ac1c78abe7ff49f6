// SPDX-License-Identifier: MIT
// The requests of the cache to the device below, and what follows from their completion.
#include <ahcisim/models/host/cache/cached_device.hpp>

#include <algorithm>
#include <cstring>

#include <ahcisim/models/host/request_copy.hpp>

namespace ahcisim::host {

CachedDevice::Io& CachedDevice::new_io(Io::Kind kind) {
  if (free_ios_.empty()) {
    ios_.emplace_back();
    ios_.back().number = static_cast<std::uint32_t>(ios_.size() - 1);
    free_ios_.push_back(&ios_.back());
  }
  Io& io = *free_ios_.back();
  free_ios_.pop_back();
  io.kind = kind;
  io.pages = 0;
  io.operation = nullptr;
  Request& request = io.request;
  request.fua = request.flush_first = false;
  request.priority = 0;
  request.error_lba = 0;
  request.segments = nullptr;
  request.segment_count = 0;
  request.owner = this;
  request.context = &io;
  request.tag.open(0);
  return io;
}

void CachedDevice::send_pages(Io& io, IoRequest::Op op, kit::Duration at) {
  Request& request = io.request;
  request.op = op;
  request.lba = io.first * page_sectors;
  request.sectors = (io.pages - 1) * page_sectors + sectors_of(io.first + io.pages - 1);
  request.with_data = keeps_data_;
  if (op == IoRequest::Op::read) statistics_.reads.add();
  below_.submit(request, at);
}

void CachedDevice::send_flush(Operation& operation) {
  Io& io = new_io(Io::Kind::flush);
  io.operation = &operation;
  io.request.op = IoRequest::Op::flush;
  io.request.lba = 0;
  io.request.sectors = 0;
  io.request.with_data = false;
  io.request.tag.id = operation.request->tag.id;
  statistics_.flushes.add();
  below_.submit(io.request, operation.time);
}

void CachedDevice::completed(Request& request, kit::Duration at) {
  const Io& io = *static_cast<Io*>(request.context);
  calendar_.at<&CachedDevice::finish_io>(at, this, io.number);
}

void CachedDevice::fill(const Request& request, std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) {
  const Io& io = *static_cast<Io*>(request.context);
  if (io.kind == Io::Kind::pass) return io.operation->request->owner->fill(*io.operation->request, data, offset, bytes);
  while (bytes) {
    const auto in_page = static_cast<std::uint32_t>(offset % page_bytes), piece = std::min(bytes, page_bytes - in_page);
    const std::uint32_t frame = cache_.find(io.first + offset / page_bytes);
    need_bytes(frame);
    std::memcpy(data, cache_.bytes(frame) + in_page, piece);
    data += piece, offset += piece, bytes -= piece;
  }
}

void CachedDevice::inspect(const Request& request, const std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) {
  const Io& io = *static_cast<Io*>(request.context);
  if (io.kind == Io::Kind::pass) return io.operation->request->owner->inspect(*io.operation->request, data, offset, bytes);
  while (bytes) {
    const auto in_page = static_cast<std::uint32_t>(offset % page_bytes), piece = std::min(bytes, page_bytes - in_page);
    const std::uint32_t frame = cache_.find(io.first + offset / page_bytes);
    std::memcpy(cache_.bytes(frame) + in_page, data, piece);
    data += piece, offset += piece, bytes -= piece;
  }
}

void CachedDevice::finish_io(std::uint64_t number) {
  Io& io = ios_[number];
  switch (io.kind) {
    case Io::Kind::read: return finish_read(io);
    case Io::Kind::write_back: return finish_write_back(io);
    case Io::Kind::flush:
    case Io::Kind::pass: return finish_pass(io);
  }
}

void CachedDevice::finish_read(Io& io) {
  const bool ok = io.request.status == RequestStatus::ok;
  if (!ok) statistics_.errors.add();
  for (std::uint64_t index = io.first; index < io.first + io.pages; ++index) {
    const std::uint32_t frame = cache_.find(index);
    Page& page = cache_[frame];
    page.transfer = Page::Transfer::none;
    page.has_bytes = io.request.with_data;
    if (!ok || page.discard) cache_.remove(frame);
  }
  wake_waiters(io);
  if (memory_.empty()) return;
  for (CacheQueue waiting = memory_.take(); !waiting.empty();) wake(waiting.pop());
}

void CachedDevice::finish_write_back(Io& io) {
  if (io.request.status != RequestStatus::ok) {
    statistics_.errors.add();
    write_error_ = io.request.status;
  }
  for (std::uint64_t index = io.first; index < io.first + io.pages; ++index)
    cache_[cache_.find(index)].transfer = Page::Transfer::none;
  writing_pages_ -= io.pages;
  writes_.erase(writes_.iterator_to(io));
  wake_waiters(io);
  for (CacheQueue waiting = memory_.take(); !waiting.empty();) wake(waiting.pop());
  wake_after_write_back();
}

/// A read that failed for several pages is tried again for each of them, so that only who wants the bad one fails.
void CachedDevice::wake_waiters(Io& io) {
  const bool failed = io.kind == Io::Kind::read && io.request.status != RequestStatus::ok;
  for (CacheQueue waiting = io.waiters.take(); !waiting.empty();) {
    Operation& operation = waiting.pop();
    copy_stages(io.request.tag, operation.request->tag);
    if (failed && io.pages == 1) {
      copy_result(io.request, *operation.request);
      operation.step = Step::done;
    }
    operation.single = failed;
    wake(operation);
  }
  free_ios_.push_back(&io);
}

void CachedDevice::finish_pass(Io& io) {
  Operation& operation = *io.operation;
  Request& request = *operation.request;
  copy_stages(io.request.tag, request.tag);
  copy_result(io.request, request);
  if (io.kind == Io::Kind::pass) {
    if (request.op != IoRequest::Op::read) drop(request, false);
    operation.step = Step::done;
  } else {
    operation.step = request.status == RequestStatus::ok ? operation.sync.after : Step::done;
  }
  free_ios_.push_back(&io);
  wake(operation);
}

}  // namespace ahcisim::host
