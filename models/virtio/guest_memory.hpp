// SPDX-License-Identifier: MIT
// The function's way into the driver's memory: a pointer where memory offers direct access, b_transport otherwise.
#pragma once

#include <cstdint>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include <ahcisim/models/kit/calendar.hpp>
#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::virtio {

class BlkFunction;
using DmaSocket = tlm_utils::simple_initiator_socket<BlkFunction>;

class GuestMemory {
 public:
  GuestMemory(kit::Calendar& calendar, DmaSocket& socket);
  GuestMemory(const GuestMemory&) = delete;
  GuestMemory& operator=(const GuestMemory&) = delete;

  /// Moves `bytes` bytes; `when` is the time the access begins and becomes the time it has ended. Each access counts
  /// once in `touches`. False where nobody answers at the address, or with an error.
  bool read(std::uint64_t address, void* to, std::uint32_t bytes, kit::Duration& when, kit::Counter& touches) {
    return access(false, address, static_cast<std::uint8_t*>(to), bytes, when, touches);
  }
  bool write(std::uint64_t address, const void* from, std::uint32_t bytes, kit::Duration& when, kit::Counter& touches) {
    return access(true, address, const_cast<std::uint8_t*>(static_cast<const std::uint8_t*>(from)), bytes, when,
                  touches);
  }
  /// An access is under way: what arrives at the function's registers now is its own doing.
  bool busy() const { return busy_; }
  /// Memory takes direct access back.
  void invalidate(std::uint64_t first, std::uint64_t last);

 private:
  struct Region {
    std::uint64_t first, last;
    std::uint8_t* bytes;
    kit::Duration read_latency, write_latency;
    bool readable, writable;
  };
  bool access(bool write, std::uint64_t address, std::uint8_t* data, std::uint32_t bytes, kit::Duration& when,
              kit::Counter& touches);
  const Region* find(bool write, std::uint64_t address, std::uint64_t last) const;
  bool transport(bool write, std::uint64_t address, std::uint8_t* data, std::uint32_t bytes, kit::Duration& when);
  void ask_for_region(bool write, std::uint64_t address);

  kit::Calendar& calendar_;
  DmaSocket& socket_;
  std::vector<Region> regions_;
  ::tlm::tlm_generic_payload payload_;
  bool busy_ = false;
};

}  // namespace ahcisim::virtio
