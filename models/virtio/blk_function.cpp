// SPDX-License-Identifier: MIT
// The function's sockets.
#include <ahcisim/models/virtio/blk_function.hpp>

#include <algorithm>

namespace ahcisim::virtio {

BlkFunction::BlkFunction(const sc_core::sc_module_name& name, kit::Context& context, const BlkParameters& parameters,
                         disk::Medium& medium, disk::Store& store)
    : sc_module{name}, legacy{"legacy"}, modern{"modern"}, dma{"dma"}, interrupt{"interrupt"}, context_{context},
      register_access_{kit::Calendar::time(parameters.register_access())},
      memory_{context.calendar, dma}, device_{this->name(), context, parameters, statistics_, memory_, medium, store},
      transport_{
          this->name(),
          context,
          statistics_,
          {device_.offered(), static_cast<unsigned>(parameters.queues()),
           static_cast<std::uint16_t>(parameters.queue_size()), parameters.vectors(), parameters.interrupt_delay()},
          interrupt,
          device_.configuration_bank()} {
  device_.attach(transport_);
  transport_.attach(device_);
  context.stats.add(this->name(), statistics_);
  legacy.register_b_transport(this, &BlkFunction::access_legacy);
  legacy.register_transport_dbg(this, &BlkFunction::peek_legacy);
  modern.register_b_transport(this, &BlkFunction::access_modern);
  modern.register_transport_dbg(this, &BlkFunction::peek_modern);
  dma.register_invalidate_direct_mem_ptr(this, &BlkFunction::invalidate);
}

/// Accesses the model cannot serve, with the response set.
bool BlkFunction::refused(::tlm::tlm_generic_payload& payload) {
  payload.set_dmi_allowed(false);
  if (payload.get_byte_enable_ptr()) {
    payload.set_response_status(::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    return true;
  }
  if (payload.get_streaming_width() < payload.get_data_length()) {
    payload.set_response_status(::tlm::TLM_BURST_ERROR_RESPONSE);
    return true;
  }
  if (memory_.busy()) {
    context_.diagnostics.report(name(), "the function's DMA is directed at its own registers: refused",
                                context_.calendar.now());
    payload.set_response_status(::tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return true;
  }
  return false;
}

template <class Read, class Write>
void BlkFunction::access(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay, Read&& read, Write&& write) {
  if (refused(payload)) return;
  const auto offset = static_cast<unsigned>(std::min<std::uint64_t>(payload.get_address(), ~0u));
  bool inside = true;
  if (payload.is_read()) {
    statistics_.register_reads.add();
    inside = read(offset, payload.get_data_ptr(), payload.get_data_length());
    delay += register_access_;
  } else if (payload.is_write()) {
    statistics_.register_writes.add();
    inside = write(offset, payload.get_data_ptr(), payload.get_data_length(), context_.calendar.absolute(delay));
  }
  payload.set_response_status(inside ? ::tlm::TLM_OK_RESPONSE : ::tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

void BlkFunction::access_legacy(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  access(payload, delay, [this](auto... arguments) { return transport_.read_legacy(arguments...); },
         [this](auto... arguments) { return transport_.write_legacy(arguments...); });
}

void BlkFunction::access_modern(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  access(payload, delay, [this](auto... arguments) { return transport_.read_modern(arguments...); },
         [this](auto... arguments) { return transport_.write_modern(arguments...); });
}

unsigned BlkFunction::peek_legacy(::tlm::tlm_generic_payload& payload) {
  const std::uint64_t address = payload.get_address();
  const unsigned bytes = payload.get_data_length();
  if (!payload.is_read() || address >= Transport::legacy_size) return 0;
  return transport_.peek_legacy(static_cast<unsigned>(address), payload.get_data_ptr(), bytes) ? bytes : 0;
}

unsigned BlkFunction::peek_modern(::tlm::tlm_generic_payload& payload) {
  const std::uint64_t address = payload.get_address();
  const unsigned bytes = payload.get_data_length();
  if (!payload.is_read() || address >= ModernLayout::size) return 0;
  return transport_.peek_modern(static_cast<unsigned>(address), payload.get_data_ptr(), bytes) ? bytes : 0;
}

}  // namespace ahcisim::virtio
