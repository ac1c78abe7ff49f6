// SPDX-License-Identifier: MIT
// Parameters and statistics of a root complex.
#pragma once

#include <ahcisim/models/kit/param.hpp>
#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::pcie {

struct RootComplexParameters : kit::ParameterSet {
  template <class T> using Parameter = kit::Parameter<T>;

  Parameter<kit::Duration> write_interval{*this, "write_interval", kit::Duration::from_ps(100'000),
                                          kit::cited("Intel community thread 1186313: consecutive uncached writes 50 to 300 ns apart"),
                                          "time a CPU is held by an uncached posted write"};
  Parameter<kit::Duration> cpu_request{*this, "cpu_request", kit::Duration::from_ps(80'000),
                                       kit::assumed("core to root port over the uncore; no published split of a register read"),
                                       "a CPU's access to its TLP entering the root port"};
  Parameter<kit::Duration> cpu_completion{*this, "cpu_completion", kit::Duration::from_ps(120'000),
                                          kit::assumed("makes an uncached read over a gen2/gen3 root port 0.6 to 1 us in all"),
                                          "a completion at the root port to its data in the CPU"};
  Parameter<kit::Duration> memory_read{*this, "memory_read", kit::Duration::from_ps(200'000),
                                       kit::derived("413 ns median 8 B LAT_CMD_RD of pcie-bench (SNB, warm) less link latencies and wire"),
                                       "read request at the root port to its first data, host memory's own latency included where it "
                                       "offers direct access"};
  Parameter<kit::Duration> memory_write{*this, "memory_write", kit::Duration::from_ps(60'000),
                                        kit::assumed("posted writes are accepted by the coherence point sooner than reads return"),
                                        "last byte of a write at the root port to its visibility"};
  Parameter<kit::Duration> message_delivery{*this, "message_delivery", kit::Duration::from_ps(100'000),
                                            kit::assumed("write to the interrupt window to the local interrupt controller"),
                                            "message at the root port to the CPU's interrupt controller"};

  using Address = Parameter<std::int64_t>;
  Address memory_window{*this, "memory_window", 0xC0000000, kit::choice("PC memory map"), "32-bit MMIO window: first CPU address"};
  Parameter<kit::Bytes> memory_window_size{*this, "memory_window_size", kit::Bytes{0x20000000}, kit::choice("PC memory map"), "32-bit MMIO window: size"};
  Address high_window{*this, "high_window", 0x4000000000, kit::choice("PC memory map"), "64-bit MMIO window: first CPU address"};
  Parameter<kit::Bytes> high_window_size{*this, "high_window_size", kit::Bytes{0x1000000000}, kit::choice("PC memory map"), "64-bit MMIO window: size"};
  Address ecam_window{*this, "ecam_window", 0xE0000000, kit::choice("PC memory map"), "configuration window (ECAM, 256 MiB): first CPU address"};
  Address io_window{*this, "io_window", 0xF0000000, kit::choice("a window, since a generic payload knows no I/O space"),
                    "I/O space (64 KiB): first CPU address"};
  Address endpoint_bus{*this, "endpoint_bus", 1, kit::choice("first bus behind the root port"), "bus number of the endpoint",
                       Address::Range{0, 255}};
};

struct RootComplexStatistics : kit::StatSet {
  kit::Counter register_writes{*this, "register_writes", "accesses", "CPU writes sent as memory or I/O requests"};
  kit::Counter register_reads{*this, "register_reads", "accesses", "CPU reads sent as memory or I/O requests"};
  kit::Counter configuration_accesses{*this, "configuration_accesses", "accesses", "CPU accesses to configuration space"};
  kit::Counter unclaimed{*this, "unclaimed", "accesses", "CPU accesses nobody claimed: reads are all ones"};
  kit::Counter dma_reads{*this, "dma_reads", "accesses", "bus-master reads of memory"};
  kit::Counter dma_read_bytes{*this, "dma_read_bytes", "B", "bytes bus masters read"};
  kit::Counter dma_writes{*this, "dma_writes", "accesses", "bus-master writes to memory"};
  kit::Counter dma_written_bytes{*this, "dma_written_bytes", "B", "bytes bus masters wrote"};
  kit::Counter dma_errors{*this, "dma_errors", "accesses", "bus-master accesses outside memory"};
  kit::Counter interrupts{*this, "interrupts", "messages", "MSI and MSI-X messages, and INTx assertions"};
  kit::Latency read_time{*this, "read_time", "the CPU's access to its data in the CPU", "time of a register read"};
};

}  // namespace ahcisim::pcie
