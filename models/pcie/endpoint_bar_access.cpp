// SPDX-License-Identifier: MIT
// Accesses of BARs from configuration space (VIRTIO 1.1, 4.1.4.7), whether the BARs decode or not.
#include <algorithm>

#include <ahcisim/models/pcie/endpoint.hpp>

namespace ahcisim::pcie {

using wire::CompletionStatus;
using wire::Tlp;
using wire::TlpType;

void Endpoint::bar_access_read() { access_from_configuration(false); }
void Endpoint::bar_access_written(const kit::Written&) { access_from_configuration(true); }

/// The rule that the access described breaks, or null. What a driver must not do has no effect.
const char* Endpoint::bar_access_broken() const {
  const BarAccessCapability& access = *space_.bar_access;
  const std::uint32_t bar = access.bar.value(), offset = access.offset.value(), length = access.length.value();
  if (!space_.d0()) return "pci_cfg_data accessed in D3hot: ignored (PCI Express Base, 5.3.1.4)";
  if (length != 1 && length != 2 && length != 4)
    return "pci_cfg_data accessed with a cap.length other than 1, 2 or 4: ignored (VIRTIO 1.1, 4.1.4.7)";
  if (offset % length != 0)
    return "pci_cfg_data accessed with a cap.offset that is no multiple of cap.length: ignored (VIRTIO 1.1, 4.1.4.7.2)";
  const auto& regions = function_.bar_access.regions;
  const bool inside = std::any_of(regions.begin(), regions.end(), [&](const BarAccessDescription::Region& region) {
    const std::uint32_t in_region = offset - region.offset;
    return bar == region.bar && offset >= region.offset && in_region < region.length && length <= region.length - in_region;
  });
  return inside ? nullptr : "pci_cfg_data accessed outside the structures of other capabilities: ignored (VIRTIO 1.1, 4.1.4.7.2)";
}

/// A debug access of configuration space ends here: it sees what the last access left in pci_cfg_data.
void Endpoint::access_from_configuration(bool write) {
  if (configuration_at_ == kit::Duration::never()) return;
  BarAccessCapability& access = *space_.bar_access;
  const std::uint32_t length = access.length.value();
  if (!write && length == 0) return;  // a dump of configuration space, before anything has been described
  if (const char* rule = bar_access_broken()) return context_.diagnostics.report(name(), rule, configuration_at_);
  std::uint8_t bytes[4];
  for (unsigned i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(access.pci_cfg_data.value() >> (8 * i));
  Tlp tlp;
  tlp.type = write ? TlpType::MWr : TlpType::MRd;
  tlp.length = length;
  tlp.data = bytes;
  tlp.status = CompletionStatus::SC;
  configuration_at_ = serve_bar(tlp, access.bar.value(), access.offset.value(), configuration_at_);
  if (write || tlp.status != CompletionStatus::SC) return;
  std::uint32_t data = 0;
  for (unsigned i = 0; i < 4; ++i) data |= std::uint32_t{bytes[i]} << (8 * i);
  access.pci_cfg_data.set(data);
}

}  // namespace ahcisim::pcie
