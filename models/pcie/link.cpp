// SPDX-License-Identifier: MIT
// The link's sockets: requests down, completions up, bus-master accesses up and their completions down.
#include <ahcisim/models/pcie/link.hpp>

#include <ahcisim/tlm/tlp_phases.hpp>

namespace ahcisim::pcie {

using kit::Duration;
using wire::Tlp;
using wire::TlpType;

namespace {
Credits credits(const kit::Parameter<std::int64_t>& headers, std::int64_t data) {
  return {static_cast<std::uint32_t>(headers()), static_cast<std::uint32_t>(data)};
}
}  // namespace

Link::Link(const sc_core::sc_module_name& name, kit::Context& context, const LinkParameters& p)
    : sc_module{name}, upstream{"upstream"}, downstream{"downstream"}, context_{context}, timing_{p},
      up_{context.probes, std::string{this->name()} + ".up", credits(p.root_posted_headers, p.root_posted_data()),
          credits(p.root_nonposted_headers, 0), credits(p.root_completion_headers, p.root_completion_data()),
          statistics_.upstream_tlps, statistics_.upstream_bytes, statistics_.upstream_payload, statistics_.upstream_busy},
      down_{context.probes, std::string{this->name()} + ".down",
            credits(p.endpoint_posted_headers, p.endpoint_posted_data()), credits(p.endpoint_nonposted_headers, 0),
            credits(p.endpoint_completion_headers, p.endpoint_completion_data()), statistics_.downstream_tlps,
            statistics_.downstream_bytes, statistics_.downstream_payload, statistics_.downstream_busy},
      tags_{static_cast<std::size_t>(p.tags())}, credit_return_{p.credit_return()},
      platform_payload_{timing_.max_payload()}, platform_tags_{static_cast<std::uint64_t>(p.tags())}, one_by_one_{p.fidelity() == "tlp"} {
  up_.latency = p.upstream_latency();
  down_.latency = p.downstream_latency();
  up_.credit_loop = down_.credit_loop = up_.latency + down_.latency + credit_return_;
  limits_changed();
  context.stats.add(this->name(), statistics_);
  upstream.on_nb_transport_fw<&Link::forward>(this);
  upstream.on_b_transport<&Link::forward_blocking>(this);
  upstream.on_transport_dbg<&Link::forward_debug>(this);
  downstream.on_nb_transport_bw<&Link::backward>(this);
  downstream.on_b_transport<&Link::backward_blocking>(this);
}

void Link::start_of_simulation() {
  Tlp trained;
  trained.address = timing_.generation() | timing_.lanes() << 8;
  trained.length = timing_.max_payload();
  trained.first_ps = timing_.max_read_request();
  tlm::tlm_phase phase = wire::TLP_TRAINED;
  sc_core::sc_time none;
  downstream->nb_transport_fw(trained, phase, none);
}

Link::Interval Link::book(Direction& way, Duration earliest, std::int64_t bytes, std::uint32_t payload, std::uint32_t tlps,
                          const char* what) {
  const Duration length = timing_.wire(bytes);
  const Interval on_wire = book_in_gaps(way, earliest, length, tlps);
  way.count(bytes, payload, tlps, length, on_wire, what);
  return on_wire;
}

Link::Interval Link::send_one(Direction& way, Credits& credits, Duration sent, unsigned header, std::uint32_t payload,
                              const char* what) {
  const Duration now = context_.calendar.now();
  const Duration free = way.order.not_before(sent);
  const Duration granted = credits.take(now, free, (payload + 15) / 16);
  if (free < granted) statistics_.credit_stalls.add();
  const std::uint32_t bytes = header + payload;
  const Duration length = timing_.wire(bytes);
  const Interval on_wire = way.wire.book(now, granted, length);
  way.count(bytes, payload, 1, length, on_wire, what);
  credits.release(on_wire.end + way.credit_loop);
  return on_wire;
}

Link::Interval Link::send_request(Direction& way, const Tlp& tlp, Duration sent) {
  if (tlp.type == TlpType::MWr) {
    if (LinkTiming::blocks(tlp.address, tlp.length, timing_.max_payload()) != 1) return send_posted_train(way, tlp, sent);
    const Duration ready = kit::max(sent, Duration::from_ps(tlp.source_end_ps));
    const Interval on_wire = send_one(way, way.posted, ready, timing_.request_bytes(tlp.address),
                                      LinkTiming::padded(tlp.address, tlp.length), wire::name_of(tlp.type));
    way.order.record(ready, on_wire.end);
    return on_wire;
  }
  if (tlp.type == TlpType::Msg) {
    const Interval on_wire = send_one(way, way.posted, sent, timing_.message_bytes(), 0, "Msg");
    way.order.record(sent, on_wire.end);
    return on_wire;
  }
  const std::uint32_t payload = tlp.read() ? 0 : LinkTiming::padded(tlp.address, tlp.extent());
  return send_one(way, way.nonposted, sent, timing_.request_bytes(tlp.type == TlpType::MRd ? tlp.address : 0), payload, wire::name_of(tlp.type));
}

Link::Interval Link::send_completion(Direction& way, const Tlp& tlp, Duration sent) {
  const bool data = tlp.read() && tlp.status == wire::CompletionStatus::SC;
  const std::uint32_t payload = data ? LinkTiming::padded(tlp.address, tlp.extent()) : 0;
  return send_one(way, way.completion, sent, timing_.completion_bytes(), payload, data ? "CplD" : "Cpl");
}

[[gnu::flatten]] Link::SyncEnum Link::forward(Tlp& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase != tlm::BEGIN_REQ) return downstream->nb_transport_fw(tlp, phase, delay);
  const Interval on_wire = send_request(down_, tlp, context_.calendar.absolute(delay));
  sc_core::sc_time arrival = context_.calendar.annotate(on_wire.end + down_.latency);
  const bool posted = tlp.posted();
  downstream->nb_transport_fw(tlp, phase, arrival);
  delay = context_.calendar.annotate(on_wire.begin);
  return posted ? tlm::TLM_COMPLETED : tlm::TLM_ACCEPTED;
}

