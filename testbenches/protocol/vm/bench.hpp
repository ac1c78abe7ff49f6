// SPDX-License-Identifier: MIT
// A whole emulated machine around a fake image file: driver, exit bus, endpoint, HBA, wire, disk, image.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/ahci/hba.hpp>
#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/host/ahci_driver.hpp>
#include <ahcisim/models/host/vm/direct_wire.hpp>
#include <ahcisim/models/host/vm/exit_bus.hpp>
#include <ahcisim/models/host/vm/image_medium.hpp>
#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/pcie/endpoint.hpp>

#include "fake_file.hpp"

namespace ahcisim::host {

using Op = IoRequest::Op;

/// Takes the times out of a set: an emulated device's registers and state machines are code, whose time the emulator has.
inline void without_time(kit::ParameterSet& set, const std::vector<std::string>& names) {
  for (const std::string& name : names) set.set(name, "0ns");
}

struct Bench : RequestOwner, DeviceListener {
  explicit Bench(const std::string& table = "epyc-2020", const std::string& mode = "writeback", const std::function<void(Bench&)>& change = {})
      : costs{table} {
    driver_parameters.probe.fast_probe.set(true);
    driver_parameters.cpu.syscall.set(kit::Duration::from_ps(132'000));
    without_time(endpoint_parameters, {"register_read", "configuration"});
    without_time(hba_parameters, {"register_access", "command_issue", "command_prepare", "fis_receive", "data_start", "interrupt_delay", "dma_overhead"});
    hba_parameters.set("dma_rate", "1000000000GB/s");
    hba_parameters.set("ports", "2");
    without_time(ata_parameters, {"command_decode", "internal_data"});
    memory_parameters.size.set(kit::Bytes{256 << 20});
    if (change) change(*this);
    facts.sectors = 1 << 20;
    facts.trim = true;
    emulator = std::make_unique<Emulator>("emulator", context, costs);
    store = std::make_unique<disk::SparseStore>(facts.sectors);
    image = std::make_unique<ImageMedium>(context, *emulator, facts, cache_mode_of(mode), *store, file);
    memory = std::make_unique<Memory>("memory", context, memory_parameters);
    driver = std::make_unique<AhciDriver>("driver", context, driver_parameters, *memory, &tags);
    bus = std::make_unique<ExitBus>("exit_bus", context, bus_parameters, *emulator);
    endpoint = std::make_unique<pcie::Endpoint>("endpoint", context, endpoint_parameters, machine::ahci_function(hba_parameters));
    hba = std::make_unique<ahci::Hba>("ahci", context, hba_parameters);
    wire = std::make_unique<DirectWire>("wire", context);
    device = std::make_unique<disk::AtaDevice>("disk", context, ata_parameters, *image, *store);
    driver->cpu.bind(bus->cpu);
    bus->memory.bind(memory->target);
    bus->cpu_interrupts.bind(driver->interrupts);
    bus->link.bind(endpoint->link);
    bus->attach(driver->processor());
    endpoint->bar[5].bind(hba->registers);
    endpoint->bar[4].bind(hba->index_data);
    hba->dma.bind(endpoint->dma);
    hba->interrupt.bind(endpoint->interrupt);
    endpoint->on_function_reset([this] { hba->reset(); });
    hba->ports[0].bind(wire->host);
    wire->device.bind(device->link);
    hba->set_tag_board(&tags);
    driver->listen(*this);
  }
  Bench(const Bench&) = delete;

  void completed(Request& request, kit::Duration at) override {
    done.push_back(&request);
    done_at.push_back(at);
    if (again) again(request, at);
  }
  void ready(kit::Duration) override { is_ready = true; }
  void failed(const std::string& reason, kit::Duration) override { failure = reason; }
  void fill(const Request& request, std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override {
    for (std::uint32_t i = 0; i < bytes; ++i) data[i] = static_cast<std::uint8_t>(request.lba + (offset + i) / 512 + i * 7);
  }
  void inspect(const Request& request, const std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override {
    for (std::uint32_t i = 0; i < bytes; ++i)
      if (data[i] != static_cast<std::uint8_t>(request.lba + (offset + i) / 512 + i * 7)) ++wrong_bytes;
  }
  /// To the end of all that is under way; a request that nobody but the driver saw may have left nothing.
  void run() {
    if (!is_ready || context.calendar.pending()) sc_core::sc_start();
  }
  void boot() {
    run();
    ASSERT_TRUE(is_ready) << failure;
    ASSERT_EQ(context.diagnostics.count(), 0u);
    file.log_on = true;
  }
  Request& submit(Op op, std::uint64_t lba, std::uint32_t sectors, const std::function<void(Request&)>& change = {}) {
    Request& request = requests.emplace_back();
    request.op = op, request.lba = lba, request.sectors = sectors, request.owner = this;
    request.tag.open(requests.size());
    if (change) change(request);
    driver->submit(request, context.calendar.now());
    return request;
  }
  std::uint64_t accesses() const { return bus->statistics().reads.value() + bus->statistics().writes.value(); }

  kit::Context context;
  VmParameters costs;
  ExitBusParameters bus_parameters;
  MemoryParameters memory_parameters;
  pcie::EndpointParameters endpoint_parameters;
  ahci::HbaParameters hba_parameters;
  disk::AtaParameters ata_parameters;
  AhciDriverParameters driver_parameters;
  disk::MediumFacts facts;
  FakeFile file{context.calendar};
  wire::TagBoard tags;
  std::unique_ptr<Emulator> emulator;
  std::unique_ptr<disk::SparseStore> store;
  std::unique_ptr<ImageMedium> image;
  std::unique_ptr<Memory> memory;
  std::unique_ptr<AhciDriver> driver;
  std::unique_ptr<ExitBus> bus;
  std::unique_ptr<pcie::Endpoint> endpoint;
  std::unique_ptr<ahci::Hba> hba;
  std::unique_ptr<DirectWire> wire;
  std::unique_ptr<disk::AtaDevice> device;
  std::deque<Request> requests;
  std::vector<Request*> done;
  std::vector<kit::Duration> done_at;
  std::function<void(Request&, kit::Duration)> again;
  std::uint64_t wrong_bytes = 0;
  bool is_ready = false;
  std::string failure;
};

}  // namespace ahcisim::host
