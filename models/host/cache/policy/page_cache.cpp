// SPDX-License-Identifier: MIT
// The two lists of a page cache and its frames.
#include <ahcisim/models/host/cache/policy/page_cache.hpp>

#include <cmath>

namespace ahcisim::host {

void PageCache::push(List& list, std::uint32_t frame) {
  Page& page = pages_[frame];
  page.newer = no_frame;
  page.older = list.newest;
  if (list.newest != no_frame) pages_[list.newest].newer = frame;
  list.newest = frame;
  if (list.oldest == no_frame) list.oldest = frame;
  ++list.size;
}

void PageCache::unlink(List& list, std::uint32_t frame) {
  const Page& page = pages_[frame];
  (page.newer == no_frame ? list.newest : pages_[page.newer].older) = page.older;
  (page.older == no_frame ? list.oldest : pages_[page.older].newer) = page.newer;
  --list.size;
}

std::uint32_t PageCache::add(std::uint64_t index) {
  if (free_.empty() && pages_.size() < limit_) {
    pages_.emplace_back();
    free_.push_back(static_cast<std::uint32_t>(pages_.size() - 1));
  }
  if (free_.empty() && !evict()) return no_frame;
  const std::uint32_t frame = free_.back();
  free_.pop_back();
  pages_[frame] = Page{};
  pages_[frame].index = index;
  pages_[frame].used = true;
  push(inactive_, frame);
  table_.insert(index, frame);
  return frame;
}

void PageCache::remove(std::uint32_t frame) {
  Page& page = pages_[frame];
  if (page.dirty) clear_dirty(frame);
  unlink(list_of(page), frame);
  table_.erase(page.index);
  page.used = false;
  free_.push_back(frame);
}

void PageCache::touch(std::uint32_t frame) {
  Page& page = pages_[frame];
  if (page.referenced && !page.active) {
    unlink(inactive_, frame);
    page.active = true;
    page.referenced = false;
    push(active_, frame);
  } else {
    page.referenced = true;
  }
}

void PageCache::set_dirty(std::uint32_t frame, std::uint64_t epoch) {
  Page& page = pages_[frame];
  if (page.dirty) return;
  page.dirty = true;
  page.epoch = epoch;
  dirty_.insert(page.index);
}

void PageCache::clear_dirty(std::uint32_t frame) {
  Page& page = pages_[frame];
  page.dirty = false;
  dirty_.erase(page.index);
}

/// Up to 1 GiB the inactive list is to hold half, above it one part in 1 + sqrt(10 * GiB).
bool PageCache::inactive_is_low() const {
  const double gib = static_cast<double>(size()) * page_bytes / (1 << 30);
  const double ratio = gib < 1 ? 1 : std::floor(std::sqrt(10 * gib));
  return inactive_.size * ratio < active_.size;
}

void PageCache::deactivate_oldest() {
  const std::uint32_t frame = active_.oldest;
  unlink(active_, frame);
  pages_[frame].active = pages_[frame].referenced = false;
  push(inactive_, frame);
}

/// Frees the oldest page that is clean and idle; those passed over go to the other end and are not met again soon.
bool PageCache::evict_from(List& list) {
  for (std::uint32_t left = list.size; left; --left) {
    const std::uint32_t frame = list.oldest;
    const Page& page = pages_[frame];
    if (!page.dirty && page.transfer == Page::Transfer::none) {
      remove(frame);
      ++evictions_;
      return true;
    }
    unlink(list, frame);
    push(list, frame);
  }
  return false;
}

bool PageCache::evict() {
  while (inactive_is_low()) deactivate_oldest();
  return evict_from(inactive_) || evict_from(active_);
}

std::uint8_t* PageCache::bytes(std::uint32_t frame) {
  const std::uint32_t chunk = frame / chunk_frames;
  if (chunk >= chunks_.size()) chunks_.resize(chunk + 1);
  if (!chunks_[chunk]) chunks_[chunk] = std::make_unique<std::uint8_t[]>(std::size_t{chunk_frames} * page_bytes);
  return chunks_[chunk].get() + std::size_t{frame % chunk_frames} * page_bytes;
}

}  // namespace ahcisim::host
