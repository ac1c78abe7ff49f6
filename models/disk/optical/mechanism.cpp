// SPDX-License-Identifier: MIT
// Tray, spindle, head, read-ahead.
#include <ahcisim/models/disk/optical/mechanism.hpp>

#include <algorithm>

#include <ahcisim/models/disk/optical/disc.hpp>

namespace ahcisim::disk::optical {
namespace {

using kit::Duration;

std::uint64_t ecc_begin(std::uint64_t block) { return block / ecc_blocks * ecc_blocks; }
std::uint64_t ecc_end(std::uint64_t block) { return ecc_begin(block + ecc_blocks - 1); }

}  // namespace

Mechanism::Mechanism(const OpticalParameters& parameters, MechanismClient& client)
    : parameters_{parameters}, timing_{parameters},
      buffer_blocks_{ecc_begin(static_cast<std::uint64_t>(parameters.buffer().value) / block_bytes)}, client_{client} {}

void Mechanism::move_tray(Tray towards, Duration now) {
  tray_ = towards;
  change_ = now + parameters_.tray_time();
}

void Mechanism::open(Duration now) {
  close_when_open_ = false;
  if (tray_ == Tray::open || tray_ == Tray::opening) return;
  ready_ = recognising_ = spinning_ = false;
  move_tray(Tray::opening, now);
  client_.disc_leaves();
}

void Mechanism::close(Duration now) {
  if (tray_ == Tray::open) move_tray(Tray::closing, now);
  if (tray_ == Tray::opening) close_when_open_ = true;
}

void Mechanism::power_on(Duration now) {
  tray_ = Tray::closed;
  change_ = Duration::never();
  ready_ = spinning_ = close_when_open_ = false;
  recognise(now);
}

void Mechanism::recognise(Duration now) {
  recognising_ = disc_ != nullptr;
  if (recognising_) change_ = now + parameters_.recognition() + parameters_.spin_up();
}

void Mechanism::advance(Duration now) {
  if (now < change_) return;
  change_ = Duration::never();
  if (tray_ == Tray::opening) {
    tray_ = Tray::open;
    const bool go_in = close_when_open_;
    close_when_open_ = false;
    client_.tray_is_out(now);
    if (go_in) close(now);
  } else if (tray_ == Tray::closing) {
    tray_ = Tray::closed;
    recognise(now);
  } else if (recognising_) {
    recognising_ = false;
    ready_ = spinning_ = true;
    blocks_ = static_cast<std::uint32_t>(disc_->sectors() / sectors_per_block);
    kept_ = first_ = end_ = 0;
    begin_ = now;
    statistics_.spin_ups.add();
    statistics_.discs.add();
    client_.disc_ready();
  }
  client_.moved(now);
}

Duration Mechanism::start(Duration now) {
  if (spinning_) return now;
  spinning_ = true;
  statistics_.spin_ups.add();
  return now + parameters_.spin_up();
}

/// As far as the head reads before it waits: the buffer full of what lies behind the host's place, or the end of the disc.
std::uint64_t Mechanism::read_ahead_end(std::uint64_t host_end) const {
  return std::min<std::uint64_t>(ecc_begin(host_end) + buffer_blocks_, ecc_end(blocks_));
}

/// The ECC block that the head is within, or the end of the stream.
std::uint64_t Mechanism::head_at(Duration now) const {
  std::uint64_t low = first_ / ecc_blocks, high = end_ / ecc_blocks;
  while (low < high) {
    const std::uint64_t middle = (low + high + 1) / 2;
    if (begin_ + timing_.read_time(first_, middle * ecc_blocks) <= now) low = middle;
    else high = middle - 1;
  }
  return low * ecc_blocks;
}

void Mechanism::begin_stream(std::uint64_t block, Duration when) {
  first_ = ecc_begin(block);
  begin_ = when;
}

void Mechanism::read(std::uint32_t block, std::uint32_t count, Duration now) {
  const bool rested = !spinning_;
  now = start(now);
  const std::uint64_t last = std::uint64_t{block} + count, wanted_end = ecc_end(last), head = head_at(now);
  const std::uint64_t oldest = std::max(kept_, head > buffer_blocks_ ? head - buffer_blocks_ : 0);
  // To read on to a place is faster than a seek to it, where it is not far.
  const bool on_the_way = block >= head && timing_.read_time(head, block) < parameters_.short_seek();
  if (!rested && ((block >= oldest && block < head) || on_the_way)) {
    statistics_.buffer_hits.add();
    if (wanted_end > end_ && head == end_) {  // it has been waiting on its track
      kept_ = oldest;
      begin_stream(end_, now + timing_.rotational_wait(end_, now));
    }
    end_ = std::max({end_, wanted_end, read_ahead_end(last)});
    return;
  }
  const Duration there = seek(block, now);
  statistics_.seeks.add();
  statistics_.seek_time.add(there - now);
  kept_ = ecc_begin(block);
  end_ = std::max(wanted_end, read_ahead_end(last));
}

Duration Mechanism::seek(std::uint32_t block, Duration now) {
  now = start(now);
  const std::uint64_t target = ecc_begin(block);
  Duration there = now + timing_.seek_time(head_at(now), target);
  there = there + timing_.rotational_wait(target, there);
  begin_stream(target, there);
  kept_ = end_ = first_;
  return there;
}

Duration Mechanism::in_buffer(std::uint32_t block) const {
  const std::uint64_t end = ecc_end(std::uint64_t{block} + 1);
  return end <= first_ ? Duration{} : begin_ + timing_.read_time(first_, end);
}

}  // namespace ahcisim::disk::optical
