// SPDX-License-Identifier: MIT
// The endpoint's construction and what arrives over the link.
#include <ahcisim/models/pcie/endpoint.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include <ahcisim/tlm/tlp_phases.hpp>

namespace ahcisim::pcie {

using kit::Duration;
using wire::CompletionStatus;
using wire::Tlp;
using wire::TlpType;

Endpoint::Endpoint(const sc_core::sc_module_name& name, kit::Context& context, const EndpointParameters& parameters,
                   const FunctionDescription& function)
    : sc_module{name}, link{"link"}, bar{"bar", 6}, fixed{"fixed", function.fixed.size()}, dma{"dma"}, interrupt{"interrupt"}, context_{context},
      function_{function}, space_{this->name(), function}, interrupts_{space_, function.msix, *this},
      register_read_{parameters.register_read()}, configuration_time_{parameters.configuration()} {
  link.on_nb_transport_fw<&Endpoint::request>(this);
  link.on_b_transport<&Endpoint::request_blocking>(this);
  link.on_transport_dbg<&Endpoint::request_debug>(this);
  dma.register_b_transport(this, &Endpoint::master);
  dma.register_transport_dbg(this, &Endpoint::master_debug);
  dma.register_get_direct_mem_ptr(this, &Endpoint::master_direct);
  interrupt.bind(interrupts_);
  context.stats.add(this->name(), statistics_);
  bar_payload_.set_extension(string_);
  own_from_.fill(~std::uint64_t{0});
  if (function.msix.vectors > 0) {
    own_from_[function.msix.table_bar] = function.msix.table_offset;
    own_from_[function.msix.pba_bar] = std::min<std::uint64_t>(own_from_[function.msix.pba_bar], function.msix.pba_offset);
  }
  // Side effects of configuration writes.
  space_.command.on_write<&Endpoint::decode_written>(this);
  for (auto& each : space_.bars) each->on_write<&Endpoint::decode_written>(this);
  if (space_.power) space_.power->pmcsr.on_write<&Endpoint::power_written>(this);
  if (space_.express) space_.express->device_control.on_write<&Endpoint::device_control_written>(this);
  if (space_.msix) space_.msix->control.on_write<&Endpoint::interrupts_written>(this);
  if (space_.bar_access) {
    space_.bar_access->pci_cfg_data.on_read<&Endpoint::bar_access_read>(this);
    space_.bar_access->pci_cfg_data.on_write<&Endpoint::bar_access_written>(this);
  }
  if (space_.msi) {
    space_.msi->control.on_write<&Endpoint::interrupts_written>(this);
    if (space_.msi->mask) space_.msi->mask->on_write<&Endpoint::interrupts_written>(this);
  }
}

void Endpoint::end_of_elaboration() {
  for (unsigned i = 0; i < bar.size(); ++i)
    if (bar[i].size() > 0) functions_[i] = bar[i].operator->();
  for (unsigned i = 0; i < fixed.size(); ++i)
    if (fixed[i].size() > 0) functions_[6 + i] = fixed[i].operator->();
}

tlm::tlm_sync_enum Endpoint::request(Tlp& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == wire::TLP_TRAINED) {
    trained(tlp);
    return tlm::TLM_COMPLETED;
  }
  if (phase == wire::TLP_DIRECT) {
    const auto& range = *static_cast<tlm::tlm_dmi*>(tlp.initiator);
    if (direct_given_) dma->invalidate_direct_mem_ptr(range.get_start_address(), range.get_end_address());
    return tlm::TLM_COMPLETED;
  }
  Pending& pending = take_pending();
  const bool posted = tlp.posted();
  if (posted) {
    pending.request = nullptr;
    pending.posted = tlp;
    if (tlp.length <= sizeof tlp.inline_data) {
      pending.posted.data = pending.posted.inline_data;
      if (tlp.length == 4) std::memcpy(pending.posted.inline_data, tlp.data, 4);  // nearly always: without a call
      else std::memcpy(pending.posted.inline_data, tlp.data, tlp.length);
    } else {
      pending.bytes.assign(tlp.data, tlp.data + tlp.length);
      pending.posted.data = pending.bytes.data();
    }
  } else {
    pending.request = &tlp;
  }
  pending.arrives = context_.calendar.absolute(delay);
  pending.next = nullptr;
  const bool last = !latest_ || latest_->arrives <= pending.arrives;
  if (last && latest_) latest_->next = &pending;
  else context_.calendar.at<&Endpoint::arrived>(pending.arrives, this, reinterpret_cast<std::uintptr_t>(&pending));
  if (last) latest_ = &pending;
  return posted ? tlm::TLM_COMPLETED : tlm::TLM_ACCEPTED;
}

