// SPDX-License-Identifier: MIT
// What goes past the cache to the device below: O_DIRECT and trims, kept coherent with the pages.
#include <ahcisim/models/host/cache/cached_device.hpp>

namespace ahcisim::host {

/// What is dirty in the range is written back first. A trim need not write what it is about to discard.
void CachedDevice::begin_pass(Operation& operation) {
  if (operation.request->op == IoRequest::Op::trim) drop(*operation.request, true);
  begin_sync(operation, operation.page, operation.end, false, Step::pass);
}

void CachedDevice::pass(Operation& operation) {
  const Request& request = *operation.request;
  if (request.op != IoRequest::Op::read) drop(request, false);
  statistics_.direct.add();
  Io& io = new_io(Io::Kind::pass);
  io.operation = &operation;
  io.request.op = request.op;
  io.request.fua = request.fua;
  io.request.flush_first = false;  // has been done
  io.request.with_data = request.with_data;
  io.request.priority = request.priority;
  io.request.lba = request.lba;
  io.request.sectors = request.sectors;
  io.request.segments = request.segments;
  io.request.segment_count = request.segment_count;
  io.request.tag.id = request.tag.id;
  below_.submit(io.request, operation.time);
}

/// Drops the cached pages of a request's range: those that are clean, or of those wholly inside it also what is unwritten.
void CachedDevice::drop(const Request& request, bool unwritten_too) {
  const std::uint64_t end_sector = request.lba + request.sectors;
  std::uint64_t first = request.lba / page_sectors, end = (end_sector + page_sectors - 1) / page_sectors;
  if (unwritten_too) {
    first = (request.lba + page_sectors - 1) / page_sectors;
    end = end_sector == capacity() ? end : end_sector / page_sectors;
  }
  if (first >= end) return;
  if (end - first > cache_.frames()) {
    for (std::uint32_t frame = 0; frame < cache_.frames(); ++frame)
      if (cache_.used(frame) && cache_[frame].index >= first && cache_[frame].index < end) drop_page(frame, unwritten_too);
    return;
  }
  for (std::uint64_t index = first; index < end; ++index) {
    const std::uint32_t frame = cache_.find(index);
    if (frame != no_frame) drop_page(frame, unwritten_too);
  }
}

void CachedDevice::drop_page(std::uint32_t frame, bool unwritten_too) {
  Page& page = cache_[frame];
  if (page.transfer == Page::Transfer::reading) {
    page.discard = true;
  } else if (page.transfer == Page::Transfer::writing) {
    if (page.dirty && unwritten_too) cache_.clear_dirty(frame);
  } else if (!page.dirty || unwritten_too) {
    cache_.remove(frame);
  }
  if (cache_.dirty() == 0) dirty_since_ = kit::Duration::never();
}

}  // namespace ahcisim::host
