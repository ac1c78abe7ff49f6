// SPDX-License-Identifier: MIT
// The PCI Express test rig and the measurements of pcie-bench.
#include <support/pcie_bench.hpp>

#include <cstring>

#include <ahcisim/tlm/stream.hpp>

namespace ahcisim::test {

using kit::Duration;

RigMemory::RigMemory(const sc_core::sc_module_name& name, std::size_t low_bytes, std::size_t high_bytes)
    : sc_module{name}, socket{"socket"}, low_(low_bytes), high_(high_bytes) {
  socket.register_b_transport(this, &RigMemory::access);
  socket.register_transport_dbg(this, &RigMemory::debug);
  socket.register_get_direct_mem_ptr(this, &RigMemory::direct);
}

std::uint8_t* RigMemory::at(std::uint64_t address, std::uint64_t length) {
  if (address < low_.size() && length <= low_.size() - address) return &low_[address];
  const std::uint64_t offset = address - PcieRig::high_memory;
  return offset < high_.size() && length <= high_.size() - offset ? &high_[offset] : nullptr;
}

unsigned RigMemory::debug(tlm::tlm_generic_payload& payload) {
  std::uint8_t* here = at(payload.get_address(), payload.get_data_length());
  if (!here) return 0;
  if (payload.is_write()) std::memcpy(here, payload.get_data_ptr(), payload.get_data_length());
  else std::memcpy(payload.get_data_ptr(), here, payload.get_data_length());
  return payload.get_data_length();
}

void RigMemory::access(tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
  ++transactions;
  payload.set_response_status(debug(payload) ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
  payload.set_dmi_allowed(offers_direct_access);
}

bool RigMemory::direct(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  if (!offers_direct_access || !at(payload.get_address(), 1)) return false;
  const bool high = payload.get_address() >= PcieRig::high_memory;
  auto& piece = high ? high_ : low_;
  dmi.set_start_address(high ? PcieRig::high_memory : 0);
  dmi.set_end_address(dmi.get_start_address() + piece.size() - 1);
  dmi.set_dmi_ptr(piece.data());
  dmi.allow_read_write();
  return true;
}

RigFunction::RigFunction(const sc_core::sc_module_name& name, kit::Context& context)
    : sc_module{name}, dma{"dma"}, bar{"bar", 6}, context_{context} {
  for (int i = 0; i < 6; ++i) {
    bar[i].register_b_transport(this, &RigFunction::access, i);
    bar[i].register_transport_dbg(this, &RigFunction::debug, i);
    storage[i].resize(65536);
  }
  dma.register_invalidate_direct_mem_ptr(this, &RigFunction::invalidate);
}

void RigFunction::access(int bar_index, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  std::uint64_t data = 0;
  std::memcpy(&data, payload.get_data_ptr(), std::min(8u, payload.get_data_length()));
  if (keep_log)
    log.push_back({static_cast<unsigned>(bar_index), payload.is_write(), payload.get_address(), payload.get_data_length(),
                   context_.calendar.absolute(delay), data});
  payload.set_response_status(!refuse && debug(bar_index, payload) ? tlm::TLM_OK_RESPONSE : tlm::TLM_GENERIC_ERROR_RESPONSE);
}

unsigned RigFunction::debug(int bar_index, tlm::tlm_generic_payload& payload) {
  auto& bytes = storage[static_cast<unsigned>(bar_index)];
  const std::uint64_t offset = payload.get_address();
  if (offset + payload.get_data_length() > bytes.size()) return 0;
  if (payload.is_write()) std::memcpy(&bytes[offset], payload.get_data_ptr(), payload.get_data_length());
  else std::memcpy(payload.get_data_ptr(), &bytes[offset], payload.get_data_length());
  return payload.get_data_length();
}

Duration RigFunction::master(bool write, std::uint64_t address, void* data, std::uint32_t length, Duration when, Duration source_end) {
  tlm::tlm_generic_payload payload;
  wire::StreamTiming stream;
  stream.source_end_ps = source_end.ps();
  payload.set_extension(&stream);
  payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload.set_address(address);
  payload.set_data_ptr(static_cast<std::uint8_t*>(data));
  payload.set_data_length(length);
  payload.set_streaming_width(length);
  sc_core::sc_time delay = context_.calendar.annotate(when);
  dma->b_transport(payload, delay);
  payload.clear_extension(&stream);
  status = payload.get_response_status();
  first = Duration::from_ps(stream.first_ps);
  return context_.calendar.absolute(delay);
}

RigCpu::RigCpu(const sc_core::sc_module_name& name, kit::Context& context) : sc_module{name}, socket{"socket"}, context_{context} {
  socket.register_nb_transport_bw(this, &RigCpu::response);
}

void RigCpu::fill(Outstanding& access, bool write, std::uint64_t address, std::uint64_t value, unsigned bytes) {
  std::memcpy(access.bytes.data(), &value, 8);
  access.payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  access.payload.set_address(address);
  access.payload.set_data_ptr(access.bytes.data());
  access.payload.set_data_length(bytes);
  access.payload.set_streaming_width(bytes);
}

Duration RigCpu::post(std::uint64_t address, std::uint64_t value, unsigned bytes, Duration when) {
  Outstanding access;
  fill(access, true, address, value, bytes);
  sc_core::sc_time delay = context_.calendar.annotate(when);
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  if (socket->nb_transport_fw(access.payload, phase, delay) != tlm::TLM_COMPLETED)
    SC_REPORT_ERROR("/ahcisim/test", "the write was not posted");
  status = access.payload.get_response_status();
  return context_.calendar.absolute(delay);
}

void RigCpu::begin(bool write, std::uint64_t address, std::uint64_t value, unsigned bytes, Duration when) {
  outstanding_.push_back(std::make_unique<Outstanding>());
  fill(*outstanding_.back(), write, address, value, bytes);
  sc_core::sc_time delay = context_.calendar.annotate(when);
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  const bool over = socket->nb_transport_fw(outstanding_.back()->payload, phase, delay) == tlm::TLM_COMPLETED;
  status = outstanding_.back()->payload.get_response_status();
  if (over) outstanding_.pop_back();
}

RigCpu::Answer RigCpu::ask(bool write, std::uint64_t address, std::uint64_t value, unsigned bytes, Duration when) {
  const std::size_t before = answers.size();
  begin(write, address, value, bytes, when);
  for (unsigned tries = 0; answers.size() == before && tries < 1000; ++tries) sc_core::sc_start(10, sc_core::SC_US);
  return answers.size() > before ? answers.back() : Answer{};
}

tlm::tlm_sync_enum RigCpu::response(tlm::tlm_generic_payload& payload, tlm::tlm_phase&, sc_core::sc_time& delay) {
  Answer answer;
  if (payload.is_read()) std::memcpy(&answer.data, payload.get_data_ptr(), payload.get_data_length());
  answer.done = context_.calendar.absolute(delay);
  answers.push_back(answer);
  for (auto it = outstanding_.begin(); it != outstanding_.end(); ++it)
    if (&(*it)->payload == &payload) {
      outstanding_.erase(it);
      break;
    }
  return tlm::TLM_COMPLETED;
}

RigCpu::Answer RigCpu::block(bool write, std::uint64_t address, std::uint64_t value, unsigned bytes, Duration when) {
  Outstanding access;
  fill(access, write, address, value, bytes);
  sc_core::sc_time delay = context_.calendar.annotate(when);
  socket->b_transport(access.payload, delay);
  status = access.payload.get_response_status();
  Answer answer;
  if (!write) std::memcpy(&answer.data, access.bytes.data(), bytes);
  answer.done = context_.calendar.absolute(delay);
  return answer;
}

void RigCpu::message(std::uint64_t address, std::uint32_t data, const sc_core::sc_time& delay) {
  interrupts.push_back({address, data, context_.calendar.absolute(delay)});
}
void RigCpu::intx(unsigned line, bool asserted, const sc_core::sc_time& delay) {
  interrupts.push_back({0, line << 1 | (asserted ? 1u : 0u), context_.calendar.absolute(delay)});
}

PcieSetup::PcieSetup() {
  function.vendor = 0x1b36;
  function.device = 0x0010;
  function.class_code = 0x010601;
  function.bars[0] = {pcie::BarDescription::Kind::mem32, 4096, false};
  function.msi = {8, true};
  link.set("max_payload", "256B");
}

void PcieSetup::like_pcie_bench() {
  link.set("generation", "3");
  link.set("lanes", "8");
  link.set("max_payload", "256B");
  link.set("max_read_request", "512B");
  link.set("read_completion_boundary", "64B");
  link.set("completion_size", "boundary");
}

PcieRig::PcieRig(const sc_core::sc_module_name& name, kit::Context& shared, const PcieSetup& setup)
    : sc_module{name}, context{shared}, cpu{"cpu", context}, root{"root", context, setup.root}, link{"link", context, setup.link},
      endpoint{"endpoint", context, setup.endpoint, setup.function}, function{"function", context},
      memory{"memory", setup.low_memory, setup.high_memory} {
  cpu.socket.bind(root.cpu);
  root.cpu_interrupts.bind(cpu);
  root.memory.bind(memory.socket);
  root.link.bind(link.upstream);
  link.downstream.bind(endpoint.link);
  function.dma.bind(endpoint.dma);
  for (unsigned i = 0; i < 6; ++i) endpoint.bar[i].bind(function.bar[i]);
}

void PcieRig::start() {
  if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) sc_core::sc_start(sc_core::SC_ZERO_TIME);
  config_write(0x10, bar0);
  config_write(0x04, 0x0006, 2);
}

std::uint32_t PcieRig::config_read(unsigned offset, unsigned bytes) {
  return static_cast<std::uint32_t>(cpu.block(false, root.configuration_address(offset), 0, bytes, context.calendar.now()).data);
}
void PcieRig::config_write(unsigned offset, std::uint32_t value, unsigned bytes) {
  cpu.block(true, root.configuration_address(offset), value, bytes, context.calendar.now());
}
unsigned PcieRig::capability(std::uint8_t id) {
  unsigned at = config_read(0x34, 1);
  for (unsigned steps = 0; at != 0 && steps < 48; ++steps) {
    if (config_read(at, 1) == id) return at;
    at = config_read(at + 1, 1);
  }
  return 0;
}

double bench_dma_read_latency(PcieRig& rig, std::uint32_t bytes) {
  const BenchEngineParameters engine;
  constexpr unsigned rounds = 64;
  std::vector<std::uint8_t> data(bytes);
  Duration now = rig.quiet(), sum;
  for (unsigned i = 0; i < rounds; ++i) {
    const std::uint64_t address = PcieRig::high_memory + std::uint64_t{i} * 4096;
    const Duration end = rig.function.master(false, address, data.data(), bytes, now + engine.setup()) + engine.copy_rate().time_for(bytes);
    sum += end - now;
    now = end + Duration::from_us(1);
  }
  rig.busy_until = now;
  return (sum / rounds).ns();
}

double bench_dma_write_bandwidth(PcieRig& rig, std::uint32_t bytes) {
  const BenchEngineParameters engine;
  constexpr unsigned rounds = 2000;
  std::vector<std::uint8_t> data(bytes);
  const Duration begin = rig.quiet();
  Duration end;
  for (unsigned i = 0; i < rounds; ++i)
    end = rig.function.master(true, PcieRig::high_memory + (std::uint64_t{i} * 4096) % 0x80000, data.data(), bytes,
                              begin + (engine.issue() + engine.issue_rate().time_for(bytes)) * i);
  rig.busy_until = end;
  return static_cast<double>(bytes) * rounds * 8 / (end - begin).ns();
}

namespace {
double sustained(PcieRig& rig, bool write, std::uint32_t bytes) {
  constexpr unsigned rounds = 2000;
  std::vector<std::uint8_t> data(bytes);
  const Duration begin = rig.quiet();
  Duration end, last;
  for (unsigned i = 0; i < rounds; ++i) {
    last = end;
    // Reads one ahead of the link, as an engine with two requests in flight keeps it busy.
    const Duration when = write || i < 2 ? begin : last - Duration::from_us(20);
    end = rig.function.master(write, PcieRig::high_memory + (std::uint64_t{i} * 4096) % 0x80000, data.data(), bytes, kit::max(begin, when));
  }
  rig.busy_until = end;
  return static_cast<double>(bytes) * rounds / (end - begin).us();
}
}  // namespace

double sustained_write(PcieRig& rig, std::uint32_t bytes) { return sustained(rig, true, bytes); }
double sustained_read(PcieRig& rig, std::uint32_t bytes) { return sustained(rig, false, bytes); }

}  // namespace ahcisim::test
