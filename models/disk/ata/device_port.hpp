// SPDX-License-Identifier: MIT
// A device's end of its SATA link, whatever its commands are: frames in and out, resets, the signature.
//
// A command FIS costs one event, when it has been decoded. Resets and changes of the link raise a generation: events of an
// earlier one are void.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <systemc>

#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/tlm/frame.hpp>

namespace ahcisim::disk {

/// A Register H2D FIS, as it came.
struct Inbound {
  wire::RegisterH2D fis;
  wire::RequestTag* tag = nullptr;
  kit::Duration arrival;
};

/// What began a reset. `device_reset` is the command DEVICE RESET of the PACKET feature set, which interrupts nobody.
enum class Reset : std::uint8_t { power_on, comreset, soft, diagnostic, device_reset };

/// What a device says of itself after a reset (ACS-3, table "Device signatures").
struct Signature {
  std::uint8_t status = 0, lba_15_8 = 0, lba_23_16 = 0;
};

/// How long the interface's part takes.
struct PortTimes {
  kit::Duration command_decode;  ///< last dword of a FIS until the command is looked at
  kit::Duration power_on;        ///< communication established for the first time until the signature is sent
  kit::Duration reset;           ///< any other reset until then
};

/// The device behind the port.
class PortClient {
 public:
  /// A command FIS has been decoded, after the signature was sent.
  virtual void command_arrived(const Inbound& in) = 0;
  virtual void data_arrives(wire::Frame& frame, kit::Duration arrival) = 0;
  /// A parallel channel's host has taken the data that it let wait.
  virtual void data_taken(kit::Duration when) = 0;
  /// The link is gone, or a reset begins: whatever was under way is forgotten.
  virtual void abandoned() = 0;
  virtual void reset(Reset kind) = 0;
  /// The signature has been sent.
  virtual void ready_for_commands() = 0;
  /// A FIS from the host has been dealt with.
  virtual void fis_done() = 0;

 protected:
  ~PortClient() = default;
};

class DevicePort {
 public:
  /// `link` and `client` must outlive the port, which takes the link's calls; `name` is what diagnostics call the device.
  DevicePort(std::string name, kit::Context& context, wire::FrameTargetSocket& link, PortClient& client, const PortTimes& times,
             const Signature& signature);
  DevicePort(const DevicePort&) = delete;
  DevicePort& operator=(const DevicePort&) = delete;

  /// Sends at `when` or as soon as the link lets it; returns when it was acknowledged, frame.verdict says how.
  kit::Duration send(wire::Frame& frame, kit::Duration when);
  /// Resets the device; the signature follows after a while (Serial ATA 3.x, chapter 11).
  void begin_reset(Reset kind);
  void diagnose(const char* rule) const { context_.diagnostics.report(name_, rule, context_.calendar.now()); }

  /// A FIS from the host is on its way through the decoder.
  bool decoding() const { return inbound_ != 0; }
  /// When the last frame sent was acknowledged.
  kit::Duration free_at() const { return free_at_; }
  /// Counts changes of the link.
  std::uint32_t link_generation() const { return link_generation_; }
  std::uint8_t speed() const { return speed_; }        ///< generation of the link; 0: parallel
  std::uint8_t position() const { return position_; }  ///< parallel: device 0 or 1, …
  bool cable80() const { return cable80_; }            ///< … and what the cable is
  const Signature& signature() const { return signature_; }

 private:
  tlm::tlm_sync_enum nb_transport_fw(wire::Frame& frame, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void receive(wire::Frame& frame, kit::Duration arrival);
  void receive_register(wire::Frame& frame, kit::Duration arrival);
  void decoded(std::uint64_t link_generation);
  void phy_ready(std::uint64_t link_generation);
  void link_lost();
  void control(const wire::RegisterH2D& fis);
  void send_signature(std::uint64_t generation);

  const std::string name_;
  kit::Context& context_;
  kit::Calendar& calendar_;
  wire::FrameTargetSocket& link_;
  PortClient& client_;
  const PortTimes times_;
  const Signature signature_;

  bool powered_ = false;       // has been reset once
  Reset last_reset_ = Reset::power_on;
  bool up_ = false;
  bool ready_ = false;         // the signature has been sent
  bool in_soft_reset_ = false; // SRST is set
  std::uint8_t speed_ = 0, position_ = 0;
  bool cable80_ = false;
  std::uint32_t generation_ = 0, link_generation_ = 0;
  std::array<Inbound, 64> inbox_;
  unsigned inbox_head_ = 0, inbound_ = 0;
  kit::Duration free_at_;
};

}  // namespace ahcisim::disk
