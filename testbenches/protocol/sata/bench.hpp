// SPDX-License-Identifier: MIT
// A host and a device that only note what the link brings and send what a test tells them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/sata/link.hpp>

namespace ahcisim::sata::testing {

using namespace kit::literals;
using kit::Duration;

/// What arrived at one end.
struct Arrival {
  std::string phase;
  Duration when, first;
  wire::FisType type{};
  bool crc_error = false;
  unsigned speed = 0;
  std::uint32_t payload_bytes = 0;
  unsigned retries = 0;
};

inline wire::Frame frame_of(wire::FisType type, unsigned bytes) {
  wire::Frame frame;
  frame.fis[0] = static_cast<std::uint8_t>(type);
  frame.fis_bytes = static_cast<std::uint8_t>(bytes);
  return frame;
}
inline wire::Frame data_of(std::vector<std::uint8_t>& bytes) {
  wire::Frame frame = frame_of(wire::FisType::data, 4);
  frame.payload = bytes.data();
  frame.payload_bytes = static_cast<std::uint32_t>(bytes.size());
  return frame;
}

template <class Socket> struct End {
  Socket socket{"socket"};
  std::vector<Arrival> arrivals;
  kit::Calendar* calendar = nullptr;
  /// May change the frame and return a later time of acceptance than the one given.
  std::function<Duration(wire::Frame&, Duration)> on_frame;
  std::function<void(const std::string&)> on_phase;

  ::tlm::tlm_sync_enum take(wire::Frame& frame, ::tlm::tlm_phase& phase, sc_core::sc_time& delay) {
    const Duration when = calendar->absolute(delay);
    const std::string name{phase.get_name()};
    arrivals.push_back({name, when, Duration::from_ps(frame.first_ps), frame.type(), frame.crc_error, frame.speed, frame.payload_bytes,
                        frame.retries});
    if (phase == wire::SATA_FRAME) {
      if (on_frame) delay = calendar->annotate(on_frame(frame, when));
    } else if (on_phase) {
      on_phase(name);
    }
    return ::tlm::TLM_COMPLETED;
  }
  unsigned count(const std::string& phase) const {
    unsigned n = 0;
    for (const Arrival& a : arrivals) n += a.phase == phase;
    return n;
  }
  const Arrival& last() const { return arrivals.back(); }
};

struct HostEnd : sc_core::sc_module, End<wire::FrameInitiatorSocket> {
  HostEnd(const sc_core::sc_module_name& name, kit::Context& context) : sc_module{name} {
    calendar = &context.calendar;
    socket.on_nb_transport_bw<&HostEnd::receive>(this);
  }
  ::tlm::tlm_sync_enum receive(wire::Frame& f, ::tlm::tlm_phase& p, sc_core::sc_time& d) { return take(f, p, d); }
  /// The time R_OK or R_ERR is back.
  Duration send(wire::Frame& frame, Duration when, ::tlm::tlm_phase phase = wire::SATA_FRAME) {
    sc_core::sc_time delay = calendar->annotate(when);
    socket->nb_transport_fw(frame, phase, delay);
    return calendar->absolute(delay);
  }
  void signal(const ::tlm::tlm_phase& phase, Duration when, unsigned speed_limit = 0) {
    wire::Frame frame;
    frame.speed_limit = static_cast<std::uint8_t>(speed_limit);
    send(frame, when, phase);
  }
};

struct DeviceEnd : sc_core::sc_module, End<wire::FrameTargetSocket> {
  DeviceEnd(const sc_core::sc_module_name& name, kit::Context& context) : sc_module{name} {
    calendar = &context.calendar;
    socket.on_nb_transport_fw<&DeviceEnd::receive>(this);
  }
  ::tlm::tlm_sync_enum receive(wire::Frame& f, ::tlm::tlm_phase& p, sc_core::sc_time& d) { return take(f, p, d); }
  Duration send(wire::Frame& frame, Duration when) {
    sc_core::sc_time delay = calendar->annotate(when);
    ::tlm::tlm_phase phase = wire::SATA_FRAME;
    socket->nb_transport_bw(frame, phase, delay);
    return calendar->absolute(delay);
  }
};

/// Host, link and device; start() brings the link up.
struct Bench {
  explicit Bench(const LinkParameters& parameters, bool with_device = true)
      : link{"link", context, parameters}, host{"host", context}, device{"device", context} {
    host.socket.bind(link.host);
    if (with_device) link.device.bind(device.socket);
  }
  /// Releases COMRESET now and runs until nothing is left to happen (at most a second).
  void start(unsigned speed_limit = 0) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    host.signal(wire::SATA_RELEASE, context.calendar.now(), speed_limit);
    run();
  }
  void run(Duration length = 20_ms) {
    sc_core::sc_start(kit::Calendar::time(length));
  }
  Duration now() const { return context.calendar.now(); }
  kit::Context context;
  Link link;
  HostEnd host;
  DeviceEnd device;
};

}  // namespace ahcisim::sata::testing
