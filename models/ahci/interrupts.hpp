// SPDX-License-Identifier: MIT
// From port interrupts to interrupt requests (AHCI 1.3.1, 10.7): IS, GHC.IE, vectors.
//
// One vector (INTx, or MSI with one message): IS latches one bit a port; a request goes out when a bit becomes set, and when
// software has written IS and something is still pending (10.6.2). Enough vectors for all ports: port n asks on vector n,
// when something becomes pending, and when PxIS was written and something still is. Fewer: GHC.MRSM, as with one.
#pragma once

#include <cstdint>

#include <systemc>

#include <ahcisim/models/ahci/ahci_timing.hpp>
#include <ahcisim/models/ahci/registers.hpp>
#include <ahcisim/models/ahci/statistics.hpp>
#include <ahcisim/models/kit/calendar.hpp>
#include <ahcisim/tlm/interrupt.hpp>

namespace ahcisim::ahci {

class Interrupts {
 public:
  Interrupts(kit::Calendar& calendar, const Timing& timing, HbaStatistics& statistics, GenericRegisters& registers,
             sc_core::sc_port<wire::InterruptIf>& out, unsigned ports)
      : calendar_{calendar}, timing_{timing}, statistics_{statistics}, registers_{registers}, out_{out}, ports_{ports} {}

  /// PxIS & PxIE of a port is now non-zero or zero. `written`: because software wrote PxIS or PxIE.
  void port_changed(unsigned port, bool pending, bool written, kit::Duration when);
  /// Software wrote IS: the access rule has cleared bits; those still pending come back.
  void status_written(kit::Duration when);
  /// Software wrote GHC.IE.
  void enable_written(bool before, kit::Duration when);
  /// HBA reset: nothing is pending, nothing is asserted.
  void reset(kit::Duration when);
  /// GHC.MRSM as it reads now (3.1.2).
  bool reverted() const {
    const unsigned vectors = out_->vectors();
    return vectors > 1 && vectors < ports_;
  }

 private:
  bool per_port() const { return ports_ > 1 && out_->vectors() >= ports_; }
  void request(unsigned vector, kit::Duration when);
  void release(unsigned vector, kit::Duration when);

  kit::Calendar& calendar_;
  const Timing& timing_;
  HbaStatistics& statistics_;
  GenericRegisters& registers_;
  sc_core::sc_port<wire::InterruptIf>& out_;
  unsigned ports_;
  std::uint32_t pending_ = 0;   // ports with PxIS & PxIE
  std::uint32_t asserted_ = 0;  // vectors
};

}  // namespace ahcisim::ahci
