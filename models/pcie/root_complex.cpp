// SPDX-License-Identifier: MIT
// The root complex's CPU side: windows, posted writes, reads and their completions.
#include <ahcisim/models/pcie/root_complex.hpp>

#include <cstring>

#include <ahcisim/tlm/host_memory.hpp>
#include <ahcisim/tlm/string_io.hpp>

namespace ahcisim::pcie {

using kit::Duration;
using wire::CompletionStatus;
using wire::Tlp;
using wire::TlpType;

namespace {

constexpr std::uint32_t longest_access = 4096, longest_string = 128u << 10;

}  // namespace

RootComplex::RootComplex(const sc_core::sc_module_name& name, kit::Context& context, const RootComplexParameters& p)
    : sc_module{name}, cpu{"cpu"}, memory{"memory"}, link{"link"}, cpu_interrupts{"cpu_interrupts"}, context_{context},
      write_interval_{p.write_interval()}, cpu_request_{p.cpu_request()}, cpu_completion_{p.cpu_completion()},
      memory_read_{p.memory_read()}, memory_write_{p.memory_write()}, message_delivery_{p.message_delivery()},
      map_{"root complex", kit::AddressMap::windows_of(p)} {
  cpu.register_nb_transport_fw(this, &RootComplex::cpu_request);
  cpu.register_b_transport(this, &RootComplex::cpu_blocking);
  cpu.register_transport_dbg(this, &RootComplex::cpu_debug);
  memory.register_invalidate_direct_mem_ptr(this, &RootComplex::invalidate);
  link.on_nb_transport_bw<&RootComplex::completion>(this);
  link.on_b_transport<&RootComplex::bus_master>(this);
  context.stats.add(this->name(), statistics_);
}

void RootComplex::end_of_elaboration() {
  if (cpu_interrupts.size() > 0) interrupt_target_ = cpu_interrupts.operator->();
}

// What an address of the CPU's means on the bus; fills address, completer and a read's type.
RootComplex::Space RootComplex::decode(std::uint64_t address, std::uint32_t length, Tlp& tlp) const {
  const kit::AddressMap::Place place = map_.at(address, length);
  tlp.type = place.io ? TlpType::IORd : place.configuration ? TlpType::CfgRd0 : TlpType::MRd;
  tlp.address = place.address;
  tlp.completer = place.function;
  return place.space;
}

// Length and streaming width; fills what the latter means.
bool RootComplex::well_formed(tlm::tlm_generic_payload& payload, Tlp& tlp) const {
  const std::uint32_t length = payload.get_data_length(), width = payload.get_streaming_width();
  tlp.length = length;
  tlp.element = 0;
  tlp.element_ps = 0;
  if (width >= length) return length != 0 && length <= longest_access;
  if ((width != 1 && width != 2 && width != 4) || length % width != 0 || length > longest_string) return false;
  if (!map_.in_io(payload.get_address())) return false;
  tlp.element = static_cast<std::uint8_t>(width);
  if (const auto* string = payload.get_extension<wire::StringIo>()) tlp.element_ps = string->element_ps;
  return true;
}

RootComplex::Space RootComplex::prepare(tlm::tlm_generic_payload& payload, Tlp& tlp) {
  if (payload.get_byte_enable_ptr()) payload.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  else if (!well_formed(payload, tlp)) payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
  else if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) payload.set_response_status(tlm::TLM_OK_RESPONSE);
  else {
    const Space space = decode(payload.get_address(), tlp.extent(), tlp);
    tlp.data = payload.get_data_ptr();
    tlp.status = CompletionStatus::SC;
    payload.set_response_status(space == Space::none ? tlm::TLM_ADDRESS_ERROR_RESPONSE : tlm::TLM_OK_RESPONSE);
    if (payload.is_write()) tlp.type = wire::write_of(tlp.type);
    if (space == Space::configuration || space == Space::absent) statistics_.configuration_accesses.add();
    else if (space != Space::none) (payload.is_write() ? statistics_.register_writes : statistics_.register_reads).add();
    return space;
  }
  return Space::none;
}

// A posted write: returns when the CPU is free again. It is held longer where the root port has no credits.
Duration RootComplex::post(Tlp& tlp, Duration issued, bool blocking) {
  sc_core::sc_time delay = context_.calendar.annotate(issued + cpu_request_);
  if (blocking) {
    link->b_transport(tlp, delay);
  } else {
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    link->nb_transport_fw(tlp, phase, delay);
  }
  return kit::max(issued + write_interval_, context_.calendar.absolute(delay) - cpu_request_);
}

