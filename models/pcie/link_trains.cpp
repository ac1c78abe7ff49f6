// SPDX-License-Identifier: MIT
// Transfers of many TLPs: computed as one train, or TLP by TLP where tags or credits make them wait.
#include <ahcisim/models/pcie/link.hpp>

namespace ahcisim::pcie {

using kit::Duration;
using wire::Tlp;

namespace {

// When `bytes` of a write's payload are there, its source delivering evenly from `from` to `until`.
Duration available(Duration from, Duration until, std::uint32_t bytes, std::uint32_t all) {
  return from + Duration::from_ps(static_cast<std::int64_t>(static_cast<double>((until - from).ps()) * bytes / all));
}

}  // namespace

void Link::limits_changed() {
  const unsigned payload = timing_.max_payload();
  const Duration round_trip = up_.latency + down_.latency + credit_return_;
  for (Direction* way : {&up_, &down_}) {
    const Duration tlp = timing_.wire(timing_.request_bytes(0) + payload);
    way->trains_wait = way->posted.binds(payload / 16, tlp, tlp + round_trip) ||
                       way->completion.binds(payload / 16, tlp, tlp + round_trip);
  }
}

Link::Interval Link::send_posted_train(Direction& way, const Tlp& tlp, Duration sent) {
  if (one_by_one_ || way.trains_wait) return posted_one_by_one(way, tlp, sent);
  const Duration until = Duration::from_ps(tlp.source_end_ps);
  if (sent < until) return posted_stream(way, tlp, sent, until);
  const std::uint32_t padded = LinkTiming::padded(tlp.address, tlp.length);
  const std::uint32_t count = LinkTiming::blocks(tlp.address, tlp.length, timing_.max_payload());
  const std::int64_t bytes = std::int64_t{count} * timing_.request_bytes(tlp.address) + padded;
  const Interval on_wire = book(way, way.order.not_before(sent), bytes, padded, count, "MWr");
  way.order.record(sent, on_wire.end);
  return on_wire;
}

// A write whose source is slower than the link: short trains, each closing up on its last TLP, so that others find the
// link free in between.
[[gnu::flatten]] Link::Interval Link::posted_stream(Direction& way, const Tlp& tlp, Duration sent, Duration until) {
  constexpr std::uint32_t tlps_a_train = 4;
  const std::uint32_t step = tlps_a_train * timing_.max_payload(), header = timing_.request_bytes(tlp.address);
  const std::uint64_t end = tlp.address + tlp.length;
  Interval all{Duration::never(), Duration{}};
  Duration ready = sent;
  LinkTiming::Train train;
  for (std::uint64_t at = tlp.address; at < end;) {
    const std::uint64_t next = std::min<std::uint64_t>(end, (at + step) & ~std::uint64_t{step - 1});
    if (next - at != step || train.data != step) train = timing_.train(at, static_cast<std::uint32_t>(next - at), header);
    ready = available(sent, until, static_cast<std::uint32_t>(next - tlp.address), tlp.length);
    const Duration begin = kit::max(kit::max(sent, ready - train.before_last), all.end);
    const Interval on_wire = book_in_gaps(way, way.order.not_before(begin), train.length, train.tlps);
    way.count(train.bytes, train.payload, train.tlps, train.length, on_wire, "MWr");
    all = {kit::min(all.begin, on_wire.begin), on_wire.end};
    at = next;
  }
  way.order.record(ready, all.end);
  return all;
}

// A train takes what is free: where others have bookings ahead, its TLPs fill the gaps between them.
Link::Interval Link::book_in_gaps(Direction& way, Duration earliest, Duration length, std::uint32_t tlps) {
  const Duration now = context_.calendar.now();
  if (tlps <= 1 || earliest >= way.wire.busy_until()) return way.wire.book(now, earliest, length);
  Interval all{Duration::never(), Duration{}};
  for (; tlps > 0; --tlps) {
    const Duration one = length / tlps;
    const bool together = tlps == 1 || way.wire.first_fit(earliest, one) == way.wire.first_fit(earliest, length);
    const Interval piece = way.wire.book(now, earliest, together ? length : one);
    all = {kit::min(all.begin, piece.begin), piece.end};
    if (together) break;
    earliest = piece.end;
    length -= one;
  }
  return all;
}

Link::Interval Link::posted_one_by_one(Direction& way, const Tlp& tlp, Duration sent) {
  const Duration until = kit::max(sent, Duration::from_ps(tlp.source_end_ps));
  const std::uint32_t block = timing_.max_payload();
  const std::uint64_t end = tlp.address + tlp.length;
  Interval all{Duration::never(), Duration{}};
  Duration ready = sent;
  for (std::uint64_t at = tlp.address; at < end;) {
    const std::uint64_t next = std::min<std::uint64_t>(end, (at + block) & ~std::uint64_t{block - 1});
    const auto bytes = static_cast<std::uint32_t>(next - at);
    ready = available(sent, until, static_cast<std::uint32_t>(next - tlp.address), tlp.length);
    const Interval on_wire = send_one(way, way.posted, kit::max(ready, all.end), timing_.request_bytes(at),
                                      LinkTiming::padded(at, bytes), "MWr");
    all = {kit::min(all.begin, on_wire.begin), on_wire.end};
    at = next;
  }
  way.order.record(ready, all.end);
  return all;
}

// The completions are more bytes than the requests in every case, so the first request's way decides when they begin
// and the wire when they end.
[[gnu::flatten]] Duration Link::read_train(Tlp& tlp, Duration sent) {
  const std::uint32_t requests = LinkTiming::blocks(tlp.address, tlp.length, timing_.max_read_request());
  if (!tags_.available(requests, sent) || down_.trains_wait) return read_one_by_one(tlp, sent);
  const unsigned header = timing_.request_bytes(tlp.address);
  const Duration free = up_.order.not_before(sent);
  const Duration granted = up_.nonposted.take(context_.calendar.now(), free, 0);
  if (free < granted) statistics_.credit_stalls.add();
  const Interval asked = book(up_, granted, std::int64_t{requests} * header, 0, requests, "MRd");
  const Duration first_request = (requests == 1 ? asked.end : asked.begin + timing_.wire(header)) + up_.latency;
  up_.nonposted.release(first_request + credit_return_ + down_.latency);

  sc_core::sc_time memory = context_.calendar.annotate(first_request);
  upstream->b_transport(tlp, memory);
  const Duration ready = down_.order.not_before(context_.calendar.absolute(memory));
  const bool data = tlp.status == wire::CompletionStatus::SC;
  const std::uint32_t payload = data ? LinkTiming::padded(tlp.address, tlp.length) : 0;
  const std::uint32_t completions = data ? timing_.completions(tlp.address, tlp.length) : requests;
  const Interval answered = book(down_, ready, std::int64_t{completions} * timing_.completion_bytes() + payload, payload,
                                 completions, data ? "CplD" : "Cpl");
  const Duration length = answered.end - answered.begin;
  const Duration first = completions == 1 ? answered.end : answered.begin + length / completions;
  tlp.first_ps = (first + down_.latency).ps();
  const Duration end = answered.end + down_.latency;
  for (std::uint32_t left = requests; left-- > 1;) tags_.take(end - length * left / requests);
  tags_.take(end);
  return end;
}

Duration Link::read_one_by_one(Tlp& tlp, Duration sent) {
  const std::uint64_t end = tlp.address + tlp.length, block = timing_.max_read_request();
  Duration asked = sent, memory, answered;
  for (std::uint64_t at = tlp.address; at < end;) {
    const std::uint64_t request_end = std::min(end, (at + block) & ~(block - 1));
    const bool first = at == tlp.address;
    if (asked < tags_.next_free()) statistics_.tag_stalls.add();
    const Interval request = send_one(up_, up_.nonposted, kit::max(asked, tags_.next_free()), timing_.request_bytes(at), 0, "MRd");
    asked = request.end;
    if (first) {
      sc_core::sc_time delay = context_.calendar.annotate(request.end + up_.latency);
      upstream->b_transport(tlp, delay);
      memory = context_.calendar.absolute(delay) - (request.end + up_.latency);
    }
    const bool data = tlp.status == wire::CompletionStatus::SC;
    const Duration ready = request.end + up_.latency + memory;
    while (at < request_end) {
      const std::uint64_t next = data ? timing_.completion_end(at, request_end) : request_end;
      const std::uint32_t payload = data ? LinkTiming::padded(at, static_cast<std::uint32_t>(next - at)) : 0;
      const bool very_first = at == tlp.address;
      answered = send_one(down_, down_.completion, kit::max(ready, answered), timing_.completion_bytes(), payload,
                          data ? "CplD" : "Cpl").end;
      if (very_first) tlp.first_ps = (answered + down_.latency).ps();
      at = next;
    }
    tags_.take(answered + down_.latency);
  }
  return answered + down_.latency;
}

}  // namespace ahcisim::pcie
