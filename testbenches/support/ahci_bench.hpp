// SPDX-License-Identifier: MIT
// A bench for the HBA alone: flat memory, devices without mechanics that answer at once, an interrupt sink, and a host that
// reaches the registers. No other block takes part.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <ahcisim/models/ahci/hba.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/kit/reserve.hpp>
#include <ahcisim/tlm/frame.hpp>
#include <ahcisim/tlm/interrupt.hpp>
#include <ahcisim/tlm/stream.hpp>

namespace ahcisim::bench {

using kit::Duration;
using namespace kit::literals;

/// Memory from address 0 on: a fixed latency and a rate; elsewhere nobody answers.
class FlatMemory : public sc_core::sc_module {
 public:
  FlatMemory(const sc_core::sc_module_name& name, kit::Context& context, std::size_t bytes);
  tlm_utils::simple_target_socket<FlatMemory> socket;
  std::vector<std::uint8_t> bytes;
  Duration latency = 100_ns;
  double ps_per_byte = 250;           ///< 4 GB/s
  bool serial = false;                ///< one transaction after the other, as on a link; else only each one's own time
  std::uint64_t bad_begin = 0, bad_end = 0;  ///< accesses in here are answered with a data error
  std::vector<std::uint64_t>* log = nullptr;  ///< addresses written, in order
  Duration end_of_last;

 private:
  void transport(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  kit::Context& context_;
  kit::Reserve reserve_;
};

/// Counts interrupt requests and keeps the level of each vector.
class InterruptSink : public sc_core::sc_module, public wire::InterruptIf {
 public:
  explicit InterruptSink(const sc_core::sc_module_name& name) : sc_module{name} {}
  void set_interrupt(unsigned vector, bool asserted, const sc_core::sc_time& delay) override;
  unsigned vectors() const override { return granted; }
  unsigned granted = 1;
  unsigned requests[32] = {};
  bool level[32] = {};
  std::function<void(unsigned)> on_request;
};

/// A device that speaks FISes: 512-byte sectors, reads and writes queued and not, PIO, PACKET, and whatever a test makes it do.
class FakeDevice : public sc_core::sc_module {
 public:
  FakeDevice(const sc_core::sc_module_name& name, kit::Context& context, std::size_t sectors);
  wire::FrameTargetSocket socket;

  std::vector<std::uint8_t> media;
  std::uint32_t signature = 0x00000101;  ///< as PxSIG shows it
  Duration service = 1_us;               ///< from a command to its data or status
  Duration wire_latency = 50_ns;
  double wire_ps_per_byte = 5000.0 / 3;  ///< 600 MB/s
  bool answers_reset = true;             ///< false: presence only
  bool auto_activate = true;
  bool interrupt_on_setup = false;       ///< I in DMA Setup
  std::uint32_t setup_chunk = 0;         ///< queued reads: bytes for one DMA Setup, 0 = all in one; the chunks come in reverse
  std::uint32_t pio_block = 512;
  unsigned shortage = 0, excess = 0;     ///< bytes fewer or more than asked for, in reads
  wire::Verdict next_verdict = wire::Verdict::r_ok;  ///< for the next frame from the host
  std::uint8_t next_retries = 0;         ///< … and how often the link says to have repeated it
  bool damage_next = false;              ///< the next frame to the host arrives with a bad CRC
  /// Takes a command instead of the device; true if it has.
  std::function<bool(const wire::RegisterH2D&, unsigned slot)> on_command;
  std::vector<wire::RegisterH2D> commands;
  std::vector<std::uint8_t> packet;
  unsigned data_frames = 0, comresets = 0;
  std::uint8_t speed_limit = 0;

  /// Frames to the host at `when`; the time R_OK or R_ERR is back.
  Duration send(wire::Frame& frame, Duration when);
  Duration send_register(Duration when, std::uint8_t status, std::uint8_t error = 0, bool interrupt = true);
  Duration send_set_device_bits(Duration when, std::uint32_t tags, std::uint8_t status = 0x40, std::uint8_t error = 0, bool interrupt = true);
  Duration send_pio_setup(Duration when, bool in, std::uint16_t bytes, std::uint8_t status, std::uint8_t e_status, bool interrupt = true);
  Duration send_dma_setup(Duration when, unsigned tag, bool in, std::uint32_t offset, std::uint32_t bytes);
  Duration send_activate(Duration when);
  Duration send_data(Duration when, std::uint8_t* data, std::uint32_t bytes, unsigned tag = 0);
  void send_link(::tlm::tlm_phase phase, Duration when, std::uint8_t speed = 3);
  Duration send_signature(Duration when);
  wire::Verdict last_verdict = wire::Verdict::r_ok;

