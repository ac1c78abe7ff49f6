// SPDX-License-Identifier: MIT
// The processor's side of register accesses: one read at a time, which it waits for, and posted writes, which it does not.
#pragma once

#include <cstdint>

#include <systemc>
#include <tlm>

#include <ahcisim/models/kit/calendar.hpp>

namespace ahcisim::host {

class Mmio {
 public:
  /// Where the value of a read is delivered: the value, and when the processor has it (now or later).
  using Done = void (*)(void* owner, std::uint32_t value, kit::Duration at);

  Mmio(kit::Calendar& calendar, tlm::tlm_initiator_socket<>& socket);
  Mmio(const Mmio&) = delete;
  Mmio& operator=(const Mmio&) = delete;

  /// A posted write of a dword that leaves at `at`. Returns when the processor may go on.
  kit::Duration post(std::uint64_t address, std::uint32_t value, kit::Duration at);
  /// A read that leaves at `at`; owner->Method(value, when). A failed read yields all ones, as a root complex does.
  template <auto Method, class T> void read(std::uint64_t address, kit::Duration at, T* owner, unsigned bytes = 4) {
    begin(address, at, bytes, false, 0, owner, [](void* target, std::uint32_t value, kit::Duration when) {
      (static_cast<T*>(target)->*Method)(value, when);
    });
  }
  /// A write that may be posted or not (configuration space): owner->Method(0, when) when the processor may go on.
  template <auto Method, class T>
  void write(std::uint64_t address, std::uint32_t value, kit::Duration at, T* owner, unsigned bytes = 4) {
    begin(address, at, bytes, true, value, owner, [](void* target, std::uint32_t, kit::Duration when) {
      (static_cast<T*>(target)->*Method)(0, when);
    });
  }
  bool waiting() const { return done_ != nullptr; }
  /// To be called from the owner's nb_transport_bw.
  tlm::tlm_sync_enum backward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  std::uint64_t reads() const { return reads_; }
  std::uint64_t writes() const { return writes_; }

 private:
  void begin(std::uint64_t address, kit::Duration at, unsigned bytes, bool write, std::uint32_t value, void* owner, Done done);
  void finish(kit::Duration at);

  kit::Calendar& calendar_;
  tlm::tlm_initiator_socket<>& socket_;
  tlm::tlm_generic_payload posted_, waited_;
  std::uint8_t posted_data_[4] = {}, waited_data_[4] = {};
  void* owner_ = nullptr;
  Done done_ = nullptr;
  std::uint64_t reads_ = 0, writes_ = 0;
};

}  // namespace ahcisim::host
