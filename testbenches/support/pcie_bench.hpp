// SPDX-License-Identifier: MIT
// A PCI Express test rig (CPU, root complex, link, endpoint, a plain function, memory) and, on it, the measurements of
// pcie-bench (Neugebauer et al., SIGCOMM 2018).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/pcie/endpoint.hpp>
#include <ahcisim/models/pcie/link.hpp>
#include <ahcisim/models/pcie/root_complex.hpp>

namespace ahcisim::test {

/// Memory in two pieces: `low` bytes from 0, `high` bytes from 4 GiB.
class RigMemory : public sc_core::sc_module {
 public:
  RigMemory(const sc_core::sc_module_name& name, std::size_t low_bytes, std::size_t high_bytes);
  tlm_utils::simple_target_socket<RigMemory> socket;
  std::uint8_t* at(std::uint64_t address, std::uint64_t length);
  bool offers_direct_access = true;
  std::uint64_t transactions = 0;

 private:
  void access(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned debug(tlm::tlm_generic_payload& payload);
  bool direct(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  std::vector<std::uint8_t> low_, high_;
};

/// A function with plain storage behind every BAR, which remembers what arrived and when.
class RigFunction : public sc_core::sc_module {
 public:
  RigFunction(const sc_core::sc_module_name& name, kit::Context& context);
  struct Access {
    unsigned bar;
    bool write;
    std::uint64_t offset;
    std::uint32_t length;
    kit::Duration when;
    std::uint64_t data;  // the first 8 bytes
  };
  tlm_utils::simple_initiator_socket<RigFunction> dma;
  sc_core::sc_vector<tlm_utils::simple_target_socket_tagged<RigFunction>> bar;
  std::vector<Access> log;
  std::array<std::vector<std::uint8_t>, 6> storage;
  bool refuse = false;       ///< answers every access with an error
  bool keep_log = true;
  std::uint64_t invalidations = 0;

  /// A bus-master access that begins at `when`; returns when it has ended. `status` tells its end.
  kit::Duration master(bool write, std::uint64_t address, void* data, std::uint32_t length, kit::Duration when,
                       kit::Duration source_end = {});
  tlm::tlm_response_status status = tlm::TLM_INCOMPLETE_RESPONSE;
  kit::Duration first;       ///< of the last read: when its first completion arrived

 private:
  void access(int bar_index, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned debug(int bar_index, tlm::tlm_generic_payload& payload);
  void invalidate(sc_dt::uint64, sc_dt::uint64) { ++invalidations; }
  kit::Context& context_;
};

/// The processor's side: issues accesses, collects answers and interrupts.
class RigCpu : public sc_core::sc_module, public wire::CpuInterruptIf {
 public:
  RigCpu(const sc_core::sc_module_name& name, kit::Context& context);
  tlm_utils::simple_initiator_socket<RigCpu> socket;

  struct Answer {
    std::uint64_t data = 0;
    kit::Duration done;
  };
  struct Interrupt {
    std::uint64_t address;  // 0: INTx
    std::uint32_t data;     // INTx: line << 1 | asserted
    kit::Duration when;
  };
  /// Non-blocking. A posted write returns when the CPU is free again.
  kit::Duration post(std::uint64_t address, std::uint64_t value, unsigned bytes, kit::Duration when);
  /// Non-blocking read, or configuration or I/O write; the simulation runs until the answer is there.
  Answer ask(bool write, std::uint64_t address, std::uint64_t value, unsigned bytes, kit::Duration when);
  /// Non-blocking, without waiting: the answer ends up in `answers`, in the order of arrival.
  void begin(bool write, std::uint64_t address, std::uint64_t value, unsigned bytes, kit::Duration when);
  /// Blocking.
  Answer block(bool write, std::uint64_t address, std::uint64_t value, unsigned bytes, kit::Duration when = {});

  tlm::tlm_response_status status = tlm::TLM_INCOMPLETE_RESPONSE;
  std::vector<Answer> answers;
  std::vector<Interrupt> interrupts;
  void message(std::uint64_t address, std::uint32_t data, const sc_core::sc_time& delay) override;
  void intx(unsigned line, bool asserted, const sc_core::sc_time& delay) override;

 private:
  struct Outstanding {
    tlm::tlm_generic_payload payload;
    std::array<std::uint8_t, 8> bytes{};
  };
  void fill(Outstanding& access, bool write, std::uint64_t address, std::uint64_t value, unsigned bytes);
  tlm::tlm_sync_enum response(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay);
  kit::Context& context_;
  std::vector<std::unique_ptr<Outstanding>> outstanding_;
};

/// Everything connected. Change the parameters in the constructor's argument before.
struct PcieSetup {
  pcie::LinkParameters link;
  pcie::RootComplexParameters root;
  pcie::EndpointParameters endpoint;
  pcie::FunctionDescription function;
  std::size_t low_memory = 1 << 20, high_memory = 1 << 20;
  PcieSetup();
  /// pcie-bench's NFP6000 card: gen3 ×8, MPS 256, MRRS 512, RCB 64, in a Sandy Bridge host that answers by RCB.
  void like_pcie_bench();
};
class PcieRig : public sc_core::sc_module {
 public:
  PcieRig(const sc_core::sc_module_name& name, kit::Context& context, const PcieSetup& setup);
  kit::Context& context;
  RigCpu cpu;
  pcie::RootComplex root;
  pcie::Link link;
  pcie::Endpoint endpoint;
  RigFunction function;
  RigMemory memory;

  static constexpr std::uint64_t bar0 = 0xC0000000, high_memory = std::uint64_t{1} << 32;
  /// Elaborates, programs BAR0 and enables memory space and bus mastering.
  void start();
  /// A time when nothing of an earlier measurement is under way.
  kit::Duration quiet() const { return kit::max(context.calendar.now(), busy_until) + kit::Duration::from_us(100); }
  kit::Duration busy_until;
  std::uint32_t config_read(unsigned offset, unsigned bytes = 4);
  void config_write(unsigned offset, std::uint32_t value, unsigned bytes = 4);
  /// Offset of the capability with this ID as a guest finds it, 0 where there is none.
  unsigned capability(std::uint8_t id);
};

/// The DMA engine of pcie-bench's device: what an access costs on the card besides the link.
struct BenchEngineParameters : kit::ParameterSet {
  kit::Parameter<kit::Duration> setup{*this, "setup", kit::Duration::from_ps(130'000),
                                      kit::derived("pcie-bench: LAT_DMA_RD 64 B 557 ns less LAT_CMD_RD 427 ns (413 ns for 8 B plus 14 ns to 64 B), SNB"),
                                      "descriptor to request, and end to completion event"};
  kit::Parameter<kit::Rate> copy_rate{*this, "copy_rate", kit::Rate{9.6e9}, kit::derived("8 bytes a cycle at the card's 1.2 GHz"),
                                      "from the link's buffer to the card's memory, after the last byte"};
  kit::Parameter<kit::Duration> issue{*this, "issue", kit::Duration::from_ps(18'050),
                                      kit::derived("BW_DMA_WR 64 B and 128 B: 21.1 ns and 24.15 ns a command, pcie-bench; at 0 B"),
                                      "between two DMA commands"};
  kit::Parameter<kit::Rate> issue_rate{*this, "issue_rate", kit::Rate{21e9}, kit::derived("the same two: 64 B in 3.05 ns"),
                                       "what the size of a command adds to its issue"};
};

/// Mean latency of single DMA reads, nanoseconds.
double bench_dma_read_latency(PcieRig& rig, std::uint32_t bytes);
/// Bandwidth of back-to-back DMA writes of one size, Gb/s of payload.
double bench_dma_write_bandwidth(PcieRig& rig, std::uint32_t bytes);
/// Throughput of back-to-back 4 KiB transfers without an engine's limits at 64-bit addresses, 10^6 bytes per second.
double sustained_write(PcieRig& rig, std::uint32_t bytes = 4096);
double sustained_read(PcieRig& rig, std::uint32_t bytes = 4096);

}  // namespace ahcisim::test
