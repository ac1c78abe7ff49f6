// SPDX-License-Identifier: MIT
// The processor's side of register accesses: one access at a time that it waits for (reads, writes that are not posted,
// string instructions), and posted writes, for which it does not wait.
#pragma once

#include <cstdint>

#include <systemc>
#include <tlm>

#include <ahcisim/models/kit/calendar.hpp>

namespace ahcisim::host {

/// Where the bus answers within the call (TLM_COMPLETED, or TLM_UPDATED with BEGIN_RESP), so does this class: a chain
/// of accesses belongs into a loop then and not into calls within calls; see access_sequence.hpp.
class Mmio {
 public:
  /// Where the value of a read is delivered: the value, and when the processor has it (now or later).
  using Done = void (*)(void* owner, std::uint32_t value, kit::Duration at);
  /// An access of 1, 2 or 4 bytes, or a string of `bytes` at `data`, moved in pieces of `width` (REP INS, REP OUTS).
  struct Access {
    std::uint64_t address = 0;
    bool write = false;
    std::uint32_t bytes = 4;
    std::uint32_t value = 0;       ///< of a write without a string
    std::uint8_t* data = nullptr;  ///< the string's bytes
    std::uint32_t width = 0;
  };
  struct Answer {
    std::uint32_t value;
    kit::Duration at;
  };

  Mmio(kit::Calendar& calendar, tlm::tlm_initiator_socket<>& socket);
  Mmio(const Mmio&) = delete;
  Mmio& operator=(const Mmio&) = delete;

  /// A posted write of 1, 2 or 4 bytes that leaves at `at`. Returns when the processor may go on.
  kit::Duration post(std::uint64_t address, std::uint32_t value, kit::Duration at, unsigned bytes = 4);
  /// A read that leaves at `at`; owner->Method(value, when). A failed read yields all ones, as a root complex does.
  template <auto Method, class T> void read(std::uint64_t address, kit::Duration at, T* owner, unsigned bytes = 4) {
    start({address, false, bytes}, at, owner, [](void* target, std::uint32_t value, kit::Duration when) {
      (static_cast<T*>(target)->*Method)(value, when);
    });
  }
  /// A write that may be posted or not (configuration space, I/O ports): owner->Method(0, when) when the processor may
  /// go on.
  template <auto Method, class T>
  void write(std::uint64_t address, std::uint32_t value, kit::Duration at, T* owner, unsigned bytes = 4) {
    start({address, true, bytes, value}, at, owner, [](void* target, std::uint32_t, kit::Duration when) {
      (static_cast<T*>(target)->*Method)(0, when);
    });
  }
  /// Begins an access at `at`. True: it is answered already, and `done` will not be called.
  bool begin(const Access& access, kit::Duration at, void* owner, Done done, Answer& answer);
  bool waiting() const { return done_ != nullptr; }
  /// To be called from the owner's nb_transport_bw.
  tlm::tlm_sync_enum backward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  std::uint64_t reads() const { return reads_; }
  std::uint64_t writes() const { return writes_; }

 private:
  void start(const Access& access, kit::Duration at, void* owner, Done done) {
    Answer answer;
    if (begin(access, at, owner, done, answer)) done(owner, answer.value, answer.at);
  }
  std::uint32_t answered_value();

  kit::Calendar& calendar_;
  tlm::tlm_initiator_socket<>& socket_;
  tlm::tlm_generic_payload posted_, waited_;
  std::uint8_t posted_data_[4] = {}, waited_data_[4] = {};
  void* owner_ = nullptr;
  Done done_ = nullptr;
  std::uint64_t reads_ = 0, writes_ = 0;
};

}  // namespace ahcisim::host
