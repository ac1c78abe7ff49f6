// SPDX-License-Identifier: MIT
// A PIIX-style IDE controller: two channels of two devices, command and control blocks, bus mastering, interrupts 14
// and 15. It knows neither PCIe nor a hypervisor nor what a disk is.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <ahcisim/models/ide/channel.hpp>
#include <ahcisim/models/ide/dma_engine.hpp>
#include <ahcisim/models/ide/pata_timing.hpp>
#include <ahcisim/models/ide/statistics.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/tlm/frame.hpp>
#include <ahcisim/tlm/interrupt.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::ide {

/// All register sockets: b_transport, an access takes effect at sc_time_stamp() + delay and returns when it has ended,
/// writes too (I/O writes are not posted). Outside the window: TLM_ADDRESS_ERROR_RESPONSE. Debug transport reads
/// without side effects.
class Controller : public sc_core::sc_module {
 public:
  using RegisterSocket = tlm_utils::simple_target_socket_tagged<Controller>;
  Controller(const sc_core::sc_module_name& name, kit::Context& context, const IdeParameters& parameters);
  ~Controller() override;

  /// 1F0h to 1F7h and 170h to 177h. At offset 0, the Data register, accesses of 1, 2 or 4 bytes, and strings of them: a
  /// streaming width of 1, 2 or 4 below the data length, with wire::StringIo for the requester's spacing.
  sc_core::sc_vector<RegisterSocket> command_block;
  /// 3F4h to 3F7h and 374h to 377h: Alternate Status and Device Control at offset 2.
  sc_core::sc_vector<RegisterSocket> control_block;
  /// 16 bytes: BMICP, BMISP, BMIDTPP and, from 8 on, the secondary channel's.
  tlm_utils::simple_target_socket<Controller> bus_master;
  /// Bus-master accesses; the address is the host's physical one. Carries a wire::StreamTiming extension.
  DmaSocket dma;
  /// Levels: vector 0 is the primary channel's (IRQ 14), 1 the secondary's (IRQ 15).
  sc_core::sc_port<wire::InterruptIf> interrupt;
  /// Channel * 2 + device; unbound, there is none.
  sc_core::sc_vector<wire::FrameInitiatorSocket> devices;

  /// A reset of the whole function: registers, bus masters and, by RESET-, the devices. Takes effect at the calendar's
  /// time.
  void reset();
  /// Where the accounts of outstanding commands are found, at(channel, device); null (the default) where nobody keeps
  /// any.
  void set_tag_board(wire::TagBoard* board) { shared_.board = board; }
  /// The register tables, for documentation and tests.
  const Channel& channel(unsigned number) const { return *channel_[number]; }
  const kit::RegisterBank& bus_master_bank() const { return bus_master_bank_; }
  const IdeStatistics& statistics() const { return statistics_; }

 private:
  void start_of_simulation() override;
  void power_on(std::uint64_t);
  void access_command_block(int id, ::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  void access_data(Channel& channel, ::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  void access_control_block(int id, ::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  void access_bus_master(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  bool refused(::tlm::tlm_generic_payload& payload, unsigned window);
  unsigned peek_command_block(int id, ::tlm::tlm_generic_payload& payload);
  unsigned peek_control_block(int id, ::tlm::tlm_generic_payload& payload);
  unsigned peek_bus_master(::tlm::tlm_generic_payload& payload);

  kit::Context& context_;
  const PataTiming timing_;
  IdeStatistics statistics_;
  kit::RegisterBank bus_master_bank_{"bus master", 16};
  DmaEngine engine_;
  Shared shared_;
  std::array<std::unique_ptr<Channel>, 2> channel_;
};

}  // namespace ahcisim::ide
