// SPDX-License-Identifier: MIT
// The controller's sockets: what arrives at them goes to a channel, with its time.
#include <ahcisim/models/ide/controller.hpp>

#include <algorithm>
#include <string>

#include <ahcisim/tlm/string_io.hpp>

namespace ahcisim::ide {

using kit::Duration;

Controller::Controller(const sc_core::sc_module_name& name, kit::Context& context, const IdeParameters& parameters)
    : sc_module{name},
      command_block{"command_block", 2},
      control_block{"control_block", 2},
      bus_master{"bus_master"},
      dma{"dma"},
      interrupt{"interrupt"},
      devices{"device", 4, [](const char* socket, std::size_t) { return new wire::FrameInitiatorSocket{socket}; }},
      context_{context},
      timing_{parameters},
      engine_{context.calendar, timing_, statistics_, dma},
      shared_{context, timing_, statistics_, engine_, bus_master_bank_, interrupt} {
  for (unsigned i = 0; i < 2; ++i) {
    channel_[i] = std::make_unique<Channel>(i, std::string{this->name()} + (i ? ".secondary" : ".primary"), shared_,
                                            devices[2 * i], devices[2 * i + 1]);
    command_block[i].register_b_transport(this, &Controller::access_command_block, static_cast<int>(i));
    command_block[i].register_transport_dbg(this, &Controller::peek_command_block, static_cast<int>(i));
    control_block[i].register_b_transport(this, &Controller::access_control_block, static_cast<int>(i));
    control_block[i].register_transport_dbg(this, &Controller::peek_control_block, static_cast<int>(i));
  }
  bus_master.register_b_transport(this, &Controller::access_bus_master);
  bus_master.register_transport_dbg(this, &Controller::peek_bus_master);
  context.stats.add(this->name(), statistics_);
}

Controller::~Controller() = default;

void Controller::start_of_simulation() { context_.calendar.at<&Controller::power_on>(Duration{}, this); }

void Controller::power_on(std::uint64_t) {
  for (auto& channel : channel_) channel->power_on();
}

void Controller::reset() {
  engine_.reset();
  for (auto& channel : channel_) channel->reset(context_.calendar.now());
  bus_master_bank_.reset();
}

/// Accesses the model cannot serve, with the response set.
bool Controller::refused(::tlm::tlm_generic_payload& payload, unsigned window) {
  const std::uint64_t address = payload.get_address();
  const std::uint32_t bytes = payload.get_data_length();
  payload.set_dmi_allowed(false);
  payload.set_response_status(::tlm::TLM_OK_RESPONSE);
  if (payload.get_byte_enable_ptr()) {
    payload.set_response_status(::tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  } else if (payload.get_streaming_width() < bytes) {
    payload.set_response_status(::tlm::TLM_BURST_ERROR_RESPONSE);
  } else if (address > window || bytes == 0 || bytes > window - address) {
    payload.set_response_status(::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  } else if (engine_.busy()) {
    context_.diagnostics.report(name(), "the controller's DMA is directed at its own registers: refused",
                                context_.calendar.now());
    payload.set_response_status(::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  } else {
    return payload.get_command() == ::tlm::TLM_IGNORE_COMMAND;
  }
  return true;
}

[[gnu::flatten]] void Controller::access_command_block(int id, ::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  Channel& channel = *channel_[static_cast<unsigned>(id)];
  if (payload.get_address() == 0) return access_data(channel, payload, delay);
  if (refused(payload, 8)) return;
  const Duration when = context_.calendar.absolute(delay);
  const auto offset = static_cast<unsigned>(payload.get_address());
  const bool read = payload.is_read();
  (read ? statistics_.command_block_reads : statistics_.command_block_writes).add();
  delay = context_.calendar.annotate(
      read ? channel.read_command_block(offset, payload.get_data_ptr(), payload.get_data_length(), when)
           : channel.write_command_block(offset, payload.get_data_ptr(), payload.get_data_length(), when));
}

/// One access of the Data register, or a string of them.
void Controller::access_data(Channel& channel, ::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const std::uint32_t bytes = payload.get_data_length(), element = std::min(payload.get_streaming_width(), bytes);
  payload.set_streaming_width(bytes);  // every length is within the window: it is one port
  const bool refuse = refused(payload, bytes);
  payload.set_streaming_width(element);
  if (refuse) return;
  if ((element != 1 && element != 2 && element != 4) || bytes % element != 0)
    return payload.set_response_status(::tlm::TLM_BURST_ERROR_RESPONSE);
  const auto* string = payload.get_extension<wire::StringIo>();
  const Duration spacing = Duration::from_ps(string && bytes > element ? string->element_ps : 0);
  const Duration when = context_.calendar.absolute(delay);
  const bool read = payload.is_read();
  (read ? statistics_.command_block_reads : statistics_.command_block_writes).add();
  delay = context_.calendar.annotate(read ? channel.read_data(payload.get_data_ptr(), bytes, element, spacing, when)
                                          : channel.write_data(payload.get_data_ptr(), bytes, element, spacing, when));
}

void Controller::access_control_block(int id, ::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (refused(payload, 4)) return;
  Channel& channel = *channel_[static_cast<unsigned>(id)];
  const Duration when = context_.calendar.absolute(delay);
  const auto offset = static_cast<unsigned>(payload.get_address());
  const bool read = payload.is_read();
  (read ? statistics_.control_block_reads : statistics_.control_block_writes).add();
  delay = context_.calendar.annotate(
      read ? channel.read_control_block(offset, payload.get_data_ptr(), payload.get_data_length(), when)
           : channel.write_control_block(offset, payload.get_data_ptr(), payload.get_data_length(), when));
}

/// In the controller itself, so without a cycle on the cable.
[[gnu::flatten]] void Controller::access_bus_master(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  if (refused(payload, 16)) return;
  const auto offset = static_cast<unsigned>(payload.get_address());
  const Duration when = context_.calendar.absolute(delay);
  for (auto& channel : channel_) channel->begin_bus_master_access(when);
  if (payload.is_read()) {
    statistics_.bus_master_reads.add();
    bus_master_bank_.read(offset, payload.get_data_ptr(), payload.get_data_length());
  } else {
    statistics_.bus_master_writes.add();
    bus_master_bank_.write(offset, payload.get_data_ptr(), payload.get_data_length());
  }
  delay = context_.calendar.annotate(when + timing_.register_access);
}

unsigned Controller::peek_command_block(int id, ::tlm::tlm_generic_payload& payload) {
  const unsigned bytes = payload.get_data_length();
  if (!payload.is_read() || payload.get_address() >= 8) return 0;
  const auto offset = static_cast<unsigned>(payload.get_address());
  return channel_[static_cast<unsigned>(id)]->peek_command_block(offset, payload.get_data_ptr(), bytes) ? bytes : 0;
}

unsigned Controller::peek_control_block(int id, ::tlm::tlm_generic_payload& payload) {
  const unsigned bytes = payload.get_data_length();
  if (!payload.is_read() || payload.get_address() >= 4) return 0;
  const auto offset = static_cast<unsigned>(payload.get_address());
  return channel_[static_cast<unsigned>(id)]->peek_control_block(offset, payload.get_data_ptr(), bytes) ? bytes : 0;
}

unsigned Controller::peek_bus_master(::tlm::tlm_generic_payload& payload) {
  const unsigned bytes = payload.get_data_length();
  if (!payload.is_read() || payload.get_address() >= 16) return 0;
  return bus_master_bank_.peek(static_cast<unsigned>(payload.get_address()), payload.get_data_ptr(), bytes) ? bytes : 0;
}

}  // namespace ahcisim::ide
