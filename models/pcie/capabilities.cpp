// SPDX-License-Identifier: MIT
// The capability list: where each capability lies, what it says at reset, and what a function reset leaves.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <ahcisim/models/kit/param.hpp>
#include <ahcisim/models/pcie/configuration_space.hpp>

namespace ahcisim::pcie {
namespace {

constexpr unsigned own_at = 0xc8, own_end = 0x100;

/// Where capabilities of the function's own find room: in place of those it does not have, and behind all others.
struct Gap {
  unsigned begin, end;
};
std::vector<Gap> free_gaps(const FunctionDescription& f) {
  std::vector<Gap> gaps;
  if (!f.msi.vectors) gaps.push_back({f.places.msi, f.places.express});
  gaps.push_back({f.sata ? own_at : f.places.sata, own_end});
  return gaps;
}

unsigned log2_of(unsigned power_of_two) { return static_cast<unsigned>(__builtin_ctz(power_of_two)); }

}  // namespace

PowerManagementCapability::PowerManagementCapability(kit::RegisterBank& bank, unsigned at, bool no_soft_reset)
    : header{bank, at, "PM Capability", "PCI Express Base, 7.5.2", 0x01}, pmc{bank, at + 2}, pmcsr{bank, at + 4} {
  pmcsr.No_Soft_Reset.configure(no_soft_reset);
}

MsiCapability::MsiCapability(kit::RegisterBank& bank, unsigned at, const MsiDescription& msi)
    : header{bank, at, "MSI Capability", "PCI Express Base, 7.7.1", 0x05}, control{bank, at + 2}, address{bank, at + 4},
      data{bank, at + (msi.address64 ? 12 : 8), 2, "MSI Data", "Message Data", "PCI Express Base, 7.7.1.5"} {
  if (msi.address64) upper_address.emplace(bank, at + 8, 4, "MSI Upper Address", "Message Upper Address", "PCI Express Base, 7.7.1.4");
  control.Address64.configure(msi.address64);
  control.MultipleMessageCapable.configure(log2_of(msi.vectors));
  control.PerVectorMasking.configure(msi.masking);
  if (!msi.masking) return;
  const unsigned mask_at = at + (msi.address64 ? 16 : 12);
  mask.emplace(bank, mask_at, "MSI Mask Bits", "PCI Express Base, 7.7.1.7", Access::RW);
  pending.emplace(bank, mask_at + 4, "MSI Pending Bits", "PCI Express Base, 7.7.1.8", Access::RO);
}

MsixCapability::MsixCapability(kit::RegisterBank& bank, unsigned at, const MsixDescription& msix)
    : header{bank, at, "MSI-X Capability", "PCI Express Base, 7.7.2", 0x11}, control{bank, at + 2},
      table{bank, at + 4, 4, "MSI-X Table", "Table Offset and Table BIR", "PCI Express Base, 7.7.2.3",
            msix.table_offset | msix.table_bar},
      pba{bank, at + 8, 4, "MSI-X PBA", "PBA Offset and PBA BIR", "PCI Express Base, 7.7.2.4",
          msix.pba_offset | msix.pba_bar} {
  control.TableSize.configure(msix.vectors - 1);
}

ExpressCapability::ExpressCapability(kit::RegisterBank& bank, unsigned at, const FunctionDescription& f)
    : header{bank, at, "PCI Express Capability", "PCI Express Base, 7.5.3", 0x10}, capabilities{bank, at + 2},
      device_capabilities{bank, at + 4}, device_control{bank, at + 8}, device_status{bank, at + 10},
      link_capabilities{bank, at + 12}, link_control{bank, at + 16}, link_status{bank, at + 18},
      link_capabilities2{bank, at + 0x2c}, link_control2{bank, at + 0x30} {
  capabilities.DevicePortType.configure(f.legacy_endpoint ? 1 : 0);
  device_capabilities.FLR.configure(f.function_level_reset);
  device_capabilities.MaxPayloadSizeSupported.configure(log2_of(f.max_payload_supported) - 7);
}

SataCapability::SataCapability(kit::RegisterBank& bank, unsigned at, const SataDescription& sata)
    : header{bank, at, "SATA Capability", "AHCI 1.3.1, 2.4.1", 0x12}, cr0{bank, at + 2}, cr1{bank, at + 4} {
  cr1.BARLOC.configure(4 + sata.bar);
  cr1.BAROFST.configure(sata.offset / 4);
}

BarAccessCapability::BarAccessCapability(kit::RegisterBank& bank, unsigned at)
    : header{bank, at, "BAR Access Capability", "VIRTIO 1.1, 4.1.4.7", 0x09},
      cap_len{bank, at + 2, 1, "cap_len", "length of the capability", "VIRTIO 1.1, 4.1.4", size},
      cfg_type{bank, at + 3, 1, "cfg_type", "VIRTIO_PCI_CAP_PCI_CFG", "VIRTIO 1.1, 4.1.4", 5},
      bar{bank, at + 4, 1, "cap.bar", "BAR to access", "VIRTIO 1.1, 4.1.4.7"},
      offset{bank, at + 8, 4, "cap.offset", "offset in the BAR, a multiple of cap.length", "VIRTIO 1.1, 4.1.4.7"},
      length{bank, at + 12, 4, "cap.length", "bytes to access: 1, 2 or 4", "VIRTIO 1.1, 4.1.4.7"},
      pci_cfg_data{bank, at + 16, 4, "pci_cfg_data", "an access here is one of the BAR", "VIRTIO 1.1, 4.1.4.7"} {}

kit::Field* ConfigurationSpace::link(CapabilityHeader& header, kit::Field* previous) {
  previous->configure(header.offset());
  return &header.NEXT;
}

void ConfigurationSpace::add_capabilities(const FunctionDescription& f) {
  kit::Field* last = &capabilities_pointer.VALUE;
  const CapabilityPlaces& at = f.places;
  const auto link_msi = [&] { last = link(msi.emplace(bank, at.msi, f.msi).header, last); };
  if (f.msi.vectors && at.msi_first) link_msi();
  if (f.power_management) last = link(power.emplace(bank, at.power, f.no_soft_reset).header, last);
  if (f.msi.vectors && !at.msi_first) link_msi();
  if (f.pci_express) last = link(express.emplace(bank, at.express, f).header, last);
  if (f.msix.vectors) last = link(msix.emplace(bank, at.msix, f.msix).header, last);
  if (f.sata) last = link(sata.emplace(bank, at.sata, *f.sata).header, last);
  std::vector<Gap> gaps = free_gaps(f);
  const auto room_for = [&](std::size_t bytes) {
    const auto gap = std::find_if(gaps.begin(), gaps.end(), [&](const Gap& g) { return bytes <= g.end - g.begin; });
    if (bytes < 4 || bytes % 4 || gap == gaps.end())
      throw kit::ConfigError{
          fmt::format("{}: capability of {} bytes: give multiples of 4 that find room below 100h", bank.name(), bytes)};
    return std::exchange(gap->begin, gap->begin + static_cast<unsigned>(bytes));
  };
  for (const auto& content : f.vendor_capabilities) {
    add_own_capability(room_for(content.size()), content);
    last = link(own_headers_.back(), last);
  }
  if (!f.bar_access.regions.empty())
    last = link(bar_access.emplace(bank, room_for(BarAccessCapability::size)).header, last);
  if (last == &capabilities_pointer.VALUE) status.CapabilitiesList.configure(0);
}

void ConfigurationSpace::add_own_capability(unsigned at, const std::vector<std::uint8_t>& content) {
  own_headers_.emplace_back(bank, at, "Vendor Capability", "PCI Express Base, 7.9.4", content[0]);
  for (unsigned i = 2; i < content.size(); ++i)
    own_bytes_.emplace_back(bank, at + i, 1, "Content", "capability content", "PCI Express Base, 7.9.4", content[i]);
}

void ConfigurationSpace::reset_function() {
  // Max_Payload_Size is not affected by FLR, nor is what depends on the link (6.6.2).
  const std::uint32_t payload = express ? std::uint32_t{express->device_control.MaxPayloadSize} : 0;
  bank.reset();
  if (express) express->device_control.MaxPayloadSize = payload;
}

void ConfigurationSpace::link_trained(unsigned generation, unsigned lanes, unsigned max_payload,
                                      unsigned max_read_request) {
  if (!express) return;
  express->link_capabilities.MaxLinkSpeed.configure(generation);
  express->link_capabilities.MaximumLinkWidth.configure(lanes);
  express->link_status.CurrentLinkSpeed.configure(generation);
  express->link_status.NegotiatedLinkWidth.configure(lanes);
  express->link_capabilities2.SupportedLinkSpeeds.configure((1u << generation) - 1);
  express->link_control2.TargetLinkSpeed.configure(generation);
  const unsigned supported = 128u << express->device_capabilities.MaxPayloadSizeSupported;
  express->device_control.MaxPayloadSize = log2_of(std::min(max_payload, supported)) - 7;
  express->device_control.MaxReadRequestSize.configure(log2_of(max_read_request) - 7);
}

}  // namespace ahcisim::pcie
