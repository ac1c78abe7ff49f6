// SPDX-License-Identifier: MIT
// A PCI Express endpoint with one function behind it: configuration space, BARs, bus mastering, interrupts.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/pcie/configuration_space.hpp>
#include <ahcisim/models/pcie/endpoint_parameters.hpp>
#include <ahcisim/models/pcie/interrupts.hpp>
#include <ahcisim/tlm/string_io.hpp>
#include <ahcisim/tlm/tlp.hpp>

namespace ahcisim::pcie {

/// Wraps any device function. A request that hits a BAR becomes a b_transport at bar[n] with the offset in the BAR as
/// address, at the time it arrives; one that hits a fixed window likewise at fixed[n]. A string (tlm/tlp.hpp) arrives as one
/// payload with a streaming width and a wire::StringIo. What the function does on its own comes in at `dma` and `interrupt`.
///
/// dma: b_transport, memory reads and writes of any length and alignment; the annotated delay is when the transfer may
/// begin, on return when it has ended; honours wire::StreamTiming. Ends with TLM_ADDRESS_ERROR_RESPONSE where Bus Master
/// Enable is 0, in D3hot, or where nobody claims the address.
class Endpoint : public sc_core::sc_module, private MessageSender {
 public:
  using BarSocket = tlm_utils::simple_initiator_socket_optional<Endpoint>;

  /// Throws kit::ConfigError for a description no function can have.
  Endpoint(const sc_core::sc_module_name& name, kit::Context& context, const EndpointParameters& parameters,
           const FunctionDescription& function);

  wire::TlpTargetSocket link;
  sc_core::sc_vector<BarSocket> bar;                   ///< six; those without a BAR stay unbound
  sc_core::sc_vector<BarSocket> fixed;                 ///< one for each fixed window of the description
  tlm_utils::simple_target_socket_optional<Endpoint> dma;
  sc_core::sc_export<wire::InterruptIf> interrupt;

  /// Called when the function must reset itself: FLR, or D3hot to D0 without No_Soft_Reset. Set during elaboration.
  void on_function_reset(std::function<void()> call) { function_reset_ = std::move(call); }
  /// The platform resets the function (hot reset, 6.6.1); what the link's training decided stays.
  void reset() { reset_function(); }
  /// Configuration space, for registers of the function's own, documentation and tests.
  ConfigurationSpace& configuration() { return space_; }
  const ConfigurationSpace& configuration() const { return space_; }
  const EndpointStatistics& statistics() const { return statistics_; }

 protected:
  void end_of_elaboration() override;

 private:
  /// A request on its way over the link: posted ones are copied, others wait at the requester.
  struct Pending {
    wire::Tlp* request = nullptr;  // null: posted
    wire::Tlp posted;
    std::vector<std::uint8_t> bytes;
    kit::Duration arrives;
    Pending* next = nullptr;  // arrives behind it and has no event of its own yet; of those not in use, the next
  };

  // link side
  tlm::tlm_sync_enum request(wire::Tlp& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void request_blocking(wire::Tlp& tlp, sc_core::sc_time& delay);
  unsigned request_debug(wire::Tlp& tlp);
  Pending& take_pending();
  void arrived(std::uint64_t pending);
  void serve_pending(Pending& pending);
  kit::Duration serve(wire::Tlp& tlp, kit::Duration when);
  kit::Duration serve_configuration(wire::Tlp& tlp, kit::Duration when);
  kit::Duration serve_bar(wire::Tlp& tlp, unsigned bar_index, std::uint64_t offset, kit::Duration when);
  kit::Duration access_bar(unsigned bar_index, std::uint64_t offset, wire::Tlp& tlp, kit::Duration when);
  kit::Duration access_each(unsigned bar_index, std::uint64_t offset, wire::Tlp& tlp, kit::Duration when);
  bool serve_own(wire::Tlp& tlp, unsigned bar_index, std::uint64_t offset);
  kit::Duration unsupported(wire::Tlp& tlp, kit::Duration when);
  void note_error(const wire::Tlp& tlp);
  const ConfigurationSpace::Window* claim(const wire::Tlp& tlp) const;

  // function side
  void master(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned master_debug(tlm::tlm_generic_payload& payload);
  bool master_direct(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  void refuse(tlm::tlm_generic_payload& payload, const char* rule);
  void send_message(std::uint64_t address, std::uint32_t data, kit::Duration when) override;
  void send_intx(bool asserted, kit::Duration when) override;
  kit::Duration absolute(const sc_core::sc_time& delay) const override { return context_.calendar.absolute(delay); }
  kit::Duration now() const override { return context_.calendar.now(); }

  // configuration side effects
  void decode_written(const kit::Written& written);
  void power_written(const kit::Written& written);
  void interrupts_written(const kit::Written& written);
  void device_control_written(const kit::Written& written);
  void bar_access_read();
  void bar_access_written(const kit::Written& written);
  void access_from_configuration(bool write);
  const char* bar_access_broken() const;
  void send_limits();
  void update();
  void reset_function();
  void trained(const wire::Tlp& tlp);

  kit::Context& context_;
  FunctionDescription function_;
  ConfigurationSpace space_;
  Interrupts interrupts_;
  EndpointStatistics statistics_;
  kit::Duration register_read_, configuration_time_;
  ConfigurationSpace::Decode decode_;
  unsigned claimed_ = 0;  // the window that was accessed last, looked at first
  kit::Duration configuration_at_ = kit::Duration::never();  // of the configuration access under way; never in a debug one
  bool may_master_ = false;
  bool direct_given_ = false;
  std::array<std::uint64_t, 6 + ConfigurationSpace::most_fixed> own_from_;  // of each window: no MSI-X table or PBA below
  std::uint16_t requester_ = 0;   // bus, device, function as captured from configuration writes
  std::function<void()> function_reset_;
  std::deque<Pending> pool_;  // those used stay where they are, and are used again
  Pending* free_ = nullptr;
  Pending* latest_ = nullptr;  // of those on their way the one that arrives last
  // What the sockets of BARs and, from 6 on, of fixed windows are bound to.
  std::array<tlm::tlm_fw_transport_if<>*, 6 + ConfigurationSpace::most_fixed> functions_{};
  wire::StringIo* string_ = new wire::StringIo;  // the payload's, which deletes it
  tlm::tlm_generic_payload bar_payload_;
};

}  // namespace ahcisim::pcie
