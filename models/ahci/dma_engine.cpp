// SPDX-License-Identifier: MIT
// One payload object serves every transfer: a transaction ends within its call.
#include <ahcisim/models/ahci/dma_engine.hpp>

namespace ahcisim::ahci {

using kit::Duration;

DmaEngine::DmaEngine(kit::Calendar& calendar, const Timing& timing, HbaStatistics& statistics, DmaSocket& socket)
    : calendar_{calendar}, statistics_{statistics}, socket_{socket}, share_{timing} {
  payload_.set_extension(&stream_);
  payload_.set_byte_enable_ptr(nullptr);
}

DmaEngine::~DmaEngine() { payload_.clear_extension(&stream_); }

[[gnu::flatten]] DmaResult DmaEngine::read(unsigned port, Duration earliest, std::uint64_t address, std::uint8_t* to, std::uint32_t bytes) {
  payload_.set_command(::tlm::TLM_READ_COMMAND);
  payload_.set_address(address);
  payload_.set_data_ptr(to);
  payload_.set_data_length(bytes);
  statistics_.dma_read_bytes.add(bytes);
  return transfer(port, earliest, Duration{});
}

[[gnu::flatten]] DmaResult DmaEngine::write(unsigned port, Duration earliest, Duration source_end, std::uint64_t address,
                           const std::uint8_t* from, std::uint32_t bytes) {
  payload_.set_command(::tlm::TLM_WRITE_COMMAND);
  payload_.set_address(address);
  payload_.set_data_ptr(const_cast<std::uint8_t*>(from));  // a write does not touch it
  payload_.set_data_length(bytes);
  statistics_.dma_write_bytes.add(bytes);
  return transfer(port, earliest, source_end);
}

DmaResult DmaEngine::transfer(unsigned port, Duration earliest, Duration source_end) {
  const std::uint32_t bytes = payload_.get_data_length();
  const Duration now = calendar_.now();
  const auto booked = share_.book(port, now, kit::max(now, earliest), source_end, bytes);
  statistics_.dma_transactions.add();
  payload_.set_streaming_width(bytes);
  payload_.set_dmi_allowed(false);
  payload_.set_response_status(::tlm::TLM_INCOMPLETE_RESPONSE);
  stream_.source_end_ps = source_end.ps();
  stream_.first_ps = 0;
  sc_core::sc_time delay = calendar_.annotate(booked.begin);
  busy_ = true;
  socket_->b_transport(payload_, delay);
  busy_ = false;
  // The other side may be faster than the engine, which then is what limits.
  const Duration end = kit::max(kit::max(calendar_.absolute(delay), booked.end), source_end);
  DmaOutcome outcome = DmaOutcome::ok;
  if (!payload_.is_response_ok())
    outcome = payload_.get_response_status() == ::tlm::TLM_GENERIC_ERROR_RESPONSE ? DmaOutcome::data_error : DmaOutcome::fatal;
  const Duration first = stream_.first_ps ? Duration::from_ps(stream_.first_ps) : end;
  return {booked.begin, first, end, outcome};
}

}  // namespace ahcisim::ahci
