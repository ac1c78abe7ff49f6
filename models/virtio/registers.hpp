// SPDX-License-Identifier: MIT
// The registers of virtio over PCI as tables: legacy header, common configuration, ISR status (VIRTIO 1.1, 4.1.4).
#pragma once

#include <cstdint>

#include <ahcisim/models/kit/register.hpp>

namespace ahcisim::virtio {

using kit::Access;

/// A register that is one field.
struct WholeRegister : kit::Register {
  WholeRegister(kit::RegisterBank& bank, unsigned offset, unsigned bytes, const char* name, const char* meaning,
                const char* section, Access access, std::uint32_t reset = 0)
      : Register{bank, offset, bytes, name, meaning, section}, VALUE{*this, name, {bytes * 8 - 1, 0}, access, reset,
          meaning} {}
  kit::Field VALUE;
};

/// "No vector assigned" (4.1.4.3, 4.1.5.1.2).
inline constexpr std::uint16_t VIRTIO_MSI_NO_VECTOR = 0xffff;

/// Bits of the device status (2.1).
namespace status {
inline constexpr std::uint8_t ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, DEVICE_NEEDS_RESET = 64,
    FAILED = 128;
inline constexpr std::uint8_t by_driver = ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED;
}  // namespace status

/// Device status, in both interfaces. What the bits allow is decided by Transport.
struct DeviceStatus : kit::Register {
  DeviceStatus(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 1, "device_status", "Device Status; writing 0 resets the device", "VIRTIO 1.1, 2.1"} {}
  kit::Field FAILED{*this, "FAILED", {7, 7}, Access::RW, 0, "the driver has given up on the device"};
  kit::Field DEVICE_NEEDS_RESET{*this, "DEVICE_NEEDS_RESET", {6, 6}, Access::RO, 0,
      "the device has met an error it cannot recover from"};
  kit::Field FEATURES_OK{*this, "FEATURES_OK", {3, 3}, Access::RW, 0, "feature negotiation is complete"};
  kit::Field DRIVER_OK{*this, "DRIVER_OK", {2, 2}, Access::RW, 0, "the driver is set up"};
  kit::Field DRIVER{*this, "DRIVER", {1, 1}, Access::RW, 0, "the guest knows how to drive the device"};
  kit::Field ACKNOWLEDGE{*this, "ACKNOWLEDGE", {0, 0}, Access::RW, 0, "the guest has noticed the device"};
};

/// ISR status, in both interfaces: reading clears it and deasserts INTx (4.1.4.5).
struct IsrStatus : kit::Register {
  IsrStatus(kit::RegisterBank& bank, unsigned offset)
      : Register{bank, offset, 1, "ISR_status", "ISR status; reading clears it", "VIRTIO 1.1, 4.1.4.5"} {}
  kit::Field Configuration{*this, "Device Configuration Interrupt", {1, 1}, Access::RO, 0,
      "the device configuration has changed"};
  kit::Field Queue{*this, "Queue Interrupt", {0, 0}, Access::RO, 0, "a queue has used buffers"};
};

/// The legacy header at the start of I/O BAR 0 (4.1.4.8). Without MSI-X it ends before the vectors, and the device
/// configuration follows at 14h instead of 18h.
struct LegacyHeader {
  static constexpr unsigned size = 0x14, size_with_vectors = 0x18;
  static constexpr const char* section = "VIRTIO 1.1, 4.1.4.8";
  explicit LegacyHeader(kit::RegisterBank& b) : bank{b} {}
  kit::RegisterBank& bank;
  WholeRegister device_features{bank, 0x00, 4, "Device Features", "bits 31:0 of what the device offers", section,
      Access::HwInit};
  WholeRegister driver_features{bank, 0x04, 4, "Driver Features", "bits 31:0 of what the driver accepts", section,
      Access::RW};
  WholeRegister queue_address{bank, 0x08, 4, "Queue Address",
      "page number of the selected queue; 0 takes it out of use", section, Access::RW};
  WholeRegister queue_size{bank, 0x0c, 2, "queue_size", "entries of the selected queue; 0 = no such queue", section,
      Access::RO};
  WholeRegister queue_select{bank, 0x0e, 2, "queue_select", "which queue the fields around show", section, Access::RW};
  WholeRegister queue_notify{bank, 0x10, 2, "Queue Notify", "number of the queue with new available buffers", section,
      Access::RW};
  DeviceStatus device_status{bank, 0x12};
  IsrStatus isr_status{bank, 0x13};
  WholeRegister config_msix_vector{bank, 0x14, 2, "config_msix_vector", "MSI-X vector of configuration changes",
      section, Access::RW, VIRTIO_MSI_NO_VECTOR};
  WholeRegister queue_msix_vector{bank, 0x16, 2, "queue_msix_vector", "MSI-X vector of the selected queue", section,
      Access::RW, VIRTIO_MSI_NO_VECTOR};
};

/// Half of a 64-bit queue address.
struct QueueAddress {
  QueueAddress(kit::RegisterBank& bank, unsigned offset, const char* low_name, const char* high_name,
      const char* meaning)
      : low{bank, offset, 4, low_name, meaning, "VIRTIO 1.1, 4.1.4.3", Access::RW},
        high{bank, offset + 4, 4, high_name, meaning, "VIRTIO 1.1, 4.1.4.3", Access::RW} {}
  WholeRegister low, high;
  std::uint64_t value() const { return low.value() | std::uint64_t{high.value()} << 32; }
  void set(std::uint64_t address) {
    low.set(static_cast<std::uint32_t>(address));
    high.set(static_cast<std::uint32_t>(address >> 32));
  }
};

/// The common configuration structure (4.1.4.3). The fields from queue_size on show the queue that queue_select names.
struct CommonConfiguration {
  static constexpr unsigned size = 0x38;
  static constexpr const char* section = "VIRTIO 1.1, 4.1.4.3";
  explicit CommonConfiguration(kit::RegisterBank& b) : bank{b} {}
  kit::RegisterBank& bank;
  WholeRegister device_feature_select{bank, 0x00, 4, "device_feature_select", "which half device_feature shows",
      section, Access::RW};
  WholeRegister device_feature{bank, 0x04, 4, "device_feature", "32 of the bits the device offers", section,
      Access::RO};
  WholeRegister driver_feature_select{bank, 0x08, 4, "driver_feature_select", "which half driver_feature shows",
      section, Access::RW};
  WholeRegister driver_feature{bank, 0x0c, 4, "driver_feature", "32 of the bits the driver accepts", section,
      Access::RW};
  WholeRegister msix_config{bank, 0x10, 2, "msix_config", "MSI-X vector of configuration changes", section, Access::RW,
      VIRTIO_MSI_NO_VECTOR};
  WholeRegister num_queues{bank, 0x12, 2, "num_queues", "queues the device has", section, Access::HwInit};
  DeviceStatus device_status{bank, 0x14};
  WholeRegister config_generation{bank, 0x15, 1, "config_generation", "changes with the device configuration", section,
      Access::RO};
  WholeRegister queue_select{bank, 0x16, 2, "queue_select", "which queue the fields below show", section, Access::RW};
  WholeRegister queue_size{bank, 0x18, 2, "queue_size", "entries; the driver may write less", section, Access::RW};
  WholeRegister queue_msix_vector{bank, 0x1a, 2, "queue_msix_vector", "MSI-X vector of the queue", section, Access::RW,
      VIRTIO_MSI_NO_VECTOR};
  WholeRegister queue_enable{bank, 0x1c, 2, "queue_enable", "1 = the queue is in use", section, Access::RW};
  WholeRegister queue_notify_off{bank, 0x1e, 2, "queue_notify_off", "where the queue is notified, in multiples",
      section, Access::RO};
  QueueAddress queue_desc{bank, 0x20, "queue_desc", "queue_desc (high)", "the descriptor table"};
  QueueAddress queue_driver{bank, 0x28, "queue_driver", "queue_driver (high)", "the available ring"};
  QueueAddress queue_device{bank, 0x30, "queue_device", "queue_device (high)", "the used ring"};
};

/// Where the structures lie in the memory BAR, for the capabilities that name them (4.1.4).
struct ModernLayout {
  static constexpr unsigned common = 0x0000, isr = 0x1000, device = 0x2000, notify = 0x3000;
  static constexpr unsigned size = 0x4000;
  static constexpr unsigned notify_off_multiplier = 4;
  static constexpr unsigned isr_size = 1;
};

}  // namespace ahcisim::virtio
