// SPDX-License-Identifier: MIT
// Where interrupts come in: messages and wires on their way to a driver's processor, and the watch over those that
// nobody wants.
#pragma once

#include <cstdint>

#include <systemc>

#include <ahcisim/models/host/processor.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/tlm/interrupt.hpp>

namespace ahcisim::host {

class InterruptInlet final : public wire::CpuInterruptIf {
 public:
  /// A PCI wire is a level, shared by all functions; an ISA interrupt is an edge on a line of its own (8259A, edge
  /// mode).
  enum class Wire : std::uint8_t { level, edge };
  /// `place` names the driver in diagnostics; after `unhandled_limit` interrupts in a row that nobody wanted they are
  /// switched off.
  InterruptInlet(kit::Context& context, const char* place, Processor& processor, std::uint64_t message_address,
                 std::int64_t unhandled_limit, Wire wire = Wire::level)
      : context_{context}, place_{place}, processor_{processor}, message_address_{message_address},
        unhandled_limit_{unhandled_limit}, wire_{wire} {}

  void message(std::uint64_t address, std::uint32_t data, const sc_core::sc_time& delay) override;
  void intx(unsigned line, bool asserted, const sc_core::sc_time& delay) override;
  /// The ISA interrupts that count, where the wire is an edge; bit 14 for line 14.
  void listen_to(std::uint32_t lines) { lines_ = lines; }

  /// The handler found nothing to do: true where that has happened too often and interrupts are off now.
  bool unhandled();
  void handled() { unhandled_in_row_ = 0; }

 private:
  void level_changed(std::uint64_t asserted);
  kit::Context& context_;
  const char* place_;
  Processor& processor_;
  const std::uint64_t message_address_;
  const std::int64_t unhandled_limit_;
  std::int64_t unhandled_in_row_ = 0;
  std::uint32_t lines_ = 0, asserted_ = 0;
  const Wire wire_;
};

}  // namespace ahcisim::host
