// SPDX-License-Identifier: MIT
// A solid state drive as a medium: writing, the write buffer, FLUSH CACHE and force unit access.
#include <ahcisim/models/disk/ssd/drive.hpp>

#include <algorithm>

namespace ahcisim::disk::ssd {

using kit::Duration;

namespace {

std::uint64_t slices_of(const LbaRange& range) {
  return range.count == 0 ? 0 : (range.lba + range.count - 1) / slice_sectors - range.lba / slice_sectors + 1;
}

}  // namespace

void Drive::submit_write(MediaRequest& request, Duration now) {
  statistics_.writes.add();
  const bool goes_on = request.range.lba == next_write_lba_;
  next_write_lba_ = request.range.lba + request.range.count;
  Duration ready = take_host_core(request, write_cpu_, now) - write_cpu_ + write_latency_;
  if (!goes_on) ready += random_write_latency_;
  request.scratch[0] = static_cast<std::uint64_t>(ready.ps());
  request.scratch[1] = slices_of(request.range);
  waiting_[(first_waiting_ + waiting_count_++) % most_outstanding] = &request;
  grant_waiting(now);
}

void Drive::grant_waiting(Duration now) {
  while (waiting_count_ != 0) {
    MediaRequest& request = *waiting_[first_waiting_];
    // A write larger than the buffer is let in when the buffer is its own; accept() then waits within it.
    const std::uint64_t room = release_.size() * geometry_.slots - ftl_.fill();
    const std::uint64_t slices = std::min(request.scratch[1], room);
    if (granted_ + slices > room) return;  // transferred() of those before will let it in
    const std::uint64_t page = sealed_ + (ftl_.fill() + granted_ + slices + geometry_.slots - 1) / geometry_.slots;
    const Duration ready = Duration::from_ps(static_cast<std::int64_t>(request.scratch[0]));
    const Duration free = page == 0 ? Duration{} : release_[(page - 1) % release_.size()];
    if (ready < free) statistics_.buffer_waits.add();
    const Duration at = max(max(now, intake_free_), max(ready, free));
    intake_free_ = at + write_rate_.time_for(static_cast<std::int64_t>(request.range.count * 512));
    granted_ += request.scratch[1];
    first_waiting_ = (first_waiting_ + 1) % most_outstanding;
    --waiting_count_;
    if (request.tag) request.tag->stamp(wire::Stage::media, at.ps());
    client_->may_transfer(request, at);
  }
}

void Drive::transferred(MediaRequest& request, Duration now) {
  if (request.op != MediaOp::write) return client_->complete(request, now);
  granted_ -= std::min(granted_, request.scratch[1]);
  Duration done = now;
  if (request.range.count != 0) {
    if (durability_) newest_ = durability_->accepted(request.range, false, now);
    done = max(now, accept(request.range, now));
    if (durability_ && protected_) durability_->persisted(request.range, newest_, done, done);
    if ((request.fua || !cache_on_) && !protected_) {
      if (ftl_.fill() != 0) seal(page_ready_, now);
      done = max(done, programs_end_) + flush_journal_;
    }
  }
  grant_waiting(now);
  client_->complete(request, done);
}

Duration Drive::accept(const LbaRange& range, Duration now) {
  const std::uint64_t end = range.lba + range.count, first = range.lba / slice_sectors, last = (end - 1) / slice_sectors;
  look_ahead_.drop(first / geometry_.slots, last / geometry_.slots);
  Duration accepted = now;
  for (std::uint64_t at = first; at <= last; ++at) {
    const bool partial = at * slice_sectors < range.lba || (end < (at + 1) * slice_sectors && end != geometry_.sectors);
    if (ftl_.fill() == 0) page_ready_ = Duration{};
    accepted = max(accepted, release_[sealed_ % release_.size()]);
    page_ready_ = max(page_ready_, accepted);
    if (partial) complete_partial(at, now);
    statistics_.slices_written.add();
    if (ftl_.write(static_cast<std::uint32_t>(at), now)) seal(page_ready_, now);
  }
  return accepted;
}

void Drive::complete_partial(std::uint64_t slice, Duration now) {
  const std::uint32_t spot = ftl_.find(static_cast<std::uint32_t>(slice));
  if (spot == none || ftl_.buffered(spot, now)) return;
  const std::uint32_t die = geometry_.die_of_block(geometry_.block_of(spot));
  page_ready_ = max(page_ready_, nand_.read(die, 1, now, now).end);
}

Duration Drive::seal(Duration ready, Duration now) {
  const Duration end = durability_ && !protected_ ? seal_and_report(ready, now) : ftl_.seal(ready, now);
  release_[sealed_++ % release_.size()] = end;
  programs_end_ = max(programs_end_, end);
  journal_due_ = true;
  return end;
}

/// A page that is interrupted while it is programmed is lost whole; what it replaces stays valid until then. Only one page is
/// being filled, so each slice in it is the newest.
Duration Drive::seal_and_report(Duration ready, Duration now) {
  std::uint32_t slices[max_slots];
  const std::uint32_t count = ftl_.fill();
  for (std::uint32_t slot = 0; slot < count; ++slot) slices[slot] = ftl_.filled(slot);
  const Duration end = ftl_.seal(ready, now);
  for (std::uint32_t slot = 0; slot < count; ++slot) {
    const std::uint64_t lba = std::uint64_t{slices[slot]} * slice_sectors;
    durability_->persisted({lba, std::min<std::uint64_t>(slice_sectors, geometry_.sectors - lba)}, newest_, end, end);
  }
  return end;
}

void Drive::submit_flush(MediaRequest& request, Duration now) {
  statistics_.flushes.add();
  Duration done = take_host_core(request, write_cpu_, now) + flush_latency_;
  if (!protected_) {
    if (ftl_.fill() != 0) seal(max(page_ready_, now), now);
    done = max(done, programs_end_);
    if (journal_due_) done += flush_journal_;
    journal_due_ = false;
  }
  client_->complete(request, done);
}

}  // namespace ahcisim::disk::ssd
