// SPDX-License-Identifier: MIT
// The link layer: how a frame crosses, with flow control, errors and repetition.
#include <ahcisim/models/sata/link.hpp>

namespace ahcisim::sata {

Link::Link(const sc_core::sc_module_name& name, kit::Context& context, const LinkParameters& parameters)
    : sc_module{name}, context_{context}, parameters_{parameters}, timing_{parameters, 1},
      errors_{parameters.bit_error_rate().value, context.seed, std::string{this->name()} + ".bit_errors"}, place_{this->name()},
      state_probe_{context.probes, place_ + ".state", 3,
                   {"offline", "comreset", "awaiting", "negotiating", "mute", "idle", "host_frame", "device_frame"}},
      speed_probe_{context.probes, place_ + ".generation", 2, {"none", "1.5 Gb/s", "3 Gb/s", "6 Gb/s"}},
      tracks_{{context.probes, place_ + ".to_device"}, {context.probes, place_ + ".to_host"}} {
  if (parameters.device_lowest_generation() > parameters.device_generation())
    throw kit::ConfigError{"device_lowest_generation = " + parameters.device_lowest_generation.text() +
                           ": above device_generation; lower it, or raise device_generation"};
  host.on_nb_transport_fw<&Link::from_host>(this);
  device.on_nb_transport_bw<&Link::from_device>(this);
  context.stats.add(place_, statistics_);
}

::tlm::tlm_sync_enum Link::from_host(wire::Frame& frame, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == wire::SATA_FRAME) {
    send(Direction::to_device, frame, delay);
  } else if (phase == wire::SATA_COMRESET) {
    comreset(frame, delay);
  } else if (phase == wire::SATA_RELEASE) {
    release(frame, delay);
  } else if (phase == wire::SATA_OFFLINE) {
    go_offline(frame, delay);
  } else {
    context_.diagnostics.report(place_, "the host used a phase that is none of its own (frame.hpp)", context_.calendar.now());
  }
  return ::tlm::TLM_COMPLETED;
}

::tlm::tlm_sync_enum Link::from_device(wire::Frame& frame, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == wire::SATA_FRAME) {
    send(Direction::to_host, frame, delay);
  } else {
    context_.diagnostics.report(place_, "the device used a phase that is none of its own (frame.hpp)", context_.calendar.now());
  }
  return ::tlm::TLM_COMPLETED;
}

[[gnu::flatten]] void Link::send(Direction direction, wire::Frame& frame, sc_core::sc_time& delay) {
  frame.verdict = wire::Verdict::r_ok;
  frame.crc_error = false;
  frame.retries = 0;
  const bool data = frame.type() == wire::FisType::data;
  if (frame.fis_bytes - 1u >= sizeof frame.fis || frame.fis_bytes % 4 != 0)
    return refuse(frame, "a FIS that is not 1 to 7 dwords long (Serial ATA 3.x, 10.5)");
  if (data ? frame.payload_bytes - 1u >= wire::max_data_fis_bytes || frame.payload == nullptr || frame.fis_bytes != 4
           : frame.payload_bytes != 0)
    return refuse(frame, "a Data FIS without 1 to 2048 dwords, or payload in another FIS (Serial ATA 3.x, 10.5.12)");

  const kit::Duration ready = kit::max(context_.calendar.absolute(delay), context_.calendar.now());
  if (!up_) return cut(direction, frame, ready, delay);
  const std::int64_t fis = frame.fis_bytes / 4, payload = (frame.payload_bytes + 3) / 4;
  const std::int64_t bits = LinkTiming::framed(fis, payload) * 40;
  const FrameTime time = timing_.frame(fis, payload);
  DirectionStatistics& counts = statistics_.of(direction);
  Booked booked = book(counts, frame, ready, time);
  bool hit = errors_.pass(bits);
  for (auto left = parameters_.retries(); hit || attention_; --left) {
    if (!transmission_damaged(direction, frame, hit)) break;
    if (data) {
      frame.crc_error = true;
      break;
    }
    // Non-data FISes are repeated (10.6): to the receiver it is as if the damaged one had not been.
    const kit::Duration end = booked.begin + time.acknowledged;
    if (down_at_ < end) return cut(direction, frame, down_at_, delay);
    if (observer_) trace(direction, frame, booked, kit::Duration{}, wire::Verdict::r_err);
    if (left == 0) {
      counts.r_err.add();
      frame.verdict = wire::Verdict::r_err;
      delay = context_.calendar.annotate(end);
      return;
    }
    counts.retried.add();
    if (frame.retries != 0xff) ++frame.retries;
    booked = book(counts, frame, end, time);
    hit = errors_.pass(bits);
  }
  deliver(direction, frame, booked, time, delay);
}

