// SPDX-License-Identifier: MIT
// Sockets of the two wire protocols: TLM-2.0 base sockets with the core transport interfaces for a payload of our own,
// and members that route calls to a module's functions, as tlm_utils' simple sockets do for the generic payload.
//
// Forward is host to device. Every call carries a delay annotated relative to sc_time_stamp(). A side that registers no
// function answers a call with the SystemC error "unexpected call", so a forgotten binding is loud.
#pragma once

#include <string>

#include <systemc>
#include <tlm>

namespace ahcisim::wire {

/// The protocol's traits class (IEEE 1666-2011, 14.2.2).
template <class Payload> struct WireTypes {
  using tlm_payload_type = Payload;
  using tlm_phase_type = ::tlm::tlm_phase;
};

/// The calls an initiator (the host's side of a wire) makes.
template <class Payload>
class FwTransportIf : public virtual ::tlm::tlm_fw_nonblocking_transport_if<Payload, ::tlm::tlm_phase>,
                      public virtual ::tlm::tlm_blocking_transport_if<Payload>,
                      public virtual ::tlm::tlm_transport_dbg_if<Payload> {
 public:
  using protocol_types = WireTypes<Payload>;
};

/// The calls a target (the device's side of a wire) makes. Unlike the generic payload's backward path it may also block:
/// a device masters its wire too (bus-master DMA, frames of its own).
template <class Payload>
class BwTransportIf : public virtual ::tlm::tlm_bw_nonblocking_transport_if<Payload, ::tlm::tlm_phase>,
                      public virtual ::tlm::tlm_blocking_transport_if<Payload> {
 public:
  using protocol_types = WireTypes<Payload>;
};

template <class Payload> using NbFunction = ::tlm::tlm_sync_enum (*)(void*, Payload&, ::tlm::tlm_phase&, sc_core::sc_time&);
template <class Payload> using BFunction = void (*)(void*, Payload&, sc_core::sc_time&);
template <class Payload> using DbgFunction = unsigned (*)(void*, Payload&);

/// Host side of a wire: calls forward with `socket->nb_transport_fw(...)`, receives backward calls. With the policy
/// SC_ZERO_OR_MORE_BOUND it may stay unbound (nothing is plugged in); bound() tells.
template <class Payload, sc_core::sc_port_policy policy = sc_core::SC_ONE_OR_MORE_BOUND>
class InitiatorSocket
    : public ::tlm::tlm_base_initiator_socket<32, FwTransportIf<Payload>, BwTransportIf<Payload>, 1, policy> {
  using Base = ::tlm::tlm_base_initiator_socket<32, FwTransportIf<Payload>, BwTransportIf<Payload>, 1, policy>;

 public:
  explicit InitiatorSocket(const char* name) : Base{name}, bw_{*this} { this->m_export.bind(bw_); }
  /// Whether something is plugged in; known from the end of elaboration on.
  bool bound() const { return this->size() > 0; }
  /// owner->Method(payload, phase, delay) for what the device's side sends.
  template <auto Method, class T> void on_nb_transport_bw(T* owner) {
    bw_.owner = owner;
    bw_.nb = [](void* target, Payload& p, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) {
      return (static_cast<T*>(target)->*Method)(p, phase, delay);
    };
  }
  template <auto Method, class T> void on_b_transport(T* owner) {
    bw_.owner = owner;
    bw_.b = [](void* target, Payload& p, sc_core::sc_time& delay) { (static_cast<T*>(target)->*Method)(p, delay); };
  }

 private:
  struct Backward final : BwTransportIf<Payload> {
    explicit Backward(InitiatorSocket& s) : socket{s} {}
    ::tlm::tlm_sync_enum nb_transport_bw(Payload& p, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) override {
      if (nb) return nb(owner, p, phase, delay);
      SC_REPORT_ERROR("/ahcisim/socket", (std::string{"unexpected nb_transport_bw at "} + socket.name()).c_str());
      return ::tlm::TLM_COMPLETED;
    }
    void b_transport(Payload& p, sc_core::sc_time& delay) override {
      if (b) return b(owner, p, delay);
      SC_REPORT_ERROR("/ahcisim/socket", (std::string{"unexpected b_transport at "} + socket.name()).c_str());
    }
    InitiatorSocket& socket;
    void* owner = nullptr;
    NbFunction<Payload> nb = nullptr;
    BFunction<Payload> b = nullptr;
  };
  Backward bw_;
};

/// Device side of a wire: receives forward calls, calls backward with `socket->nb_transport_bw(...)` or
/// `socket->b_transport(...)`.
template <class Payload, sc_core::sc_port_policy policy = sc_core::SC_ONE_OR_MORE_BOUND>
class TargetSocket : public ::tlm::tlm_base_target_socket<32, FwTransportIf<Payload>, BwTransportIf<Payload>, 1, policy> {
  using Base = ::tlm::tlm_base_target_socket<32, FwTransportIf<Payload>, BwTransportIf<Payload>, 1, policy>;

 public:
  explicit TargetSocket(const char* name) : Base{name}, fw_{*this} { this->bind(fw_); }
  using Base::bind;
  bool bound() const { return this->m_port.size() > 0; }
  template <auto Method, class T> void on_nb_transport_fw(T* owner) {
    fw_.owner = owner;
    fw_.nb = [](void* target, Payload& p, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) {
      return (static_cast<T*>(target)->*Method)(p, phase, delay);
    };
  }
  template <auto Method, class T> void on_b_transport(T* owner) {
    fw_.owner = owner;
    fw_.b = [](void* target, Payload& p, sc_core::sc_time& delay) { (static_cast<T*>(target)->*Method)(p, delay); };
  }
  template <auto Method, class T> void on_transport_dbg(T* owner) {
    fw_.owner = owner;
    fw_.dbg = [](void* target, Payload& p) { return (static_cast<T*>(target)->*Method)(p); };
  }

 private:
  struct Forward final : FwTransportIf<Payload> {
    explicit Forward(TargetSocket& s) : socket{s} {}
    ::tlm::tlm_sync_enum nb_transport_fw(Payload& p, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) override {
      if (nb) return nb(owner, p, phase, delay);
      SC_REPORT_ERROR("/ahcisim/socket", (std::string{"unexpected nb_transport_fw at "} + socket.name()).c_str());
      return ::tlm::TLM_COMPLETED;
    }
    void b_transport(Payload& p, sc_core::sc_time& delay) override {
      if (b) return b(owner, p, delay);
      SC_REPORT_ERROR("/ahcisim/socket", (std::string{"unexpected b_transport at "} + socket.name()).c_str());
    }
    unsigned transport_dbg(Payload& p) override { return dbg ? dbg(owner, p) : 0; }
    TargetSocket& socket;
    void* owner = nullptr;
    NbFunction<Payload> nb = nullptr;
    BFunction<Payload> b = nullptr;
    DbgFunction<Payload> dbg = nullptr;
  };
  Forward fw_;
};

}  // namespace ahcisim::wire
