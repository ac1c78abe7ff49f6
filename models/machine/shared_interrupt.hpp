// SPDX-License-Identifier: MIT
// One interrupt of a PCI function for several conditions of a controller, as an IDE function in native mode has it.
#pragma once

#include <cstdint>

#include <systemc>

#include <ahcisim/tlm/interrupt.hpp>

namespace ahcisim::machine {

/// Vector 0 of `out` is asserted while any condition (0 … 31) is. Each level changes in the order of the calls, whose delays must not
/// overtake one another.
class SharedInterrupt : public sc_core::sc_module, public wire::InterruptIf {
 public:
  explicit SharedInterrupt(const sc_core::sc_module_name& name) : sc_module{name} {}
  sc_core::sc_port<wire::InterruptIf> out{"out"};
  void set_interrupt(unsigned vector, bool asserted, const sc_core::sc_time& delay) override {
    const std::uint32_t bit = std::uint32_t{1} << vector, before = conditions_;
    conditions_ = asserted ? before | bit : before & ~bit;
    if ((before != 0) != (conditions_ != 0)) out->set_interrupt(0, conditions_ != 0, delay);
  }
  unsigned vectors() const override { return 1; }

 private:
  std::uint32_t conditions_ = 0;
};

}  // namespace ahcisim::machine
