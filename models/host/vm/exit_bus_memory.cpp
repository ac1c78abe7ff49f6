// SPDX-License-Identifier: MIT
// The device's side of an exit bus: guest memory and interrupt messages.
#include <ahcisim/models/host/vm/exit_bus.hpp>

#include <ahcisim/tlm/host_memory.hpp>

namespace ahcisim::host {

using kit::Duration;
using wire::CompletionStatus;
using wire::Tlp;
using wire::TlpType;

void ExitBus::bus_master(Tlp& tlp, sc_core::sc_time& delay) {
  const Duration now = calendar_.absolute(delay);
  if (tlp.type == TlpType::Msg) {
    const auto code = static_cast<unsigned>(tlp.code);
    return line(code & 3, code < static_cast<unsigned>(wire::MessageCode::Deassert_INTA), now);
  }
  const bool write = tlp.type == TlpType::MWr;
  if (write && map_.is_message(tlp.address, tlp.length)) return message(tlp, now);
  sc_core::sc_time memory_time = delay;  // the memory's own latency is in the copying processor's rate
  const bool claimed = (write || tlp.type == TlpType::MRd) && !map_.touches_window(tlp.address, tlp.length) &&
                       guest_memory_.access(memory, write, tlp.address, tlp.data, tlp.length, memory_time);
  if (!claimed) {
    tlp.status = CompletionStatus::UR;
    statistics_.dma_errors.add();
    context_.diagnostics.report(name(), "bus-master access outside memory (PCI Express Base, 2.3.1)", now);
    return;
  }
  tlp.status = CompletionStatus::SC;
  if (const Duration copying = costs_.copy_kib() * tlp.length / 1024; copying > Duration{})
    delay = calendar_.annotate(kit::max(now + copying, emulator_.spend(copying)));
  (write ? statistics_.dma_writes : statistics_.dma_reads).add();
  (write ? statistics_.dma_written_bytes : statistics_.dma_read_bytes).add(tlp.length);
}

void ExitBus::message(Tlp& tlp, Duration when) {
  std::uint32_t data = 0;
  for (unsigned i = 0; i < 4; ++i) data |= static_cast<std::uint32_t>(tlp.data[i]) << (8 * i);
  const Duration arrives = inject(when);
  if (interrupt_target_) interrupt_target_->message(tlp.address, data, calendar_.annotate(arrives));
}

/// What takes no time: debug and direct access. The limits of payloads and read requests are a wire's business.
tlm::tlm_sync_enum ExitBus::from_device(Tlp& tlp, tlm::tlm_phase& phase, sc_core::sc_time&) {
  if (phase != wire::TLP_DEBUG && phase != wire::TLP_DIRECT) return tlm::TLM_COMPLETED;
  tlp.status = CompletionStatus::UR;
  if (!map_.touches_window(tlp.address, phase == wire::TLP_DEBUG ? tlp.length : 1)) wire::access_without_time(memory, tlp, phase);
  return tlm::TLM_COMPLETED;
}

void ExitBus::invalidate(sc_dt::uint64 first, sc_dt::uint64 last) {
  guest_memory_.invalidate(first, last);
  wire::end_direct_access(link, first, last);
}

}  // namespace ahcisim::host
