// SPDX-License-Identifier: MIT
// A bench for the IDE controller: flat memory, ATA devices over instant media, an interrupt sink, and a host that does
// port I/O. The host's time passes with its accesses; everything else happens meanwhile.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/ide/controller.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/tlm/string_io.hpp>

namespace ahcisim::bench {

using kit::Duration;
using namespace kit::literals;

/// Memory from address 0 on, with a latency; elsewhere nobody answers.
class IdeMemory : public sc_core::sc_module {
 public:
  IdeMemory(const sc_core::sc_module_name& name, std::size_t size) : sc_module{name}, bytes(size) {
    socket.register_b_transport(this, &IdeMemory::transport);
  }
  tlm_utils::simple_target_socket<IdeMemory> socket{"socket"};
  std::vector<std::uint8_t> bytes;
  Duration latency = 100_ns;
  unsigned transactions = 0;

 private:
  void transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    ++transactions;
    const std::uint64_t address = payload.get_address(), length = payload.get_data_length();
    delay += sc_core::sc_time::from_value(static_cast<std::uint64_t>(latency.ps()));
    if (address > bytes.size() || length > bytes.size() - address)
      return payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    if (payload.is_read())
      std::memcpy(payload.get_data_ptr(), bytes.data() + address, length);
    else
      std::memcpy(bytes.data() + address, payload.get_data_ptr(), length);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }
};

/// Keeps the level of both interrupts, and when they rose.
class IdeInterrupts : public sc_core::sc_module, public wire::InterruptIf {
 public:
  IdeInterrupts(const sc_core::sc_module_name& name, kit::Context& context) : sc_module{name}, context_{context} {}
  void set_interrupt(unsigned vector, bool asserted, const sc_core::sc_time& delay) override {
    level[vector] = asserted;
    if (!asserted) return;
    ++count[vector];
    rose[vector] = context_.calendar.absolute(delay);
    if (on_rise) on_rise(vector, rose[vector]);
  }
  unsigned vectors() const override { return 2; }
  std::array<bool, 2> level{};
  std::array<unsigned, 2> count{};
  std::array<Duration, 2> rose{};
  std::function<void(unsigned, Duration)> on_rise;

 private:
  kit::Context& context_;
};

struct IdeHostPorts : sc_core::sc_module {
  explicit IdeHostPorts(const sc_core::sc_module_name& name) : sc_module{name} {}
  using Socket = tlm_utils::simple_initiator_socket<IdeHostPorts>;
  Socket command0{"command0"}, command1{"command1"}, control0{"control0"}, control1{"control1"},
      bus_master{"bus_master"};
};

/// Change parameters through `set` before anything is built.
struct IdeSetup {
  ide::IdeParameters ide;
  disk::AtaParameters ata;
  unsigned devices = 1;  ///< a bit for each of the four places
  std::uint64_t sectors = 1'000'000;
  IdeSetup() { ata.set("interface", "pata"); }
};

struct IdeBench {
  explicit IdeBench(const std::function<void(IdeSetup&)>& set = {}) {
    if (set) set(setup);
    context.calendar.set_kernel_steps(true);
    controller = std::make_unique<ide::Controller>("ide", context, setup.ide);
    for (unsigned i = 0; i < 4; ++i) {
      if ((setup.devices >> i & 1) == 0) continue;
      medium[i] = std::make_unique<disk::InstantMedium>(disk::MediumFacts{setup.sectors, 7200, true, 0, 2, 0});
      store[i] = std::make_unique<disk::SparseStore>(setup.sectors);
      device[i] = std::make_unique<disk::AtaDevice>(("disk" + std::to_string(i)).c_str(), context, setup.ata,
                                                    *medium[i], *store[i]);
      controller->devices[i].bind(device[i]->link);
    }
    host.command0.bind(controller->command_block[0]);
    host.command1.bind(controller->command_block[1]);
    host.control0.bind(controller->control_block[0]);
    host.control1.bind(controller->control_block[1]);
    host.bus_master.bind(controller->bus_master);
    controller->dma.bind(memory.socket);
    controller->interrupt.bind(interrupts);
    controller->set_tag_board(&tags);
  }
  IdeSetup setup;
  kit::Context context;
  wire::TagBoard tags{2, 2};
  IdeMemory memory{"memory", 16u << 20};
  IdeInterrupts interrupts{"interrupts", context};
  IdeHostPorts host{"host"};
  std::unique_ptr<ide::Controller> controller;
  std::array<std::unique_ptr<disk::InstantMedium>, 4> medium;
  std::array<std::unique_ptr<disk::SparseStore>, 4> store;
  std::array<std::unique_ptr<disk::AtaDevice>, 4> device;

