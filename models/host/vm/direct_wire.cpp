// SPDX-License-Identifier: MIT
// Frames at once; communication as soon as COMRESET ends.
#include <ahcisim/models/host/vm/direct_wire.hpp>

namespace ahcisim::host {

using kit::Duration;

namespace {
constexpr unsigned fastest = 3;  // generation
}

DirectWire::DirectWire(const sc_core::sc_module_name& name, kit::Context& context) : sc_module{name}, calendar_{context.calendar} {
  host.on_nb_transport_fw<&DirectWire::from_host>(this);
  device.on_nb_transport_bw<&DirectWire::from_device>(this);
}

/// False where there is no communication; else the frame is as its receiver shall see it.
bool DirectWire::prepare(wire::Frame& frame, sc_core::sc_time& delay) const {
  frame.crc_error = false;
  frame.retries = 0;
  frame.verdict = up_ ? wire::Verdict::r_ok : wire::Verdict::no_link;
  if (!up_) return false;
  const Duration at = kit::max(calendar_.absolute(delay), Duration::from_ps(frame.source_end_ps));
  frame.first_ps = at.ps();
  delay = calendar_.annotate(at);
  return true;
}

::tlm::tlm_sync_enum DirectWire::from_host(wire::Frame& frame, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (phase == wire::SATA_FRAME) {
    const std::uint64_t epoch = epoch_;
    if (prepare(frame, delay)) device->nb_transport_fw(frame, phase, delay);
    if (epoch != epoch_) frame.verdict = wire::Verdict::no_link;
    return ::tlm::TLM_COMPLETED;
  }
  up_ = false;
  ++epoch_;
  speed_limit_ = frame.speed_limit;
  if (!device.bound()) return ::tlm::TLM_COMPLETED;
  if (phase == wire::SATA_RELEASE)
    calendar_.at<&DirectWire::establish>(calendar_.absolute(delay), this, epoch_);
  else
    tell_device(phase, frame, delay);  // COMRESET or offline
  return ::tlm::TLM_COMPLETED;
}

::tlm::tlm_sync_enum DirectWire::from_device(wire::Frame& frame, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  const std::uint64_t epoch = epoch_;
  if (prepare(frame, delay)) host->nb_transport_bw(frame, phase, delay);
  if (epoch != epoch_) frame.verdict = wire::Verdict::no_link;
  return ::tlm::TLM_COMPLETED;
}

void DirectWire::establish(std::uint64_t epoch) {
  if (epoch != epoch_) return;
  up_ = true;
  wire::Frame frame;
  frame.speed = static_cast<std::uint8_t>(speed_limit_ ? std::min(speed_limit_, fastest) : fastest);
  ::tlm::tlm_phase phase = wire::SATA_PHYRDY;
  sc_core::sc_time now = calendar_.annotate(calendar_.now());
  host->nb_transport_bw(frame, phase, now);
  if (epoch == epoch_) tell_device(wire::SATA_PHYRDY, frame, calendar_.annotate(calendar_.now()));  // the host may have answered with COMRESET
}

void DirectWire::tell_device(::tlm::tlm_phase phase, wire::Frame& frame, const sc_core::sc_time& delay) {
  sc_core::sc_time copy = delay;
  device->nb_transport_fw(frame, phase, copy);
}

}  // namespace ahcisim::host