Link::Booked Link::book(DirectionStatistics& counts, const wire::Frame& frame, kit::Duration ready, const FrameTime& time) {
  const kit::Duration now = context_.calendar.now();
  // R_OK is back one SYNC before the link is free: who sends on at once waits for that, no gap could take the frame.
  kit::Duration earliest = ready;
  const kit::Duration free = line_.busy_until();
  if (ready < free && free - ready <= time.released - time.acknowledged) earliest = free;
  kit::Duration stall;
  if (frame.source_end_ps != 0) {  // the sender fills with HOLD until its data is there (9.4)
    const kit::Duration begin = line_.first_fit(earliest, time.released);
    stall = kit::max(stall, kit::Duration::from_ps(frame.source_end_ps) - (begin + time.source));
  }
  const kit::Duration begin = line_.book(now, earliest, time.released + stall).begin;
  counts.busy.add(time.released + stall);
  counts.wait.add(begin - ready);
  counts.source_hold.add(stall);
  return {begin, stall};
}

/// Looks at one transmission closely. `hit`: the line inverted bits, errors_.positions() tells which.
bool Link::transmission_damaged(Direction direction, const wire::Frame& frame, bool hit) {
  DirectionStatistics& counts = statistics_.of(direction);
  if (errors_.due(direction, frame.fis[0]) && !hit) {
    errors_.invert_any(LinkTiming::framed(frame.fis_bytes / 4, (frame.payload_bytes + 3) / 4) * 40);
    hit = true;
  }
  attention_ = errors_.requested() || observer_ != nullptr;
  if (hit) {
    counts.damaged.add();
    // Several wrong bits may make a frame whose CRC is right, one in four thousand million of them; as the content could not
    // be told from the sender's here, that is counted with the CRC errors.
    if (receive_damaged(frame, errors_.positions()) == Noticed::code)
      counts.code_errors.add();
    else
      counts.crc_errors.add();
  }
  return hit;
}

void Link::deliver(Direction direction, wire::Frame& frame, const Booked& booked, const FrameTime& time, sc_core::sc_time& delay) {
  kit::Calendar& calendar = context_.calendar;
  const kit::Duration shift = booked.begin + booked.stall;
  const kit::Duration arrival = shift + time.arrival;
  if (down_at_ < arrival) return cut(direction, frame, down_at_, delay);
  frame.first_ps = (booked.begin + time.first).ps();
  ::tlm::tlm_phase phase = wire::SATA_FRAME;
  sc_core::sc_time at = calendar.annotate(arrival);
  const std::uint64_t epoch = epoch_;
  if (direction == Direction::to_device)
    device->nb_transport_fw(frame, phase, at);
  else
    host->nb_transport_bw(frame, phase, at);

  if (epoch != epoch_) return cut(direction, frame, calendar.absolute(at), delay);  // the receiver answered with COMRESET
  DirectionStatistics& counts = statistics_.of(direction);
  const kit::Duration wait = calendar.absolute(at) - arrival;
  kit::Duration hold;
  if (wait > kit::Duration{}) {  // the receiver sent HOLD
    hold = timing_.hold(wait);
    line_.book(calendar.now(), shift + time.released, hold);
    counts.busy.add(hold);
    counts.sink_hold.add(hold);
  }
  const kit::Duration end = shift + time.acknowledged + hold;
  if (down_at_ < end) return cut(direction, frame, down_at_, delay);
  if (frame.crc_error) frame.verdict = wire::Verdict::r_err;
  counts.frames[static_cast<std::size_t>(kind_of(frame.fis[0]))].add();
  counts.payload.add(frame.payload_bytes);
  if (frame.verdict == wire::Verdict::r_err) counts.r_err.add();
  if (observer_) trace(direction, frame, booked, hold, frame.verdict);
  if (tracks_[0].watched()) show(direction, frame, booked.begin, shift + time.released + hold);
  delay = calendar.annotate(end);
}

void Link::cut(Direction direction, wire::Frame& frame, kit::Duration when, sc_core::sc_time& delay) {
  frame.verdict = wire::Verdict::no_link;
  statistics_.of(direction).no_link.add();
  delay = context_.calendar.annotate(when);
}

void Link::refuse(wire::Frame& frame, const char* rule) {
  frame.verdict = wire::Verdict::r_err;
  statistics_.refused.add();
  context_.diagnostics.report(place_, rule, context_.calendar.now());
}

void Link::show(Direction direction, const wire::Frame& frame, kit::Duration begin, kit::Duration end) {
  tracks_[static_cast<unsigned>(direction)].span(name_of(kind_of(frame.fis[0])), begin, end, frame.tag ? frame.tag->id : 0);
  state_probe_.set(begin, static_cast<std::uint64_t>(direction == Direction::to_device ? State::host_frame : State::device_frame));
  state_probe_.set(end, static_cast<std::uint64_t>(State::idle));
}

void Link::damage(Direction direction, std::optional<wire::FisType> type, unsigned nth, unsigned times) {
  errors_.request(direction, type ? std::optional<std::uint8_t>{static_cast<std::uint8_t>(*type)} : std::nullopt, nth, times);
  attention_ = errors_.requested() || observer_ != nullptr;
}

void Link::observe(WireObserver* observer) {
  observer_ = observer;
  attention_ = errors_.requested() || observer_ != nullptr;
}

}  // namespace ahcisim::sata
