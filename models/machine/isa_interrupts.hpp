// SPDX-License-Identifier: MIT
// The two interrupt wires of an IDE function in compatibility mode: they go past PCI, to the interrupt controller's
// inputs 14 and 15.
#pragma once

#include <systemc>

#include <ahcisim/tlm/interrupt.hpp>

namespace ahcisim::machine {

/// Vector 0 becomes line 14, vector 1 line 15, with the time they come with.
class IsaInterrupts : public sc_core::sc_module, public wire::InterruptIf {
 public:
  explicit IsaInterrupts(const sc_core::sc_module_name& name) : sc_module{name} {}
  sc_core::sc_port<wire::CpuInterruptIf> out{"out"};
  void set_interrupt(unsigned vector, bool asserted, const sc_core::sc_time& delay) override {
    out->intx(first_line + vector, asserted, delay);
  }
  unsigned vectors() const override { return 2; }

 private:
  static constexpr unsigned first_line = 14;
};

}  // namespace ahcisim::machine
