// SPDX-License-Identifier: MIT
// A solid state drive as a medium: commands, reading, trimming.
#include <ahcisim/models/disk/ssd/drive.hpp>

#include <algorithm>

namespace ahcisim::disk::ssd {

using kit::Duration;

namespace {

void stamp(MediaRequest& request, wire::Stage stage, Duration at) {
  if (request.tag) request.tag->stamp(stage, at.ps());
}

std::uint64_t slice_of(std::uint64_t lba) { return lba / slice_sectors; }

}  // namespace

Drive::Drive(const SsdParameters& p)
    : read_cpu_{p.read_cpu()}, read_latency_{p.read_latency()}, look_up_{p.look_up()}, write_cpu_{p.write_cpu()}, write_latency_{p.write_latency()},
      random_write_latency_{p.random_write_latency()}, flush_latency_{p.flush_latency()}, flush_journal_{p.flush_journal()},
      trim_range_{p.trim_range()}, read_rate_{p.read_rate()}, write_rate_{p.write_rate()}, link_rate_{p.link_rate()},
      protected_{p.power_loss_protection()},
      look_ahead_units_{static_cast<std::uint32_t>(
          std::min<std::int64_t>(p.look_ahead().value / (p.page().value * p.planes()), Reader::most_units / 2))},
      buffer_bytes_{static_cast<std::uint32_t>(p.write_buffer().value)}, geometry_{geometry_of(p)},
      nand_{p, geometry_, statistics_}, ftl_{geometry_, p, nand_, statistics_}, flash_cores_free_(static_cast<std::size_t>(p.flash_cores())),
      release_(std::max<std::uint64_t>(2, buffer_bytes_ / geometry_.page_bytes())) {}

MediumFacts Drive::facts() const {
  MediumFacts facts;
  facts.sectors = geometry_.sectors;
  facts.trim = true;
  facts.form_factor = 3;
  facts.buffer_sectors = buffer_bytes_ / 512;
  return facts;
}

double Drive::write_amplification() const {
  if (statistics_.slices_written.value() == 0) return 0;
  return static_cast<double>(statistics_.pages_programmed.value()) * geometry_.slots /
         static_cast<double>(statistics_.slices_written.value());
}

void Drive::set_look_ahead(bool on) {
  look_ahead_on_ = on;
  look_ahead_.drop_all();
}

void Drive::abandon_all(Duration) {
  waiting_count_ = 0;
  granted_ = 0;
}

Duration Drive::take_host_core(MediaRequest& request, Duration length, Duration now) {
  const Duration start = max(now, host_core_free_);
  host_core_free_ = start + length;
  statistics_.cores_busy.add(length);
  stamp(request, wire::Stage::selected, start);
  return host_core_free_;
}

Duration Drive::take_flash_core(std::uint64_t slice, Duration from) {
  // A page of slices belongs to one core; the multiplication keeps regular strides from meeting only one.
  const std::uint64_t spread = (slice / geometry_.slots * 0x9E3779B97F4A7C15ull) >> 32;
  Duration& free = flash_cores_free_[spread * flash_cores_free_.size() >> 32];
  free = max(from, free) + look_up_;
  statistics_.cores_busy.add(look_up_);
  return free;
}

void Drive::submit(MediaRequest& request, Duration now) {
  request.arrived = now;
  switch (request.op) {
    case MediaOp::read:
    case MediaOp::verify: return submit_read(request, now);
    case MediaOp::write: return submit_write(request, now);
    case MediaOp::flush: return submit_flush(request, now);
    case MediaOp::trim: return submit_trim(request, now);
  }
}

void Drive::submit_read(MediaRequest& request, Duration now) {
  statistics_.reads.add();
  const Duration decoded = take_host_core(request, read_cpu_, now) + read_latency_;
  const LbaRange range = request.range;
  const bool verify = request.op == MediaOp::verify;
  if (range.count == 0) return client_->complete(request, decoded);
  const std::uint64_t first = slice_of(range.lba), last = slice_of(range.lba + range.count - 1);
  Reader* reader = look_ahead_on_ && look_ahead_units_ != 0 && !verify ? look_ahead_.match(range.lba, range.count) : nullptr;
  const Fetched fetched = reader ? fetch_ahead(*reader, first, last, decoded, now)
                                 : fetch(first, last, take_flash_core(first, decoded), now);
  if (fetched.die_start.ps() >= 0) stamp(request, wire::Stage::positioned, fetched.die_start);
  stamp(request, wire::Stage::media, fetched.ready);
  if (verify) return client_->complete(request, fetched.ready);
  client_->may_transfer(request, start_of_transfer(fetched.ready, range.count * 512, now));
}

Drive::Fetched Drive::fetch(std::uint64_t first, std::uint64_t last, Duration earliest, Duration now) {
  Fetched result{earliest};
  for (std::uint64_t at = first; at <= last;) {
    const std::uint32_t spot = ftl_.find(static_cast<std::uint32_t>(at));
    if (spot == none) {
      statistics_.unmapped_reads.add();
      ++at;
      continue;
    }
    // Neighbours that share the page come with one read of all its planes.
    const std::uint32_t room = geometry_.slots - spot % geometry_.slots;
    std::uint32_t run = 1;
    while (run != room && at + run <= last && ftl_.find(static_cast<std::uint32_t>(at + run)) == spot + run) ++run;
    at += run;
    if (ftl_.buffered(spot, earliest)) {
      statistics_.buffer_hits.add(run);
      continue;
    }
    const Nand::Done done = nand_.read(geometry_.die_of_block(geometry_.block_of(spot)), run, earliest, now);
    if (result.die_start.ps() < 0 || result.ready < done.end) result.die_start = done.start;
    result.ready = max(result.ready, done.end);
  }
  return result;
}

Drive::Fetched Drive::fetch_ahead(Reader& reader, std::uint64_t first, std::uint64_t last, Duration earliest, Duration now) {
  const std::uint64_t slots = geometry_.slots, all_units = (geometry_.slices - 1) / slots + 1;
  const std::uint64_t first_unit = first / slots, last_unit = last / slots;
  Fetched result{earliest};
  Duration looked_up = earliest;
  if (!reader.holds(first_unit)) reader.begin = reader.end = first_unit;
  const std::uint64_t goal = std::min(all_units, last_unit + 1 + look_ahead_units_);
  for (std::uint64_t unit = first_unit; unit < goal; ++unit) {
    const bool wanted = unit <= last_unit;
    if (unit < reader.end) {
      if (!wanted) {
        unit = reader.end - 1;  // nothing to do up to there
        continue;
      }
      statistics_.look_ahead_hits.add(std::min(last, unit * slots + slots - 1) - std::max(first, unit * slots) + 1);
    } else {
      const std::uint64_t end = std::min<std::uint64_t>(geometry_.slices, (unit + 1) * slots) - 1;
      if (wanted && looked_up == earliest) looked_up = take_flash_core(first, earliest);
      const Fetched fetched = fetch(unit * slots, end, looked_up, now);
      reader.ready_at(unit) = fetched.ready;
      reader.end = unit + 1;
      if (wanted && result.ready < fetched.ready) result.die_start = fetched.die_start;
    }
    if (wanted) result.ready = max(result.ready, reader.ready_at(unit));
  }
  reader.begin = last_unit;
  return result;
}

Duration Drive::start_of_transfer(Duration ready, std::uint64_t bytes, Duration now) {
  if (!(read_rate_ < link_rate_)) return ready;  // the link itself is the narrower
  const Duration length = read_rate_.time_for(static_cast<std::int64_t>(bytes));
  const Duration start = output_.reserve(ready, length, now);
  // A drive slower than the link fills ahead, so that the link does not run dry.
  return max(start, start + length - link_rate_.time_for(static_cast<std::int64_t>(bytes)));
}

void Drive::submit_trim(MediaRequest& request, Duration now) {
  statistics_.trims.add();
  for (std::uint32_t i = 0; i < request.trim_count; ++i) {
    const LbaRange range = request.trims[i];
    // A slice is given up where all of it is trimmed; what is trimmed in part still reads as the store says.
    const std::uint64_t first = (range.lba + slice_sectors - 1) / slice_sectors;
    const std::uint64_t end = range.lba + range.count == geometry_.sectors ? geometry_.slices : slice_of(range.lba + range.count);
    if (end <= first) continue;
    look_ahead_.drop(first / geometry_.slots, (end - 1) / geometry_.slots);
    statistics_.slices_trimmed.add(ftl_.trim(first, end - first));
  }
  const Duration done = take_host_core(request, write_cpu_ + trim_range_ * request.trim_count, now);
  for (std::uint32_t i = 0; i < request.trim_count; ++i) report_taken_safely(request.trims[i], true, now, done);
  client_->complete(request, done);
}

}  // namespace ahcisim::disk::ssd
