// SPDX-License-Identifier: MIT
// The ATAPI device: an optical drive at the end of a SATA link (ACS-3, PACKET feature set; Serial ATA 3.x, chapter 11).
//
// It takes ATA commands as the ATA device does, through the same port; PACKET asks for a command packet, which PacketCommands
// executes, and sends what came of it: by PIO in pieces of the byte count limit, or by DMA. One command at a time.
//
// Events for a read: the command FIS, the request for the packet, the packet, its execution, and one for each ECC block that is
// not in the buffer yet.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include <systemc>

#include <ahcisim/models/disk/ata/device_port.hpp>
#include <ahcisim/models/disk/optical/identify_packet.hpp>
#include <ahcisim/models/disk/optical/mechanism.hpp>
#include <ahcisim/models/disk/optical/packet_commands.hpp>
#include <ahcisim/models/disk/optical/parameters.hpp>
#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/tlm/frame.hpp>

namespace ahcisim::disk::optical {

class AtapiDevice;

/// One row of the table of ATA commands.
struct AtapiRow {
  std::uint8_t opcode;
  const char* name;  ///< as in ACS-3
  void (AtapiDevice::*handler)();
};
/// The row of a command code; nullptr where the device does not know it.
const AtapiRow* find_atapi_command(std::uint8_t opcode);

struct AtapiStatistics : kit::StatSet {
  kit::Counter commands{*this, "commands", "commands", "commands taken"};
  kit::Counter packets{*this, "packets", "packets", "command packets executed"};
  kit::Counter read_bytes{*this, "read_bytes", "B", "data sent to the host"};
  kit::Counter errors{*this, "errors", "commands", "commands that ended with ERR set"};
  kit::Counter attentions{*this, "attentions", "commands", "commands that ended with UNIT ATTENTION"};
  kit::Counter resets{*this, "resets", "resets", "power-on, COMRESET, SRST, diagnostics and DEVICE RESET"};
  kit::Latency service{*this, "service", "command FIS received to completing FIS sent", "time in the device, all commands"};
};

class AtapiDevice final : public sc_core::sc_module, private PortClient, private MechanismClient {
 public:
  /// `disc`: what lies in the drive at power-on; nullptr: nothing. Throws kit::ConfigError where parameters contradict, or a name
  /// does not fit its words. `context` and `parameters` must outlive the device.
  AtapiDevice(const sc_core::sc_module_name& name, kit::Context& context, const OpticalParameters& parameters, std::unique_ptr<Store> disc);

  /// The device's end of the SATA link (tlm/frame.hpp).
  wire::FrameTargetSocket link;

  /// The button at the front: the tray comes out. False where the host has locked it; the host is told of the wish then.
  bool press_eject();
  /// Puts a disc into the drive: the tray comes out where it is in, takes the disc instead of what lies there, and goes in.
  /// False where the host has locked it.
  bool insert(std::unique_ptr<Store> disc);

  Mechanism& mechanism() { return mechanism_; }
  /// Whether the host holds the tray.
  bool locked() const { return commands_.locked(); }
  const AtapiStatistics& statistics() const { return statistics_; }
  const AtapiSettings& settings() const { return settings_; }
  bool asleep() const { return asleep_; }

 private:
  friend struct AtapiTable;
  enum class Phase : std::uint8_t {
    idle,
    requesting,       // PACKET has come; the packet will be asked for
    awaiting_packet,  // it has been asked for
    executing,
    sending,
    moving,           // the command ends when the mechanism has come to rest
    ending,           // … or at a time that is known
  };
  static constexpr unsigned chain_frames = 16;  // Data FISes sent in one go

  // atapi_device.cpp: port and mechanism
  void command_arrived(const Inbound& in) override;
  void data_arrives(wire::Frame& frame, kit::Duration arrival) override;
  void data_taken(kit::Duration) override {}
  void abandoned() override;
  void reset(Reset kind) override;
  void ready_for_commands() override {}
  void fis_done() override {}
  void disc_ready() override { commands_.disc_ready(); }
  void disc_leaves() override;
  void tray_is_out(kit::Duration now) override;
  void moved(kit::Duration now) override;
  void watch_mechanism();
  void mechanism_due(std::uint64_t serial);
  void disc_is_gone(std::uint64_t serial);
  void end(std::uint8_t status, std::uint8_t error, kit::Duration when);
  void end_well() { end(wire::status::DRDY | wire::status::DSC, 0, calendar_.now()); }
  void abort() { end(wire::status::DRDY | wire::status::DSC | wire::status::ERR, wire::error::ABRT, calendar_.now()); }
  void later(kit::Duration when);
  void step(std::uint64_t serial);

  // atapi_commands.cpp: ATA commands
  void do_packet();
  void do_identify_packet();
  void do_not_for_packet_devices();
  void do_abort() { abort(); }
  void do_diagnostic();
  void do_set_features();
  void do_power();

  // atapi_packet.cpp: a command packet's way, and its data
  void request_packet();
  void packet_taken(std::uint64_t serial);
  void execute();
  void carry_out();
  void end_with(const Sense& sense, kit::Duration when);
  bool begin_data();
  void send_data();
  std::uint64_t available(kit::Duration now) const;
  void locate(wire::Frame& frame, std::uint32_t bytes);
  bool send_piece(std::uint32_t bytes, kit::Duration& when, bool& contended);
  void link_refused(wire::Verdict verdict, kit::Duration when);

  kit::Calendar& calendar_;
  const OpticalParameters& parameters_;
  DevicePort port_;
  Mechanism mechanism_;
  PacketCommands commands_;
  AtapiStatistics statistics_;
  kit::Track track_;
  AtapiSettings settings_;
  bool asleep_ = false;
  std::unique_ptr<Store> waiting_disc_;  // for the tray to be out
  bool inserting_ = false;
  kit::Duration watched_ = kit::Duration::never();
  std::uint64_t watch_serial_ = 0;

  // The command under way.
  bool busy_ = false;
  std::uint64_t serial_ = 0;  // events of an earlier command are void
  Phase phase_ = Phase::idle;
  const char* what_ = "";
  Inbound command_;
  wire::RegisterD2H result_;
  Packet packet_;
  bool packet_good_ = false;
  Outcome outcome_;
  bool dma_ = false;
  std::uint32_t piece_ = 0;              // most bytes in one Data FIS
  std::uint64_t bytes_ = 0, moved_ = 0;  // of the data, what fills it up to whole words included
  std::array<std::uint8_t, wire::max_data_fis_bytes> bounce_{};  // data that does not lie in one piece
};

}  // namespace ahcisim::disk::optical