void Link::forward_blocking(Tlp& tlp, sc_core::sc_time& delay) {
  const Interval on_wire = send_request(down_, tlp, context_.calendar.absolute(delay));
  sc_core::sc_time far = context_.calendar.annotate(on_wire.end + down_.latency);
  const bool posted = tlp.posted();
  downstream->b_transport(tlp, far);
  if (posted) {
    delay = context_.calendar.annotate(on_wire.begin);
    return;
  }
  const Interval back = send_completion(up_, tlp, context_.calendar.absolute(far));
  delay = context_.calendar.annotate(back.end + up_.latency);
}

unsigned Link::forward_debug(Tlp& tlp) { return downstream->transport_dbg(tlp); }

[[gnu::flatten]] Link::SyncEnum Link::backward(Tlp& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == tlm::BEGIN_RESP) {
    const Interval on_wire = send_completion(up_, tlp, context_.calendar.absolute(delay));
    delay = context_.calendar.annotate(on_wire.end + up_.latency);
  } else if (phase == wire::TLP_LIMITS) {
    timing_.set_limits(std::min(tlp.length, platform_payload_), static_cast<unsigned>(tlp.first_ps));
    tags_.limit(static_cast<std::size_t>(std::min(tlp.address, platform_tags_)));
    limits_changed();
    return tlm::TLM_COMPLETED;
  }
  return upstream->nb_transport_bw(tlp, phase, delay);
}

[[gnu::flatten]] void Link::backward_blocking(Tlp& tlp, sc_core::sc_time& delay) {
  const Duration sent = context_.calendar.absolute(delay);
  if (!tlp.posted()) {
    delay = context_.calendar.annotate(one_by_one_ ? read_one_by_one(tlp, sent) : read_train(tlp, sent));
    return;
  }
  const Interval on_wire = send_request(up_, tlp, sent);
  delay = context_.calendar.annotate(on_wire.end + up_.latency);
  upstream->b_transport(tlp, delay);
}

}  // namespace ahcisim::pcie
