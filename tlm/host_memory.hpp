// SPDX-License-Identifier: MIT
// A host's part in what takes no time: a function's debug and direct accesses to memory, and the end of the latter.
#pragma once

#include <ahcisim/tlm/tlp.hpp>
#include <ahcisim/tlm/tlp_phases.hpp>

namespace ahcisim::wire {

/// Answers TLP_DEBUG and TLP_DIRECT out of the target behind `memory`.
template <class MemorySocket> void access_without_time(MemorySocket& memory, Tlp& tlp, const tlm::tlm_phase& phase) {
  tlm::tlm_generic_payload payload;
  payload.set_command(tlp.read() ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND);
  payload.set_address(tlp.address);
  payload.set_data_ptr(tlp.data);
  payload.set_data_length(tlp.length);
  payload.set_streaming_width(tlp.length);
  const bool done = phase == TLP_DIRECT ? memory->get_direct_mem_ptr(payload, *static_cast<tlm::tlm_dmi*>(tlp.initiator))
                                        : memory->transport_dbg(payload) == tlp.length;
  if (done) tlp.status = CompletionStatus::SC;
}

/// Tells the function that what it was given to access directly, from `first` to `last`, is so no more.
template <class LinkSocket> void end_direct_access(LinkSocket& link, sc_dt::uint64 first, sc_dt::uint64 last) {
  tlm::tlm_dmi range;
  range.set_start_address(first);
  range.set_end_address(last);
  Tlp tlp;
  tlp.initiator = &range;
  tlm::tlm_phase phase = TLP_DIRECT;
  sc_core::sc_time none;
  link->nb_transport_fw(tlp, phase, none);
}

/// The request that writes where `type` reads.
inline TlpType write_of(TlpType type) {
  return type == TlpType::MRd ? TlpType::MWr : type == TlpType::IORd ? TlpType::IOWr : TlpType::CfgWr0;
}

}  // namespace ahcisim::wire
