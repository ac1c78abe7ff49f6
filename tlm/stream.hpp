// SPDX-License-Identifier: MIT
// A generic-payload extension that tells when the bytes of a long transfer pass, so that a bridge can cut through instead
// of storing and forwarding. Ignorable: who does not know it sees an ordinary transaction.
#pragma once

#include <cstdint>

#include <tlm>

namespace ahcisim::wire {

/// Times in picoseconds since the start of the simulation; 0 = not given. The annotated delay of the call itself is when
/// the transfer may begin (the first byte is there, for a write); on return it is when the last byte has arrived.
struct StreamTiming : ::tlm::tlm_extension<StreamTiming> {
  std::int64_t source_end_ps = 0;  ///< write, set by the initiator: when the last byte is available at its side
  std::int64_t first_ps = 0;       ///< read, set by the bridge: when the first byte has arrived at the initiator
  ::tlm::tlm_extension_base* clone() const override { return new StreamTiming{*this}; }
  void copy_from(const ::tlm::tlm_extension_base& other) override {
    const auto& from = static_cast<const StreamTiming&>(other);
    source_end_ps = from.source_end_ps;
    first_ps = from.first_ps;
  }
};

}  // namespace ahcisim::wire
