// SPDX-License-Identifier: MIT
// Writing stamps at random places.
#include <ahcisim/models/host/power_cut/stamping_workload.hpp>

#include <algorithm>

#include <ahcisim/models/host/power_cut/stamp.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {

using kit::Duration;

StampingWorkload::StampingWorkload(kit::Calendar& calendar, BlockDevice& device, const StampingOptions& options)
    : calendar_{calendar}, device_{device}, options_{options}, random_{options.seed, "stamping workload"}, slots_(options.depth) {
  if (options.depth == 0 || options.alignment == 0 || options.most_sectors < options.alignment ||
      options.region_sectors < options.most_sectors)
    throw kit::ConfigError{"stamping workload: give a depth, an alignment of at least 1, and a region that holds the largest write"};
  for (Slot& slot : slots_) slot.request.owner = this, slot.request.context = &slot;
  device_.listen(*this);
}

void StampingWorkload::ready(Duration at) {
  if (begun_) return;
  begun_ = true;
  started_ = last_answer_ = at;
  for (Slot& slot : slots_) next(slot, at);
}

void StampingWorkload::failed(const std::string& reason, Duration) {
  failure_ = reason;
  written_ = options_.writes;
  ended_with_flush_ = true;
  finish_if_done();
}

/// What a slot does next, at `at`: nothing while a barrier is up, or when all is written.
void StampingWorkload::next(Slot& slot, Duration at) {
  if (barrier_ || slot.busy) return;
  if (options_.flush_every != 0 && since_flush_ >= options_.flush_every) return flush(slot, at);
  if (written_ != options_.writes) return write(slot, at);
  const bool last = std::none_of(slots_.begin(), slots_.end(), [](const Slot& one) { return one.busy; });
  if (!last) return;
  if (options_.flush_every != 0 && !ended_with_flush_) {
    ended_with_flush_ = true;
    return flush(slot, at);
  }
  finish_if_done();
}

void StampingWorkload::write(Slot& slot, Duration at) {
  const std::uint64_t units = options_.most_sectors / options_.alignment;
  // Half of the writes are an eighth of the largest or less.
  const std::uint64_t sectors = random_.between(1, random_.between(0, 1) ? units : std::max<std::uint64_t>(1, units / 8)) * options_.alignment;
  Request& request = slot.request;
  request.op = IoRequest::Op::write;
  request.sectors = static_cast<std::uint32_t>(sectors);
  request.lba = options_.first_lba + random_.between(0, (options_.region_sectors - sectors) / options_.alignment) * options_.alignment;
  request.fua = random_.between(0, 99) < options_.fua_percent;
  request.with_data = true;
  ++written_, ++since_flush_;
  slot.number = history_.write_submitted(request.lba, request.sectors, request.fua || options_.stable_when_acknowledged, at);
  slot.busy = true;
  request.tag.open(++opened_);
  device_.submit(request, at);
}

void StampingWorkload::flush(Slot& slot, Duration at) {
  since_flush_ = 0;
  if (++flushes_ % 2 == 0) barrier_ = &slot;
  Request& request = slot.request;
  request.op = IoRequest::Op::flush;
  request.lba = request.sectors = 0;
  request.fua = request.with_data = false;
  slot.number = history_.flush_submitted(at);
  slot.busy = true;
  request.tag.open(++opened_);
  device_.submit(request, at);
}

void StampingWorkload::completed(Request& request, Duration at) {
  Slot& slot = *static_cast<Slot*>(request.context);
  const bool ok = request.status == RequestStatus::ok;
  errors_ += !ok;
  last_answer_ = kit::max(last_answer_, at);
  if (request.op == IoRequest::Op::flush) {
    if (ok) history_.flush_acknowledged(slot.number, at);
  } else if (ok) {
    history_.write_acknowledged(slot.number, at);
  } else {
    history_.write_failed(slot.number, at);
  }
  slot.busy = false;
  if (barrier_ == &slot) {
    barrier_ = nullptr;
    for (Slot& one : slots_)
      if (&one != &slot) next(one, at);
  }
  if (options_.longest_pause == Duration{}) return next(slot, at);
  const auto pause = random_.between(0, static_cast<std::uint64_t>(options_.longest_pause.ps()));
  calendar_.at<&StampingWorkload::wake>(at + Duration::from_ps(static_cast<std::int64_t>(pause)), this,
                                        static_cast<std::uint64_t>(&slot - slots_.data()));
}

void StampingWorkload::wake(std::uint64_t index) { next(slots_[index], calendar_.now()); }

void StampingWorkload::fill(const Request& request, std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) {
  const std::uint64_t version = static_cast<const Slot*>(request.context)->number;
  for (std::uint32_t done = 0; done < bytes; done += sector_bytes)
    write_stamp(data + done, request.lba + (offset + done) / sector_bytes, version);
}

void StampingWorkload::finish_if_done() {
  const bool busy = std::any_of(slots_.begin(), slots_.end(), [](const Slot& one) { return one.busy; });
  if (busy || finished_) return;
  finished_ = true;
  if (stop_when_finished_) calendar_.stop();
}

}  // namespace ahcisim::host
