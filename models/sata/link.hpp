// SPDX-License-Identifier: MIT
// A Serial ATA link: two phys, two link layers and the cable between an HBA port and a device (Serial ATA 3.x, chapters 7
// to 9).
//
// A frame is computed whole, in the call that brings it: the link is booked, the receiver is called with the time of
// arrival, and the sender gets back when R_OK or R_ERR arrives. Only phy start-up and the loss of the link are events.
//
// COMRESET takes the link down at once: frames sent later end with Verdict::no_link. What was delivered with an arrival
// still to come is for the receiver to forget.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <systemc>

#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/kit/reserve.hpp>
#include <ahcisim/models/sata/errors.hpp>
#include <ahcisim/models/sata/link_timing.hpp>
#include <ahcisim/models/sata/statistics.hpp>
#include <ahcisim/models/sata/wire_image.hpp>
#include <ahcisim/tlm/frame.hpp>

namespace ahcisim::sata {

class Link : public sc_core::sc_module {
 public:
  /// `parameters` must outlive the link. Throws kit::ConfigError where the device's generations contradict.
  Link(const sc_core::sc_module_name& name, kit::Context& context, const LinkParameters& parameters);

  wire::FrameTargetSocket host{"host"};          ///< bind the HBA port's initiator socket to it
  wire::FrameInitiatorSocket device{"device"};   ///< bind it to the device; unbound: a cable with nothing on it

  /// Damages transmissions with one wrong bit: `times` of them, from the nth frame of the type (of any, where not given) in
  /// this direction on. A repetition after R_ERR counts as a transmission.
  void damage(Direction direction, std::optional<wire::FisType> type = {}, unsigned nth = 1, unsigned times = 1);
  /// Communication is lost at `when` (not in the past); it comes back with the next COMRESET.
  void lose_at(kit::Duration when);
  /// Communication is lost at `when`, and the device's phy is silent for `silence`: it hears no COMRESET. Then it starts
  /// communication anew with COMINIT, as one whose power or cable has come back.
  void lose_for(kit::Duration when, kit::Duration silence);
  /// The device loses synchronisation at `when` and starts communication anew with COMINIT (asynchronous signal recovery,
  /// Serial ATA 3.x, 8.4).
  void resynchronise_at(kit::Duration when);
  /// Shows every frame bit by bit; nullptr ends it.
  void observe(WireObserver* observer);

  /// Generation 1 … 3 while communication is established, else 0.
  unsigned generation() const { return up_ ? timing_.generation() : 0; }
  const LinkTiming& timing() const { return timing_; }
  const LinkStatistics& statistics() const { return statistics_; }

 private:
  enum class State : std::uint8_t { offline, comreset, awaiting, negotiating, mute, idle, host_frame, device_frame };
  struct Outage {
    kit::Duration when;
    bool recovers;
    kit::Duration silence;
  };
  /// A transmission's place in time.
  struct Booked {
    kit::Duration begin, stall;
  };

  ::tlm::tlm_sync_enum from_host(wire::Frame& frame, ::tlm::tlm_phase& phase, sc_core::sc_time& delay);
  ::tlm::tlm_sync_enum from_device(wire::Frame& frame, ::tlm::tlm_phase& phase, sc_core::sc_time& delay);

  // Frames (link.cpp).
  void send(Direction direction, wire::Frame& frame, sc_core::sc_time& delay);
  Booked book(DirectionStatistics& counts, const wire::Frame& frame, kit::Duration ready, const FrameTime& time);
  bool transmission_damaged(Direction direction, const wire::Frame& frame, bool hit);
  void deliver(Direction direction, wire::Frame& frame, const Booked& booked, const FrameTime& time, sc_core::sc_time& delay);
  void cut(Direction direction, wire::Frame& frame, kit::Duration when, sc_core::sc_time& delay);
  void refuse(wire::Frame& frame, const char* rule);
  void show(Direction direction, const wire::Frame& frame, kit::Duration begin, kit::Duration end);

  // Start-up and loss (phy.cpp).
  void comreset(wire::Frame& frame, const sc_core::sc_time& delay);
  void release(wire::Frame& frame, const sc_core::sc_time& delay);
  void go_offline(wire::Frame& frame, const sc_core::sc_time& delay);
  void cominit_seen(std::uint64_t epoch);
  void established(std::uint64_t epoch);
  void given_up(std::uint64_t epoch);
  void outage(std::uint64_t);
  void heard_again(std::uint64_t);
  void begin_anew();
  void schedule_outage(const Outage& outage);
  void take_down();
  bool device_listens(kit::Duration when) const;
  void tell_host(const ::tlm::tlm_phase& phase, kit::Duration when);
  void tell_device(const ::tlm::tlm_phase& phase, kit::Duration when);
  void enter(State state, kit::Duration when);

  // Bit-true trace (trace.cpp).
  void trace(Direction direction, const wire::Frame& frame, const Booked& booked, kit::Duration hold, wire::Verdict verdict);

  kit::Context& context_;
  const LinkParameters& parameters_;
  LinkTiming timing_;
  kit::Reserve line_;  // half duplex: one frame at a time, whatever its direction
  bool up_ = false;
  bool attention_ = false;  // a request for damage or an observer: look closer at every frame
  kit::Duration down_at_ = kit::Duration::never();
  LinkStatistics statistics_;
  ErrorSource errors_;
  WireObserver* observer_ = nullptr;
  Disparity disparity_[2] = {Disparity::minus, Disparity::minus};

  State state_ = State::offline;
  std::uint64_t epoch_ = 0;  // counts what makes a start-up under way void
  kit::Duration asserted_at_;
  unsigned speed_limit_ = 0;
  Negotiation negotiation_;
  std::vector<Outage> outages_;
  kit::Duration silent_until_;  // of the device's phy

  const std::string place_;
  kit::StateProbe state_probe_, speed_probe_;
  kit::Track tracks_[2];
};

}  // namespace ahcisim::sata
