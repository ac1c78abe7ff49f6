// SPDX-License-Identifier: MIT
// A driver's addresses, one against the other.
#include <ahcisim/models/machine/driver_addresses.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace ahcisim::machine {
namespace {

using Address = kit::Parameter<kit::Bytes>;

/// No memory lies from 3 GiB to 4 GiB (host::MemoryParameters). Ports have 16 bits.
constexpr std::uint64_t hole_begin = std::uint64_t{3} << 30, hole_end = std::uint64_t{4} << 30, io_size = 64 << 10;

struct Driver {
  std::string side;  // "host" or "guest"
  const host::DriverParameters& parameters;
  const Address* io_base;  // nullptr: it has no use for ports
  const host::MemoryParameters& memory;
};

/// What a parameter is the first address of.
struct Region {
  const Address* parameter;
  std::uint64_t bytes;
  std::uint64_t begin() const { return static_cast<std::uint64_t>((*parameter)().value); }
  bool meets(std::uint64_t other, std::uint64_t length) const { return begin() < other + length && other < begin() + bytes; }
};

/// Configuration space has a mebibyte for each bus (PCI Express Base, 7.2.2); the memory BARs of one function take less than
/// 64 KiB; a message is a dword.
std::vector<Region> regions_of(const Driver& driver) {
  const host::DriverParameters& p = driver.parameters;
  std::vector<Region> regions{{&p.ecam, static_cast<std::uint64_t>(p.buses()) << 20}, {&p.window, 64 << 10}, {&p.message_address, 4}};
  if (driver.io_base) regions.push_back({driver.io_base, io_size});
  return regions;
}

void check(const Driver& driver, const std::vector<Setting>& settings) {
  const auto key = [&](const Address& address) { return driver.side + ".driver." + address.name(); };
  const auto is_set = [&](const Address& address) {
    return std::any_of(settings.begin(), settings.end(), [&](const Setting& setting) { return setting.key == key(address); });
  };
  const auto refuse = [&](const Address& address, const std::string& why) {
    throw kit::ConfigError{located(settings, fmt::format("{} = \"{}\": {}", key(address), address.text(), why))};
  };
  const auto memory = static_cast<std::uint64_t>(driver.memory.size().value), low = std::min(memory, hole_begin);
  const std::vector<Region> regions = regions_of(driver);
  for (const Region& one : regions) {
    if (one.meets(0, low) || (memory > low && one.meets(hole_end, memory - low)))
      refuse(*one.parameter, fmt::format("lies in memory, by {}.memory.size = \"{}\"; move it between 3 GiB and 4 GiB", driver.side,
                                         driver.memory.size.text()));
    for (const Region& other : regions)
      if (&one != &other && one.meets(other.begin(), other.bytes) && (is_set(*one.parameter) || !is_set(*other.parameter)))
        refuse(*one.parameter, fmt::format("overlaps {} = \"{}\"; move one of them", key(*other.parameter), other.parameter->text()));
  }
  const Address& io = driver.parameters.io_window;
  if (driver.io_base && (io().value < 0 || static_cast<std::uint64_t>(io().value) >= io_size))
    refuse(io, fmt::format("lies beyond the 64 KiB of ports from {} on; lower it", key(*driver.io_base)));
}

}  // namespace

void check_driver_addresses(const Parameters& p, const std::vector<Setting>& settings) {
  if (p.system.interface() == "ide" && !p.is_emulated()) check({"host", p.ide_driver, &p.ide_driver.io_base, p.memory}, settings);
  else check({"host", p.driver, nullptr, p.memory}, settings);
  if (!p.is_emulated()) return;
  EmulatedParameters& e = *p.emulated;
  check({"guest", e.driver(), e.ide ? &e.ide->driver.io_base : e.virtio_blk ? &e.virtio_blk->driver.io_base : nullptr, e.memory}, settings);
}

}  // namespace ahcisim::machine
