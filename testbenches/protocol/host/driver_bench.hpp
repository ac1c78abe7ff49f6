// SPDX-License-Identifier: MIT
// A driver, memory and a scripted function, bound together; collects what comes back.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/host/memory.hpp>

#include "fake_function.hpp"

namespace ahcisim::host {

using Op = IoRequest::Op;
using Log = std::vector<std::string>;

inline Log operator+(Log a, const Log& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

template <class Driver, class Parameters, class Fake> struct DriverBench : RequestOwner, DeviceListener {
  explicit DriverBench(const std::function<void(DriverBench&)>& change = {}) {
    if (change) change(*this);
    driver.emplace("driver", context, parameters, memory, &tags);
    driver->cpu.bind(fake.target);
    fake.host.bind(driver->interrupts);
    driver->listen(*this);
  }
  DriverBench(const DriverBench&) = delete;
  void completed(Request& request, kit::Duration at) override {
    done.push_back(&request);
    done_at.push_back(at);
  }
  void ready(kit::Duration) override { is_ready = true; }
  void failed(const std::string& reason, kit::Duration) override { failure = reason; }
  void fill(const Request& request, std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override {
    for (std::uint32_t i = 0; i < bytes; ++i) data[i] = pattern(request.lba * 512 + offset + i);
  }
  void inspect(const Request& request, const std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override {
    inspected += bytes;
    for (std::uint32_t i = 0; i < bytes; ++i) wrong += data[i] != pattern(request.lba * 512 + offset + i);
  }
  static std::uint8_t pattern(std::uint64_t position) { return static_cast<std::uint8_t>(position * 7 + (position >> 9) * 3 + 1); }
  /// Until nothing happens any more.
  void run() {
    if (sc_core::sc_get_status() == sc_core::SC_ELABORATION || sc_core::sc_pending_activity()) sc_core::sc_start();
  }
  /// Runs the bring-up and switches the log on.
  void boot() {
    run();
    ASSERT_TRUE(is_ready) << failure;
    ASSERT_EQ(context.diagnostics.count(), 0u);
    fake.log_on = true;
  }
  Request& submit(Op op, std::uint64_t lba, std::uint32_t sectors, const std::function<void(Request&)>& change = {}) {
    return submit_at(context.calendar.now(), op, lba, sectors, change);
  }
  Request& submit_at(kit::Duration at, Op op, std::uint64_t lba, std::uint32_t sectors,
                     const std::function<void(Request&)>& change = {}) {
    Request& request = requests.emplace_back();
    request.op = op, request.lba = lba, request.sectors = sectors, request.owner = this;
    request.tag.open(requests.size());
    if (change) change(request);
    driver->submit(request, at);
    return request;
  }
  std::uint64_t accesses() const {
    return driver->statistics().register_reads.value() + driver->statistics().register_writes.value();
  }

  kit::Context context;
  MemoryParameters memory_parameters;
  Memory memory{"memory", context, memory_parameters};
  wire::TagBoard tags{16, 1024};
  Fake fake{"fake", context, memory, &tags};
  Parameters parameters;
  std::optional<Driver> driver;
  std::deque<Request> requests;
  std::vector<Request*> done;
  std::vector<kit::Duration> done_at;
  std::uint64_t inspected = 0, wrong = 0;
  bool is_ready = false;
  std::string failure;
};

/// The stages that every request passes, in order, and their sum.
inline void expect_account(const Request& request) {
  std::int64_t before = -1, sum = 0;
  for (const wire::Stage stage : {wire::Stage::submitted, wire::Stage::entered, wire::Stage::issued, wire::Stage::fetched,
                                  wire::Stage::status, wire::Stage::interrupt, wire::Stage::woken, wire::Stage::completed}) {
    ASSERT_GE(request.tag.when(stage), 0) << wire::name_of(stage);
    ASSERT_GE(request.tag.when(stage), before) << wire::name_of(stage);
    before = request.tag.when(stage);
  }
  request.tag.account([&](wire::Stage, std::int64_t ps) { sum += ps; });
  EXPECT_EQ(sum, request.tag.when(wire::Stage::completed) - request.tag.when(wire::Stage::submitted));
}

}  // namespace ahcisim::host
