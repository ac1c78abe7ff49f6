// SPDX-License-Identifier: MIT
// The root complex's bus-master side: memory, message-signalled interrupts, INTx.
#include <ahcisim/models/pcie/root_complex.hpp>

#include <ahcisim/tlm/host_memory.hpp>

namespace ahcisim::pcie {

using kit::Duration;
using wire::CompletionStatus;
using wire::Tlp;
using wire::TlpType;

[[gnu::flatten]] void RootComplex::bus_master(Tlp& tlp, sc_core::sc_time& delay) {
  const Duration arrived = context_.calendar.absolute(delay);
  if (tlp.type == TlpType::Msg) {
    const auto code = static_cast<unsigned>(tlp.code);
    const bool asserted = code < static_cast<unsigned>(wire::MessageCode::Deassert_INTA);
    const Duration seen = kit::max(arrived + message_delivery_, order_.not_before(arrived));
    if (asserted) statistics_.interrupts.add();
    if (interrupt_target_) interrupt_target_->intx(code & 3, asserted, context_.calendar.annotate(seen));
    return;
  }
  if (tlp.type == TlpType::MWr && map_.is_message(tlp.address, tlp.length)) return message(tlp, arrived);
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
  const bool claimed = (write || tlp.type == TlpType::MRd) && !map_.touches_window(tlp.address, tlp.length) &&
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
  if (!map_.touches_window(tlp.address, phase == wire::TLP_DEBUG ? tlp.length : 1)) wire::access_without_time(memory, tlp, phase);
}

void RootComplex::invalidate(sc_dt::uint64 first, sc_dt::uint64 last) {
  host_.invalidate(first, last);
  wire::end_direct_access(link, first, last);
}

}  // namespace ahcisim::pcie
