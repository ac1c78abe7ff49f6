// SPDX-License-Identifier: MIT
// What a PCI function is, before it is put behind an endpoint: identity, BARs, interrupts, capabilities. Plain data.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace ahcisim::pcie {

/// One base address register (PCI Express Base, 7.5.1.2.1). A mem64 BAR uses the next one too, which must be `none`.
struct BarDescription {
  enum class Kind : std::uint8_t { none, mem32, mem64, io };
  Kind kind = Kind::none;
  std::uint64_t size = 0;     ///< bytes, a power of two: memory from 16 (128 recommended), I/O 4 to 256
  bool prefetchable = false;  ///< memory only
};

/// Message-signalled interrupts: up to 32 messages (PCI Express Base, 7.7.1).
struct MsiDescription {
  unsigned vectors = 0;  ///< 0 = no capability; 1, 2, 4 … 32
  bool masking = true;   ///< per-vector masking
  bool address64 = true; ///< Message Upper Address exists
};

/// MSI-X (7.7.2). Table (16 bytes a vector) and pending bits (8 bytes for 64 vectors) lie in memory BARs; the endpoint
/// answers accesses there itself.
struct MsixDescription {
  unsigned vectors = 0;  ///< 0 = no capability; up to 2048
  unsigned table_bar = 0, pba_bar = 0;
  std::uint32_t table_offset = 0, pba_offset = 0;  ///< multiples of 8
};

/// Serial ATA capability (AHCI 1.3.1, 2.4): tells software where the index/data pair lies, two dwords in a BAR. The pair
/// itself (10.14) is the function's, like every other register behind that BAR.
struct SataDescription {
  unsigned bar = 4;            ///< where the pair lies
  std::uint32_t offset = 0;    ///< of the Index register in it, a multiple of 4; Data follows
};

/// A capability through which software reaches BARs from configuration space (VIRTIO 1.1, 4.1.4.7: VIRTIO_PCI_CAP_PCI_CFG). The
/// endpoint makes the accesses.
struct BarAccessDescription {
  struct Region {
    unsigned bar;
    std::uint32_t offset, length;
  };
  std::vector<Region> regions;  ///< all that can be reached; empty = no capability
};

/// An I/O window that no BAR moves: what a function in compatibility mode decodes while I/O Space Enable is set (an IDE function's
/// 1F0h to 1F7h; PCI IDE Controller Specification 1.0).
struct FixedWindow {
  std::uint16_t port = 0;
  std::uint16_t size = 0;  ///< bytes, at least 1
};

/// Offsets in configuration space, and which capability the list begins with.
struct CapabilityPlaces {
  std::uint8_t power = 0x40, msi = 0x50, express = 0x70, msix = 0xb0, sata = 0xc0;
  bool msi_first = false;
};

struct FunctionDescription {
  std::uint16_t vendor = 0xffff, device = 0xffff;
  std::uint16_t subsystem_vendor = 0, subsystem = 0;
  std::uint32_t class_code = 0;  ///< base class 23:16, sub-class 15:8, programming interface 7:0
  std::uint8_t revision = 0;
  std::array<BarDescription, 6> bars{};
  std::vector<FixedWindow> fixed;  ///< at most 8; they come before the BARs where both claim a port
  std::uint8_t interrupt_pin = 1;  ///< 1 … 4 = INTA … INTD, 0 = none

  bool power_management = true;
  bool no_soft_reset = true;  ///< D3hot to D0 keeps the function's state
  bool pci_express = true;
  bool function_level_reset = true;
  bool legacy_endpoint = false;  ///< needs I/O BARs: Device/Port Type 0001b
  unsigned max_payload_supported = 512;  ///< bytes
  MsiDescription msi;
  MsixDescription msix;
  std::optional<SataDescription> sata;
  CapabilityPlaces places;
  BarAccessDescription bar_access;
  /// Read-only capabilities of the function's own: ID, a byte for the next pointer, then content. Multiples of 4 bytes.
  std::vector<std::vector<std::uint8_t>> vendor_capabilities;
};

}  // namespace ahcisim::pcie
