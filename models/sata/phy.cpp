// SPDX-License-Identifier: MIT
// The two phys: COMRESET, COMINIT, COMWAKE, speed negotiation, and the loss of communication (Serial ATA 3.x, 8.4).
#include <ahcisim/models/sata/link.hpp>

#include <algorithm>

namespace ahcisim::sata {

void Link::comreset(wire::Frame& frame, const sc_core::sc_time& delay) {
  const kit::Duration when = context_.calendar.absolute(delay);
  take_down();
  statistics_.resets.add();
  asserted_at_ = when;
  speed_limit_ = frame.speed_limit;
  enter(State::comreset, when);
  if (device_listens(when)) tell_device(wire::SATA_COMRESET, when);
}

void Link::release(wire::Frame& frame, const sc_core::sc_time& delay) {
  const kit::Duration when = context_.calendar.absolute(delay);
  if (state_ != State::comreset && state_ != State::offline) return;  // nothing is held that could be released
  if (state_ == State::offline) {  // power-on, or the phy is switched on again: it begins with a COMRESET of its own
    asserted_at_ = when;
    speed_limit_ = frame.speed_limit;
  }
  take_down();
  enter(State::awaiting, when);
  if (!device.bound() || parameters_.device() == "absent" || when < silent_until_) return;
  const kit::Duration seen = OobTiming{parameters_}.cominit_seen(asserted_at_, when);
  context_.calendar.at<&Link::cominit_seen>(seen, this, epoch_);
}

void Link::go_offline(wire::Frame&, const sc_core::sc_time& delay) {
  const kit::Duration when = context_.calendar.absolute(delay);
  take_down();
  enter(State::offline, when);
  if (device_listens(when)) tell_device(wire::SATA_OFFLINE, when);
}

void Link::cominit_seen(std::uint64_t epoch) {
  if (epoch != epoch_) return;
  const kit::Duration now = context_.calendar.now();
  const OobTiming oob{parameters_};
  enter(State::negotiating, now);
  negotiation_ = negotiate(parameters_, speed_limit_);
  if (parameters_.device() == "mute" || negotiation_.generation == 0)
    context_.calendar.at<&Link::given_up>(now + oob.given_up(), this, epoch);
  else
    context_.calendar.at<&Link::established>(now + oob.established(negotiation_), this, epoch);
}

void Link::established(std::uint64_t epoch) {
  if (epoch != epoch_) return;
  const kit::Duration now = context_.calendar.now();
  timing_ = LinkTiming{parameters_, negotiation_.generation};
  disparity_[0] = disparity_[1] = Disparity::minus;
  up_ = true;
  statistics_.established.add();
  enter(State::idle, now);
  speed_probe_.set(now, negotiation_.generation);
  tell_host(wire::SATA_PHYRDY, now);
  if (epoch == epoch_) tell_device(wire::SATA_PHYRDY, now);  // the host may have answered with COMRESET
}

void Link::given_up(std::uint64_t epoch) {
  if (epoch != epoch_) return;
  const kit::Duration now = context_.calendar.now();
  enter(State::mute, now);
  tell_host(wire::SATA_PRESENCE, now);
}

void Link::lose_at(kit::Duration when) { schedule_outage({when, false, {}}); }
void Link::lose_for(kit::Duration when, kit::Duration silence) { schedule_outage({when, true, silence}); }
void Link::resynchronise_at(kit::Duration when) { schedule_outage({when, true, {}}); }

void Link::schedule_outage(const Outage& outage) {
  const kit::Duration when = kit::max(outage.when, context_.calendar.now());
  const auto place = std::upper_bound(outages_.begin(), outages_.end(), when,
                                      [](kit::Duration t, const Outage& other) { return t < other.when; });
  outages_.insert(place, {when, outage.recovers, outage.silence});
  down_at_ = outages_.front().when;
  context_.calendar.at<&Link::outage>(when, this);
}

void Link::outage(std::uint64_t) {
  const Outage event = outages_.front();
  outages_.erase(outages_.begin());
  down_at_ = outages_.empty() ? kit::Duration::never() : outages_.front().when;
  if (!up_) return;
  const kit::Duration now = context_.calendar.now();
  take_down();
  statistics_.lost.add();
  enter(State::awaiting, now);
  silent_until_ = now + event.silence;
  const std::uint64_t epoch = epoch_;
  tell_host(wire::SATA_PHYLOST, now);
  tell_device(wire::SATA_PHYLOST, now);
  if (event.silence > kit::Duration{})
    context_.calendar.at<&Link::heard_again>(silent_until_, this);
  else if (event.recovers && epoch == epoch_)
    begin_anew();
}

/// The device's phy works again; the host may meanwhile have waited in vain, or keep COMRESET up.
void Link::heard_again(std::uint64_t) {
  if (context_.calendar.now() >= silent_until_ && state_ == State::awaiting) begin_anew();
}

/// The device's COMINIT, unasked.
void Link::begin_anew() {
  const kit::Duration seen = context_.calendar.now() + parameters_.cominit_response() + OobTiming{parameters_}.cominit();
  context_.calendar.at<&Link::cominit_seen>(seen, this, epoch_);
}

void Link::take_down() {
  if (up_) speed_probe_.set(context_.calendar.now(), 0);
  up_ = false;
  ++epoch_;
  line_.clear();
}

/// Whether there is a device with power and a working phy.
bool Link::device_listens(kit::Duration when) const {
  return parameters_.device() == "present" && when >= kit::max(parameters_.power_on(), silent_until_);
}

void Link::tell_host(const ::tlm::tlm_phase& phase, kit::Duration when) {
  wire::Frame frame;
  frame.speed = static_cast<std::uint8_t>(generation());
  ::tlm::tlm_phase copy = phase;
  sc_core::sc_time delay = context_.calendar.annotate(when);
  if (host.bound()) host->nb_transport_bw(frame, copy, delay);
}

void Link::tell_device(const ::tlm::tlm_phase& phase, kit::Duration when) {
  wire::Frame frame;
  frame.speed = static_cast<std::uint8_t>(generation());
  frame.speed_limit = static_cast<std::uint8_t>(speed_limit_);
  ::tlm::tlm_phase copy = phase;
  sc_core::sc_time delay = context_.calendar.annotate(when);
  if (device.bound()) device->nb_transport_fw(frame, copy, delay);
}

void Link::enter(State state, kit::Duration when) {
  state_ = state;
  state_probe_.set(when, static_cast<std::uint64_t>(state));
}

}  // namespace ahcisim::sata
