// SPDX-License-Identifier: MIT
// One channel of an IDE controller: two devices on a cable, the registers that the host sees of them, and the bus
// master.
//
// To its devices the channel is the link of tlm/frame.hpp: a written Command register is a Register H2D, SRST a control
// FIS; their Register D2H, PIO Setup and Data become Status, INTRQ and data. What the host cannot take yet is kept, and
// the device waits (Verdict::held). Frames may arrive before their time: they take effect at it, by an event or by the
// first access after it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <systemc>

#include <ahcisim/models/ide/bus_master.hpp>
#include <ahcisim/models/ide/drive.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/tlm/frame.hpp>
#include <ahcisim/tlm/interrupt.hpp>

namespace ahcisim::ide {

/// What both channels share.
struct Shared {
  kit::Context& context;
  const PataTiming& timing;
  IdeStatistics& statistics;
  DmaEngine& engine;
  kit::RegisterBank& bus_master_bank;
  sc_core::sc_port<wire::InterruptIf>& interrupt;
  wire::TagBoard* board = nullptr;
};

class Channel {
 public:
  Channel(unsigned number, std::string place, Shared& shared, wire::FrameInitiatorSocket& device0,
          wire::FrameInitiatorSocket& device1);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// One access of the command block from `offset` on, or `bytes / element` of the Data register. `when` is when it
  /// takes effect; returns when it has ended.
  kit::Duration read_command_block(unsigned offset, std::uint8_t* to, std::uint32_t bytes, kit::Duration when);
  kit::Duration write_command_block(unsigned offset, const std::uint8_t* from, std::uint32_t bytes, kit::Duration when);
  kit::Duration read_data(std::uint8_t* to, std::uint32_t bytes, std::uint32_t element, kit::Duration spacing,
                          kit::Duration when);
  kit::Duration write_data(const std::uint8_t* from, std::uint32_t bytes, std::uint32_t element, kit::Duration spacing,
                           kit::Duration when);
  kit::Duration read_control_block(unsigned offset, std::uint8_t* to, std::uint32_t bytes, kit::Duration when);
  kit::Duration write_control_block(unsigned offset, const std::uint8_t* from, std::uint32_t bytes, kit::Duration when);
  /// Before an access of the bus master's registers at `when`.
  void begin_bus_master_access(kit::Duration when) { begin_access(when); }
  /// Debug reads, without side effects.
  bool peek_command_block(unsigned offset, std::uint8_t* to, std::uint32_t bytes) const;
  bool peek_control_block(unsigned offset, std::uint8_t* to, std::uint32_t bytes) const;

  /// Looks which devices are there, and resets them.
  void power_on();
  /// RESET- (ATA/ATAPI-6, hardware reset protocol), and the bus master forgets what it did.
  void reset(kit::Duration when);
  const ControlBlock& control_block() const { return control_; }
  const WriteBlock& write_block() const { return w_; }
  const ReadBlock& read_block(unsigned device) const { return end_[device].drive.r; }
  const TransferModes& modes(unsigned device) const { return end_[device].drive.modes; }

 private:
  /// A device's end of the cable.
  struct End {
    Channel* channel;
    unsigned number;
    wire::FrameInitiatorSocket* socket;
    Drive drive;
    tlm::tlm_sync_enum receive(wire::Frame& frame, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  };

  // channel.cpp: the host's accesses
  void begin_access(kit::Duration when);
  End& selected() { return end_[select_]; }
  kit::Duration register_time(kit::Duration when) const;
  template <unsigned index>
  void byte_written(const kit::Written& w);
  void device_written(const kit::Written& w);
  void command_written(const kit::Written& w);
  void give_command(End& end, std::uint8_t opcode);
  void execute_diagnostic();
  void device_control_written(const kit::Written& w);
  void begin_software_reset();
  void status_read();
  void alternate_status_read();
  std::uint8_t status_now() const;
  void drive_line(kit::Duration when);
  void show_task_files();
  void bus_master_written(const kit::Written& w);
  void diagnose(const char* rule) { diagnose(rule, at_); }
  void diagnose(const char* rule, kit::Duration when) { shared_.context.diagnostics.report(place_, rule, when); }

  // channel_frames.cpp: what devices send, and what is sent to them
  kit::Duration receive(End& end, wire::Frame& frame, kit::Duration when);
  kit::Duration receive_data(End& end, wire::Frame& frame, kit::Duration when);
  void post(End& end, Update update);
  void due(std::uint64_t);
  void catch_up(kit::Duration when);
  void apply(Drive& drive, const Update& update);
  void end_command(Drive& drive, const Update& update);
  kit::Duration send(End& end, wire::Frame& frame, const tlm::tlm_phase& what, kit::Duration when);
  void send_control(End& end, std::uint8_t control, kit::Duration when);
  void hardware_reset(kit::Duration when);

  // channel_data.cpp: data between devices and host
  void block_read(End& end, kit::Duration when);
  void block_written(End& end, kit::Duration when);
  bool may_move(const End& end, bool to_memory);
  void resume(kit::Duration when);
  void move_in(End& end, kit::Duration when);
  void move_out(End& end, kit::Duration when);
  void stamp_transferred(const Drive& drive, kit::Duration when);

  const unsigned number_;
  const std::string place_;
  Shared& shared_;
  kit::Calendar& calendar_;
  const PataTiming& timing_;
  BusMaster master_;
  WriteBlock w_;
  ControlBlock control_;
  std::array<End, 2> end_;
  unsigned select_ = 0;
  bool line_ = false;         // INTRQ
  kit::Duration at_;          // when the access or event being served takes effect
  kit::Duration cable_free_;  // DMA bursts of both devices
  kit::Duration settled_;     // Status is not to be believed before
};

}  // namespace ahcisim::ide
