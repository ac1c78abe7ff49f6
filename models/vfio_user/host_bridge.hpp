// SPDX-License-Identifier: MIT
// Stands where a machine has its root complex: a PCI function's host is a vfio-user client.
#pragma once

#include <array>
#include <cstdint>

#include <systemc>
#include <tlm>

#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/pcie/endpoint.hpp>
#include <ahcisim/models/vfio_user/device.hpp>
#include <ahcisim/models/vfio_user/messages.hpp>
#include <ahcisim/tlm/tlp.hpp>

namespace ahcisim::vfio_user {

/// What the client's memory and interrupts take, in simulated time.
struct HostTimes {
  kit::Duration memory_read, memory_write;  ///< arrival of a request to its end
  kit::Duration message_delivery;           ///< arrival of an interrupt to its being seen
};

/// Accesses to regions become requests on `link` that take effect in the call (their times are booked), requests that come up
/// become copies to or from the client's memory, and interrupts reach the client at their simulated time.
///
/// The client tells BARs by their number, wherever its guest has put them, so the function's own BARs lie at addresses of the
/// bridge's choice; what the client writes to those registers is kept aside and read back. The same holds for the MSI-X table:
/// the client keeps the guest's, and the function's sends vector n to a place of the bridge's.
class HostBridge : public sc_core::sc_module, public Device {
 public:
  /// `endpoint` is what `link` leads to; it and `context` must outlive the bridge.
  HostBridge(const sc_core::sc_module_name& name, kit::Context& context, pcie::Endpoint& endpoint, const HostTimes& times);

  wire::TlpInitiatorSocket link;

  // For the server. The sizes are known from construction on, accesses may be made from the start of simulation on.
  void attach(Client& client) override { client_ = &client; }
  std::uint64_t region_size(std::uint32_t index) const override;
  std::array<std::uint32_t, 3> vectors() const override;
  void read(std::uint32_t region, std::uint64_t offset, std::uint8_t* to, std::uint32_t bytes) override;
  void write(std::uint32_t region, std::uint64_t offset, const std::uint8_t* from, std::uint32_t bytes) override;
  void peek(std::uint32_t region, std::uint64_t offset, std::uint8_t* to, std::uint32_t bytes,
            const std::vector<kit::PendingWrite>& waiting) override;
  void reset() override;
  /// Tells what lies behind a BAR (0 to 5), so that reads that overtake waiting writes see them. `registers` must outlive the bridge.
  void foresee(unsigned bar, const kit::RegisterBank& registers) { registers_[bar] = &registers; }

 private:
  struct Bar {
    std::uint64_t base = 0, size = 0;  // size 0: none
    bool io = false, wide = false;     // wide: the next register is its upper half
    std::uint32_t type = 0;            // read-only bits of the register
  };
  /// Where the function's MSI-X vectors are sent; no memory lies there.
  static constexpr std::uint64_t message_window = 0xfff0'0000'0000'0000;
  void start_of_simulation() override;

  // host_bridge_configuration.cpp
  void size_bars();
  void place_bars();
  void claim();
  bool placed();
  void write_table();
  void update_messages();
  std::uint32_t configuration(unsigned offset, unsigned bytes);
  void configure(unsigned offset, std::uint32_t value, unsigned bytes);
  void read_configuration(std::uint64_t offset, std::uint8_t* to, std::uint32_t bytes, bool peek);
  void write_configuration(std::uint64_t offset, const std::uint8_t* from, std::uint32_t bytes);
  bool in_table(std::uint32_t region, std::uint64_t offset, std::uint32_t bytes) const;

  // requests of the client
  wire::Tlp request(bool write, std::uint32_t region, std::uint64_t offset, std::uint8_t* data, std::uint32_t bytes) const;
  void send(wire::Tlp& tlp);
  void passed(std::uint64_t) {}

  // requests of the function
  tlm::tlm_sync_enum without_time(wire::Tlp& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void requested(wire::Tlp& tlp, sc_core::sc_time& delay);
  bool is_message(const wire::Tlp& tlp, std::uint64_t& event) const;
  void interrupt(std::uint64_t event, kit::Duration when);
  void deliver(std::uint64_t event);

  kit::Context& context_;
  pcie::Endpoint& endpoint_;
  const HostTimes times_;
  Client* client_ = nullptr;
  std::array<Bar, 6> bars_{};
  std::array<const kit::RegisterBank*, 6> registers_{};  // where foresee() told
  std::array<std::uint32_t, 6> guest_bars_{};            // as the client has written them
  // Where messages go, from the function's capabilities.
  bool msi_ = false;
  std::uint64_t msi_address_ = 0;
  std::uint32_t msi_mask_ = 0;
  std::uint32_t epoch_ = 0;           // resets so far: interrupts of an earlier one are void
  kit::Duration interrupts_until_;    // they stay in order
};

}  // namespace ahcisim::vfio_user
