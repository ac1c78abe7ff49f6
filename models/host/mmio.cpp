// SPDX-License-Identifier: MIT
// Register accesses over the CPU socket (IEEE 1666-2011, 11.1.2: non-blocking transport).
#include <ahcisim/models/host/mmio.hpp>

#include <string>

#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::host {

namespace {
void prepare(tlm::tlm_generic_payload& payload, std::uint8_t* data, std::uint64_t address, unsigned bytes, bool write) {
  payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload.set_address(address);
  payload.set_data_ptr(data);
  payload.set_data_length(bytes);
  payload.set_streaming_width(bytes);
  payload.set_byte_enable_ptr(nullptr);
  payload.set_dmi_allowed(false);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
}
}  // namespace

Mmio::Mmio(kit::Calendar& calendar, tlm::tlm_initiator_socket<>& socket) : calendar_{calendar}, socket_{socket} {}

kit::Duration Mmio::post(std::uint64_t address, std::uint32_t value, kit::Duration at) {
  ++writes_;
  wire::store_le32(posted_data_, value);
  prepare(posted_, posted_data_, address, 4, true);
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = calendar_.annotate(at);
  if (socket_->nb_transport_fw(posted_, phase, delay) != tlm::TLM_COMPLETED)
    SC_REPORT_ERROR("/ahcisim/host", (std::string{socket_.name()} + ": a posted write was not completed in the call").c_str());
  return kit::max(at, calendar_.absolute(delay));
}

void Mmio::begin(std::uint64_t address, kit::Duration at, unsigned bytes, bool write, std::uint32_t value, void* owner,
                 Done done) {
  ++(write ? writes_ : reads_);
  if (write)
    wire::store_le32(waited_data_, value);
  else
    wire::store_le32(waited_data_, ~std::uint32_t{0});
  prepare(waited_, waited_data_, address, bytes, write);
  owner_ = owner;
  done_ = done;
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = calendar_.annotate(at);
  const tlm::tlm_sync_enum result = socket_->nb_transport_fw(waited_, phase, delay);
  if (result == tlm::TLM_COMPLETED || (result == tlm::TLM_UPDATED && phase == tlm::BEGIN_RESP))
    finish(kit::max(at, calendar_.absolute(delay)));
}

tlm::tlm_sync_enum Mmio::backward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (&payload == &waited_ && phase == tlm::END_REQ) return tlm::TLM_ACCEPTED;
  if (&payload != &waited_ || phase != tlm::BEGIN_RESP || !done_) {
    SC_REPORT_ERROR("/ahcisim/host", (std::string{socket_.name()} + ": an answer to nothing that was asked").c_str());
    return tlm::TLM_COMPLETED;
  }
  finish(calendar_.absolute(delay));
  return tlm::TLM_COMPLETED;
}

void Mmio::finish(kit::Duration at) {
  const Done done = done_;
  done_ = nullptr;
  const bool ok = waited_.is_response_ok() && waited_.is_read();
  std::uint32_t value = ok ? wire::load_le32(waited_data_) : ~std::uint32_t{0};
  const unsigned bytes = waited_.get_data_length();
  if (bytes < 4) value &= (1u << 8 * bytes) - 1;
  done(owner_, value, at);
}

}  // namespace ahcisim::host
