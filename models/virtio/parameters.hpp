// SPDX-License-Identifier: MIT
// What a virtio block function is configured with. Plain C++.
//
// Its times are zero: in the machine this function stands for there is no controller of its own. Its code runs in an
// emulator, whose model accounts for the processor; a card that implements virtio in hardware sets them.
#pragma once

#include <cstdint>
#include <string>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::virtio {

using namespace kit::literals;

/// Parameters of virtio::BlkFunction; values are taken at construction.
struct BlkParameters : kit::ParameterSet {
  using Count = kit::Parameter<std::int64_t>;
  using Time = kit::Parameter<kit::Duration>;
  Count queues{*this, "queues", 1, kit::choice("one, as before multiqueue"),
      "request queues (VIRTIO_BLK_F_MQ above 1)", Count::Range{1, 64}};
  Count queue_size{*this, "queue_size", 256, kit::choice("what QEMU offers today; 128 until 2020"),
      "entries of a queue, a power of two",
                   Count::Range{4, 1024}};
  kit::Parameter<bool> indirect{*this, "indirect", true, kit::choice("offer it"),
      "indirect descriptors (VIRTIO_F_RING_INDIRECT_DESC)"};
  kit::Parameter<bool> event_index{*this, "event_index", true, kit::choice("offer it"),
      "used and available event index (VIRTIO_F_RING_EVENT_IDX)"};
  kit::Parameter<bool> flush{*this, "flush", true, kit::choice("offer it"), "cache flush command (VIRTIO_BLK_F_FLUSH)"};
  kit::Parameter<bool> config_wce{*this, "config_wce", true, kit::choice("offer it, where flush is offered"),
                                  "the driver may toggle write-back and write-through (VIRTIO_BLK_F_CONFIG_WCE)"};
  kit::Parameter<bool> write_cache{*this, "write_cache", true, kit::choice("write-back"),
      "the cache mode after a reset (writeback)"};
  kit::Parameter<bool> discard{*this, "discard", true, kit::choice("offer it, where the medium can trim"),
      "discard command (VIRTIO_BLK_F_DISCARD)"};
  kit::Parameter<bool> write_zeroes{*this, "write_zeroes", true, kit::choice("offer it"),
      "write-zeroes command (VIRTIO_BLK_F_WRITE_ZEROES)"};
  Count size_max{*this, "size_max", 0, kit::choice("no limit, as QEMU"),
      "largest segment in bytes (VIRTIO_BLK_F_SIZE_MAX); 0 = not offered",
                 Count::Range{0, 0xffff'ffff}};
  Count seg_max{*this, "seg_max", 0, kit::choice("queue_size less header and status, as QEMU"),
                "most segments of a request (VIRTIO_BLK_F_SEG_MAX); 0 = queue_size - 2", Count::Range{0, 1022}};
  Count blk_size{*this, "blk_size", 512, kit::choice("512-byte logical blocks"),
      "logical block in bytes, a power of two", Count::Range{512, 4096}};
  Count opt_io_size{*this, "opt_io_size", 0, kit::choice("no suggestion"), "topology.opt_io_size, logical blocks",
      Count::Range{0, 0xffff'ffff}};
  Count max_range{*this, "max_range", 65536, kit::choice("what one ATA command covers, so that any medium can take it"),
                  "most sectors of a range to discard or zero", Count::Range{1, 65536}};
  Count max_ranges{*this, "max_ranges", 1, kit::choice("one, as QEMU"), "most ranges of a request to discard or zero",
      Count::Range{1, 256}};
  kit::Parameter<kit::Bytes> max_request{*this, "max_request", 1_GiB,
      kit::choice("above what drivers send; one request cannot keep the simulator busy for longer than seconds"),
      "most data of a request; more ends with VIRTIO_BLK_S_IOERR", kit::Parameter<kit::Bytes>::Range{4_KiB, 1_GiB}};
  Count medium_depth{*this, "medium_depth", 32, kit::choice("what the disks behind take"),
                     "requests handed to the medium at once; others wait in order", Count::Range{1, 65536}};
  kit::Parameter<std::string> serial{*this, "serial", "AS00000001",
      kit::choice("serial number, at most 20 ASCII characters"),
                                     "answer to VIRTIO_BLK_T_GET_ID"};
  Time register_access{*this, "register_access", 0_ns,
      kit::assumed("the emulator that runs this function's code accounts for it"),
                       "from the arrival of a register read to its answer"};
  Time notification{*this, "notification", 0_ns,
      kit::assumed("the emulator that runs this function's code accounts for it"),
                    "from a notification to the first access to the available ring"};
  Time request{*this, "request", 0_ns, kit::assumed("the emulator that runs this function's code accounts for it"),
               "to take one request, beyond the accesses to memory"};
  Time completion{*this, "completion", 0_ns,
      kit::assumed("the emulator that runs this function's code accounts for it"),
                  "to complete one request, beyond the accesses to memory"};
  Time interrupt_delay{*this, "interrupt_delay", 0_ns,
      kit::assumed("the emulator that runs this function's code accounts for it"),
                       "from the used ring's index to the interrupt"};

  /// MSI-X vectors: one for configuration changes, one for each queue.
  unsigned vectors() const { return static_cast<unsigned>(queues()) + 1; }
};

}  // namespace ahcisim::virtio
