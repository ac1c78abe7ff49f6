// SPDX-License-Identifier: MIT
// Decoding of addresses.
#include <ahcisim/models/kit/address_map.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::kit {

AddressMap::AddressMap(const std::string& owner, const Windows& w) : windows_{w} {
  const struct { const char* name; std::uint64_t base, size; } windows[] = {
      {"memory_window", w.memory, w.memory_size}, {"ecam_window", w.ecam, ecam_size}, {"io_window", w.io, io_size},
      {"high_window", w.high, w.high_size}};
  for (const auto& b : windows)
    for (const auto& a : windows)
      if (&a < &b && a.base < b.base + b.size && b.base < a.base + a.size)
        throw ConfigError{fmt::format("{}: {} overlaps {}: move one of them", owner, a.name, b.name)};
}

AddressMap::Place AddressMap::at(std::uint64_t address, std::uint32_t length) const {
  const auto in = [&](std::uint64_t base, std::uint64_t size) {
    const std::uint64_t offset = address - base;
    return offset < size && length <= size - offset;
  };
  const bool one_dword = (address & 3) + length <= 4;
  Place place;
  place.address = address;
  if (in(windows_.memory, windows_.memory_size) || in(windows_.high, windows_.high_size)) {
    place.space = Space::memory;
  } else if (in(windows_.io, io_size)) {
    place.io = true;
    place.address = address - windows_.io;
    place.space = one_dword ? Space::io : Space::absent;
  } else if (in(windows_.ecam, ecam_size)) {
    // One configuration request reaches one dword (PCI Express Base, 7.2.2); the endpoint is device 0, function 0.
    place.configuration = true;
    place.address = (address - windows_.ecam) & 0xfff;
    place.function = static_cast<std::uint16_t>((address - windows_.ecam) >> 12);
    place.space = one_dword && place.function == windows_.bus << 8 ? Space::configuration : Space::absent;
  }
  return place;
}

bool AddressMap::touches_window(std::uint64_t address, std::uint32_t length) {
  const std::uint64_t offset = address - free_;
  if (offset < free_size_ && length <= free_size_ - offset) return false;
  const struct { std::uint64_t base, size; } windows[] = {{windows_.memory, windows_.memory_size},
                                                          {windows_.high, windows_.high_size},
                                                          {windows_.ecam, ecam_size},
                                                          {windows_.io, io_size},
                                                          {interrupts, interrupts_size}};
  std::uint64_t from = 0, to = ~std::uint64_t{0};  // what lies free around the address
  for (const auto& window : windows) {
    const std::uint64_t end = window.base + window.size;
    if (address < end && window.base < address + length) return true;
    if (end <= address) from = std::max(from, end);
    else to = std::min(to, window.base);
  }
  free_ = from;
  free_size_ = to > from ? to - from : 0;
  return false;
}

}  // namespace ahcisim::kit
