// SPDX-License-Identifier: MIT
// The PCI function around a virtio::BlkFunction: where its two windows lie, and the capabilities that say so
// (VIRTIO 1.1, 4.1.2, 4.1.4).
#pragma once

#include <ahcisim/models/pcie/function_description.hpp>
#include <ahcisim/models/virtio/parameters.hpp>

namespace ahcisim::machine {

/// BARs of a virtio block function: `legacy` is an I/O BAR, `modern` a 64-bit memory BAR (it uses the next one too),
/// and the MSI-X structures have one of their own.
namespace virtio_bar {
inline constexpr unsigned legacy = 0, msix = 1, modern = 4;
}

/// The PCI function of the transitional block device that `parameters` describe. Bind the endpoint's
/// bar[virtio_bar::legacy] and bar[virtio_bar::modern] to the function's sockets `legacy` and `modern`.
pcie::FunctionDescription virtio_blk_function(const virtio::BlkParameters& parameters);

}  // namespace ahcisim::machine
