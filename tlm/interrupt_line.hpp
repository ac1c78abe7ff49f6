// SPDX-License-Identifier: MIT
// One interrupt line into a platform's own interrupt controller, as an event.
#pragma once

#include <systemc>

#include <ahcisim/tlm/interrupt.hpp>

namespace ahcisim::wire {

class InterruptLine : public sc_core::sc_module, public InterruptIf {
 public:
  explicit InterruptLine(const sc_core::sc_module_name& name) : sc_module{name} {}
  /// The line was asserted.
  sc_core::sc_event asserted;
  void set_interrupt(unsigned, bool on, const sc_core::sc_time& delay) override {
    if (on) asserted.notify(delay);
  }
  unsigned vectors() const override { return 1; }
};

}  // namespace ahcisim::wire
