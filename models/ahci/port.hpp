// SPDX-License-Identifier: MIT
// One port of the HBA: its registers, its state machine (AHCI 1.3.1, chapter 5) and the data path of its commands.
//
// Nothing waits inside a call. A command is fetched and sent in one go, its times computed against reservations; a received
// FIS moves its data within the call that brings it, and what software can see of it (registers, interrupts) becomes true
// in one event at the time computed. An HBA reset or COMRESET raises the port's epoch: events of an earlier one do nothing.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <ahcisim/models/ahci/command.hpp>
#include <ahcisim/models/ahci/dma_engine.hpp>
#include <ahcisim/models/ahci/interrupts.hpp>
#include <ahcisim/models/ahci/port_registers.hpp>
#include <ahcisim/models/ahci/prd_walker.hpp>
#include <ahcisim/models/ahci/receive_fifo.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/ahci/statistics.hpp>
#include <ahcisim/tlm/frame.hpp>

namespace ahcisim::ahci {

/// What the ports of one HBA share.
struct Shared {
  kit::Context& context;
  const Timing& timing;
  HbaStatistics& statistics;
  DmaEngine& dma;
  Interrupts& interrupts;
  unsigned slots = 32;
  unsigned speed = 3;
  unsigned prd_cache = 16;
  std::int64_t receive_fifo = 8192;
  std::uint64_t address_mask = ~std::uint64_t{0};  ///< 32 bits without CAP.S64A
  bool s64a = true;
  bool sclo = true;
  bool sncq = true;
  wire::TagBoard* board = nullptr;
  kit::Duration access_time{};  ///< the time of the register access being served

  kit::Duration now() const { return kit::max(context.calendar.now(), access_time); }
};

class Port {
 public:
  Port(unsigned index, std::string name, Shared& shared, kit::RegisterBank& bank, wire::FrameInitiatorSocket& socket);
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  /// COMRESET on the HBA's own account (power-on, the end of an HBA reset).
  void start_link(kit::Duration when);
  /// Everything under way is dropped, registers take their reset values (10.4.3).
  void reset(kit::Duration when);
  /// The base addresses take their reset values too (a reset of the whole function).
  void reset_addresses() { r_.reset_addresses(); }
  /// COMRESET ends.
  void release_link(kit::Duration when);

 private:
  static constexpr unsigned none = 32;
  enum class State : unsigned { stopped, idle, busy, data, error };

  /// What an event does when its time has come.
  enum class Effect : std::uint8_t {
    register_fis, set_device_bits, pio_setup, pio_done, bits, clear_busy, send_data, release_link, phy_ready, phy_lost, presence
  };
  struct Pending {
    Effect effect;
    alignas(8) std::uint8_t fis[20];  // what of the FIS the effect needs
    std::uint32_t is, serr;
  };
  /// One command slot while its command is outstanding.
  struct Slot {
    explicit Slot(unsigned prd_window) : prdt{prd_window} {}
    bool issued = false, queued = false, write = false, packet = false;
    std::uint64_t header_address = 0;
    std::uint32_t PRDBC = 0;
    kit::Duration begin;
    wire::RequestTag* tag = nullptr;
    std::array<std::uint8_t, command_table::ACMD_bytes> ACMD{};
    PrdWalker prdt;
    kit::Duration prd_ready;  ///< when the entries loaded last are here
  };
  /// The PIO Setup whose data is awaited.
  struct Pio {
    bool active = false;
    bool in = false;
    wire::PioSetup fis;
  };

  // port.cpp: register side effects
  void clb_written(const kit::Written& w);
  void fb_written(const kit::Written& w);
  void is_written(const kit::Written& w);
  void ie_written(const kit::Written& w);
  void cmd_written(const kit::Written& w);
  void sctl_written(const kit::Written& w);
  void serr_written(const kit::Written& w);
  void sact_written(const kit::Written& w);
  void ci_written(const kit::Written& w);
  void start();
  void stop();
  void check_stopped(std::uint64_t epoch = 0);
  void start_receiving();
  void raise(std::uint32_t is_bits, std::uint32_t serr_bits = 0);
  void pending_changed(bool written);
  void complain(const char* rule);
  bool running() const { return r_.cmd.CR && r_.cmd.ST; }
  void show(State state);

  // port_issue.cpp: command list
  void kick(kit::Duration when);
  void step(std::uint64_t epoch);
  void choose(kit::Duration when);
  void issue(unsigned slot, kit::Duration when);
  bool fetch(unsigned number, kit::Duration& when, CommandHeader& header);
  bool legal(const CommandHeader& header);
  void send_command(unsigned number, const CommandHeader& header, kit::Duration when);
  void finish(unsigned slot, kit::Duration when);

