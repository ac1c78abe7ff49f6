// SPDX-License-Identifier: MIT
// The ATAPI device at its port, and the front of the drive.
#include <ahcisim/models/disk/optical/atapi_device.hpp>

#include <string>
#include <utility>

#include <ahcisim/models/disk/ata/identify_page.hpp>

namespace ahcisim::disk::optical {

using kit::Duration;
namespace status = wire::status;

AtapiDevice::AtapiDevice(const sc_core::sc_module_name& name, kit::Context& context, const OpticalParameters& parameters,
                         std::unique_ptr<Store> disc)
    : sc_module{name}, link{"link"}, calendar_{context.calendar}, parameters_{parameters},
      // ACS-3: a device with the PACKET feature set has DRDY cleared, and EB14h where others have zeros.
      port_{this->name(), context, link, *this, {parameters.command_decode(), parameters.power_on(), parameters.reset()}, {0x00, 0x14, 0xeb}},
      mechanism_{parameters, *this}, commands_{parameters, mechanism_}, track_{context.probes, std::string{this->name()} + ".commands"} {
  check_names(parameters);
  mechanism_.place(std::move(disc));
  context.stats.add(this->name(), statistics_);
  context.stats.add(std::string{this->name()} + ".mechanism", mechanism_.statistics());
}

void AtapiDevice::command_arrived(const Inbound& in) {
  constexpr std::uint8_t device_reset = 0x08;
  if (in.fis.command == device_reset) return port_.begin_reset(Reset::device_reset);  // even while BSY is one
  if (asleep_) return port_.diagnose("command to a device in Sleep, which only a reset ends (ACS-3, Power Management feature set)");
  if (busy_) return port_.diagnose("command while another is being executed (ACS-3, 6.1: BSY is one)");
  statistics_.commands.add();
  busy_ = true;
  ++serial_;
  phase_ = Phase::executing;
  command_ = in;
  if (in.tag) in.tag->stamp(wire::Stage::received, in.arrival.ps());
  result_ = {};
  result_.device = in.fis.device;
  result_.lba_15_8 = in.fis.lba_15_8, result_.lba_23_16 = in.fis.lba_23_16;
  const AtapiRow* row = find_atapi_command(in.fis.command);
  what_ = row ? row->name : "unknown";
  row ? (this->*row->handler)() : abort();
}

void AtapiDevice::abandoned() {
  ++serial_;
  busy_ = false;
  phase_ = Phase::idle;
}

void AtapiDevice::reset(Reset kind) {
  statistics_.resets.add();
  asleep_ = false;
  if (kind == Reset::power_on) mechanism_.power_on(calendar_.now());
  if (kind == Reset::power_on || (kind == Reset::comreset && !settings_.preservation)) settings_ = {};
  commands_.reset();
  watch_mechanism();
}

/// Sees to it that Mechanism::advance() is called in time.
void AtapiDevice::watch_mechanism() {
  const Duration next = mechanism_.next_change();
  if (next == watched_) return;
  watched_ = next;
  ++watch_serial_;
  if (next != Duration::never()) calendar_.at<&AtapiDevice::mechanism_due>(next, this, watch_serial_);
}

void AtapiDevice::mechanism_due(std::uint64_t serial) {
  if (serial != watch_serial_) return;
  mechanism_.advance(calendar_.now());
  watch_mechanism();
}

void AtapiDevice::tray_is_out(Duration now) {
  if (!inserting_) return;
  inserting_ = false;
  mechanism_.place(std::move(waiting_disc_));
  mechanism_.close(now);
}

void AtapiDevice::moved(Duration) {
  if (phase_ == Phase::moving && mechanism_.next_change() == Duration::never()) end_well();
}

/// What is being read ends when the device gets to it: this may be a call from outside of its events.
void AtapiDevice::disc_leaves() {
  commands_.disc_leaves();
  if (phase_ == Phase::sending && outcome_.kind == Outcome::Kind::blocks)
    calendar_.at<&AtapiDevice::disc_is_gone>(calendar_.now(), this, ++serial_);
}

void AtapiDevice::disc_is_gone(std::uint64_t serial) {
  if (serial == serial_) end_with(sense::no_medium_tray_open, calendar_.now());
}

bool AtapiDevice::press_eject() {
  if (commands_.locked()) {
    commands_.eject_requested();
    return false;
  }
  mechanism_.open(calendar_.now());
  watch_mechanism();
  return true;
}

bool AtapiDevice::insert(std::unique_ptr<Store> disc) {
  if (!press_eject()) return false;
  waiting_disc_ = std::move(disc);
  inserting_ = true;
  if (mechanism_.tray() == Tray::open) tray_is_out(calendar_.now());
  watch_mechanism();
  return true;
}

/// The Register D2H FIS that ends a command. Interrupt reason: C/D and I/O are both one (ACS-3, PACKET, normal outputs).
void AtapiDevice::end(std::uint8_t status, std::uint8_t error, Duration when) {
  constexpr std::uint8_t status_reason = 0x03;
  busy_ = false;
  phase_ = Phase::idle;
  if (status & status::ERR) statistics_.errors.add();
  result_.flags = wire::RegisterD2H::I;
  result_.status = status;
  result_.error = error;
  if (command_.fis.command == 0xa0) result_.count_7_0 = status_reason;
  wire::Frame frame;
  frame.set(result_);
  frame.tag = command_.tag;
  const Duration sent = port_.send(frame, when);
  statistics_.service.add(sent - command_.arrival);
  track_.span(what_, command_.arrival, sent, command_.tag ? command_.tag->id : 0);
}

/// The next step of the command under way.
void AtapiDevice::later(Duration when) { calendar_.at<&AtapiDevice::step>(when, this, serial_); }

void AtapiDevice::step(std::uint64_t serial) {
  if (serial != serial_) return;
  switch (phase_) {
    case Phase::requesting: return request_packet();
    case Phase::executing: return execute();
    case Phase::sending: return send_data();
    case Phase::ending: return end_well();
    default: return;
  }
}

}  // namespace ahcisim::disk::optical
