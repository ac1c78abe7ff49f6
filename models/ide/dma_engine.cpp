// SPDX-License-Identifier: MIT
// One payload object serves every transfer: a transaction ends within its call.
#include <ahcisim/models/ide/dma_engine.hpp>

namespace ahcisim::ide {

using kit::Duration;

DmaEngine::DmaEngine(kit::Calendar& calendar, const PataTiming& timing, IdeStatistics& statistics, DmaSocket& socket)
    : calendar_{calendar}, timing_{timing}, statistics_{statistics}, socket_{socket} {
  payload_.set_extension(&stream_);
  payload_.set_byte_enable_ptr(nullptr);
}

DmaEngine::~DmaEngine() { payload_.clear_extension(&stream_); }

DmaResult DmaEngine::read(Duration earliest, std::uint64_t address, std::uint8_t* to, std::uint32_t bytes) {
  payload_.set_command(::tlm::TLM_READ_COMMAND);
  payload_.set_address(address);
  payload_.set_data_ptr(to);
  payload_.set_data_length(bytes);
  statistics_.dma_read_bytes.add(bytes);
  return transfer(earliest, Duration{});
}

DmaResult DmaEngine::write(Duration earliest, Duration source_end, std::uint64_t address, const std::uint8_t* from,
                           std::uint32_t bytes) {
  payload_.set_command(::tlm::TLM_WRITE_COMMAND);
  payload_.set_address(address);
  payload_.set_data_ptr(const_cast<std::uint8_t*>(from));  // a write does not touch it
  payload_.set_data_length(bytes);
  statistics_.dma_write_bytes.add(bytes);
  return transfer(earliest, source_end);
}

DmaResult DmaEngine::transfer(Duration earliest, Duration source_end) {
  const std::uint32_t bytes = payload_.get_data_length();
  const Duration now = calendar_.now();
  const auto booked = reserve_.book(now, kit::max(now, earliest), timing_.occupancy(bytes));
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
  const Duration arrived = calendar_.absolute(delay), end = kit::max(kit::max(arrived, booked.end), source_end);
  const Duration first = stream_.first_ps ? Duration::from_ps(stream_.first_ps) : arrived;
  return {booked.begin, first, end, payload_.is_response_ok()};
}

}  // namespace ahcisim::ide
