// SPDX-License-Identifier: MIT
// The bus of a virtual machine: every access of the guest's processor is trapped, and an emulator serves it. It stands where a
// bare-metal machine has a root complex and a link, between a driver and pcie::Endpoint.
//
// A trapped access takes effect when the emulator's code runs and not when it was sent: by an event of the calendar, or after the
// access before it where nothing lies between. The processor
// is held until it enters the guest again. A posted write's end must be told in the call; what keeps the processor longer (the
// big lock, the command that a doorbell starts) delays its next access, and the step that follows, by Processor::hold().
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <ahcisim/models/host/vm/emulator.hpp>
#include <ahcisim/models/host/vm/exit_bus_parameters.hpp>
#include <ahcisim/models/kit/address_map.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/kit/direct_memory.hpp>
#include <ahcisim/tlm/interrupt.hpp>
#include <ahcisim/tlm/tlp.hpp>

namespace ahcisim::host {

/// cpu: the contract of pcie::RootComplex, non-blocking and blocking, and string accesses: a payload to an I/O port with a
/// streaming width (1, 2 or 4) below its length moves length / width elements through that port. Non-posted accesses (all but
/// memory writes): TLM_ACCEPTED, then nb_transport_bw(BEGIN_RESP) with the delay after which the guest runs again. One made
/// from within such an answer, by a guest that does nothing else meanwhile, may be answered in the call (TLM_COMPLETED): the
/// calendar has moved on to its time then.
class ExitBus : public sc_core::sc_module, private VcpuThread, private ProcessorPlatform {
 public:
  /// Throws kit::ConfigError where windows overlap. `emulator` and `context` must outlive the bus.
  ExitBus(const sc_core::sc_module_name& name, kit::Context& context, const ExitBusParameters& parameters, Emulator& emulator);

  tlm_utils::simple_target_socket_optional<ExitBus> cpu;
  tlm_utils::simple_initiator_socket<ExitBus> memory;
  wire::TlpInitiatorSocket link;
  sc_core::sc_port<wire::CpuInterruptIf, 1, sc_core::SC_ZERO_OR_MORE_BOUND> cpu_interrupts;
  /// Interrupts of a function in compatibility mode: vector 0 is line 14, vector 1 line 15.
  sc_core::sc_export<wire::InterruptIf> isa;

  /// The guest's processor: whether it runs when an interrupt comes, what ends of interrupts cost, and who waits where device
  /// code takes longer. To be called during elaboration; without it the guest counts as halted and interrupts end for nothing.
  void attach(Processor& guest);
  /// Writes of `length` bytes (0: any) to [offset, offset + bytes) of the function's BAR `bar` are turned into the signal of
  /// an eventfd: the guest goes on, and the emulator's loop does the write.
  void add_ioeventfd(unsigned bar, std::uint64_t offset, std::uint64_t bytes, unsigned length = 0);

  const ExitBusStatistics& statistics() const { return statistics_; }
  /// Guest address of a configuration register of the function, and of an I/O port.
  std::uint64_t configuration_address(unsigned offset) const { return map_.configuration_address(offset); }
  std::uint64_t io_address(unsigned port) const { return map_.io_address(port); }

 protected:
  void end_of_elaboration() override;
  void start_of_simulation() override;

 private:
  enum class Space : std::uint8_t { none, memory, configuration, absent, io, controller };
  enum class Way : std::uint8_t { user, absent, doorbell, controller };
  /// A trapped access that has not taken effect, or not all of it.
  struct Access {
    wire::Tlp tlp;
    tlm::tlm_generic_payload* payload = nullptr;  // null: posted
    std::vector<std::uint8_t> bytes;              // posted and longer than a register
    Way way = Way::user;
    std::uint32_t element = 0, done = 0;          // string access: its width, bytes moved
    kit::Duration issued;
    Access* next = nullptr;
  };
  struct Doorbell final : LoopWork {
    explicit Doorbell(ExitBus& b) : bus{b} {}
    void run_in_loop(kit::Duration at) override { bus.ring(*this, at); }
    ExitBus& bus;
    wire::Tlp tlp;
    kit::Duration trapped;
    bool pending = false;
  };
  struct EventWindow {
    unsigned bar;
    std::uint64_t offset, bytes;
    unsigned length;
    std::uint64_t base = 0;  // of the BAR, as the guest has set it
    bool io = false, mapped = false;
  };
  struct IsaLines final : wire::InterruptIf {
    explicit IsaLines(ExitBus& b) : bus{b} {}
    void set_interrupt(unsigned vector, bool asserted, const sc_core::sc_time& delay) override;
    unsigned vectors() const override { return 2; }
    ExitBus& bus;
  };

