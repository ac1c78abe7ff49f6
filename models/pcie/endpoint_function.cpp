// SPDX-License-Identifier: MIT
// The endpoint's function side: bus mastering, interrupt messages, structures of its own in BARs, configuration effects.
#include <ahcisim/models/pcie/endpoint.hpp>

#include <cstring>

#include <ahcisim/tlm/stream.hpp>
#include <ahcisim/tlm/tlp_phases.hpp>

namespace ahcisim::pcie {

using kit::Duration;
using wire::CompletionStatus;
using wire::Tlp;
using wire::TlpType;

void Endpoint::refuse(tlm::tlm_generic_payload& payload, const char* rule) {
  statistics_.refused_dma.add();
  context_.diagnostics.report(name(), rule, context_.calendar.now());
  payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

void Endpoint::master(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const std::uint64_t address = payload.get_address();
  const std::uint32_t length = payload.get_data_length();
  if (payload.get_byte_enable_ptr()) return payload.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  if (payload.get_streaming_width() < length) return payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
  if (payload.get_command() == tlm::TLM_IGNORE_COMMAND || length == 0) return payload.set_response_status(tlm::TLM_OK_RESPONSE);
  if (!may_master_) return refuse(payload, "bus-master access while Bus Master Enable is 0 or not in D0 (PCI Express Base, 7.5.1.1.3)");
  if (address + length < address) return refuse(payload, "bus-master access beyond the end of the address space");

  auto* stream = payload.get_extension<wire::StreamTiming>();
  Tlp tlp;
  tlp.type = payload.is_read() ? TlpType::MRd : TlpType::MWr;
  tlp.requester = requester_;
  tlp.address = address;
  tlp.length = length;
  tlp.data = payload.get_data_ptr();
  tlp.source_end_ps = stream ? stream->source_end_ps : 0;
  link->b_transport(tlp, delay);
  if (stream) stream->first_ps = tlp.first_ps;
  payload.set_dmi_allowed(false);
  if (tlp.status == CompletionStatus::SC) return payload.set_response_status(tlm::TLM_OK_RESPONSE);
  if (!tlp.posted()) {  // a posted request's requester is not told (2.3.1)
    kit::Field& told = tlp.status == CompletionStatus::CA ? space_.status.ReceivedTargetAbort : space_.status.ReceivedMasterAbort;
    told = 1;
  }
  refuse(payload, "bus-master access that no memory claims (PCI Express Base, 2.3.1)");
}

unsigned Endpoint::master_debug(tlm::tlm_generic_payload& payload) {
  if (payload.get_command() == tlm::TLM_IGNORE_COMMAND || payload.get_data_length() == 0) return 0;
  Tlp tlp;
  tlp.type = payload.is_read() ? TlpType::MRd : TlpType::MWr;
  tlp.address = payload.get_address();
  tlp.length = payload.get_data_length();
  tlp.data = payload.get_data_ptr();
  tlp.status = CompletionStatus::UR;
  tlm::tlm_phase phase = wire::TLP_DEBUG;
  sc_core::sc_time none;
  link->nb_transport_bw(tlp, phase, none);
  return tlp.status == CompletionStatus::SC ? tlp.length : 0;
}

bool Endpoint::master_direct(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  if (!may_master_) return false;
  Tlp tlp;
  tlp.type = payload.is_read() ? TlpType::MRd : TlpType::MWr;
  tlp.address = payload.get_address();
  tlp.status = CompletionStatus::UR;
  tlp.initiator = &dmi;
  tlm::tlm_phase phase = wire::TLP_DIRECT;
  sc_core::sc_time none;
  link->nb_transport_bw(tlp, phase, none);
  direct_given_ |= tlp.status == CompletionStatus::SC;
  return tlp.status == CompletionStatus::SC;
}

void Endpoint::send_message(std::uint64_t address, std::uint32_t data, Duration when) {
  if (!may_master_) {
    context_.diagnostics.report(name(), "message-signalled interrupt while Bus Master Enable is 0 (PCI Express Base, 7.5.1.1.3)", when);
    return;
  }
  statistics_.messages.add();
  Tlp tlp;
  tlp.type = TlpType::MWr;
  tlp.requester = requester_;
  tlp.address = address;
  tlp.length = 4;
  tlp.data = tlp.inline_data;
  for (unsigned i = 0; i < 4; ++i) tlp.inline_data[i] = static_cast<std::uint8_t>(data >> (8 * i));
  sc_core::sc_time delay = context_.calendar.annotate(when);
  link->b_transport(tlp, delay);
}

void Endpoint::send_intx(bool asserted, Duration when) {
  const unsigned line = function_.interrupt_pin - 1u;
  Tlp tlp;
  tlp.type = TlpType::Msg;
  const auto base = static_cast<unsigned>(asserted ? wire::MessageCode::Assert_INTA : wire::MessageCode::Deassert_INTA);
  tlp.code = static_cast<wire::MessageCode>(base + line);
  tlp.requester = requester_;
  sc_core::sc_time delay = context_.calendar.annotate(when);
  link->b_transport(tlp, delay);
}

// The MSI-X table and PBA.
bool Endpoint::serve_own(Tlp& tlp, unsigned bar_index, std::uint64_t offset) {
  const MsixDescription& msix = function_.msix;
  const auto inside = [&](unsigned its_bar, std::uint64_t from, std::uint64_t bytes) {
    return bar_index == its_bar && offset - from < bytes;
  };
  if (inside(msix.table_bar, msix.table_offset, msix.vectors * 16ull)) {
    const auto at = static_cast<std::uint32_t>(offset - msix.table_offset);
    tlp.read() ? interrupts_.read_table(at, tlp.data, tlp.length) : interrupts_.write_table(at, tlp.data, tlp.length);
    return true;
  }
  if (!inside(msix.pba_bar, msix.pba_offset, (msix.vectors + 63) / 64 * 8ull)) return false;
  if (tlp.read())
    interrupts_.read_pending(static_cast<std::uint32_t>(offset - msix.pba_offset), tlp.data, tlp.length);
  return true;
}

void Endpoint::decode_written(const kit::Written&) { update(); }
void Endpoint::interrupts_written(const kit::Written&) { update(); }

// What decodes, masters and interrupts follows from configuration space alone.
void Endpoint::update() {
  decode_ = space_.decode();
  claimed_ = 0;
  may_master_ = space_.may_master();
  if (!may_master_ && direct_given_) {
    direct_given_ = false;
    dma->invalidate_direct_mem_ptr(0, ~std::uint64_t{0});
  }
  interrupts_.configuration_changed();
}

void Endpoint::power_written(const kit::Written& written) {
  PMCSR& pmcsr = space_.power->pmcsr;
  const std::uint32_t before = pmcsr.PowerState.of(written.before), after = pmcsr.PowerState;
  if (after == 1 || after == 2) pmcsr.PowerState = before;  // states not supported: the write has no effect (7.5.2.2)
  else if (before == 3 && after == 0 && !pmcsr.No_Soft_Reset) reset_function();
  update();
}

void Endpoint::device_control_written(const kit::Written& written) {
  DeviceControl& control = space_.express->device_control;
  if (control.InitiateFLR.of(written.data) && space_.express->device_capabilities.FLR) return reset_function();
  if (control.MaxPayloadSize > space_.express->device_capabilities.MaxPayloadSizeSupported)
    control.MaxPayloadSize = control.MaxPayloadSize.of(written.before);  // what the function cannot do is not taken
  if (control.MaxReadRequestSize > 5) control.MaxReadRequestSize = control.MaxReadRequestSize.of(written.before);
  send_limits();
}

void Endpoint::send_limits() {
  Tlp tlp;
  tlp.length = 128u << space_.express->device_control.MaxPayloadSize;
  tlp.first_ps = std::int64_t{128} << space_.express->device_control.MaxReadRequestSize;
  tlp.address = space_.express->device_control.ExtendedTagFieldEnable ? 256 : 32;  // 2.2.6.2
  tlm::tlm_phase phase = wire::TLP_LIMITS;
  sc_core::sc_time none;
  link->nb_transport_bw(tlp, phase, none);
}

void Endpoint::reset_function() {
  space_.reset_function();
  interrupts_.reset();
  if (function_reset_) function_reset_();
  update();
  if (space_.express) send_limits();
}

void Endpoint::trained(const Tlp& tlp) {
  space_.link_trained(static_cast<unsigned>(tlp.address & 0xff), static_cast<unsigned>(tlp.address >> 8 & 0xff), tlp.length,
                      static_cast<unsigned>(tlp.first_ps));
  if (space_.express) send_limits();
}

}  // namespace ahcisim::pcie
