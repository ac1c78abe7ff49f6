// SPDX-License-Identifier: MIT
// A PCI Express link: two directions that are booked, TLP by TLP or as trains, with credits, tags and ordering.
#pragma once

#include <systemc>

#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/kit/reserve.hpp>
#include <ahcisim/models/pcie/flow_control.hpp>
#include <ahcisim/models/pcie/link_parameters.hpp>
#include <ahcisim/models/pcie/link_timing.hpp>
#include <ahcisim/tlm/tlp.hpp>

namespace ahcisim::pcie {

/// Carries the TLP protocol of tlm/tlp.hpp between a root complex (`upstream`) and an endpoint (`downstream`) and adds the
/// time it takes. A forward BEGIN_REQ returns in `delay` when the request's first symbol was sent: a sender whose credits
/// are used up is held until then.
///
/// A transfer is booked as one train in each direction. Where tags or credits would make it wait, and with
/// fidelity = "tlp", every TLP is booked by itself.
class Link : public sc_core::sc_module {
 public:
  /// Throws kit::ConfigError for a width or size no link has.
  Link(const sc_core::sc_module_name& name, kit::Context& context, const LinkParameters& parameters);

  wire::TlpTargetSocket upstream;       ///< the root complex binds to it
  wire::TlpInitiatorSocket downstream;  ///< bind to the endpoint

  const LinkStatistics& statistics() const { return statistics_; }
  const LinkTiming& timing() const { return timing_; }

 protected:
  void start_of_simulation() override;

 private:
  struct Direction {
    Direction(kit::ProbeRegistry& probes, std::string track_name, Credits p, Credits n, Credits c, kit::Counter& tlp_count,
              kit::Counter& byte_count, kit::Counter& payload_count, kit::TimeSum& busy_time)
        : posted{std::move(p)}, nonposted{std::move(n)}, completion{std::move(c)}, track{probes, std::move(track_name)},
          tlps{tlp_count}, bytes{byte_count}, payload{payload_count}, busy{busy_time} {}
    kit::Reserve wire;
    PostedOrder order;
    Credits posted, nonposted, completion;
    kit::Duration latency;
    kit::Duration credit_loop;  // last symbol of a TLP sent to its credits back at the sender
    bool trains_wait = false;  // credits throttle trains of full TLPs
    kit::Track track;
    kit::Counter &tlps, &bytes, &payload;
    kit::TimeSum& busy;
    /// `length` of the time on the wire is these TLPs' own.
    void count(std::int64_t tlp_bytes, std::uint32_t payload_bytes, std::uint32_t tlp_count, kit::Duration length,
               const kit::Reserve::Interval& on_wire, const char* what) {
      tlps.add(tlp_count);
      bytes.add(static_cast<std::uint64_t>(tlp_bytes));
      payload.add(payload_bytes);
      busy.add(length);
      track.span(what, on_wire.begin, on_wire.end);
    }
  };
  using Interval = kit::Reserve::Interval;
  using SyncEnum = tlm::tlm_sync_enum;

  SyncEnum forward(wire::Tlp& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void forward_blocking(wire::Tlp& tlp, sc_core::sc_time& delay);
  unsigned forward_debug(wire::Tlp& tlp);
  SyncEnum backward(wire::Tlp& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void backward_blocking(wire::Tlp& tlp, sc_core::sc_time& delay);

  Interval send_request(Direction& way, const wire::Tlp& tlp, kit::Duration sent);
  Interval send_completion(Direction& way, const wire::Tlp& tlp, kit::Duration sent);
  Interval send_one(Direction& way, Credits& credits, kit::Duration sent, unsigned header, std::uint32_t payload, const char* what);
  Interval book(Direction& way, kit::Duration earliest, std::int64_t bytes, std::uint32_t payload, std::uint32_t tlps,
                const char* what);
  Interval book_in_gaps(Direction& way, kit::Duration earliest, kit::Duration length, std::uint32_t tlps);

  // link_trains.cpp
  Interval send_posted_train(Direction& way, const wire::Tlp& tlp, kit::Duration sent);
  Interval posted_stream(Direction& way, const wire::Tlp& tlp, kit::Duration sent, kit::Duration until);
  Interval posted_one_by_one(Direction& way, const wire::Tlp& tlp, kit::Duration sent);
  kit::Duration read_train(wire::Tlp& tlp, kit::Duration sent);
  kit::Duration read_one_by_one(wire::Tlp& tlp, kit::Duration sent);
  void limits_changed();

  kit::Context& context_;
  LinkTiming timing_;
  LinkStatistics statistics_;
  Direction up_, down_;
  Tags tags_;
  kit::Duration credit_return_;
  unsigned platform_payload_;
  std::uint64_t platform_tags_;
  bool one_by_one_;
};

}  // namespace ahcisim::pcie
