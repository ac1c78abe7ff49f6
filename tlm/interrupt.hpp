// SPDX-License-Identifier: MIT
// How a device function asks for an interrupt, before anybody decides whether it becomes INTx, MSI or MSI-X.
#pragma once

#include <cstdint>

#include <systemc>

namespace ahcisim::wire {

/// Implemented by whatever carries a function's interrupts (a PCIe endpoint, a virtual platform's interrupt controller).
class InterruptIf : public virtual sc_core::sc_interface {
 public:
  /// The condition of `vector` (0 … vectors()-1) becomes true or false after `delay` (relative to sc_time_stamp()).
  /// Asserting one that is asserted already is a new event: with MSI it sends another message, as a level it changes
  /// nothing.
  virtual void set_interrupt(unsigned vector, bool asserted, const sc_core::sc_time& delay) = 0;
  /// How many vectors are granted now: 1 for INTx and for single-message MSI.
  virtual unsigned vectors() const = 0;
  /// Whether each vector is a message of its own that the driver has enabled (MSI-X): virtio's registers and the meaning of
  /// its interrupt status depend on it (VIRTIO 1.1, 4.1.4.5, 4.1.4.8).
  virtual bool msix_enabled() const { return vectors() > 1; }
};

/// How interrupts reach the processors, behind a root complex. Implemented by the host model.
class CpuInterruptIf : public virtual sc_core::sc_interface {
 public:
  /// A message-signalled interrupt: the memory write to the interrupt window arrives after `delay`.
  virtual void message(std::uint64_t address, std::uint32_t data, const sc_core::sc_time& delay) = 0;
  /// A wire changes its level after `delay`: 0 … 3 are INTA … INTD; 14 and 15 the ISA interrupts of an IDE function in
  /// compatibility mode.
  virtual void intx(unsigned line, bool asserted, const sc_core::sc_time& delay) = 0;
};

}  // namespace ahcisim::wire
