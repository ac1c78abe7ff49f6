// SPDX-License-Identifier: MIT
// The driver, memory and a scripted HBA, bound together; collects what comes back.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/host/ahci_driver.hpp>

#include "fake_hba.hpp"

namespace ahcisim::host {

using Op = IoRequest::Op;
using Log = std::vector<std::string>;

struct Bench : RequestOwner, DeviceListener {
  explicit Bench(const std::function<void(Bench&)>& change = {}) {
    parameters.probe.fast_probe.set(true);
    if (change) change(*this);
    driver.emplace("driver", context, parameters, memory, &tags);
    driver->cpu.bind(hba.target);
    hba.host.bind(driver->interrupts);
    driver->listen(*this);
  }
  Bench(const Bench&) = delete;
  void completed(Request& request, kit::Duration at) override {
    done.push_back(&request);
    done_at.push_back(at);
  }
  void ready(kit::Duration) override { is_ready = true; }
  void failed(const std::string& reason, kit::Duration) override { failure = reason; }
  void inspect(const Request&, const std::uint8_t*, std::uint64_t offset, std::uint32_t bytes) override { pieces.push_back({offset, bytes}); }
  void run() { sc_core::sc_start(); }
  /// Runs the bring-up and switches the log on.
  void boot() {
    run();
    ASSERT_TRUE(is_ready) << failure;
    ASSERT_EQ(context.diagnostics.count(), 0u);
    hba.log_on = true;
  }
  std::vector<unsigned> opcodes() const {
    std::vector<unsigned> all;
    for (const wire::RegisterH2D& fis : hba.commands) all.push_back(fis.command);
    return all;
  }
  Request& submit(Op op, std::uint64_t lba, std::uint32_t sectors, const std::function<void(Request&)>& change = {}) {
    Request& request = requests.emplace_back();
    request.op = op, request.lba = lba, request.sectors = sectors, request.owner = this;
    request.tag.open(requests.size());
    if (change) change(request);
    driver->submit(request, context.calendar.now());
    return request;
  }

  kit::Context context;
  MemoryParameters memory_parameters;
  Memory memory{"memory", context, memory_parameters};
  wire::TagBoard tags;
  FakeHba hba{"hba", context, memory, &tags};
  AhciDriverParameters parameters;
  std::optional<AhciDriver> driver;
  std::deque<Request> requests;
  std::vector<Request*> done;
  std::vector<kit::Duration> done_at;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> pieces;
  bool is_ready = false;
  std::string failure;
};

}  // namespace ahcisim::host
