// SPDX-License-Identifier: MIT
// A bus master's way into host memory: a pointer where memory offers direct access, b_transport otherwise.
#pragma once

#include <cstdint>
#include <vector>

#include <systemc>
#include <tlm>

namespace ahcisim::kit {

/// Holds the direct regions a memory socket has granted. Access is checked to lie within one of them.
class DirectMemory {
 public:
  /// `Socket` is any initiator socket of the generic payload. Returns false where nobody claims the whole range. `delay`
  /// advances by what memory takes where it offers no direct access.
  template <class Socket>
  bool access(Socket& socket, bool write, std::uint64_t address, std::uint8_t* data, std::uint32_t length, sc_core::sc_time& delay) {
    if (std::uint8_t* direct = find(write, address, length)) {
      copy(write, direct, data, length);
      return true;
    }
    payload_.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload_.set_address(address);
    payload_.set_data_ptr(data);
    payload_.set_data_length(length);
    payload_.set_streaming_width(length);
    payload_.set_byte_enable_ptr(nullptr);
    payload_.set_dmi_allowed(false);
    payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    socket->b_transport(payload_, delay);
    if (!payload_.is_response_ok()) return false;
    if (payload_.is_dmi_allowed()) {
      tlm::tlm_dmi region;
      payload_.set_address(address);
      if (socket->get_direct_mem_ptr(payload_, region) && region.get_dmi_ptr()) regions_.push_back(region);
    }
    return true;
  }
  /// Forgets what memory takes back.
  void invalidate(std::uint64_t first, std::uint64_t last);

 private:
  std::uint8_t* find(bool write, std::uint64_t address, std::uint32_t length);
  static void copy(bool write, std::uint8_t* direct, std::uint8_t* data, std::uint32_t length);

  std::vector<tlm::tlm_dmi> regions_;
  tlm::tlm_generic_payload payload_;
};

}  // namespace ahcisim::kit