  // The guest's accesses (exit_bus.cpp).
  tlm::tlm_sync_enum cpu_request(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void cpu_blocking(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned cpu_debug(tlm::tlm_generic_payload& payload);
  Space decode(std::uint64_t address, std::uint32_t length, wire::Tlp& tlp) const;
  Space prepare(tlm::tlm_generic_payload& payload, Access& access);
  bool is_doorbell(const Access& access, Space space) const;
  Access& take();
  void give_back(Access& access);
  void enqueue(Access& access);
  void take_first();
  kit::Duration effect_at(const Access& access) const;
  kit::Duration planned_end(const Access& access, kit::Duration begin) const;
  std::uint32_t batch(const Access& access) const;
  kit::Duration device_cost(const Access& access, std::uint32_t bytes) const;
  void arm(kit::Duration when);
  void due(std::uint64_t);
  kit::Duration serve_first(kit::Duration now);
  bool serve_at_once(Access& access);
  bool execute(Access& access, kit::Duration now);
  void transfer(Access& access, std::uint32_t bytes, kit::Duration now);
  void serve(wire::Tlp& tlp, kit::Duration now);
  void log_trap(const Access& access, kit::Duration begin, kit::Duration handled, kit::Duration device_code);

  // ioeventfd, and what the platform is told (exit_bus_events.cpp).
  void ring_later(const Access& access, kit::Duration trapped);
  void ring(Doorbell& doorbell, kit::Duration at);
  void locate_windows();
  void device_code_until(kit::Duration until) override;
  kit::Duration interrupt_taken(kit::Duration now) override;
  const TrapLog& traps() const override { return traps_; }
  kit::Duration inject(kit::Duration when);
  void line(unsigned number, bool asserted, kit::Duration when);

  // The device's accesses (exit_bus_memory.cpp).
  tlm::tlm_sync_enum from_device(wire::Tlp& tlp, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void bus_master(wire::Tlp& tlp, sc_core::sc_time& delay);
  void message(wire::Tlp& tlp, kit::Duration when);
  void invalidate(sc_dt::uint64 first, sc_dt::uint64 last);

  kit::Context& context_;
  kit::Calendar& calendar_;
  Emulator& emulator_;
  const VmParameters& costs_;
  ExitBusStatistics statistics_;
  IsaLines isa_lines_;
  // Sums of the costs, taken once: guest to emulator, guest to the handler, and back.
  const kit::Duration exit_, to_emulator_, to_handler_, back_, in_kernel_, device_access_, injection_;
  const wire::TrapTime user_trap_, kernel_trap_;  // an access that waits for nobody, served by the emulator and by the kernel
  kit::AddressMap map_;
  kit::DirectMemory guest_memory_;

  Processor* guest_ = nullptr;
  kit::Duration free_;         // when the processor is in the guest again, as far as it is known
  TrapLog traps_;
  kit::Duration logged_until_;  // the end of the last one there
  bool outlasted_ = false;      // its device code took longer
  Access* first_ = nullptr;    // accesses that have not taken effect, in order; the first has an event
  Access* last_ = nullptr;
  kit::Duration planned_;      // end of the last posted write's exit, as it was told
  bool serving_ = false;       // within due(): what is enqueued needs no event of its own yet
  std::deque<Access> pool_;    // those used stay where they are, and are used again
  Access* free_access_ = nullptr;
  std::vector<EventWindow> windows_;
  std::deque<Doorbell> doorbells_;
  wire::CpuInterruptIf* interrupt_target_ = nullptr;
  std::array<kit::Duration, 16> line_changed_{};  // when each line changed last, as the guest sees it
};

}  // namespace ahcisim::host
