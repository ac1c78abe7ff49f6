// SPDX-License-Identifier: MIT
// The AHCI driver against a scripted HBA: bring-up, access counts and order, splitting, queueing rules.
#include <algorithm>

#include <gtest/gtest.h>

#include <ahcisim/models/host/ahci_driver.hpp>

#include "fake_hba.hpp"

namespace ahcisim::host {
namespace {

using Op = IoRequest::Op;
using Log = std::vector<std::string>;

struct Bench : RequestOwner, DeviceListener {
  explicit Bench(const std::function<void(AhciDriverParameters&, FakeHba&)>& change = {}) {
    parameters.probe.fast_probe.set(true);
    if (change) change(parameters, hba);
    driver.emplace("driver", context, parameters, memory, &tags);
    driver->cpu.bind(hba.target);
    hba.host.bind(driver->interrupts);
    driver->listen(*this);
  }
  void completed(Request& request, kit::Duration at) override {
    done.push_back(&request);
    done_at.push_back(at);
  }
  void ready(kit::Duration) override { is_ready = true; }
  void failed(const std::string& reason, kit::Duration) override { failure = reason; }
  void inspect(const Request&, const std::uint8_t*, std::uint64_t offset, std::uint32_t bytes) override { pieces.push_back({offset, bytes}); }
  void run() { sc_core::sc_start(); }
  Request& submit(Op op, std::uint64_t lba, std::uint32_t sectors) {
    Request& request = requests.emplace_back();
    request.op = op, request.lba = lba, request.sectors = sectors, request.owner = this;
    request.tag.open(requests.size());
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

TEST(AhciDriver, brings_up_and_reads_with_seven_accesses) {
  Bench bench;
  bench.run();
  ASSERT_TRUE(bench.is_ready) << bench.failure;
  EXPECT_EQ(bench.driver->capacity(), 0x20008000u);
  EXPECT_EQ(bench.driver->max_depth(), 32u);
  EXPECT_EQ(bench.context.diagnostics.count(), 0u);
  bench.hba.log_on = true;
  bench.submit(Op::read, 8, 8);
  bench.run();
  ASSERT_EQ(bench.done.size(), 1u);
  EXPECT_EQ(bench.hba.log, (Log{"W PxSACT", "W PxCI", "R IS", "R PxIS", "W PxIS", "R PxSACT", "W IS"}));
}

}  // namespace
}  // namespace ahcisim::host
