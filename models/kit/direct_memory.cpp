// SPDX-License-Identifier: MIT
// Look-up of direct regions.
#include <ahcisim/models/kit/direct_memory.hpp>

#include <algorithm>
#include <cstring>

namespace ahcisim::kit {

std::uint8_t* DirectMemory::find(bool write, std::uint64_t address, std::uint32_t length) {
  const std::uint64_t last = address + length - 1;
  for (const tlm::tlm_dmi& region : regions_)
    if (address >= region.get_start_address() && last <= region.get_end_address() && address <= last &&
        (write ? region.is_write_allowed() : region.is_read_allowed()))
      return region.get_dmi_ptr() + (address - region.get_start_address());
  return nullptr;
}

void DirectMemory::copy(bool write, std::uint8_t* direct, std::uint8_t* data, std::uint32_t length) {
  if (write) std::memmove(direct, data, length);
  else std::memmove(data, direct, length);
}

void DirectMemory::invalidate(std::uint64_t first, std::uint64_t last) {
  regions_.erase(std::remove_if(regions_.begin(), regions_.end(),
                                [&](const tlm::tlm_dmi& region) {
                                  return region.get_start_address() <= last && first <= region.get_end_address();
                                }),
                 regions_.end());
}

}  // namespace ahcisim::kit
