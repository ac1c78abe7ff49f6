// SPDX-License-Identifier: MIT
// The ATA device at its link: frames in, resets, signature.
#include <ahcisim/models/disk/ata_device.hpp>

#include <string>

#include <fmt/format.h>

#include <ahcisim/models/disk/ata/identify.hpp>

namespace ahcisim::disk {

using kit::Duration;
using wire::FisType;

AtaDevice::AtaDevice(const sc_core::sc_module_name& name, kit::Context& context, const AtaParameters& parameters,
                     Medium& medium, Store& store)
    : sc_module{name},
      link{"link"},
      context_{context},
      calendar_{context.calendar},
      parameters_{parameters},
      medium_{medium},
      store_{store},
      facts_{medium.facts()},
      track_{context.probes, std::string{this->name()} + ".commands"},
      depth_probe_{context.probes, std::string{this->name()} + ".outstanding", 6},
      phase_probe_{context.probes, std::string{this->name()} + ".phase", 2, {"none", "sending", "awaiting_data", "ending"}},
      buffer_{std::make_unique<std::uint8_t[]>(buffer_bytes)},
      bounce_{std::make_unique<std::uint8_t[]>(wire::max_data_fis_bytes)} {
  if (facts_.sectors == 0 || facts_.sectors > store.sectors())
    throw kit::ConfigError{fmt::format("{}: the medium has {} sectors, its store {}: give the store at least as many", this->name(),
                                       facts_.sectors, store.sectors())};
  check_names(parameters);
  for (unsigned index = 0; index < commands_.size(); ++index) commands_[index].media.index = index;
  link.on_nb_transport_fw<&AtaDevice::nb_transport_fw>(this);
  medium_.attach(*this);
  context.stats.add(this->name(), statistics_);
}

void AtaDevice::diagnose(const char* rule) { context_.diagnostics.report(name(), rule, calendar_.now()); }

tlm::tlm_sync_enum AtaDevice::nb_transport_fw(wire::Frame& frame, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  const Duration when = calendar_.absolute(delay);
  if (phase == wire::SATA_FRAME) {
    receive(frame, when);
  } else if (phase == wire::SATA_PHYRDY) {
    link_lost();
    speed_ = frame.speed, position_ = frame.position, cable80_ = frame.cable80;
    calendar_.at<&AtaDevice::phy_ready>(when, this, link_generation_);
  } else if (phase == wire::SATA_PHYLOST || phase == wire::SATA_COMRESET || phase == wire::SATA_OFFLINE) {
    link_lost();
  } else if (phase == wire::FRAME_TAKEN) {
    data_taken(when);
  }  // SATA_RELEASE: out-of-band signalling is the link's; SATA_PHYRDY ends it
  return tlm::TLM_COMPLETED;
}

void AtaDevice::receive(wire::Frame& frame, Duration arrival) {
  if (!link_up_) {
    frame.verdict = wire::Verdict::no_link;
    return;
  }
  if (frame.fis_bytes != 0 && frame.type() == FisType::data) return receive_data(frame, arrival);
  if (frame.crc_error) return;  // R_ERR; the link repeats it (Serial ATA 3.x, 10.6)
  if (frame.fis_bytes == sizeof(wire::RegisterH2D) && frame.type() == FisType::register_h2d) return receive_register(frame, arrival);
  diagnose("FIS that a device does not take from a host (Serial ATA 3.x, 10.5.2)");
  frame.verdict = wire::Verdict::r_err;
}

void AtaDevice::receive_register(wire::Frame& frame, Duration arrival) {
  if (inbound_ == inbox_.size()) {
    diagnose("command FIS while 64 others are unanswered (Serial ATA 3.x, chapter 11)");
    frame.verdict = wire::Verdict::r_err;
    return;
  }
  const unsigned place = (inbox_head_ + inbound_++) % inbox_.size();
  Inbound& in = inbox_[place];
  in.fis = frame.as<wire::RegisterH2D>();
  in.tag = frame.tag;
  in.arrival = arrival;
  calendar_.at<&AtaDevice::arrive>(arrival + parameters_.command_decode(), this, link_generation_);
}

void AtaDevice::link_lost() {
  ++generation_;
  ++link_generation_;
  inbound_ = 0;
  link_up_ = ready_for_commands_ = false;
  in_soft_reset_ = false;
  drop_everything();
}

/// Whatever was under way is forgotten; what the medium has in its write cache stays (ACS-3, write cache).
void AtaDevice::drop_everything() {
  drop_commands();
  queue_error_ = false;
  medium_.abandon_all(calendar_.now());
  watch_medium();
}

void AtaDevice::phy_ready(std::uint64_t link_generation) {
  if (link_generation != link_generation_) return;
  link_up_ = true;
  link_free_ = calendar_.now();
  begin_reset(powered_ ? Reset::comreset : Reset::power_on);
}

/// Resets the device; the signature follows after a while (Serial ATA 3.x, chapter 11).
void AtaDevice::begin_reset(Reset kind) {
  statistics_.resets.add();
  ++generation_;
  drop_everything();
  ready_for_commands_ = false;
  if (kind == Reset::power_on || (kind == Reset::comreset && !settings_.preservation) ||
      (kind == Reset::soft && settings_.revert_on_reset))
    revert_settings();
  if (kind == Reset::comreset) settings_.auto_activate = settings_.non_zero_offsets = false;  // not among what SSP preserves
  if (power_ == Power::sleep) power_ = Power::standby;  // ACS-3, Power Management feature set: a reset leaves Sleep
  powered_ = true;
  last_reset_ = kind;
  const Duration delay = kind == Reset::power_on ? parameters_.power_on() : parameters_.reset();
  calendar_.at<&AtaDevice::send_signature>(calendar_.now() + delay, this, generation_);
}

/// Serial ATA 3.x, chapter 11: the signature of a device without the PACKET feature set (ACS-3, table "Signature").
void AtaDevice::send_signature(std::uint64_t generation) {
  if (generation != generation_) return;
  ready_for_commands_ = true;
  last_activity_ = calendar_.now();
  wire::RegisterD2H fis;
  fis.status = wire::status::DRDY | wire::status::DSC;
  if (last_reset_ == Reset::diagnostic) fis.flags = wire::RegisterD2H::I;
  fis.error = 0x01;  // device 0 passed its diagnostic
  fis.lba_7_0 = fis.count_7_0 = 1;
  wire::Frame frame;
  frame.set(fis);
  send(frame, calendar_.now());
}

/// Register H2D with C cleared: the Device Control register was written (Serial ATA 3.x, 10.5.5; SRST is bit 2).
void AtaDevice::control(const wire::RegisterH2D& fis) {
  const bool srst = fis.control & 0x04;
  if (srst && !in_soft_reset_) {
    ++generation_;
    drop_everything();
    ready_for_commands_ = false;
  } else if (!srst && in_soft_reset_) {
    in_soft_reset_ = false;
    return begin_reset(Reset::soft);
  }
  in_soft_reset_ = srst;
}

/// Sends at `when` or as soon as the link lets it; returns when it was acknowledged, frame.verdict says how.
Duration AtaDevice::send(wire::Frame& frame, Duration when) {
  if (!link.bound()) {
    frame.verdict = wire::Verdict::no_link;
    return when;
  }
  tlm::tlm_phase phase = wire::SATA_FRAME;
  sc_core::sc_time delay = calendar_.annotate(when);
  link->nb_transport_bw(frame, phase, delay);
  const Duration acknowledged = calendar_.absolute(delay);
  link_free_ = kit::max(link_free_, acknowledged);
  return acknowledged;
}

}  // namespace ahcisim::disk
