// SPDX-License-Identifier: MIT
// Messages and wires to the processor.
#include <ahcisim/models/host/interrupt_inlet.hpp>

namespace ahcisim::host {

void InterruptInlet::message(std::uint64_t address, std::uint32_t data, const sc_core::sc_time& delay) {
  if (address != message_address_) {
    context_.diagnostics.report(place_, "interrupt message to an address that is not the processor's", context_.calendar.now());
    return;
  }
  processor_.raise(data & 31, context_.calendar.absolute(delay));
}

void InterruptInlet::intx(unsigned line, bool asserted, const sc_core::sc_time& delay) {
  if (wire_ == Wire::level) {
    context_.calendar.at<&InterruptInlet::level_changed>(context_.calendar.absolute(delay), this, asserted);
    return;
  }
  const std::uint32_t bit = line < 32 ? lines_ & 1u << line : 0;
  const bool rises = asserted && bit && !(asserted_ & bit);
  asserted_ = asserted ? asserted_ | bit : asserted_ & ~bit;
  if (rises) processor_.raise(0, context_.calendar.absolute(delay));
}

void InterruptInlet::level_changed(std::uint64_t asserted) { processor_.set_level(asserted != 0); }

bool InterruptInlet::unhandled() {
  if (++unhandled_in_row_ < unhandled_limit_ || processor_.masked()) return false;
  context_.diagnostics.report(place_, "interrupt storm that nobody handles: interrupt switched off", context_.calendar.now());
  processor_.mask();
  return true;
}

}  // namespace ahcisim::host
