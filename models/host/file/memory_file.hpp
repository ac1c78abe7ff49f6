// SPDX-License-Identifier: MIT
// An image file on tmpfs: memory copies, no disk, nothing to flush and nothing durable.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include <systemc>

#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/host/file/parameters.hpp>
#include <ahcisim/models/host/processor_time.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/kit/reserve.hpp>

namespace ahcisim::host {

struct MemoryFileStatistics : kit::StatSet {
  kit::Counter requests{*this, "requests", "requests", "requests of any kind"};
  kit::TimeSum kernel_time{*this, "kernel.time", "processor time of the kernel's file layer"};
};

class MemoryFile : public sc_core::sc_module, public BlockDevice {
 public:
  /// The file's bytes are those of `store`, which outlives it.
  MemoryFile(const sc_core::sc_module_name& name, kit::Context& context, const MemoryFileParameters& parameters, disk::Store& store);

  /// Scatter lists are refused (unsupported): they name memory that the file cannot reach.
  void submit(Request& request, kit::Duration at) override;
  std::uint64_t capacity() const override { return store_.sectors(); }
  unsigned max_depth() const override { return most_outstanding; }
  bool is_ready() const override { return true; }
  void listen(DeviceListener& listener) override { listener.ready(calendar_.now()); }
  void set_processor(ProcessorTime& processor) { processor_ = &processor; }
  const MemoryFileStatistics& statistics() const { return statistics_; }

 private:
  /// Nothing queues here.
  static constexpr unsigned most_outstanding = 65536;
  void arrive(std::uint64_t address);
  RequestStatus serve(Request& request);
  void move(Request& request);

  kit::Calendar& calendar_;
  const MemoryFileParameters& parameters_;
  disk::Store& store_;
  ProcessorTime* processor_ = nullptr;
  MemoryFileStatistics statistics_;
  kit::Reserve memory_;  // copies of several threads share what the memory moves
  std::vector<std::uint8_t> sector_run_;
};

}  // namespace ahcisim::host
