// SPDX-License-Identifier: MIT
// What joins an emulated HBA's port to an emulated disk: no phys, no link layer, no time. Speaks tlm/frame.hpp as a SATA link does.
#pragma once

#include <systemc>

#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/tlm/frame.hpp>

namespace ahcisim::host {

class DirectWire : public sc_core::sc_module {
 public:
  DirectWire(const sc_core::sc_module_name& name, kit::Context& context);

  wire::FrameTargetSocket host{"host"};         ///< bind the HBA port's initiator socket to it
  wire::FrameInitiatorSocket device{"device"};  ///< bind it to the device; unbound: nothing is plugged in

 private:
  ::tlm::tlm_sync_enum from_host(wire::Frame& frame, ::tlm::tlm_phase& phase, sc_core::sc_time& delay);
  ::tlm::tlm_sync_enum from_device(wire::Frame& frame, ::tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void establish(std::uint64_t epoch);
  bool prepare(wire::Frame& frame, sc_core::sc_time& delay) const;
  void tell_device(::tlm::tlm_phase phase, wire::Frame& frame, const sc_core::sc_time& delay);

  kit::Calendar& calendar_;
  bool up_ = false;
  std::uint64_t epoch_ = 0;  // counts what makes a start-up under way void
  unsigned speed_limit_ = 0;
};

}  // namespace ahcisim::host