Endpoint::Pending& Endpoint::take_pending() {
  if (!free_) return pool_.emplace_back();
  Pending& pending = *free_;
  free_ = pending.next;
  return pending;
}

/// Requests follow each other closely: those behind this one are served in the same callback where nothing else is due before
/// them. Of what is due at one time, a request behind another comes last.
void Endpoint::arrived(std::uint64_t address) {
  auto* pending = reinterpret_cast<Pending*>(static_cast<std::uintptr_t>(address));
  for (;;) {
    serve_pending(*pending);
    Pending* const next = pending->next;
    if (latest_ == pending) latest_ = nullptr;
    pending->next = free_;
    free_ = pending;
    if (!next) return;
    if (!context_.calendar.advance(next->arrives))
      return context_.calendar.at<&Endpoint::arrived>(next->arrives, this, reinterpret_cast<std::uintptr_t>(next));
    pending = next;
  }
}

[[gnu::flatten]] void Endpoint::serve_pending(Pending& pending) {
  const Duration now = context_.calendar.now();
  if (!pending.request) {
    serve(pending.posted, now);
    return;
  }
  Tlp& tlp = *pending.request;
  sc_core::sc_time delay = context_.calendar.annotate(serve(tlp, now));
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  link->nb_transport_bw(tlp, phase, delay);
}

[[gnu::flatten]] void Endpoint::request_blocking(Tlp& tlp, sc_core::sc_time& delay) {
  delay = context_.calendar.annotate(serve(tlp, context_.calendar.absolute(delay)));
}

// When the completion leaves; for posted requests without meaning.
Duration Endpoint::serve(Tlp& tlp, Duration when) {
  tlp.status = CompletionStatus::SC;
  if (tlp.type == TlpType::CfgRd0 || tlp.type == TlpType::CfgWr0) return serve_configuration(tlp, when);
  if (const ConfigurationSpace::Window* window = claim(tlp)) {
    claimed_ = static_cast<unsigned>(window - decode_.windows.data());
    return serve_bar(tlp, window->bar, tlp.address - window->base, when);
  }
  return unsupported(tlp, when);
}

Duration Endpoint::serve_configuration(Tlp& tlp, Duration when) {
  statistics_.configuration_accesses.add();
  const auto offset = static_cast<unsigned>(tlp.address);
  configuration_at_ = when;
  if (tlp.type == TlpType::CfgRd0) {
    space_.bank.read(offset, tlp.data, tlp.length);
  } else {
    requester_ = tlp.completer;  // 2.2.6.2: captured from every configuration write
    space_.bank.write(offset, tlp.data, tlp.length);
  }
  return std::exchange(configuration_at_, Duration::never()) + configuration_time_;
}

const ConfigurationSpace::Window* Endpoint::claim(const Tlp& tlp) const {
  const bool io = tlp.type == TlpType::IORd || tlp.type == TlpType::IOWr;
  if (!io && tlp.type != TlpType::MRd && tlp.type != TlpType::MWr) return nullptr;
  const auto claims = [&](const ConfigurationSpace::Window& window) {
    const std::uint64_t offset = tlp.address - window.base;
    return window.io == io && offset < window.size && tlp.extent() <= window.size - offset;
  };
  if (claims(decode_.windows[claimed_])) return &decode_.windows[claimed_];
  for (unsigned i = 0; i < decode_.count; ++i)
    if (claims(decode_.windows[i])) return &decode_.windows[i];
  return nullptr;
}