RootComplex::Outstanding& RootComplex::take_outstanding() {
  if (!free_) return pool_.emplace_back();
  Outstanding& access = *free_;
  free_ = access.next_free;
  return access;
}

[[gnu::flatten]] tlm::tlm_sync_enum RootComplex::cpu_request(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                                            sc_core::sc_time& delay) {
  if (phase != tlm::BEGIN_REQ) return tlm::TLM_COMPLETED;  // END_RESP of those who send one
  Tlp request;
  const Space space = prepare(payload, request);
  if (space == Space::none) return tlm::TLM_COMPLETED;
  const Duration issued = context_.calendar.absolute(delay);
  if (space == Space::memory && payload.is_write()) {
    delay = context_.calendar.annotate(post(request, issued, false));
    return tlm::TLM_COMPLETED;
  }
  Outstanding& access = take_outstanding();
  access.tlp = request;
  access.tlp.initiator = &access;
  access.payload = &payload;
  access.issued = issued;
  if (space == Space::absent) {
    context_.calendar.at<&RootComplex::answer_absent>(issued + cpu_request_, this,
                                                      reinterpret_cast<std::uintptr_t>(&access));
  } else {
    sc_core::sc_time leaves = context_.calendar.annotate(issued + cpu_request_);
    link->nb_transport_fw(access.tlp, phase, leaves);
  }
  return tlm::TLM_ACCEPTED;
}

void RootComplex::answer_absent(std::uint64_t outstanding) {
  Outstanding& access = *reinterpret_cast<Outstanding*>(static_cast<std::uintptr_t>(outstanding));
  access.tlp.status = CompletionStatus::UR;
  tlm::tlm_phase phase = tlm::BEGIN_RESP;
  sc_core::sc_time delay = context_.calendar.annotate(context_.calendar.now());
  completion(access.tlp, phase, delay);
}

// A completion is at the root port: when its data is in the CPU, behind the writes that arrived before it.
Duration RootComplex::finish(Outstanding& access, Duration arrived) {
  if (access.tlp.status != CompletionStatus::SC) {
    statistics_.unclaimed.add();
    if (access.tlp.read()) std::memset(access.tlp.data, 0xff, access.tlp.length);
  }
  const Duration done = kit::max(arrived + cpu_completion_, order_.not_before(arrived));
  statistics_.read_time.add(done - access.issued);
  return done;
}

tlm::tlm_sync_enum RootComplex::completion(Tlp& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase != tlm::BEGIN_RESP) {
    without_time(tlp, phase);
    return tlm::TLM_COMPLETED;
  }
  Outstanding& access = *static_cast<Outstanding*>(tlp.initiator);
  tlm::tlm_generic_payload& payload = *access.payload;
  sc_core::sc_time done = context_.calendar.annotate(finish(access, context_.calendar.absolute(delay)));
  access.next_free = free_;
  free_ = &access;
  cpu->nb_transport_bw(payload, phase, done);
  return tlm::TLM_COMPLETED;
}

void RootComplex::cpu_blocking(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  Outstanding access;
  const Space space = prepare(payload, access.tlp);
  if (space == Space::none) return;
  access.issued = context_.calendar.absolute(delay);
  if (space == Space::memory && payload.is_write()) {
    delay = context_.calendar.annotate(post(access.tlp, access.issued, true));
    return;
  }
  sc_core::sc_time arrived = context_.calendar.annotate(access.issued + cpu_request_);
  if (space == Space::absent) access.tlp.status = CompletionStatus::UR;
  else link->b_transport(access.tlp, arrived);
  delay = context_.calendar.annotate(finish(access, context_.calendar.absolute(arrived)));
}

unsigned RootComplex::cpu_debug(tlm::tlm_generic_payload& payload) {
  Tlp tlp;
  const std::uint32_t length = payload.get_data_length();
  if (length == 0 || length > longest_access || payload.get_command() == tlm::TLM_IGNORE_COMMAND) return 0;
  const Space space = decode(payload.get_address(), length, tlp);
  if (space == Space::none || space == Space::absent) return 0;
  tlp.length = length;
  tlp.data = payload.get_data_ptr();
  if (payload.is_write()) tlp.type = wire::write_of(tlp.type);
  return link->transport_dbg(tlp);
}

}  // namespace ahcisim::pcie
