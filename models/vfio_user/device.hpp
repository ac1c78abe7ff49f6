// SPDX-License-Identifier: MIT
// What a server serves, and what it gives in return. Plain C++.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <ahcisim/models/kit/register.hpp>

namespace ahcisim::vfio_user {

/// The client as the device sees it: its memory and its interrupts. Implemented by Server.
class Client {
 public:
  /// Copies between the client's memory and `data`. False where part of it is not mapped for this, or the client does not
  /// answer. Where no file came along it goes by messages, and the client's accesses are served before it returns
  /// (Device::peek()).
  virtual bool dma(bool write, std::uint64_t address, std::uint8_t* data, std::uint32_t length) = 0;
  /// The level of INTx.
  virtual void intx(bool high) = 0;
  /// A message of MSI (irq::msi) or MSI-X (irq::msix).
  virtual void message(std::uint32_t index, std::uint32_t vector) = 0;

 protected:
  ~Client() = default;
};

/// A PCI function. Regions are BAR 0 to 5 and the configuration space (namespace region); the server has checked that an
/// access lies within its region.
class Device {
 public:
  /// Before the first access.
  virtual void attach(Client& client) = 0;
  /// Bytes; 0 where there is none.
  virtual std::uint64_t region_size(std::uint32_t index) const = 0;
  /// Vectors of INTx, MSI and MSI-X.
  virtual std::array<std::uint32_t, 3> vectors() const = 0;
  virtual void read(std::uint32_t region, std::uint64_t offset, std::uint8_t* to, std::uint32_t bytes) = 0;
  virtual void write(std::uint32_t region, std::uint64_t offset, const std::uint8_t* from, std::uint32_t bytes) = 0;
  /// A read while the device is within Client::dma(): without any effect on it. Writes and resets wait until it is not; `waiting`
  /// are those to the region, in their order: a driver that has written a doorbell must not read that nothing is outstanding.
  virtual void peek(std::uint32_t region, std::uint64_t offset, std::uint8_t* to, std::uint32_t bytes,
                    const std::vector<kit::PendingWrite>& waiting) = 0;
  /// Resets the function; nothing of before is sent to the client any more.
  virtual void reset() = 0;

 protected:
  ~Device() = default;
};

}  // namespace ahcisim::vfio_user
