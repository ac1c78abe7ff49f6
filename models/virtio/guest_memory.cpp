// SPDX-License-Identifier: MIT
// One payload object serves every access: a transaction ends within its call.
#include <ahcisim/models/virtio/guest_memory.hpp>

#include <algorithm>
#include <cstring>

namespace ahcisim::virtio {

using kit::Duration;

GuestMemory::GuestMemory(kit::Calendar& calendar, DmaSocket& socket) : calendar_{calendar}, socket_{socket} {
  payload_.set_byte_enable_ptr(nullptr);
}

void GuestMemory::invalidate(std::uint64_t first, std::uint64_t last) {
  regions_.erase(std::remove_if(regions_.begin(), regions_.end(),
                                [&](const Region& region) { return region.first <= last && first <= region.last; }),
                 regions_.end());
}

const GuestMemory::Region* GuestMemory::find(bool write, std::uint64_t address, std::uint64_t last) const {
  for (const Region& region : regions_)
    if (address >= region.first && last <= region.last && (write ? region.writable : region.readable)) return &region;
  return nullptr;
}

bool GuestMemory::access(bool write, std::uint64_t address, std::uint8_t* data, std::uint32_t bytes, Duration& when,
                         kit::Counter& touches) {
  touches.add();
  const std::uint64_t last = address + bytes - 1;
  if (bytes == 0) return true;
  if (last < address) return false;  // beyond the end of the address space
  const Region* region = find(write, address, last);
  if (!region) return transport(write, address, data, bytes, when);
  std::uint8_t* const there = region->bytes + (address - region->first);
  if (write) {
    std::memmove(there, data, bytes);
    when += region->write_latency;
  } else {
    std::memmove(data, there, bytes);
    when += region->read_latency;
  }
  return true;
}

bool GuestMemory::transport(bool write, std::uint64_t address, std::uint8_t* data, std::uint32_t bytes,
                            Duration& when) {
  payload_.set_command(write ? ::tlm::TLM_WRITE_COMMAND : ::tlm::TLM_READ_COMMAND);
  payload_.set_address(address);
  payload_.set_data_ptr(data);
  payload_.set_data_length(bytes);
  payload_.set_streaming_width(bytes);
  payload_.set_dmi_allowed(false);
  payload_.set_response_status(::tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay = calendar_.annotate(when);
  busy_ = true;
  socket_->b_transport(payload_, delay);
  busy_ = false;
  when = kit::max(when, calendar_.absolute(delay));
  if (!payload_.is_response_ok()) return false;
  if (payload_.is_dmi_allowed()) ask_for_region(write, address);
  return true;
}

void GuestMemory::ask_for_region(bool write, std::uint64_t address) {
  ::tlm::tlm_dmi dmi;
  payload_.set_address(address);
  if (!socket_->get_direct_mem_ptr(payload_, dmi) || !dmi.get_dmi_ptr()) return;
  if (write ? !dmi.is_write_allowed() : !dmi.is_read_allowed()) return;
  const auto time = [](const sc_core::sc_time& t) { return Duration::from_ps(static_cast<std::int64_t>(t.value())); };
  regions_.push_back({dmi.get_start_address(), dmi.get_end_address(), dmi.get_dmi_ptr(), time(dmi.get_read_latency()),
                      time(dmi.get_write_latency()), dmi.is_read_allowed(), dmi.is_write_allowed()});
}

}  // namespace ahcisim::virtio
