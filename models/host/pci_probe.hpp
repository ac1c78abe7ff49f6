// SPDX-License-Identifier: MIT
// Finds a function in configuration space and makes it usable: BARs, capabilities, bus mastering, interrupts. What
// firmware and the operating system's PCI core do together.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include <ahcisim/models/host/driver_parameters.hpp>
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
  static constexpr unsigned most_vendor_capabilities = 8;
  std::array<unsigned, most_vendor_capabilities> vendor{};  ///< offsets of the vendor-specific ones, in their order; 0 = none
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
  };
  /// How the caller wants to be interrupted.
  struct Wish {
    PciFunction::Interrupts kind = PciFunction::Interrupts::msi;
    unsigned vectors = 1;
  };
  /// The function wanted: what does not count is left open.
  struct Match {
    std::uint32_t class_code = 0;               ///< base class, sub-class, programming interface
    std::uint32_t class_mask = 0xffffff;        ///< which of its bits count
    std::uint16_t vendor_id = 0;                ///< 0: any
    std::array<std::uint16_t, 2> device_ids{};  ///< either of them; 0, 0: any
  };
  /// Where the parameters say.
  static Layout layout_of(const DriverParameters& parameters);
  using Failed = std::function<void(const std::string& reason)>;

  PciProbe(Script& script, const Layout& layout) : script_{script}, layout_{layout} {}

  /// Adds the steps that look for the first function that matches and assign its resources. The steps end the script with
  /// `failed` where there is none.
  void find(const Match& match, Failed failed);
  /// Adds the steps that switch decoding and bus mastering on.
  void enable();
  /// Adds the steps that arrange the interrupts: what is wished or, where it is not offered, the next simpler form.
  void arrange_interrupts(Wish wish);
  /// Reads bytes [from, to) of the vendor-specific capability at `index` of the function's (multiples of 4, at most 20). `data` is
  /// the whole of it, as far as it was read.
  void read_vendor_capability(unsigned index, unsigned from, unsigned to, std::function<void(const std::uint8_t* data)> handler);
  const PciFunction& function() const { return function_; }
  /// The address of a configuration register of the function.
  std::uint64_t register_address(unsigned offset) const { return config(offset); }

 private:
  std::uint64_t config(unsigned offset) const {
    return layout_.ecam + (std::uint64_t{function_.bus} << 20 | std::uint64_t{function_.device} << 15 |
                           std::uint64_t{function_.function} << 12) + offset;
  }
  void look_at(unsigned index);
  bool matches(std::uint32_t revision_and_class) const;
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
  Match match_;
  PciFunction function_;
  std::array<std::uint8_t, 20> capability_{};
  Failed failed_;
  std::uint64_t next_window_ = 0, next_io_ = 0;
};

}  // namespace ahcisim::host
