// SPDX-License-Identifier: MIT
// The windows of on-demand read-ahead.
#include <ahcisim/models/host/cache/policy/read_ahead.hpp>

#include <algorithm>

namespace ahcisim::host {
namespace {

std::uint64_t power_of_two_from(std::uint64_t n) { return n <= 1 ? 1 : std::uint64_t{1} << (64 - __builtin_clzll(n - 1)); }

/// Four times a request that is small against the limit, twice a middling one.
std::uint64_t first_size(std::uint64_t wanted, std::uint64_t limit) {
  const std::uint64_t rounded = power_of_two_from(wanted);
  if (rounded <= limit / 32) return rounded * 4;
  return rounded <= limit / 4 ? rounded * 2 : limit;
}

}  // namespace

/// Fourfold while the window is tiny, then double, up to the limit.
std::uint64_t ReadAhead::grown(std::uint64_t size, std::uint64_t limit) {
  return std::min(size < limit / 16 ? size * 4 : size * 2, limit);
}

std::uint64_t ReadAhead::limit_for(std::uint64_t wanted) const {
  return wanted > limit_ ? std::max(limit_, std::min(wanted, longest_)) : limit_;
}

/// Whether the stream has come to its marker or to the end of what was read for it.
bool ReadAhead::continues(std::uint64_t page) const {
  return window_.size && (page == window_.marker() || page == window_.start + window_.size);
}

/// A window that is wholly ahead of the reader and begins where the reader is has no part to wait for: the following one is
/// started with it.
ReadAhead::Window ReadAhead::settle(std::uint64_t page, std::uint64_t limit) {
  if (page == window_.start && window_.size == window_.async) {
    const std::uint64_t following = grown(window_.size, limit);
    const bool both = window_.size + following <= limit;
    window_.size = both ? window_.size + following : limit;
    window_.async = both ? following : limit / 2;
  }
  return window_;
}

ReadAhead::Window ReadAhead::first_window(std::uint64_t page, std::uint64_t wanted, std::uint64_t limit) {
  const std::uint64_t size = first_size(wanted, limit);
  window_ = {page, size, size > wanted ? size - wanted : size};
  return settle(page, limit);
}

ReadAhead::Window ReadAhead::next_window(std::uint64_t limit) {
  const std::uint64_t size = grown(window_.size, limit);
  return {window_.start + window_.size, size, size};
}

ReadAhead::Window ReadAhead::missed(std::uint64_t page, std::uint64_t wanted, const PageHistory& history) {
  if (limit_ == 0) return {page, std::min(wanted, std::max<std::uint64_t>(longest_, 1)), 0};
  const std::uint64_t limit = limit_for(wanted);
  if (page == 0) return first_window(page, wanted, limit);
  if (continues(page)) {
    window_ = next_window(limit);
    return settle(page, limit);
  }
  const bool sequential = previous_ != UINT64_MAX && page >= previous_ && page - previous_ <= 1;
  if (wanted > limit || sequential) return first_window(page, wanted, limit);
  // Another stream may have been here: its pages are the witness.
  std::uint64_t behind = 0;
  while (behind < limit && behind < page && history.cached(page - 1 - behind)) ++behind;
  if (behind <= wanted) return {page, wanted, 0};
  if (behind == page) behind *= 2;  // read from its beginning: likely to be read to its end
  window_ = {page, std::min(behind + wanted, limit), 1};
  return settle(page, limit);
}

ReadAhead::Window ReadAhead::marked(std::uint64_t page, std::uint64_t wanted, const PageHistory& history) {
  if (limit_ == 0) return {};
  const std::uint64_t limit = limit_for(wanted);
  if (continues(page)) {
    window_ = next_window(limit);
    return settle(page, limit);
  }
  // The marker of another stream on the same file: what it has ahead of it tells the size of its window.
  std::uint64_t ahead = 1;
  while (ahead <= limit && history.cached(page + ahead)) ++ahead;
  if (ahead > limit) return {};
  const std::uint64_t size = grown(ahead + wanted, limit);
  window_ = {page + ahead, size, size};
  return settle(page, limit);
}

}  // namespace ahcisim::host
