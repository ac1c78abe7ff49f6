// SPDX-License-Identifier: MIT
// The memory's mapping and its transport functions.
#include <ahcisim/models/host/memory.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ahcisim::host {

Memory::Memory(const sc_core::sc_module_name& name, kit::Context&, const MemoryParameters& parameters)
    : sc_module{name},
      target{"target"},
      low_{0, std::min(static_cast<std::uint64_t>(parameters.size().value), hole_begin)},
      high_{hole_end, hole_end + static_cast<std::uint64_t>(parameters.size().value) - low_.end},
      read_latency_{kit::Calendar::time(parameters.read_latency())},
      write_latency_{kit::Calendar::time(parameters.write_latency())},
      next_high_{high_.begin} {
  void* mapped = mmap(nullptr, high_.end, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED)
    throw kit::ConfigError{std::string{this->name()} + ": no address range of " + kit::to_text(parameters.size()) + " (" +
                           std::strerror(errno) + "); choose a smaller size"};
  // Buffers are touched here and there: huge pages would make each touch cost 2 MiB.
  madvise(mapped, high_.end, MADV_NOHUGEPAGE);
  bytes_ = static_cast<std::uint8_t*>(mapped);
  target.register_b_transport(this, &Memory::b_transport);
  target.register_get_direct_mem_ptr(this, &Memory::get_direct_mem_ptr);
  target.register_transport_dbg(this, &Memory::transport_dbg);
}

Memory::~Memory() { munmap(bytes_, high_.end); }

std::uint64_t Memory::allocate(std::uint64_t bytes, std::uint64_t alignment) {
  return take(high_.begin < high_.end ? next_high_ : next_low_, bytes, alignment);
}

std::uint64_t Memory::allocate_low(std::uint64_t bytes, std::uint64_t alignment) { return take(next_low_, bytes, alignment); }

std::uint64_t Memory::take(std::uint64_t& next, std::uint64_t bytes, std::uint64_t alignment) {
  const std::uint64_t begin = (next + alignment - 1) & ~(alignment - 1);
  if (!at(begin, bytes))
    throw kit::ConfigError{std::string{name()} + ": no room for " + std::to_string(bytes) +
                           " bytes of a driver; choose a larger size"};
  next = begin + bytes;
  return begin;
}

tlm::tlm_response_status Memory::access(tlm::tlm_generic_payload& payload) {
  const std::uint64_t address = payload.get_address();
  const std::uint64_t length = payload.get_data_length();
  const std::uint64_t width = payload.get_streaming_width();
  if (payload.is_read() == payload.is_write()) return tlm::TLM_OK_RESPONSE;  // TLM_IGNORE_COMMAND
  if (width == 0) return tlm::TLM_BURST_ERROR_RESPONSE;
  std::uint8_t* const inside = at(address, std::min(length, width));
  if (!inside) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
  std::uint8_t* const data = payload.get_data_ptr();
  const std::uint8_t* const enables = payload.get_byte_enable_ptr();
  if (!enables && width >= length) {
    if (payload.is_read())
      std::memcpy(data, inside, length);
    else
      std::memcpy(inside, data, length);
    return tlm::TLM_OK_RESPONSE;
  }
  const std::uint64_t enable_length = payload.get_byte_enable_length();
  if (enables && enable_length == 0) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
  for (std::uint64_t i = 0; i < length; ++i) {
    if (enables && enables[i % enable_length] != TLM_BYTE_ENABLED) continue;
    if (payload.is_read())
      data[i] = inside[i % width];
    else
      inside[i % width] = data[i];
  }
  return tlm::TLM_OK_RESPONSE;
}

void Memory::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const tlm::tlm_response_status status = access(payload);
  payload.set_response_status(status);
  payload.set_dmi_allowed(status == tlm::TLM_OK_RESPONSE);
  delay += payload.is_write() ? write_latency_ : read_latency_;
}

bool Memory::get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  const std::uint64_t address = payload.get_address();
  const Region* const region = region_of(address);
  if (!region) {  // the range in which nothing can be had (IEEE 1666-2011, 11.3.5)
    dmi.set_start_address(address < hole_end ? low_.end : high_.end);
    dmi.set_end_address(address < hole_end && high_.begin < high_.end ? high_.begin - 1 : ~sc_dt::uint64{0});
    dmi.allow_none();
    return false;
  }
  dmi.set_start_address(region->begin);
  dmi.set_end_address(region->end - 1);
  dmi.set_dmi_ptr(bytes_ + region->begin);
  dmi.set_read_latency(read_latency_);
  dmi.set_write_latency(write_latency_);
  dmi.allow_read_write();
  return true;
}

unsigned Memory::transport_dbg(tlm::tlm_generic_payload& payload) {
  const std::uint64_t address = payload.get_address();
  const Region* const region = region_of(address);
  if (!region) return 0;
  const std::uint64_t length = std::min<std::uint64_t>(payload.get_data_length(), region->end - address);
  if (payload.is_read())
    std::memcpy(payload.get_data_ptr(), bytes_ + address, length);
  else if (payload.is_write())
    std::memcpy(bytes_ + address, payload.get_data_ptr(), length);
  return static_cast<unsigned>(length);
}

}  // namespace ahcisim::host
