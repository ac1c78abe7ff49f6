// SPDX-License-Identifier: MIT
// A root complex with one root port: CPU accesses become requests, bus-master requests become memory accesses and
// interrupts.
#pragma once

#include <cstdint>
#include <deque>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <ahcisim/models/kit/address_map.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/kit/direct_memory.hpp>
#include <ahcisim/models/pcie/flow_control.hpp>
#include <ahcisim/models/pcie/root_complex_parameters.hpp>
#include <ahcisim/tlm/interrupt.hpp>
#include <ahcisim/tlm/tlp.hpp>

namespace ahcisim::pcie {

/// cpu, non-blocking: BEGIN_REQ with the delay at which the CPU issues the access.
///   A memory write is posted: TLM_COMPLETED, `delay` is when the CPU is free again.
///   Everything else: TLM_ACCEPTED, and later nb_transport_bw(BEGIN_RESP) whose `delay` is when the data (or the
///   completion of a configuration or I/O write) is at the CPU. No END_REQ and no END_RESP are exchanged.
/// cpu, blocking: the register is accessed at once and `delay` returns the whole time.
/// What nobody claims reads as all ones; an access outside all windows ends with TLM_ADDRESS_ERROR_RESPONSE. Accesses of 1
/// to 4096 bytes, without byte enables. Streaming is a string instruction at an I/O port: a width of 1, 2 or 4 and up to 128 KiB,
/// with wire::StringIo for the time the CPU needs from one element to the next.
class RootComplex : public sc_core::sc_module {
 public:
  /// Throws kit::ConfigError where windows overlap.
  RootComplex(const sc_core::sc_module_name& name, kit::Context& context, const RootComplexParameters& parameters);

  tlm_utils::simple_target_socket_optional<RootComplex> cpu;
  tlm_utils::simple_initiator_socket<RootComplex> memory;
  wire::TlpInitiatorSocket link;
  sc_core::sc_port<wire::CpuInterruptIf, 1, sc_core::SC_ZERO_OR_MORE_BOUND> cpu_interrupts;

  const RootComplexStatistics& statistics() const { return statistics_; }
  /// CPU address of a configuration register of the endpoint, and of an I/O port.
  std::uint64_t configuration_address(unsigned offset) const { return map_.configuration_address(offset); }
  std::uint64_t io_address(unsigned port) const { return map_.io_address(port); }

 protected:
  void end_of_elaboration() override;

 private:
  using Space = kit::AddressMap::Space;
  struct Outstanding {
    wire::Tlp tlp;
    tlm::tlm_generic_payload* payload = nullptr;
    kit::Duration issued;
    Outstanding* next_free = nullptr;
  };

  // CPU side
  tlm::tlm_sync_enum cpu_request(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void cpu_blocking(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned cpu_debug(tlm::tlm_generic_payload& payload);
  Space decode(std::uint64_t address, std::uint32_t length, wire::Tlp& tlp) const;
  Space prepare(tlm::tlm_generic_payload& payload, wire::Tlp& tlp);
  bool well_formed(tlm::tlm_generic_payload& payload, wire::Tlp& tlp) const;
  kit::Duration post(wire::Tlp& tlp, kit::Duration issued, bool blocking);
  tlm::tlm_sync_enum completion(wire::Tlp& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  kit::Duration finish(Outstanding& access, kit::Duration arrived);
  void answer_absent(std::uint64_t outstanding);
  Outstanding& take_outstanding();

  // bus-master side
  void bus_master(wire::Tlp& tlp, sc_core::sc_time& delay);
  void bus_master_memory(wire::Tlp& tlp, sc_core::sc_time& delay);
  void message(wire::Tlp& tlp, kit::Duration arrived);
  void without_time(wire::Tlp& tlp, tlm::tlm_phase& phase);
  void invalidate(sc_dt::uint64 first, sc_dt::uint64 last);

  kit::Context& context_;
  RootComplexStatistics statistics_;
  kit::Duration write_interval_, cpu_request_, cpu_completion_, memory_read_, memory_write_, message_delivery_;
  kit::AddressMap map_;
  kit::DirectMemory host_;
  PostedOrder order_;  // posted writes on their way from the root port into memory
  std::deque<Outstanding> pool_;  // those used stay where they are, and are used again
  Outstanding* free_ = nullptr;
  wire::CpuInterruptIf* interrupt_target_ = nullptr;  // what cpu_interrupts is bound to, or null
};

}  // namespace ahcisim::pcie
