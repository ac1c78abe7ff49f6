// SPDX-License-Identifier: MIT
// Buffered reads and writes, page by page.
#include <ahcisim/models/host/cache/cached_device.hpp>

#include <algorithm>
#include <cstring>

namespace ahcisim::host {

/// The part of the request that lies in the page it stands at.
CachedDevice::Piece CachedDevice::piece_of(const Operation& operation) const {
  const Request& request = *operation.request;
  const std::uint64_t first = std::max(request.lba, operation.page * page_sectors);
  const std::uint64_t end = std::min(request.lba + request.sectors, (operation.page + 1) * page_sectors);
  return {static_cast<std::uint32_t>(first % page_sectors) * sector_bytes, static_cast<std::uint32_t>(end - first) * sector_bytes,
          (first - request.lba) * sector_bytes};
}

bool CachedDevice::lacks_bytes(const Operation& operation, const Page& page) const {
  return operation.request->with_data && !page.has_bytes && !page.dirty && page.transfer == Page::Transfer::none;
}

bool CachedDevice::read(Operation& operation) {
  while (operation.page < operation.end) {
    const std::uint32_t frame = cache_.find(operation.page);
    if (frame == no_frame) {
      if (!fetch(operation)) return await_memory(operation), false;
      continue;
    }
    if (cache_[frame].marker) {
      cache_[frame].marker = false;
      charge_copies(operation, parameters_.cost.read_call());
      start_window(operation, read_ahead_.marked(operation.page, operation.end - operation.page, cache_), operation.page);
    }
    if (lacks_bytes(operation, cache_[frame])) fetch_again(operation, frame);
    if (cache_[frame].transfer == Page::Transfer::reading) {
      charge_copies(operation, parameters_.cost.read_call());
      await(operation, cache_[frame]);
      return false;
    }
    copy_out(operation, frame);
    ++operation.page;
  }
  charge_copies(operation, parameters_.cost.read_call());
  read_ahead_.read_up_to(operation.end);
  return true;
}

/// Starts reading the page that is missing, and what the read-ahead adds. False where there is no frame for it.
bool CachedDevice::fetch(Operation& operation) {
  charge_copies(operation, parameters_.cost.read_call());
  const std::uint64_t page = operation.page;
  const ReadAhead::Window window =
      operation.single ? ReadAhead::Window{page, 1, 0} : read_ahead_.missed(page, operation.end - page, cache_);
  start_window(operation, window, operation.end);
  // A window that does not begin here leaves the page itself to be read.
  if (!cache_.cached(page)) start_window(operation, {page, 1, 0}, operation.end);
  return cache_.cached(page);
}

/// Reads those pages of a window that are not there; the ones from `asked_end` on are read ahead.
void CachedDevice::start_window(Operation& operation, ReadAhead::Window window, std::uint64_t asked_end) {
  const std::uint64_t end = std::min(window.start + window.size, device_pages());
  const auto longest = static_cast<std::uint32_t>(parameters_.max_request().value / page_bytes);
  Io* io = nullptr;
  const auto send = [&] {
    if (io) send_pages(*io, IoRequest::Op::read, operation.time);
    io = nullptr;
  };
  for (std::uint64_t index = window.start; index < end; ++index) {
    if (cache_.cached(index)) {
      send();
      continue;
    }
    const std::uint32_t frame = cache_.add(index);
    if (frame == no_frame) break;
    charge(operation, parameters_.cost.add_page());
    if (!io) {
      io = &new_io(Io::Kind::read);
      io->first = index;
      io->request.tag.id = operation.request->tag.id;
    }
    Page& page = cache_[frame];
    page.transfer = Page::Transfer::reading;
    page.io = io->number;
    page.marker = window.async > 0 && index == window.marker();
    page.ahead = index >= asked_end || index < operation.page;
    page.asked = !page.ahead;
    if (page.ahead) statistics_.ahead.add();
    if (++io->pages == longest) send();
  }
  send();
}

/// The page is there, but nobody wanted its bytes when it was read.
void CachedDevice::fetch_again(Operation& operation, std::uint32_t frame) {
  Io& io = new_io(Io::Kind::read);
  Page& page = cache_[frame];
  io.first = page.index;
  io.pages = 1;
  page.transfer = Page::Transfer::reading;
  page.io = io.number;
  send_pages(io, IoRequest::Op::read, operation.time);
}

bool CachedDevice::write(Operation& operation) {
  while (operation.page < operation.end) {
    const bool whole = piece_of(operation).bytes == sectors_of(operation.page) * sector_bytes;
    std::uint32_t frame = cache_.find(operation.page);
    const bool clean = frame == no_frame || !cache_[frame].dirty;
    if (clean && limits_.throttled(cache_.dirty(), writing_pages_)) {
      charge_copies(operation, parameters_.cost.write_call());
      statistics_.throttled.add();
      throttled_.push(operation);
      check_flusher();
      return false;
    }
    if (frame == no_frame) {
      if (!add_for_write(operation, whole)) return await_memory(operation), false;
      frame = cache_.find(operation.page);
    } else if (!whole && lacks_bytes(operation, cache_[frame])) {
      fetch_again(operation, frame);
    }
    if (cache_[frame].transfer == Page::Transfer::reading) {
      charge_copies(operation, parameters_.cost.write_call());
      await(operation, cache_[frame]);
      return false;
    }
    copy_in(operation, frame);
    ++operation.page;
  }
  charge_copies(operation, parameters_.cost.write_call());
  return true;
}

/// A page that is written wholly needs nothing from the device; of any other, the rest is read first.
bool CachedDevice::add_for_write(Operation& operation, bool whole) {
  charge_copies(operation, parameters_.cost.write_call());
  if (!whole) {
    start_window(operation, {operation.page, 1, 0}, operation.end);
    if (!cache_.cached(operation.page)) return false;
    statistics_.partial.add();
  } else if (cache_.add(operation.page) == no_frame) {
    return false;
  } else {
    charge(operation, parameters_.cost.add_page());
  }
  statistics_.write_misses.add();
  operation.waited = true;  // and is no hit when its turn comes
  return true;
}

void CachedDevice::copy_out(Operation& operation, std::uint32_t frame) {
  Page& page = cache_[frame];
  (operation.waited || page.asked ? statistics_.misses : statistics_.hits).add();
  if (page.ahead) statistics_.ahead_hits.add();
  page.ahead = page.asked = operation.waited = operation.single = false;
  // Small reads of one page, one after the other, are one use of it.
  if (page.index != last_touched_) cache_.touch(frame);
  last_touched_ = page.index;
  const Piece piece = piece_of(operation);
  operation.uncharged += piece.bytes;
  if (!operation.request->with_data) return;
  need_bytes(frame);
  operation.request->owner->inspect(*operation.request, cache_.bytes(frame) + piece.in_page, piece.in_request, piece.bytes);
}

void CachedDevice::copy_in(Operation& operation, std::uint32_t frame) {
  Page& page = cache_[frame];
  if (!operation.waited) statistics_.write_hits.add();
  page.asked = page.ahead = operation.waited = operation.single = false;
  cache_.touch(frame);
  const Piece piece = piece_of(operation);
  operation.uncharged += piece.bytes;
  if (operation.request->with_data) {
    need_bytes(frame);
    operation.request->owner->fill(*operation.request, cache_.bytes(frame) + piece.in_page, piece.in_request, piece.bytes);
  }
  // Last, since the page may leave for the device at once.
  if (page.dirty) return;
  cache_.set_dirty(frame, epoch_);
  became_dirty(operation.time);
}

/// What was written without data has no content: zeros stand for it.
void CachedDevice::need_bytes(std::uint32_t frame) {
  if (cache_[frame].has_bytes) return;
  std::memset(cache_.bytes(frame), 0, page_bytes);
  cache_[frame].has_bytes = true;
}

void CachedDevice::became_dirty(kit::Duration at) {
  statistics_.dirty.see(cache_.dirty() + writing_pages_);
  if (dirty_since_ == kit::Duration::never()) {
    dirty_since_ = at;
    arm_expiry();
  }
  check_flusher();
}

/// The call itself, once, and what was copied since the last time: computed whole.
void CachedDevice::charge_copies(Operation& operation, kit::Duration call) {
  kit::Duration work;
  if (!operation.called) work += call;
  operation.called = true;
  if (operation.uncharged) work += parameters_.cost.copy().time_for(static_cast<std::int64_t>(operation.uncharged));
  operation.uncharged = 0;
  if (work > kit::Duration{}) charge(operation, work);
}

void CachedDevice::await(Operation& operation, const Page& page) {
  operation.waited = true;
  ios_[page.io].waiters.push(operation);
}

void CachedDevice::await_memory(Operation& operation) {
  memory_.push(operation);
  check_flusher();
}

}  // namespace ahcisim::host