  // Ports
  static constexpr unsigned bm = 0xc000;
  static constexpr unsigned BMIC = bm, BMIS = bm + 2, BMIDTP = bm + 4;
  tlm::tlm_response_status last_response = tlm::TLM_OK_RESPONSE;
  Duration last_time;       ///< how long the last access took
  bool passes_time = true;  ///< false: from within an event, accesses are made …
  Duration ahead;           ///< … this much later, which they add to

  std::uint32_t in(unsigned port, unsigned bytes = 1) {
    std::uint8_t raw[4] = {};
    access(true, port, raw, bytes, bytes, Duration{});
    return wire::load_le32(raw);
  }
  void out(unsigned port, std::uint32_t value, unsigned bytes = 1) {
    std::uint8_t raw[4];
    wire::store_le32(raw, value);
    access(false, port, raw, bytes, bytes, Duration{});
  }
  /// REP INS and REP OUTS.
  std::vector<std::uint8_t> ins(unsigned bytes, unsigned width = 2, Duration spacing = {}, unsigned port = 0x1f0) {
    std::vector<std::uint8_t> data(bytes);
    access(true, port, data.data(), bytes, width, spacing);
    return data;
  }
  void outs(const std::uint8_t* data, unsigned bytes, unsigned width = 2, Duration spacing = {},
            unsigned port = 0x1f0) {
    access(false, port, const_cast<std::uint8_t*>(data), bytes, width, spacing);
  }
  void access(bool read, unsigned port, std::uint8_t* data, unsigned bytes, unsigned width, Duration spacing) {
    tlm::tlm_generic_payload payload;
    wire::StringIo string;
    string.element_ps = spacing.ps();
    payload.set_extension(&string);
    payload.set_command(read ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND);
    payload.set_data_ptr(data);
    payload.set_data_length(bytes);
    payload.set_streaming_width(width);
    unsigned offset = 0;
    IdeHostPorts::Socket& socket = decode(port, offset);
    payload.set_address(offset);
    const Duration begin = passes_time ? now() : now() + ahead;
    sc_core::sc_time delay = context.calendar.annotate(begin);
    socket->b_transport(payload, delay);
    last_response = payload.get_response_status();
    last_time = context.calendar.absolute(delay) - begin;
    payload.clear_extension(&string);
    pause(last_time);
  }
  std::uint8_t status(unsigned channel = 0) { return static_cast<std::uint8_t>(in(channel ? 0x177 : 0x1f7)); }
  std::uint8_t alternate(unsigned channel = 0) { return static_cast<std::uint8_t>(in(channel ? 0x376 : 0x3f6)); }

  // Time
  Duration now() const { return context.calendar.now(); }
  void pause(Duration time) {
    if (passes_time)
      run(time);
    else
      ahead += time;
  }
  void run(Duration time) {
    if (time == Duration{}) return;
    sc_core::sc_start(sc_core::sc_time::from_value(static_cast<std::uint64_t>(time.ps())));
  }
  bool run_until(const std::function<bool()>& condition, Duration time = 5_ms, Duration step = 1_us) {
    for (Duration passed; passed < time; passed += step) {
      if (condition()) return true;
      run(step);
    }
    return condition();
  }
  /// Until the devices have sent their signatures.
  void start() { run(12_ms); }
  bool wait_idle(unsigned channel = 0) {
    return run_until([&] { return (alternate(channel) & 0x80) == 0; });
  }
  bool wait_interrupt(unsigned channel = 0) {
    return run_until([&] { return interrupts.level[channel]; });
  }

