// SPDX-License-Identifier: MIT
// Register accesses over the CPU socket (IEEE 1666-2011, 11.1.2: non-blocking transport).
#include <ahcisim/models/host/mmio.hpp>

#include <cstring>
#include <string>

#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::host {

namespace {
void prepare(tlm::tlm_generic_payload& payload, std::uint8_t* data, std::uint64_t address, std::uint32_t bytes,
             std::uint32_t width, bool write) {
  payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload.set_address(address);
  payload.set_data_ptr(data);
  payload.set_data_length(bytes);
  payload.set_streaming_width(width);
  payload.set_byte_enable_ptr(nullptr);
  payload.set_dmi_allowed(false);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
}
bool answered(tlm::tlm_sync_enum result, const tlm::tlm_phase& phase) {
  return result == tlm::TLM_COMPLETED || (result == tlm::TLM_UPDATED && phase == tlm::BEGIN_RESP);
}
}  // namespace

Mmio::Mmio(kit::Calendar& calendar, tlm::tlm_initiator_socket<>& socket) : calendar_{calendar}, socket_{socket} {}

[[gnu::flatten]] kit::Duration Mmio::post(std::uint64_t address, std::uint32_t value, kit::Duration at, unsigned bytes) {
  ++writes_;
  wire::store_le32(posted_data_, value);
  prepare(posted_, posted_data_, address, bytes, bytes, true);
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = calendar_.annotate(at);
  if (!answered(socket_->nb_transport_fw(posted_, phase, delay), phase))
    SC_REPORT_ERROR("/ahcisim/host", (std::string{socket_.name()} + ": a posted write was not completed in the call").c_str());
  return kit::max(at, calendar_.absolute(delay));
}

[[gnu::flatten]] bool Mmio::begin(const Access& access, kit::Duration at, void* owner, Done done, Answer& answer) {
  ++(access.write ? writes_ : reads_);
  if (access.data) {
    prepare(waited_, access.data, access.address, access.bytes, access.width, access.write);
  } else {
    wire::store_le32(waited_data_, access.write ? access.value : ~std::uint32_t{0});
    prepare(waited_, waited_data_, access.address, access.bytes, access.bytes, access.write);
  }
  owner_ = owner;
  done_ = done;
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = calendar_.annotate(at);
  if (!answered(socket_->nb_transport_fw(waited_, phase, delay), phase)) return false;
  done_ = nullptr;
  answer = {answered_value(), kit::max(at, calendar_.absolute(delay))};
  return true;
}

tlm::tlm_sync_enum Mmio::backward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (&payload == &waited_ && phase == tlm::END_REQ) return tlm::TLM_ACCEPTED;
  if (&payload != &waited_ || phase != tlm::BEGIN_RESP || !done_) {
    SC_REPORT_ERROR("/ahcisim/host", (std::string{socket_.name()} + ": an answer to nothing that was asked").c_str());
    return tlm::TLM_COMPLETED;
  }
  const Done done = done_;
  done_ = nullptr;
  done(owner_, answered_value(), calendar_.absolute(delay));
  return tlm::TLM_COMPLETED;
}

/// What a read brought; all ones where it failed. A failed string is all ones too.
std::uint32_t Mmio::answered_value() {
  const bool ok = waited_.is_response_ok() && waited_.is_read();
  const std::uint32_t bytes = waited_.get_data_length();
  if (waited_.get_data_ptr() != waited_data_) {
    if (!ok && waited_.is_read()) std::memset(waited_.get_data_ptr(), 0xff, bytes);
    return 0;
  }
  const std::uint32_t value = ok ? wire::load_le32(waited_data_) : ~std::uint32_t{0};
  return bytes < 4 ? value & ((1u << 8 * bytes) - 1) : value;
}

}  // namespace ahcisim::host
