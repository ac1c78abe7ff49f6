// SPDX-License-Identifier: MIT
// The bench's memory, interrupt sink and host; the device is in ahci_device.cpp.
#include "support/ahci_bench.hpp"

namespace ahcisim::bench {

FlatMemory::FlatMemory(const sc_core::sc_module_name& name, kit::Context& context, std::size_t size)
    : sc_module{name}, socket{"socket"}, bytes(size), context_{context} {
  socket.register_b_transport(this, &FlatMemory::transport);
}

void FlatMemory::transport(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  const std::uint64_t address = payload.get_address();
  const unsigned length = payload.get_data_length();
  const Duration time = Duration::from_ps(static_cast<std::int64_t>(ps_per_byte * length + 0.5));
  Duration begin = context_.calendar.absolute(delay);
  if (serial) begin = reserve_.book(context_.calendar.now(), begin, time).begin;
  Duration end = begin + latency + time;
  if (payload.is_write())
    if (const auto* stream = payload.get_extension<wire::StreamTiming>())
      end = kit::max(end, Duration::from_ps(stream->source_end_ps) + latency);
  delay = context_.calendar.annotate(end);
  end_of_last = end;
  if (address >= bytes.size() || length > bytes.size() - address)
    return payload.set_response_status(::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  if (address < bad_end && address + length > bad_begin) return payload.set_response_status(::tlm::TLM_GENERIC_ERROR_RESPONSE);
  if (payload.is_read()) {
    std::memcpy(payload.get_data_ptr(), &bytes[address], length);
  } else {
    std::memcpy(&bytes[address], payload.get_data_ptr(), length);
    if (log) log->push_back(address);
  }
  payload.set_response_status(::tlm::TLM_OK_RESPONSE);
}

void InterruptSink::set_interrupt(unsigned vector, bool asserted, const sc_core::sc_time&) {
  level[vector] = asserted;
  if (!asserted) return;
  ++requests[vector];
  if (on_request) on_request(vector);
}

AhciBench::AhciBench(const ahci::HbaParameters& parameters, unsigned devices, unsigned vectors, std::size_t memory_bytes)
    : memory{"memory", context, memory_bytes}, sink{"sink"}, hba{"ahci", context, parameters}, host{"host"} {
  context.calendar.set_kernel_steps(true);
  sink.granted = vectors;
  host.memory.bind(hba.registers);
  host.io.bind(hba.index_data);
  hba.dma.bind(memory.socket);
  hba.interrupt.bind(sink);
  for (unsigned i = 0; i < devices; ++i) {
    device.push_back(std::make_unique<FakeDevice>(("device" + std::to_string(i)).c_str(), context, 4096));
    hba.ports[i].bind(device.back()->socket);
  }
}

namespace {
::tlm::tlm_response_status access(tlm_utils::simple_initiator_socket<HostPorts>& socket, ::tlm::tlm_command command, unsigned offset,
                                  std::uint8_t* data, unsigned bytes, kit::Context& context, Duration& took) {
  ::tlm::tlm_generic_payload payload;
  payload.set_command(command);
  payload.set_address(offset);
  payload.set_data_ptr(data);
  payload.set_data_length(bytes);
  payload.set_streaming_width(bytes);
  const Duration now = context.calendar.now();
  sc_core::sc_time delay = context.calendar.annotate(now);
  socket->b_transport(payload, delay);
  took = context.calendar.absolute(delay) - now;
  return payload.get_response_status();
}
}  // namespace

std::uint32_t AhciBench::read(unsigned offset, unsigned bytes) {
  std::uint8_t raw[8] = {};
  last_response = access(host.memory, ::tlm::TLM_READ_COMMAND, offset, raw, bytes, context, last_delay);
  return wire::load_le32(raw);
}
void AhciBench::write(unsigned offset, std::uint32_t value, unsigned bytes) {
  std::uint8_t raw[8] = {};
  wire::store_le32(raw, value);
  last_response = access(host.memory, ::tlm::TLM_WRITE_COMMAND, offset, raw, bytes, context, last_delay);
}
std::uint32_t AhciBench::io_read(unsigned offset, unsigned bytes) {
  std::uint8_t raw[8] = {};
  last_response = access(host.io, ::tlm::TLM_READ_COMMAND, offset, raw, bytes, context, last_delay);
  return wire::load_le32(raw);
}
void AhciBench::io_write(unsigned offset, std::uint32_t value, unsigned bytes) {
  std::uint8_t raw[8] = {};
  wire::store_le32(raw, value);
  last_response = access(host.io, ::tlm::TLM_WRITE_COMMAND, offset, raw, bytes, context, last_delay);
}

void AhciBench::run(Duration time) { sc_core::sc_start(kit::Calendar::time(time)); }

bool AhciBench::run_until(const std::function<bool()>& condition, Duration time) {
  const Duration end = now() + time;
  while (!condition()) {
    if (now() >= end) return false;
    run(100_ns);
  }
  return true;
}

void AhciBench::bring_up(unsigned p, std::uint32_t enable) {
  write(port(p, 0x00), static_cast<std::uint32_t>(list(p)));
  write(port(p, 0x04), 0);
  write(port(p, 0x08), static_cast<std::uint32_t>(fis_area(p)));
  write(port(p, 0x0c), 0);
  write(port(p, 0x18), 0x10);
  run_until([&] { return (read(port(p, 0x28)) & 0xf) == 3 && !(read(port(p, 0x20)) & 0x88); });
  write(port(p, 0x30), ~0u);
  write(port(p, 0x10), ~0u);
  write(0x08, 1u << p);
  write(port(p, 0x14), enable);
  write(0x04, read(0x04) | 2);
  write(port(p, 0x18), 0x11);
}

wire::RegisterH2D AhciBench::fis(std::uint8_t command, std::uint64_t lba, std::uint16_t sectors) {
  wire::RegisterH2D f;
  f.flags = f.C;
  f.command = command;
  f.set_lba48(lba);
  f.device = 0x40;
  f.count_7_0 = static_cast<std::uint8_t>(sectors), f.count_15_8 = static_cast<std::uint8_t>(sectors >> 8);
  return f;
}

wire::RegisterH2D AhciBench::queued_fis(bool write, unsigned tag, std::uint64_t lba, std::uint16_t sectors) {
  wire::RegisterH2D f = fis(write ? 0x61 : 0x60, lba, static_cast<std::uint16_t>(tag << 3));
  f.features_7_0 = static_cast<std::uint8_t>(sectors), f.features_15_8 = static_cast<std::uint8_t>(sectors >> 8);
  return f;
}

void AhciBench::prepare(unsigned p, unsigned slot, const wire::RegisterH2D& f, const std::vector<Prd>& prds, std::uint32_t flags) {
  std::uint8_t* header = at(list(p) + 32 * slot);
  wire::store_le32(header, static_cast<std::uint32_t>(prds.size()) << 16 | flags | 5);
  wire::store_le32(header + 4, 0);
  wire::store_le32(header + 8, static_cast<std::uint32_t>(table(p, slot)));
  wire::store_le32(header + 12, 0);
  std::memcpy(at(table(p, slot)), &f, sizeof f);
  std::uint8_t* prd = at(table(p, slot) + 0x80);
  for (const Prd& entry : prds) {
    wire::store_le32(prd, static_cast<std::uint32_t>(entry.address));
    wire::store_le32(prd + 4, static_cast<std::uint32_t>(entry.address >> 32));
    wire::store_le32(prd + 8, 0);
    wire::store_le32(prd + 12, (entry.bytes - 1) | (entry.interrupt ? 1u << 31 : 0));
    prd += 16;
  }
}

void AhciBench::issue(unsigned p, unsigned slot, bool queued) {
  if (queued) write(port(p, 0x34), 1u << slot);
  write(port(p, 0x38), 1u << slot);
}

}  // namespace ahcisim::bench
