// SPDX-License-Identifier: MIT
// A loosely timed initiator for processes of SC_THREAD: each access waits for its time. For platforms, firmware and tests; models
// do not wait.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

namespace ahcisim::wire {

class LtInitiator : public sc_core::sc_module {
 public:
  explicit LtInitiator(const sc_core::sc_module_name& name) : sc_module{name} {}
  tlm_utils::simple_initiator_socket<LtInitiator> socket{"socket"};

  /// 1 to 8 bytes, little endian. Throws std::runtime_error where the target answers with an error.
  std::uint64_t read(std::uint64_t address, unsigned bytes = 4) {
    std::uint64_t value = 0;
    transport(tlm::TLM_READ_COMMAND, address, value, bytes);
    return value;
  }
  void write(std::uint64_t address, std::uint64_t value, unsigned bytes = 4) {
    transport(tlm::TLM_WRITE_COMMAND, address, value, bytes);
  }
  /// The debug transport: without time and side effects. Throws where the target has nothing there.
  std::uint64_t peek(std::uint64_t address, unsigned bytes = 4) {
    std::uint64_t value = 0;
    tlm::tlm_generic_payload payload;
    fill(payload, tlm::TLM_READ_COMMAND, address, value, bytes);
    if (socket->transport_dbg(payload) != bytes) throw std::runtime_error{std::string{name()} + ": nothing to peek at"};
    return value;
  }
  /// Where the byte at `address` lies, if the target offers direct access to read and write; else null.
  std::uint8_t* direct(std::uint64_t address) {
    std::uint64_t value = 0;
    tlm::tlm_generic_payload payload;
    fill(payload, tlm::TLM_WRITE_COMMAND, address, value, 1);
    tlm::tlm_dmi range;
    if (!socket->get_direct_mem_ptr(payload, range) || !range.is_read_write_allowed()) return nullptr;
    return range.get_dmi_ptr() + (address - range.get_start_address());
  }

 private:
  void fill(tlm::tlm_generic_payload& payload, tlm::tlm_command command, std::uint64_t address, std::uint64_t& value,
            unsigned bytes) const {
    if (bytes == 0 || bytes > sizeof value) throw std::runtime_error{std::string{name()} + ": an access has 1 to 8 bytes"};
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    payload.set_data_length(bytes);
    payload.set_streaming_width(bytes);
  }
  void transport(tlm::tlm_command command, std::uint64_t address, std::uint64_t& value, unsigned bytes) {
    tlm::tlm_generic_payload payload;
    fill(payload, command, address, value, bytes);
    sc_core::sc_time delay;
    socket->b_transport(payload, delay);
    if (payload.is_response_error()) throw std::runtime_error{std::string{name()} + ": " + payload.get_response_string()};
    sc_core::wait(delay);
  }
};

}  // namespace ahcisim::wire
