// SPDX-License-Identifier: MIT
// How a function's interrupt conditions leave it: INTx, MSI or MSI-X, with masks and pending bits.
#pragma once

#include <cstdint>
#include <vector>

#include <ahcisim/models/kit/units.hpp>
#include <ahcisim/models/pcie/configuration_space.hpp>
#include <ahcisim/tlm/interrupt.hpp>

namespace ahcisim::pcie {

/// What sends an interrupt's TLP; implemented by the endpoint.
class MessageSender {
 public:
  virtual void send_message(std::uint64_t address, std::uint32_t data, kit::Duration when) = 0;
  virtual void send_intx(bool asserted, kit::Duration when) = 0;
  virtual kit::Duration absolute(const sc_core::sc_time& delay) const = 0;
  virtual kit::Duration now() const = 0;

 protected:
  ~MessageSender() = default;
};

/// A new assertion of a vector sends one message (MSI, MSI-X) or raises the level (INTx). A masked vector sets its
/// pending bit instead, and its message leaves when it is unmasked (PCI Express Base, 6.1.4).
class Interrupts final : public wire::InterruptIf {
 public:
  Interrupts(ConfigurationSpace& space, const MsixDescription& msix, MessageSender& sender);

  void set_interrupt(unsigned vector, bool asserted, const sc_core::sc_time& delay) override;
  unsigned vectors() const override;
  bool msix_enabled() const override;

  /// Something in configuration space changed: enables, masks, Interrupt Disable.
  void configuration_changed();
  /// The function was reset: conditions, table and pending bits are gone, INTx is deasserted.
  void reset();
  /// A guest's access to the MSI-X table or PBA; bytes outside the structure read 0 and ignore writes.
  void read_table(std::uint32_t offset, std::uint8_t* to, std::uint32_t bytes) const;
  void write_table(std::uint32_t offset, const std::uint8_t* from, std::uint32_t bytes);
  void read_pending(std::uint32_t offset, std::uint8_t* to, std::uint32_t bytes) const;

 private:
  void raise(unsigned vector, kit::Duration when);
  void raise_msi(unsigned vector, kit::Duration when);
  void raise_msix(unsigned vector, kit::Duration when);
  void drop_pending(unsigned vector);
  void update_intx(kit::Duration when);
  void send_unmasked();
  unsigned granted() const;
  bool msix_masked(unsigned vector) const;

  ConfigurationSpace& space_;
  MessageSender& sender_;
  unsigned msix_vectors_;
  std::vector<bool> asserted_;
  unsigned asserted_count_ = 0;
  bool intx_sent_ = false;
  std::vector<std::uint8_t> table_;    // 16 bytes a vector
  std::vector<std::uint8_t> pending_;  // one bit a vector
};

}  // namespace ahcisim::pcie