// A request no BAR claims, or that leaves the BAR it begins in (2.3.1).
Duration Endpoint::unsupported(Tlp& tlp, Duration when) {
  tlp.status = CompletionStatus::UR;
  statistics_.unsupported_requests.add();
  if (space_.express) {
    space_.express->device_status.UnsupportedRequestDetected = 1;
    note_error(tlp);
  }
  context_.diagnostics.report(name(), "request not claimed by any enabled BAR (PCI Express Base, 2.3.1)", when);
  return when + configuration_time_;
}

/// A request that was not served. Who waits for its completion learns of it there, which makes it an advisory error, told as
/// a correctable one; a posted one is a non-fatal error (6.2.3.2.4).
void Endpoint::note_error(const Tlp& tlp) {
  DeviceStatus& status = space_.express->device_status;
  (tlp.posted() ? status.NonFatalErrorDetected : status.CorrectableErrorDetected) = 1;
}

Duration Endpoint::serve_bar(Tlp& tlp, unsigned bar_index, std::uint64_t offset, Duration when) {
  (tlp.read() ? statistics_.register_reads : statistics_.register_writes).add();
  if (offset >= own_from_[bar_index] && serve_own(tlp, bar_index, offset)) return when + register_read_;
  return access_bar(bar_index, offset, tlp, when) + register_read_;
}

Duration Endpoint::access_bar(unsigned bar_index, std::uint64_t offset, Tlp& tlp, Duration when) {
  if (!functions_[bar_index]) {
    if (tlp.read()) std::memset(tlp.data, 0, tlp.length);
    return when;
  }
  tlm::tlm_generic_payload& payload = bar_payload_;
  payload.set_command(tlp.read() ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND);
  payload.set_address(offset);
  payload.set_data_ptr(tlp.data);
  payload.set_data_length(tlp.length);
  payload.set_streaming_width(tlp.extent());
  string_->element_ps = tlp.element_ps;
  payload.set_byte_enable_ptr(nullptr);
  payload.set_dmi_allowed(false);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay = context_.calendar.annotate(when);
  functions_[bar_index]->b_transport(payload, delay);
  if (tlp.element && payload.get_response_status() == tlm::TLM_BURST_ERROR_RESPONSE) return access_each(bar_index, offset, tlp, when);
  if (payload.is_response_error()) {
    tlp.status = CompletionStatus::CA;  // 2.3.1: the function's own rules were broken
    space_.status.SignaledTargetAbort = 1;
    if (space_.express) note_error(tlp);
  }
  return context_.calendar.absolute(delay);
}

/// A string, element by element, for a function that takes none.
Duration Endpoint::access_each(unsigned bar_index, std::uint64_t offset, Tlp& tlp, Duration when) {
  Tlp one = tlp;
  one.length = tlp.element;
  one.element = 0;
  for (std::uint32_t done = 0; done < tlp.length; done += one.length) {
    one.data = tlp.data + done;
    when = kit::max(access_bar(bar_index, offset, one, when), when + Duration::from_ps(tlp.element_ps));
  }
  tlp.status = one.status;
  return when;
}

unsigned Endpoint::request_debug(Tlp& tlp) {
  const auto offset = static_cast<unsigned>(tlp.address);
  if (tlp.type == TlpType::CfgRd0) return space_.bank.peek(offset, tlp.data, tlp.length) ? tlp.length : 0;
  if (tlp.type == TlpType::CfgWr0) return space_.bank.write(offset, tlp.data, tlp.length) ? tlp.length : 0;
  const ConfigurationSpace::Window* window = claim(tlp);
  if (!window || !functions_[window->bar]) return 0;
  tlm::tlm_generic_payload payload;
  payload.set_command(tlp.read() ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND);
  payload.set_address(tlp.address - window->base);
  payload.set_data_ptr(tlp.data);
  payload.set_data_length(tlp.length);
  payload.set_streaming_width(tlp.length);
  return functions_[window->bar]->transport_dbg(payload);
}

}  // namespace ahcisim::pcie
