// SPDX-License-Identifier: MIT
// The root complex's bus-master side: memory, message-signalled interrupts, INTx.
#include <ahcisim/models/pcie/root_complex.hpp>

#include <algorithm>

#include <ahcisim/tlm/tlp_phases.hpp>

namespace ahcisim::pcie {

using kit::Duration;
using wire::CompletionStatus;
using wire::Tlp;
using wire::TlpType;

bool RootComplex::own_window(std::uint64_t address, std::uint32_t length) {
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

void RootComplex::bus_master(Tlp& tlp, sc_core::sc_time& delay) {
  const Duration arrived = context_.calendar.absolute(delay);
  if (tlp.type == TlpType::Msg) {
    const auto code = static_cast<unsigned>(tlp.code);
    const bool asserted = code < static_cast<unsigned>(wire::MessageCode::Deassert_INTA);
    const Duration seen = kit::max(arrived + message_delivery_, order_.not_before(arrived));
    if (asserted) statistics_.interrupts.add();
    if (interrupt_target_) interrupt_target_->intx(code & 3, asserted, context_.calendar.annotate(seen));
    return;
  }
  const bool to_interrupts = tlp.type == TlpType::MWr && tlp.address - interrupt_window < interrupt_window_size;
  if (to_interrupts && tlp.length == 4 && tlp.address % 4 == 0) return message(tlp, arrived);
  bus_master_memory(tlp, delay);
}

// A message is seen after every write that arrived before it (2.4.1).
void RootComplex::message(Tlp& tlp, Duration arrived) {
  statistics_.interrupts.add();
  std::uint32_t data = 0;
  for (unsigned i = 0; i < 4; ++i) data |= static_cast<std::uint32_t>(tlp.data[i]) << (8 * i);
  const Duration seen = kit::max(arrived + message_delivery_, order_.not_before(arrived));
  if (interrupt_target_) interrupt_target_->message(tlp.address, data, context_.calendar.annotate(seen));
}

void RootComplex::bus_master_memory(Tlp& tlp, sc_core::sc_time& delay) {
  const Duration arrived = context_.calendar.absolute(delay);
  const bool write = tlp.type == TlpType::MWr;
  const bool claimed = (write || tlp.type == TlpType::MRd) && !own_window(tlp.address, tlp.length) &&
                       host_.access(memory, write, tlp.address, tlp.data, tlp.length, delay);
  const Duration done = context_.calendar.absolute(delay) + (write ? memory_write_ : memory_read_);
  delay = context_.calendar.annotate(done);
  if (!claimed) {
    tlp.status = CompletionStatus::UR;
    statistics_.dma_errors.add();
    context_.diagnostics.report(name(), "bus-master access outside memory (PCI Express Base, 2.3.1)", arrived);
    return;
  }
  tlp.status = CompletionStatus::SC;
  if (write) {
    order_.record(arrived, done);
    statistics_.dma_writes.add();
    statistics_.dma_written_bytes.add(tlp.length);
  } else {
    statistics_.dma_reads.add();
    statistics_.dma_read_bytes.add(tlp.length);
  }
}

void RootComplex::without_time(Tlp& tlp, tlm::tlm_phase& phase) {
  if (phase != wire::TLP_DEBUG && phase != wire::TLP_DIRECT) return;
  tlp.status = CompletionStatus::UR;
  if (own_window(tlp.address, phase == wire::TLP_DEBUG ? tlp.length : 1)) return;
  tlm::tlm_generic_payload payload;
  payload.set_command(tlp.read() ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND);
  payload.set_address(tlp.address);
  payload.set_data_ptr(tlp.data);
  payload.set_data_length(tlp.length);
  payload.set_streaming_width(tlp.length);
  const bool done = phase == wire::TLP_DIRECT ? memory->get_direct_mem_ptr(payload, *static_cast<tlm::tlm_dmi*>(tlp.initiator))
                                        : memory->transport_dbg(payload) == tlp.length;
  if (done) tlp.status = CompletionStatus::SC;
}

void RootComplex::invalidate(sc_dt::uint64 first, sc_dt::uint64 last) {
  host_.invalidate(first, last);
  tlm::tlm_dmi range;
  range.set_start_address(first);
  range.set_end_address(last);
  Tlp tlp;
  tlp.initiator = &range;
  tlm::tlm_phase phase = wire::TLP_DIRECT;
  sc_core::sc_time none;
  link->nb_transport_fw(tlp, phase, none);
}

}  // namespace ahcisim::pcie
