// SPDX-License-Identifier: MIT
// The device's side of an exit bus: guest memory and interrupt messages.
#include <ahcisim/models/host/vm/exit_bus.hpp>

#include <algorithm>

#include <ahcisim/tlm/tlp_phases.hpp>

namespace ahcisim::host {

using kit::Duration;
using wire::CompletionStatus;
using wire::Tlp;
using wire::TlpType;

namespace {
constexpr std::uint64_t interrupt_window = 0xfee00000, interrupt_window_size = 0x100000;
}

bool ExitBus::own_window(std::uint64_t address, std::uint32_t length) {
  const std::uint64_t offset = address - clear_;
  if (offset < clear_size_ && length <= clear_size_ - offset) return false;
  const struct { std::uint64_t base, size; } windows[] = {
      {low_, low_size_}, {high_, high_size_}, {ecam_, 256ull << 20}, {io_, 64ull << 10}, {interrupt_window, interrupt_window_size}};
  std::uint64_t from = 0, to = ~std::uint64_t{0};  // what lies free around the address
  for (const auto& window : windows) {
    const std::uint64_t end = window.base + window.size;
    if (address < end && window.base < address + length) return true;
    if (end <= address) from = std::max(from, end);
    else to = std::min(to, window.base);
  }
  clear_ = from;
  clear_size_ = to > from ? to - from : 0;
  return false;
}

void ExitBus::bus_master(Tlp& tlp, sc_core::sc_time& delay) {
  const Duration now = calendar_.absolute(delay);
  if (tlp.type == TlpType::Msg) {
    const auto code = static_cast<unsigned>(tlp.code);
    return line(code & 3, code < static_cast<unsigned>(wire::MessageCode::Deassert_INTA), now);
  }
  const bool write = tlp.type == TlpType::MWr;
  const bool to_interrupts = write && tlp.address - interrupt_window < interrupt_window_size;
  if (to_interrupts && tlp.length == 4 && tlp.address % 4 == 0) return message(tlp, now);
  sc_core::sc_time memory_time = delay;  // the memory's own latency is in the copying processor's rate
  const bool claimed = (write || tlp.type == TlpType::MRd) && !own_window(tlp.address, tlp.length) &&
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
  if (own_window(tlp.address, phase == wire::TLP_DEBUG ? tlp.length : 1)) return tlm::TLM_COMPLETED;
  tlm::tlm_generic_payload payload;
  payload.set_command(tlp.read() ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND);
  payload.set_address(tlp.address);
  payload.set_data_ptr(tlp.data);
  payload.set_data_length(tlp.length);
  payload.set_streaming_width(tlp.length);
  const bool done = phase == wire::TLP_DIRECT ? memory->get_direct_mem_ptr(payload, *static_cast<tlm::tlm_dmi*>(tlp.initiator))
                                              : memory->transport_dbg(payload) == tlp.length;
  if (done) tlp.status = CompletionStatus::SC;
  return tlm::TLM_COMPLETED;
}

void ExitBus::invalidate(sc_dt::uint64 first, sc_dt::uint64 last) {
  guest_memory_.invalidate(first, last);
  tlm::tlm_dmi range;
  range.set_start_address(first);
  range.set_end_address(last);
  Tlp tlp;
  tlp.initiator = &range;
  tlm::tlm_phase phase = wire::TLP_DIRECT;
  sc_core::sc_time none;
  link->nb_transport_fw(tlp, phase, none);
}

}  // namespace ahcisim::host
