// SPDX-License-Identifier: MIT
// Accesses down, bus mastering and interrupts up.
#include <ahcisim/models/vfio_user/host_bridge.hpp>

#include <cstring>

#include <ahcisim/tlm/tlp_phases.hpp>

namespace ahcisim::vfio_user {

using kit::Duration;
using wire::CompletionStatus;
using wire::Tlp;
using wire::TlpType;

namespace {

/// An interrupt on its way: epoch 63:32, kind 31:16 (0 INTx, irq::msi, irq::msix), vector or level 15:0.
constexpr std::uint64_t event_of(std::uint32_t kind, std::uint32_t vector) { return std::uint64_t{kind} << 16 | (vector & 0xffff); }

std::uint32_t load32(const std::uint8_t* at) {
  std::uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

HostBridge::HostBridge(const sc_core::sc_module_name& name, kit::Context& context, pcie::Endpoint& endpoint, const HostTimes& times)
    : sc_module{name}, link{"link"}, context_{context}, endpoint_{endpoint}, times_{times} {
  link.on_nb_transport_bw<&HostBridge::without_time>(this);
  link.on_b_transport<&HostBridge::requested>(this);
  size_bars();
  place_bars();
}

void HostBridge::start_of_simulation() { claim(); }

std::uint64_t HostBridge::region_size(std::uint32_t index) const {
  if (index == region::configuration) return endpoint_.configuration().bank.size();
  return index < region::bars ? bars_[index].size : 0;
}

void HostBridge::reset() {
  ++epoch_;
  endpoint_.reset();
  claim();
}

Tlp HostBridge::request(bool write, std::uint32_t region, std::uint64_t offset, std::uint8_t* data, std::uint32_t bytes) const {
  Tlp tlp;
  const Bar& bar = bars_[region];
  tlp.type = bar.io ? (write ? TlpType::IOWr : TlpType::IORd) : write ? TlpType::MWr : TlpType::MRd;
  tlp.address = bar.base + offset;
  tlp.length = bytes;
  tlp.data = data;
  return tlp;
}

/// Simulated time goes on to the answer's arrival even where nothing else happens: accesses that follow come later.
void HostBridge::send(Tlp& tlp) {
  sc_core::sc_time delay;
  delay = context_.calendar.annotate(context_.calendar.now());
  link->b_transport(tlp, delay);
  context_.calendar.at<&HostBridge::passed>(context_.calendar.absolute(delay), this);
}

void HostBridge::read(std::uint32_t region, std::uint64_t offset, std::uint8_t* to, std::uint32_t bytes) {
  if (region == region::configuration) return read_configuration(offset, to, bytes, false);
  Tlp tlp = request(false, region, offset, to, bytes);
  send(tlp);
  if (tlp.status != CompletionStatus::SC) std::memset(to, 0xff, bytes);  // as a processor sees it (PCI Express Base, 2.3.2)
}

void HostBridge::write(std::uint32_t region, std::uint64_t offset, const std::uint8_t* from, std::uint32_t bytes) {
  if (region == region::configuration) return write_configuration(offset, from, bytes);
  if (in_table(region, offset, bytes)) return;
  Tlp tlp = request(true, region, offset, const_cast<std::uint8_t*>(from), bytes);  // a write does not touch it
  send(tlp);
}

void HostBridge::peek(std::uint32_t region, std::uint64_t offset, std::uint8_t* to, std::uint32_t bytes,
                      const std::vector<kit::PendingWrite>& waiting) {
  if (region == region::configuration) return read_configuration(offset, to, bytes, true);
  if (const kit::RegisterBank* const bank = registers_[region]; bank && !waiting.empty()) {
    bank->peek(static_cast<unsigned>(offset), to, bytes, waiting);
    return;
  }
  Tlp tlp = request(false, region, offset, to, bytes);
  link->transport_dbg(tlp);
}

tlm::tlm_sync_enum HostBridge::without_time(Tlp& tlp, tlm::tlm_phase& phase, sc_core::sc_time&) {
  tlp.status = CompletionStatus::UR;
  if (phase == wire::TLP_DEBUG && client_ && client_->dma(tlp.type == TlpType::MWr, tlp.address, tlp.data, tlp.length))
    tlp.status = CompletionStatus::SC;
  return tlm::TLM_COMPLETED;
}

void HostBridge::requested(Tlp& tlp, sc_core::sc_time& delay) {
  const Duration arrived = context_.calendar.absolute(delay);
  const bool write = tlp.type == TlpType::MWr;
  if (tlp.type == TlpType::Msg) {
    const auto code = static_cast<unsigned>(tlp.code);
    return interrupt(event_of(irq::intx, code < static_cast<unsigned>(wire::MessageCode::Deassert_INTA)), arrived);
  }
  std::uint64_t event = 0;
  if (write && tlp.length == 4 && is_message(tlp, event)) return interrupt(event, arrived);
  const bool done = (write || tlp.type == TlpType::MRd) && client_ && client_->dma(write, tlp.address, tlp.data, tlp.length);
  tlp.status = done ? CompletionStatus::SC : CompletionStatus::UR;
  delay = context_.calendar.annotate(arrived + (write ? times_.memory_write : times_.memory_read));
  if (!done) context_.diagnostics.report(name(), "bus-master access outside the client's memory (PCI Express Base, 2.3.1)", arrived);
}

bool HostBridge::is_message(const Tlp& tlp, std::uint64_t& event) const {
  if (tlp.address == message_window) {
    event = event_of(irq::msix, load32(tlp.data));
    return true;
  }
  if (!msi_ || tlp.address != msi_address_) return false;
  event = event_of(irq::msi, load32(tlp.data) & msi_mask_);
  return true;
}

void HostBridge::interrupt(std::uint64_t event, Duration when) {
  interrupts_until_ = kit::max(interrupts_until_, when + times_.message_delivery);
  context_.calendar.at<&HostBridge::deliver>(interrupts_until_, this, std::uint64_t{epoch_} << 32 | event);
}

void HostBridge::deliver(std::uint64_t event) {
  if (event >> 32 != epoch_ || !client_) return;
  const auto kind = static_cast<std::uint32_t>(event >> 16 & 0xffff), vector = static_cast<std::uint32_t>(event & 0xffff);
  if (kind == irq::intx) client_->intx(vector != 0);
  else client_->message(kind, vector);
}

}  // namespace ahcisim::vfio_user
