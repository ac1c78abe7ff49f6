// SPDX-License-Identifier: MIT
// Finds a function in configuration space and makes it usable: BARs, capabilities, bus mastering, interrupts. What
// firmware and the operating system's PCI core do together.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include <ahcisim/models/host/script.hpp>

namespace ahcisim::host {

/// What is known of a PCI function.
struct PciFunction {
  unsigned bus = 0, device = 0, function = 0;
  std::uint16_t vendor_id = 0, device_id = 0;
  std::array<std::uint64_t, 6> bar{};       ///< assigned address, 0 where there is none
  std::array<std::uint64_t, 6> bar_size{};  ///< bytes
  std::array<bool, 6> bar_is_io{};
  unsigned power_management = 0, express = 0, msi = 0, msix = 0;  ///< offsets of the capabilities; 0 = none
  enum class Interrupts : std::uint8_t { intx, msi, msix } interrupts = Interrupts::intx;
  unsigned vectors = 1;  ///< granted
};

class PciProbe {
 public:
  /// Where things are to be put.
  struct Layout {
    std::uint64_t ecam = 0, window = 0, io_window = 0;
    unsigned buses = 1;
    std::uint64_t message_address = 0;
    std::uint32_t message_data = 0;  ///< of vector 0; a multiple of 32, so that vectors are its low bits
    std::uint32_t max_payload = 128, max_read_request = 512;
  };
  /// How the caller wants to be interrupted.
  struct Wish {
    PciFunction::Interrupts kind = PciFunction::Interrupts::msi;
    unsigned vectors = 1;
  };
  using Failed = std::function<void(const std::string& reason)>;

  PciProbe(Script& script, const Layout& layout) : script_{script}, layout_{layout} {}

  /// Adds the steps that look for the first function of this class code and assign its resources. The steps end the
  /// script with `failed` where there is none.
  void find(std::uint32_t class_code, Failed failed);
  /// Adds the steps that switch decoding and bus mastering on.
  void enable();
  /// Adds the steps that arrange the interrupts: what is wished or, where it is not offered, the next simpler form.
  void arrange_interrupts(Wish wish);
  const PciFunction& function() const { return function_; }

 private:
  std::uint64_t config(unsigned offset) const {
    return layout_.ecam + (std::uint64_t{function_.bus} << 20 | std::uint64_t{function_.device} << 15 |
                           std::uint64_t{function_.function} << 12) + offset;
  }
  void look_at(unsigned index, std::uint32_t class_code);
  void size_bar(unsigned index);
  void assign_bar(unsigned index, std::uint32_t low, std::uint32_t high, bool is_64_bit);
  void walk_capabilities(std::uint32_t pointer, unsigned left);
  void configure_express();
  void arrange_msi(unsigned vectors);
  void arrange_msix(unsigned vectors);
  void write_msix_entry(std::uint64_t table, unsigned vector);
  void switch_intx_off();

  Script& script_;
  Layout layout_;
  PciFunction function_;
  Failed failed_;
  std::uint64_t next_window_ = 0, next_io_ = 0;
};

}  // namespace ahcisim::host
