// SPDX-License-Identifier: MIT
// Write-back: for a flush, for one request's range, and in the background.
//
// Whoever writes back goes over the dirty pages in ascending order and sends neighbours as one request, as long as the queue
// of write-backs has room. A flush has a generation (epoch): pages that become dirty after it came are not its business, so
// it ends however much is written meanwhile.
#include <ahcisim/models/host/cache/cached_device.hpp>

#include <algorithm>

namespace ahcisim::host {

void CachedDevice::begin_sync(Operation& operation, std::uint64_t first, std::uint64_t end, bool flush, Step after) {
  operation.sync = {first, end, first, epoch_++, 0, false, flush, after};
  // Looking at every page of a range that is larger than the cache is no better than waiting for everything.
  operation.sync.whole = end - first > cache_.frames();
  operation.step = Step::write_back;
}

void CachedDevice::begin_whole_sync(Operation& operation, Step after) {
  begin_sync(operation, 0, device_pages(), true, after);
  operation.sync.whole = true;
}

/// Sends everything dirty of the operation's range and generation. False while it waits for room, or for a write-back of a
/// page that was written again.
bool CachedDevice::write_back(Operation& operation) {
  CacheOperation::Sync& sync = operation.sync;
  for (;;) {
    const std::uint64_t index = cache_.next_dirty(sync.cursor);
    if (index >= sync.end) break;
    sync.cursor = index;
    const Page& page = cache_[cache_.find(index)];
    if (page.epoch > sync.epoch) {
      ++sync.cursor;
    } else if (page.transfer == Page::Transfer::writing) {
      ios_[page.io].waiters.push(operation);
      return false;
    } else if (queue_full()) {
      walkers_.push(operation);
      return false;
    } else {
      sync.cursor = write_cluster(index, sync.end, sync.epoch, operation.time);
    }
  }
  sync.sequence = sequence_;
  sync.cursor = sync.first;
  operation.step = Step::settle;
  return true;
}

/// Waits for what is being written in the range.
bool CachedDevice::settled(Operation& operation) {
  CacheOperation::Sync& sync = operation.sync;
  if (sync.whole) {
    if (!writes_.empty() && writes_.front().sequence < sync.sequence) {
      settling_.push(operation);
      return false;
    }
  } else {
    for (; sync.cursor < sync.end; ++sync.cursor) {
      const std::uint32_t frame = cache_.find(sync.cursor);
      if (frame == no_frame || cache_[frame].transfer != Page::Transfer::writing) continue;
      if (ios_[cache_[frame].io].sequence >= sync.sequence) continue;
      ios_[cache_[frame].io].waiters.push(operation);
      return false;
    }
  }
  if (write_error_ != RequestStatus::ok) {
    operation.request->status = write_error_;
    write_error_ = RequestStatus::ok;
    operation.step = Step::done;
  } else {
    operation.step = sync.flush ? Step::flush : sync.after;
  }
  return true;
}

/// Writes the dirty page and its dirty neighbours above. Returns the page after them.
std::uint64_t CachedDevice::write_cluster(std::uint64_t first, std::uint64_t end, std::uint64_t epoch, kit::Duration at) {
  const auto longest = static_cast<std::uint64_t>(parameters_.max_request().value) / page_bytes;
  Io& io = new_io(Io::Kind::write_back);
  io.first = first;
  io.sequence = sequence_++;
  for (std::uint64_t index = first; index < std::min(end, first + longest); ++index) {
    const std::uint32_t frame = cache_.find(index);
    if (frame == no_frame) break;
    Page& page = cache_[frame];
    if (!page.dirty || page.transfer != Page::Transfer::none || page.epoch > epoch) break;
    cache_.clear_dirty(frame);
    page.transfer = Page::Transfer::writing;
    page.io = io.number;
    ++io.pages;
  }
  writing_pages_ += io.pages;
  writes_.push_back(io);
  statistics_.write_backs.add();
  statistics_.write_back_pages.add(io.pages);
  if (cache_.dirty() == 0) dirty_since_ = kit::Duration::never();
  send_pages(io, IoRequest::Op::write, at);
  return first + io.pages;
}

/// How many dirty pages the flusher leaves alone.
std::uint64_t CachedDevice::tolerated() const { return throttled_.empty() && memory_.empty() ? limits_.background() : 0; }

/// Starts the flusher where there is too much that is dirty. One round over the dirty pages, from where the last one ended.
void CachedDevice::check_flusher() {
  if (flushing_ || (cache_.dirty() <= tolerated() && expired_epoch_ == 0)) return;
  flushing_ = true;
  wrapped_ = false;
  flush_start_ = flush_cursor_;
  run_flusher();
}

void CachedDevice::run_flusher() {
  while (flushing_ && !queue_full()) {
    const bool enough = cache_.dirty() <= tolerated();
    const std::uint64_t epoch = enough ? expired_epoch_ : UINT64_MAX;
    const std::uint64_t index = cache_.next_dirty(flush_cursor_);
    const bool round_over = wrapped_ && index >= flush_start_;
    if ((enough && expired_epoch_ == 0) || round_over) {
      flushing_ = false;
      expired_epoch_ = 0;
    } else if (index == PageSet::none) {
      wrapped_ = true;
      flush_cursor_ = 0;
    } else {
      const Page& page = cache_[cache_.find(index)];
      const bool skip = page.transfer != Page::Transfer::none || page.epoch > epoch;
      flush_cursor_ = skip ? index + 1 : write_cluster(index, device_pages(), epoch, calendar_.now());
    }
  }
}

void CachedDevice::arm_expiry() {
  if (expiry_armed_ || dirty_since_ == kit::Duration::never()) return;
  expiry_armed_ = true;
  calendar_.at<&CachedDevice::expire>(limits_.expiry(dirty_since_), this);
}

/// A tick of the periodic write-back. A file that has been dirty for long enough is written back as a whole.
void CachedDevice::expire(std::uint64_t) {
  expiry_armed_ = false;
  if (dirty_since_ != kit::Duration::never() && limits_.expiry(dirty_since_) <= calendar_.now()) {
    dirty_since_ = kit::Duration::never();
    expired_epoch_ = epoch_++;
    check_flusher();
    if (cache_.dirty() && dirty_since_ == kit::Duration::never()) dirty_since_ = calendar_.now();
  }
  arm_expiry();
}

/// One write-back has ended: those who waited for that go on, in the order of their coming.
void CachedDevice::wake_after_write_back() {
  while (!settling_.empty() && (writes_.empty() || writes_.front().sequence >= settling_.front().sync.sequence))
    wake(settling_.pop());
  while (!walkers_.empty() && !queue_full()) wake(walkers_.pop());
  while (!throttled_.empty() && !limits_.throttled(cache_.dirty(), writing_pages_)) {
    Operation& operation = throttled_.pop();
    statistics_.throttled_time.add(kit::max(calendar_.now() - operation.time, kit::Duration{}));
    wake(operation);
  }
  if (flushing_) run_flusher();
  check_flusher();
}

}  // namespace ahcisim::host