 private:
  struct Job {
    wire::RegisterH2D fis;
    bool queued = false, write = false, pio = false, packet = false;
    std::uint64_t at = 0;
    std::uint32_t bytes = 0, done = 0;
    std::uint32_t end = 0;  // reads: what is left of the transfer; `done` counts within the present DMA Setup
    unsigned tag = 0;
  };
  ::tlm::tlm_sync_enum receive(wire::Frame& frame, ::tlm::tlm_phase& phase, sc_core::sc_time& delay);
  void command(const wire::Frame& frame, Duration when);
  void begin(std::uint64_t epoch);
  void start_data(Job job);
  void read(Job& job, Duration now);
  void read_on(Job job, Duration now);
  void resume(std::uint64_t epoch);
  void ask_for_data(std::uint64_t epoch);
  void data_arrived(const wire::Frame& frame, Duration when);
  void finish(const Job& job, Duration when);
  Job decode(const wire::RegisterH2D& fis) const;

  kit::Context& context_;
  std::deque<Job> waiting_;
  Job writing_, reading_;
  bool reading_active_ = false;  // between two Data FISes, as others compete for the HBA
  unsigned held_back_ = 0;       // commands whose turn came meanwhile
  bool contended_ = false;
  bool writing_active_ = false;
  std::deque<Job> writes_;
  std::uint64_t epoch_ = 0;
  bool srst_ = false;
};

/// The host's two ways to the registers: ABAR and the index/data pair.
struct HostPorts : sc_core::sc_module {
  explicit HostPorts(const sc_core::sc_module_name& name) : sc_module{name} {}
  tlm_utils::simple_initiator_socket<HostPorts> memory{"memory"}, io{"io"};
};

/// All of it, put together.
struct AhciBench {
  explicit AhciBench(const ahci::HbaParameters& parameters, unsigned devices = 1, unsigned vectors = 1, std::size_t memory_bytes = 16u << 20);
  kit::Context context;
  FlatMemory memory;
  InterruptSink sink;
  ahci::Hba hba;
  std::vector<std::unique_ptr<FakeDevice>> device;
  HostPorts host;

  // Registers
  std::uint32_t read(unsigned offset, unsigned bytes = 4);
  void write(unsigned offset, std::uint32_t value, unsigned bytes = 4);
  static unsigned port(unsigned n, unsigned offset) { return 0x100 + 0x80 * n + offset; }
  std::uint32_t io_read(unsigned offset, unsigned bytes = 4);
  void io_write(unsigned offset, std::uint32_t value, unsigned bytes = 4);
  ::tlm::tlm_response_status last_response = ::tlm::TLM_OK_RESPONSE;
  Duration last_delay;

  // Time
  void run(Duration time);
  /// False if `time` passes first.
  bool run_until(const std::function<bool()>& condition, Duration time = 1_ms);
  Duration now() const { return context.calendar.now(); }

  // Memory layout: for each port a command list, a received FIS area, and 32 command tables with room for 64 PRDs
  static std::uint64_t list(unsigned p) { return 0x100000 + p * 0x10000; }
  static std::uint64_t fis_area(unsigned p) { return list(p) + 0x400; }
  static std::uint64_t table(unsigned p, unsigned slot) { return list(p) + 0x1000 + slot * 0x480; }
  std::uint8_t* at(std::uint64_t address) { return memory.bytes.data() + address; }

  /// Puts addresses, FRE, ST and interrupt enables; waits for the device first.
  void bring_up(unsigned p = 0, std::uint32_t enable = 0x78c0007f);
  struct Prd {
    std::uint64_t address;
    std::uint32_t bytes;
    bool interrupt = false;
  };
  static constexpr unsigned W = 1u << 6, A = 1u << 5, R = 1u << 8, C = 1u << 10, B = 1u << 9, P = 1u << 7;
  /// Writes header, table and PRDT of a slot.
  void prepare(unsigned p, unsigned slot, const wire::RegisterH2D& fis, const std::vector<Prd>& prds, std::uint32_t flags = 0);
  static wire::RegisterH2D fis(std::uint8_t command, std::uint64_t lba, std::uint16_t sectors);
  static wire::RegisterH2D queued_fis(bool write, unsigned tag, std::uint64_t lba, std::uint16_t sectors);
  void issue(unsigned p, unsigned slot, bool queued = false);
};

}  // namespace ahcisim::bench
