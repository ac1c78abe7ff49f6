// SPDX-License-Identifier: MIT
// A device at its link: frames in, resets, signature.
#include <ahcisim/models/disk/ata/device_port.hpp>

#include <utility>

namespace ahcisim::disk {

using kit::Duration;
using wire::FisType;

DevicePort::DevicePort(std::string name, kit::Context& context, wire::FrameTargetSocket& link, PortClient& client, const PortTimes& times,
                       const Signature& signature)
    : name_{std::move(name)}, context_{context}, calendar_{context.calendar}, link_{link}, client_{client}, times_{times},
      signature_{signature} {
  link_.on_nb_transport_fw<&DevicePort::nb_transport_fw>(this);
}

tlm::tlm_sync_enum DevicePort::nb_transport_fw(wire::Frame& frame, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  const Duration when = calendar_.absolute(delay);
  if (phase == wire::SATA_FRAME) {
    receive(frame, when);
  } else if (phase == wire::SATA_PHYRDY) {
    link_lost();
    speed_ = frame.speed, position_ = frame.position, cable80_ = frame.cable80;
    calendar_.at<&DevicePort::phy_ready>(when, this, link_generation_);
  } else if (phase == wire::SATA_PHYLOST || phase == wire::SATA_COMRESET || phase == wire::SATA_OFFLINE) {
    link_lost();
  } else if (phase == wire::FRAME_TAKEN) {
    client_.data_taken(when);
  }  // SATA_RELEASE: out-of-band signalling is the link's; SATA_PHYRDY ends it
  return tlm::TLM_COMPLETED;
}

void DevicePort::receive(wire::Frame& frame, Duration arrival) {
  if (!up_) {
    frame.verdict = wire::Verdict::no_link;
    return;
  }
  if (frame.fis_bytes != 0 && frame.type() == FisType::data) return client_.data_arrives(frame, arrival);
  if (frame.crc_error) return;  // R_ERR; the link repeats it (Serial ATA 3.x, 10.6)
  if (frame.fis_bytes == sizeof(wire::RegisterH2D) && frame.type() == FisType::register_h2d) return receive_register(frame, arrival);
  diagnose("FIS that a device does not take from a host (Serial ATA 3.x, 10.5.2)");
  frame.verdict = wire::Verdict::r_err;
}

void DevicePort::receive_register(wire::Frame& frame, Duration arrival) {
  if (inbound_ == inbox_.size()) {
    diagnose("command FIS while 64 others are unanswered (Serial ATA 3.x, chapter 11)");
    frame.verdict = wire::Verdict::r_err;
    return;
  }
  const unsigned place = (inbox_head_ + inbound_++) % inbox_.size();
  inbox_[place] = {frame.as<wire::RegisterH2D>(), frame.tag, arrival};
  calendar_.at<&DevicePort::decoded>(arrival + times_.command_decode, this, link_generation_);
}

void DevicePort::decoded(std::uint64_t link_generation) {
  if (link_generation != link_generation_) return;
  const Inbound in = inbox_[inbox_head_];
  inbox_head_ = (inbox_head_ + 1) % inbox_.size();
  --inbound_;
  if ((in.fis.flags & wire::RegisterH2D::C) == 0) control(in.fis);
  else if (!ready_) diagnose("command before the signature, or during a reset (ACS-3, 6.1: BSY is one)");
  else client_.command_arrived(in);
  client_.fis_done();
}

void DevicePort::link_lost() {
  ++generation_;
  ++link_generation_;
  inbound_ = 0;
  up_ = ready_ = false;
  in_soft_reset_ = false;
  client_.abandoned();
}

void DevicePort::phy_ready(std::uint64_t link_generation) {
  if (link_generation != link_generation_) return;
  up_ = true;
  free_at_ = calendar_.now();
  begin_reset(powered_ ? Reset::comreset : Reset::power_on);
}

void DevicePort::begin_reset(Reset kind) {
  ++generation_;
  client_.abandoned();
  ready_ = false;
  client_.reset(kind);
  powered_ = true;
  last_reset_ = kind;
  const Duration delay = kind == Reset::power_on ? times_.power_on : times_.reset;
  calendar_.at<&DevicePort::send_signature>(calendar_.now() + delay, this, generation_);
}

void DevicePort::send_signature(std::uint64_t generation) {
  if (generation != generation_) return;
  ready_ = true;
  client_.ready_for_commands();
  wire::RegisterD2H fis;
  fis.status = signature_.status;
  if (last_reset_ == Reset::diagnostic) fis.flags = wire::RegisterD2H::I;
  fis.error = 0x01;  // device 0 passed its diagnostic
  fis.lba_7_0 = fis.count_7_0 = 1;
  fis.lba_15_8 = signature_.lba_15_8, fis.lba_23_16 = signature_.lba_23_16;
  wire::Frame frame;
  frame.set(fis);
  send(frame, calendar_.now());
}

/// Register H2D with C cleared: the Device Control register was written (Serial ATA 3.x, 10.5.5; SRST is bit 2).
void DevicePort::control(const wire::RegisterH2D& fis) {
  const bool srst = fis.control & 0x04;
  if (srst && !in_soft_reset_) {
    ++generation_;
    client_.abandoned();
    ready_ = false;
  } else if (!srst && in_soft_reset_) {
    in_soft_reset_ = false;
    return begin_reset(Reset::soft);
  }
  in_soft_reset_ = srst;
}

Duration DevicePort::send(wire::Frame& frame, Duration when) {
  if (!link_.bound()) {
    frame.verdict = wire::Verdict::no_link;
    return when;
  }
  tlm::tlm_phase phase = wire::SATA_FRAME;
  sc_core::sc_time delay = calendar_.annotate(when);
  link_->nb_transport_bw(frame, phase, delay);
  const Duration acknowledged = calendar_.absolute(delay);
  free_at_ = kit::max(free_at_, acknowledged);
  return acknowledged;
}

}  // namespace ahcisim::disk
