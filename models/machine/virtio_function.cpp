// SPDX-License-Identifier: MIT
// Identity and capabilities of the virtio block function.
#include <ahcisim/models/machine/virtio_function.hpp>

#include <algorithm>

#include <ahcisim/models/virtio/block_registers.hpp>
#include <ahcisim/models/virtio/registers.hpp>
#include <ahcisim/models/virtio/transport.hpp>

namespace ahcisim::machine {
namespace {

using virtio::ModernLayout;

/// struct virtio_pci_cap (VIRTIO 1.1, 4.1.4); the endpoint fills in cap_next, and has the
/// capability of cfg_type 5.
enum class CfgType : std::uint8_t { COMMON_CFG = 1, NOTIFY_CFG = 2, ISR_CFG = 3, DEVICE_CFG = 4 };
constexpr std::uint8_t vendor_specific = 0x09;  // PCI Code and ID Assignment: capability ID

void append(std::vector<std::uint8_t>& to, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::vector<std::uint8_t> capability(CfgType type, std::uint32_t offset, std::uint32_t length) {
  constexpr std::uint8_t plain = 16;
  const bool has_multiplier = type == CfgType::NOTIFY_CFG;
  const auto cap_len = static_cast<std::uint8_t>(has_multiplier ? plain + 4 : plain);
  std::vector<std::uint8_t> bytes{vendor_specific,    0, cap_len, static_cast<std::uint8_t>(type),
                                  virtio_bar::modern, 0, 0,       0};
  append(bytes, offset);
  append(bytes, length);
  if (has_multiplier) append(bytes, ModernLayout::notify_off_multiplier);
  return bytes;
}

std::uint64_t power_of_two_from(std::uint64_t bytes) {
  std::uint64_t size = 1;
  while (size < bytes) size *= 2;
  return size;
}

}  // namespace

pcie::FunctionDescription virtio_blk_function(const virtio::BlkParameters& parameters) {
  pcie::FunctionDescription function;
  // 4.1.2.1, 4.1.2.3: a transitional block device is 1001h, revision 0, subsystem device ID 2.
  function.vendor = 0x1af4;
  function.device = 0x1001;
  function.subsystem_vendor = 0x1af4;
  function.subsystem = 0x0002;
  function.class_code = 0x010000;  // mass storage, SCSI: what hypervisors give it, since drivers bind to the identity
  function.bars[virtio_bar::legacy] = {pcie::BarDescription::Kind::io, virtio::Transport::legacy_size, false};
  function.bars[virtio_bar::modern] = {pcie::BarDescription::Kind::mem64, ModernLayout::size, true};
  function.legacy_endpoint = true;  // an I/O BAR
  constexpr std::uint32_t vector_bytes = 16;
  const unsigned vectors = parameters.vectors();
  const auto pending = static_cast<std::uint32_t>(power_of_two_from(vectors * vector_bytes));
  function.msix.vectors = vectors;
  function.msix.table_bar = function.msix.pba_bar = virtio_bar::msix;
  function.msix.pba_offset = pending;
  function.bars[virtio_bar::msix] = {pcie::BarDescription::Kind::mem32, std::max<std::uint64_t>(4096, 2 * pending),
                                     false};
  const std::uint32_t notify_size = static_cast<std::uint32_t>(parameters.queues()) * ModernLayout::notify_off_multiplier;
  const struct { CfgType type; std::uint32_t offset, length; } structures[] = {
      {CfgType::COMMON_CFG, ModernLayout::common, virtio::CommonConfiguration::size},
      {CfgType::ISR_CFG, ModernLayout::isr, ModernLayout::isr_size},
      {CfgType::DEVICE_CFG, ModernLayout::device, virtio::BlkConfiguration::size},
      {CfgType::NOTIFY_CFG, ModernLayout::notify, notify_size}};
  for (const auto& [type, offset, length] : structures) {
    function.vendor_capabilities.push_back(capability(type, offset, length));
    function.bar_access.regions.push_back({virtio_bar::modern, offset, length});  // VIRTIO_PCI_CAP_PCI_CFG, 4.1.4.7
  }
  return function;
}

}  // namespace ahcisim::machine
