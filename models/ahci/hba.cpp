// SPDX-License-Identifier: MIT
// The HBA's global part: sockets, generic registers, HBA reset (AHCI 1.3.1, 3.1, 10.4.3).
#include <ahcisim/models/ahci/hba.hpp>

#include <algorithm>

namespace ahcisim::ahci {

using kit::Duration;

namespace {
unsigned window_size(const HbaParameters& parameters) {
  unsigned size = 0x400;
  while (size < 0x100 + 0x80 * static_cast<unsigned>(parameters.ports())) size *= 2;
  return size;
}
}  // namespace

Hba::Hba(const sc_core::sc_module_name& name, kit::Context& context, const HbaParameters& parameters)
    : sc_module{name}, registers{"registers"}, index_data{"index_data"}, dma{"dma"}, interrupt{"interrupt"},
      ports{"port", static_cast<std::size_t>(parameters.ports()),
            [](const char* socket, std::size_t) { return new wire::FrameInitiatorSocket{socket}; }},
      context_{context}, timing_{parameters}, bank_{"ABAR", window_size(parameters)}, index_bank_{"index/data pair", 32},
      register_access_{kit::Calendar::time(timing_.register_access)}, r_{bank_, profile_of(parameters.profile).ahci_only},
      index_{index_bank_}, data_{index_bank_}, engine_{context.calendar, timing_, statistics_, dma},
      interrupts_{context.calendar, timing_, statistics_, r_, interrupt, static_cast<unsigned>(parameters.ports())},
      shared_{context, timing_, statistics_, engine_, interrupts_} {
  configure(parameters);
  for (unsigned i = 0; i < ports.size(); ++i)
    port_.push_back(std::make_unique<Port>(i, std::string{this->name()} + ".port" + std::to_string(i), shared_, bank_, ports[i]));
  context.stats.add(this->name(), statistics_);
  registers.register_b_transport(this, &Hba::access_registers);
  registers.register_transport_dbg(this, &Hba::peek_registers);
  index_data.register_b_transport(this, &Hba::access_index_data);
  index_data.register_transport_dbg(this, &Hba::peek_index_data);

  r_.cap.on_write<&Hba::cap_written>(this);
  r_.pi.on_write<&Hba::pi_written>(this);
  r_.ghc.on_write<&Hba::ghc_written>(this);
  r_.ghc.on_read<&Hba::ghc_read>(this);
  r_.is.on_write<&Hba::is_written>(this);
  data_.on_read<&Hba::data_read>(this);
  data_.on_write<&Hba::data_written>(this);
}

Hba::~Hba() = default;

void Hba::configure(const HbaParameters& parameters) {
  const auto count = static_cast<std::uint32_t>(parameters.ports());
  r_.cap.NP.configure(count - 1);
  r_.cap.NCS.configure(static_cast<std::uint32_t>(parameters.command_slots()) - 1);
  const Profile& profile = profile_of(parameters.profile);
  const unsigned speed = std::min(static_cast<unsigned>(parameters.interface_speed()), profile.interface_speed);
  r_.cap.ISS.configure(speed);
  r_.cap.SAM.configure(profile.ahci_only);
  r_.vs.MJR.configure(profile.version >> 16);
  r_.vs.MNR.configure(profile.version & 0xffff);
  r_.cap.S64A.configure(parameters.s64a());
  r_.cap.SNCQ.configure(parameters.sncq());
  r_.cap.SCLO.configure(parameters.sclo());
  r_.pi.PI_.configure(count == 32 ? ~std::uint32_t{0} : (1u << count) - 1);
  shared_.slots = static_cast<unsigned>(parameters.command_slots());
  shared_.speed = speed;
  shared_.prd_cache = static_cast<unsigned>(parameters.prd_cache());
  shared_.receive_fifo = parameters.receive_fifo().value;
  shared_.s64a = parameters.s64a();
  shared_.sclo = parameters.sclo();
  shared_.sncq = parameters.sncq();
  if (!shared_.s64a) shared_.address_mask = 0xffffffff;
}

void Hba::start_of_simulation() { context_.calendar.at<&Hba::power_on>(Duration{}, this); }

void Hba::power_on(std::uint64_t) {
  for (auto& port : port_) port->start_link(context_.calendar.now());
}

/// Answers an access that access() cannot serve.
void Hba::refuse(::tlm::tlm_generic_payload& payload) {
  if (payload.get_byte_enable_ptr()) return payload.set_response_status(::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  if (payload.get_streaming_width() < payload.get_data_length()) return payload.set_response_status(::tlm::TLM_BURST_ERROR_RESPONSE);
  context_.diagnostics.report(name(), "the HBA's DMA is directed at its own registers: refused", shared_.now());
  payload.set_response_status(::tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

void Hba::access(kit::RegisterBank& bank, ::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const std::uint64_t address = payload.get_address();
  const unsigned bytes = payload.get_data_length();
  payload.set_dmi_allowed(false);
  if (payload.get_byte_enable_ptr() || payload.get_streaming_width() < bytes || engine_.busy()) return refuse(payload);
  const auto offset = static_cast<unsigned>(address < bank.size() ? address : bank.size());
  shared_.access_time = context_.calendar.absolute(delay);
  bool inside = true;
  if (payload.is_read()) {
    inside = bank.read(offset, payload.get_data_ptr(), bytes);
    delay += register_access_;
  } else if (payload.is_write()) {
    if (r_.ghc.HR)
      context_.diagnostics.report(name(), "register written while GHC.HR is 1: ignored (AHCI 1.3.1, 10.4.3)", shared_.now());
    else
      inside = bank.write(offset, payload.get_data_ptr(), bytes);
  }
  shared_.access_time = Duration{};
  payload.set_response_status(inside ? ::tlm::TLM_OK_RESPONSE : ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

[[gnu::flatten]] void Hba::access_registers(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  (payload.is_read() ? statistics_.register_reads : statistics_.register_writes).add();
  access(bank_, payload, delay);
}

void Hba::access_index_data(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  access(index_bank_, payload, delay);
}

unsigned Hba::peek_registers(::tlm::tlm_generic_payload& payload) {
  const unsigned bytes = payload.get_data_length();
  if (!payload.is_read() || payload.get_address() >= bank_.size()) return 0;
  return bank_.peek(static_cast<unsigned>(payload.get_address()), payload.get_data_ptr(), bytes) ? bytes : 0;
}

unsigned Hba::peek_index_data(::tlm::tlm_generic_payload& payload) {
  const unsigned bytes = payload.get_data_length();
  if (!payload.is_read() || payload.get_address() >= index_bank_.size()) return 0;
  return index_bank_.peek(static_cast<unsigned>(payload.get_address()), payload.get_data_ptr(), bytes) ? bytes : 0;
}

// Firmware may take features and ports away, once; it cannot add what is not built.
void Hba::cap_written(const kit::Written& w) { r_.cap.set(r_.cap.value() & w.before); }
void Hba::pi_written(const kit::Written& w) { r_.pi.set(r_.pi.value() & w.before); }

void Hba::ghc_read() { r_.ghc.MRSM = interrupts_.reverted(); }

void Hba::ghc_written(const kit::Written& w) {
  if (r_.ghc.HR) return begin_reset();
  interrupts_.enable_written(r_.ghc.IE.of(w.before), shared_.now());
}

void Hba::is_written(const kit::Written&) { interrupts_.status_written(shared_.now()); }

/// All registers but CAP, PI and the ports' base addresses return to their reset values; the ports' links are reset.
void Hba::begin_reset() {
  const Duration now = shared_.now();
  interrupts_.reset(now);
  r_.ghc.reset();
  r_.is.reset();
  for (auto& port : port_) port->reset(now);
  engine_.reset();
  r_.is.reset();
  r_.ghc.HR = 1;
  context_.calendar.at<&Hba::end_reset>(now + timing_.reset_time, this, ++resets_);
}

void Hba::reset() {
  begin_reset();
  for (auto& port : port_) port->reset_addresses();
  index_.reset();
}

void Hba::end_reset(std::uint64_t number) {
  if (number != resets_) return;
  r_.ghc.HR = 0;
  for (auto& port : port_) port->release_link(context_.calendar.now());
}

void Hba::data_read() {
  std::uint8_t raw[4] = {};
  bank_.read(index_.value(), raw, sizeof raw);
  data_.set(wire::load_le32(raw));
}

void Hba::data_written(const kit::Written& w) {
  const unsigned first = static_cast<unsigned>(__builtin_ctz(w.lanes)) / 8, bytes = static_cast<unsigned>(__builtin_popcount(w.lanes)) / 8;
  std::uint8_t raw[4];
  wire::store_le32(raw, w.data >> (8 * first));
  bank_.write(index_.value() + first, raw, bytes);
}

}  // namespace ahcisim::ahci
