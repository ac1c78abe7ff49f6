// SPDX-License-Identifier: MIT
// From parameters to the division of a drive's flash.
#include <ahcisim/models/disk/ssd/geometry.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace ahcisim::disk::ssd {

Geometry geometry_of(const SsdParameters& p) {
  if (p.capacity().value % 512 != 0)
    throw kit::ConfigError{fmt::format("capacity = \"{}\": no multiple of 512 bytes; use for example \"512GB\"", p.capacity.text())};
  if (p.page().value % slice_bytes != 0)
    throw kit::ConfigError{fmt::format("page = \"{}\": no multiple of 4 KiB; use for example \"16KiB\"", p.page.text())};
  Geometry g;
  g.channels = static_cast<std::uint32_t>(p.channels());
  g.dies = static_cast<std::uint32_t>(p.channels() * p.dies());
  g.slots = static_cast<std::uint32_t>(p.planes() * p.page().value / slice_bytes);
  g.pages = static_cast<std::uint32_t>(p.pages_per_block());
  g.sectors = static_cast<std::uint64_t>(p.capacity().value) / 512;
  g.slices = static_cast<std::uint32_t>((g.sectors + slice_sectors - 1) / slice_sectors);
  const double stripe = static_cast<double>(g.dies) * g.block_slots();
  const auto wanted = static_cast<std::uint64_t>(std::ceil(g.slices * (1.0 + p.over_provisioning().value) / stripe));
  const std::uint64_t blocks = std::max<std::uint64_t>(wanted, g.first_blocks() + reserved_blocks + 2);
  if (blocks * g.dies * g.block_slots() >= none - 1)
    throw kit::ConfigError{fmt::format("capacity = \"{}\": with its over-provisioning more than 16 TiB of flash; use less",
                                       p.capacity.text())};
  g.blocks = static_cast<std::uint32_t>(blocks);
  return g;
}

}  // namespace ahcisim::disk::ssd
