// SPDX-License-Identifier: MIT
// What the addresses of a host with one PCI function mean: windows for registers, configuration and I/O, and memory around them.
// Plain C++: bare metal's root complex and a virtual machine's bus have the same map.
#pragma once

#include <cstdint>
#include <string>

namespace ahcisim::kit {

class AddressMap {
 public:
  /// First addresses and sizes in bytes. Configuration space (ECAM) takes 256 MiB, I/O space 64 KiB.
  struct Windows {
    std::uint64_t memory, memory_size, high, high_size, ecam, io;
    unsigned bus;  ///< of the function
  };
  /// absent: a configuration or I/O access that nobody can claim.
  enum class Space : std::uint8_t { none, memory, configuration, absent, io };
  struct Place {
    Space space = Space::none;
    bool configuration = false, io = false;  ///< the window; absent ones have one too
    std::uint64_t address = 0;               ///< in the space: a memory address, a register of the function, a port
    std::uint16_t function = 0;              ///< configuration: bus, device, function
  };

  /// Throws kit::ConfigError, with the name of the owner, where windows overlap.
  AddressMap(const std::string& owner, const Windows& windows);
  /// From parameters that have the windows under these names.
  template <class Parameters> static Windows windows_of(const Parameters& p) {
    const auto number = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
    return {number(p.memory_window()), number(p.memory_window_size().value), number(p.high_window()),
            number(p.high_window_size().value), number(p.ecam_window()), number(p.io_window()),
            static_cast<unsigned>(p.endpoint_bus())};
  }

  /// A processor's access. One that leaves its window is none.
  Place at(std::uint64_t address, std::uint32_t length) const;
  /// Whether a bus master's access touches a window, the interrupt controllers' included. It remembers what is free around the
  /// last that did not.
  bool touches_window(std::uint64_t address, std::uint32_t length);

  bool in_io(std::uint64_t address) const { return address - windows_.io < io_size; }
  std::uint64_t configuration_address(unsigned offset) const {
    return windows_.ecam + (std::uint64_t{windows_.bus} << 20) + offset;
  }
  std::uint64_t io_address(unsigned port) const { return windows_.io + port; }
  /// The processors' interrupt controllers: a dword written there is a message.
  static bool is_message(std::uint64_t address, std::uint32_t length) {
    return address - interrupts < interrupts_size && length == 4 && address % 4 == 0;
  }

 private:
  static constexpr std::uint64_t ecam_size = 256ull << 20, io_size = 64ull << 10;
  static constexpr std::uint64_t interrupts = 0xfee00000, interrupts_size = 0x100000;
  const Windows windows_;
  std::uint64_t free_ = 0, free_size_ = 0;
};

}  // namespace ahcisim::kit