  // port_receive.cpp: frames from the device
  ::tlm::tlm_sync_enum receive(wire::Frame& frame, ::tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void receive_frame(wire::Frame& frame, sc_core::sc_time& delay);
  void receive_register(wire::Frame& frame, kit::Duration when);
  void receive_set_device_bits(wire::Frame& frame, kit::Duration when);
  void receive_pio_setup(wire::Frame& frame, kit::Duration when);
  void receive_dma_setup(wire::Frame& frame, kit::Duration when);
  void receive_unknown(wire::Frame& frame, kit::Duration when);
  void receive_damaged(wire::Frame& frame, kit::Duration when);
  kit::Duration post(kit::Duration when, unsigned offset, const void* fis, unsigned bytes);
  void schedule(kit::Duration when, Effect effect, const std::uint8_t* fis = nullptr, std::uint32_t is = 0, std::uint32_t serr = 0);
  void on_pending(std::uint64_t argument);
  void register_fis(const wire::RegisterD2H& fis);
  void set_device_bits(const wire::SetDeviceBits& fis);
  void pio_done(const wire::PioSetup& fis);
  void task_file_error();

  // port_data.cpp: Data FISes
  void receive_data(wire::Frame& frame, sc_core::sc_time& delay, kit::Duration arrival);
  unsigned data_slot() const;
  bool load_prds(Slot& slot, kit::Duration when);
  bool seek(Slot& slot, std::uint64_t offset, kit::Duration when);
  void check_prd(const PrdEntry& entry);
  kit::Duration update_byte_count(Slot& slot, std::uint32_t bytes, kit::Duration when);
  void send_data();
  std::uint32_t gather(Slot& slot, std::uint32_t limit, kit::Duration& first, kit::Duration& last);
  void transmit(unsigned number, std::uint32_t bytes, kit::Duration first, kit::Duration last);

  // port_link.cpp: phy, errors
  void comreset(kit::Duration when);
  void receive_link_state(const ::tlm::tlm_phase& phase, const wire::Frame& frame, kit::Duration when);
  void send_phase(::tlm::tlm_phase phase, kit::Duration when);
  void halt(kit::Duration when, std::uint32_t is_bits, std::uint32_t serr_bits = 0);
  bool transferred(const DmaResult& result);
  void violated(wire::Frame& frame, kit::Duration when, const char* rule);
  bool judge(wire::Verdict verdict, kit::Duration when, std::uint32_t refused);
  void forget_transfers();
  void note_error(std::uint8_t status);

  kit::Calendar& calendar() { return shared_.context.calendar; }
  std::uint64_t command_list() const { return r_.clb.value() | std::uint64_t{r_.clbu.value()} << 32; }
  std::uint64_t received_fis_area() const { return r_.fb.value() | std::uint64_t{r_.fbu.value()} << 32; }

  const unsigned index_;
  const std::string name_;
  Shared& shared_;
  wire::FrameInitiatorSocket& socket_;
  PortRegisters r_;
  std::vector<Slot> slots_;
  std::vector<Pending> pool_;
  std::vector<std::uint32_t> free_;
  std::uint32_t epoch_ = 0;

  unsigned issue_slot_ = none;   // pIssueSlot: the command the device has not answered yet
  unsigned next_slot_ = 0;       // the highest priority in choosing
  bool step_pending_ = false;
  bool halted_ = false;          // ERR:WaitForClear: until PxCMD.ST is cleared
  bool error_ahead_ = false;     // a FIS with ERR is on its way: the link takes no command before it
  bool link_up_ = false;
  bool awaiting_first_ = false;  // the first D2H after a reset has not come
  bool update_signature_ = false;
  bool first_held_ = false;      // it waits for PxCMD.FRE to be posted
  bool stop_pending_ = false;
  wire::RegisterD2H held_;
  Pio pio_;
  unsigned setup_slot_ = none;   // first-party DMA: the tag of the DMA Setup
  bool setup_write_ = false;
  std::uint32_t setup_left_ = 0;
  kit::Duration busy_until_;     // the engine's last transfer
  kit::Duration receive_until_;  // the last received FIS has had its effect
  kit::Duration data_until_;     // the last data is in memory
  ReceiveFifo fifo_;
  alignas(8) std::array<std::uint8_t, wire::max_data_fis_bytes> buffer_{};
  std::vector<std::uint8_t> table_;
  kit::StateProbe state_;
  kit::Track track_;
};

}  // namespace ahcisim::ahci
