// SPDX-License-Identifier: MIT
// The AHCI 1.3.1 host bus adapter: registers on one side, ports that speak FISes on the other, bus mastering and interrupts.
// It knows neither PCIe nor a hypervisor nor what a disk is.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <ahcisim/models/ahci/ahci_timing.hpp>
#include <ahcisim/models/ahci/dma_engine.hpp>
#include <ahcisim/models/ahci/interrupts.hpp>
#include <ahcisim/models/ahci/port.hpp>
#include <ahcisim/models/ahci/registers.hpp>
#include <ahcisim/models/ahci/statistics.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/tlm/frame.hpp>
#include <ahcisim/tlm/interrupt.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::ahci {

class Hba : public sc_core::sc_module {
 public:
  Hba(const sc_core::sc_module_name& name, kit::Context& context, const HbaParameters& parameters);
  ~Hba() override;

  /// ABAR (3). An access of any size and alignment takes effect at sc_time_stamp() + delay; a read adds its latency. Outside
  /// the window: TLM_ADDRESS_ERROR_RESPONSE.
  tlm_utils::simple_target_socket<Hba> registers;
  /// The index/data pair: 32 bytes, INDEX at 10h, DATA at 14h (10.14).
  tlm_utils::simple_target_socket<Hba> index_data;
  /// Bus-master accesses; the address is the host's physical one. Carries a wire::StreamTiming extension.
  DmaSocket dma;
  sc_core::sc_port<wire::InterruptIf> interrupt;
  /// One socket for each implemented port; unbound, nothing is attached.
  sc_core::sc_vector<wire::FrameInitiatorSocket> ports;

  /// A reset of the whole function (PCI Express FLR, D3hot to D0): as GHC.HR = 1, and the ports' base addresses and the
  /// index register take their reset values too. Takes effect at the calendar's time.
  void reset();
  /// Where the accounts of outstanding commands are found; null (the default) where nobody keeps any.
  void set_tag_board(wire::TagBoard* board) { shared_.board = board; }
  /// The register tables, for documentation.
  const kit::RegisterBank& bank() const { return bank_; }
  const kit::RegisterBank& index_data_bank() const { return index_bank_; }
  const HbaStatistics& statistics() const { return statistics_; }

 private:
  void start_of_simulation() override;
  void access_registers(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  void access_index_data(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  void access(kit::RegisterBank& bank, ::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  void refuse(::tlm::tlm_generic_payload& payload);
  unsigned peek_registers(::tlm::tlm_generic_payload& payload);
  unsigned peek_index_data(::tlm::tlm_generic_payload& payload);
  void configure(const HbaParameters& parameters);

  void cap_written(const kit::Written& w);
  void pi_written(const kit::Written& w);
  void ghc_written(const kit::Written& w);
  void ghc_read();
  void is_written(const kit::Written& w);
  void data_read();
  void data_written(const kit::Written& w);
  void power_on(std::uint64_t);
  void begin_reset();
  void end_reset(std::uint64_t number);

  kit::Context& context_;
  const Timing timing_;
  HbaStatistics statistics_;
  kit::RegisterBank bank_;
  kit::RegisterBank index_bank_;
  const sc_core::sc_time register_access_;
  GenericRegisters r_;
  INDEX index_;
  DATA data_;
  DmaEngine engine_;
  Interrupts interrupts_;
  Shared shared_;
  std::vector<std::unique_ptr<Port>> port_;
  std::uint64_t resets_ = 0;  // so far: the end of an earlier one is void
};

}  // namespace ahcisim::ahci