  // Commands: task file and Command, with the waits that ATA wants
  struct Task {
    std::uint8_t command;
    std::uint64_t lba = 0;
    std::uint32_t count = 0;
    std::uint32_t features = 0;
    bool ext = false;
    unsigned device = 0, channel = 0;
  };
  void select(unsigned device, unsigned channel = 0, std::uint8_t more = 0xe0) {
    out(base(channel) + 6, more | device << 4);
    pause(400_ns);
  }
  void issue(const Task& t) {
    const unsigned b = base(t.channel);
    select(t.device, t.channel, static_cast<std::uint8_t>(0xe0 | (t.ext ? 0 : t.lba >> 24 & 15)));
    if (t.ext) {
      out(b + 1, t.features >> 8), out(b + 2, t.count >> 8 & 0xff);
      out(b + 3, t.lba >> 24 & 0xff), out(b + 4, t.lba >> 32 & 0xff), out(b + 5, t.lba >> 40 & 0xff);
    }
    out(b + 1, t.features & 0xff), out(b + 2, t.count & 0xff);
    out(b + 3, t.lba & 0xff), out(b + 4, t.lba >> 8 & 0xff), out(b + 5, t.lba >> 16 & 0xff);
    out(b + 7, t.command);
  }
  /// SET FEATURES 03h: PIO 4 and Ultra DMA 6, as a driver would.
  void fast(unsigned device = 0, unsigned channel = 0) {
    for (const std::uint32_t mode : {0x0cu, 0x46u}) {
      issue({0xef, 0, mode, 3, false, device, channel});
      wait_interrupt(channel);
      status(channel);
    }
    interrupts.count = {};
  }
  static unsigned base(unsigned channel) { return channel ? 0x170 : 0x1f0; }
  static unsigned bus_master(unsigned channel) { return bm + 8 * channel; }

  /// PRDs in memory at `table`; the last has EOT unless asked otherwise.
  struct Prd {
    std::uint32_t address;
    std::uint32_t bytes;
  };
  static constexpr std::uint32_t table = 0x10000;
  void write_prds(const std::vector<Prd>& prds, bool end = true, std::uint32_t at = table) {
    for (std::size_t i = 0; i < prds.size(); ++i) {
      std::uint8_t* const prd = memory.bytes.data() + at + 8 * i;
      wire::store_le32(prd, prds[i].address);
      wire::store_le32(prd + 4, (prds[i].bytes & 0xffff) | (end && i + 1 == prds.size() ? 0x8000'0000u : 0));
    }
  }
  /// Prepares the bus master as Linux does: PRD pointer, direction, status cleared.
  void prepare_bus_master(bool to_memory, unsigned channel = 0) {
    const unsigned b = bus_master(channel);
    out(b + 4, table, 4);
    out(b, to_memory ? 8 : 0);
    out(b + 2, in(b + 2) | 6);
  }
  void start_bus_master(unsigned channel = 0) { out(bus_master(channel), in(bus_master(channel)) | 1); }
  void stop_bus_master(unsigned channel = 0) { out(bus_master(channel), in(bus_master(channel)) & ~1u); }
  /// A whole DMA command; returns Status at the end, 0x80 where no interrupt came.
  std::uint8_t dma(const Task& task, bool to_memory) {
    prepare_bus_master(to_memory, task.channel);
    issue(task);
    start_bus_master(task.channel);
    if (!wait_interrupt(task.channel)) return 0x80;
    bus_master_status = in(bus_master(task.channel) + 2);
    stop_bus_master(task.channel);
    const std::uint8_t result = status(task.channel);
    out(bus_master(task.channel) + 2, bus_master_status | 6);
    return result;
  }
  std::uint32_t bus_master_status = 0;

  std::vector<std::uint8_t> pattern(std::size_t bytes, std::uint64_t seed = 1) {
    std::mt19937_64 random{seed};
    std::vector<std::uint8_t> data(bytes);
    for (auto& byte : data) byte = static_cast<std::uint8_t>(random());
    return data;
  }
  void fill(unsigned place, std::uint64_t lba, const std::vector<std::uint8_t>& data) {
    store[place]->write(lba, static_cast<std::uint32_t>(data.size() / 512), data.data());
  }
  std::vector<std::uint8_t> stored(unsigned place, std::uint64_t lba, std::uint32_t sectors) {
    std::vector<std::uint8_t> data(sectors * 512);
    store[place]->read(lba, sectors, data.data());
    return data;
  }

 private:
  IdeHostPorts::Socket& decode(unsigned port, unsigned& offset) {
    if (port >= bm) return offset = port - bm, host.bus_master;
    if (port >= 0x3f4) return offset = port - 0x3f4, host.control0;
    if (port >= 0x374) return offset = port - 0x374, host.control1;
    if (port >= 0x1f0) return offset = port - 0x1f0, host.command0;
    return offset = port - 0x170, host.command1;
  }
};

}  // namespace ahcisim::bench
