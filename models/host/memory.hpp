// SPDX-License-Identifier: MIT
// The host's memory: a TLM-2.0 target with DMI over an anonymous mapping, so that only touched pages cost anything.
#pragma once

#include <cstdint>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_target_socket.h>

#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {

struct MemoryParameters : kit::ParameterSet {
  kit::Parameter<kit::Bytes> size{*this, "size", kit::Bytes{std::int64_t{8} << 30},
      kit::choice("more than 4 GiB, so that buffers have 64-bit addresses as in most machines"),
      "size of the memory; as in a PC, what does not fit below 3 GiB lies from 4 GiB on",
      {{kit::Bytes{2 << 20}, kit::Bytes{std::int64_t{1} << 40}}}};
  kit::Parameter<kit::Duration> read_latency{*this, "read_latency", kit::Duration::from_ps(80'000),
      kit::assumed("load-to-use latency of desktop DDR3/DDR4 systems lies between 60 and 100 ns; the part outside the core is most of it"),
      "from a read's arrival at the memory controller to its data"};
  kit::Parameter<kit::Duration> write_latency{*this, "write_latency", kit::Duration::from_ps(20'000),
      kit::assumed("a write is accepted by the controller's queue or the last-level cache, without waiting for the DRAM"),
      "from a write's arrival at the memory controller to its acceptance"};
};

class Memory : public sc_core::sc_module {
 public:
  /// Throws kit::ConfigError where the host system refuses an address range of that size.
  Memory(const sc_core::sc_module_name& name, kit::Context& context, const MemoryParameters& parameters);
  ~Memory() override;
  tlm_utils::simple_target_socket<Memory> target;

  /// Where the bytes at physical `address` lie, or nullptr where not all of them are in one region of memory.
  std::uint8_t* at(std::uint64_t address, std::uint64_t bytes) {
    const Region* const region = region_of(address);
    return region && bytes <= region->end - address ? bytes_ + address : nullptr;
  }
  /// Takes a piece of physical memory for a driver, for good: from the upper region where there is one, as an operating
  /// system does. `alignment` is a power of two. Zeroed. Throws kit::ConfigError where no memory is left.
  std::uint64_t allocate(std::uint64_t bytes, std::uint64_t alignment = 4096);
  /// The same below 4 GiB, for devices that know addresses of 32 bits only.
  std::uint64_t allocate_low(std::uint64_t bytes, std::uint64_t alignment = 4096);

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  unsigned transport_dbg(tlm::tlm_generic_payload& payload);
  tlm::tlm_response_status access(tlm::tlm_generic_payload& payload);

  struct Region {
    std::uint64_t begin, end;
  };
  std::uint64_t take(std::uint64_t& next, std::uint64_t bytes, std::uint64_t alignment);
  static constexpr std::uint64_t hole_begin = std::uint64_t{3} << 30, hole_end = std::uint64_t{4} << 30;
  const Region* region_of(std::uint64_t address) const {
    if (address >= high_.begin) return address < high_.end ? &high_ : nullptr;
    return address < low_.end ? &low_ : nullptr;
  }

  const Region low_, high_;
  const sc_core::sc_time read_latency_, write_latency_;
  std::uint8_t* bytes_ = nullptr;
  // The first mebibyte stays free: firmware and vectors live there in a PC, and a null pointer of a driver hits nothing.
  std::uint64_t next_low_ = 1 << 20, next_high_;
};

}  // namespace ahcisim::host
