// SPDX-License-Identifier: MIT
// The device configuration of a block device as a table (VIRTIO 1.1, 5.2.4), the same in both interfaces. Fields of
// features that are not offered read 0.
#pragma once

#include <ahcisim/models/virtio/registers.hpp>

namespace ahcisim::virtio {

struct BlkConfiguration {
  static constexpr unsigned size = 60;
  static constexpr const char* section = "VIRTIO 1.1, 5.2.4";
  explicit BlkConfiguration(kit::RegisterBank& b) : bank{b} {}
  kit::RegisterBank& bank;
  WholeRegister capacity_low{bank, 0, 4, "capacity", "512-byte sectors, bits 31:0", section, Access::HwInit};
  WholeRegister capacity_high{bank, 4, 4, "capacity (high)", "512-byte sectors, bits 63:32", section, Access::HwInit};
  WholeRegister size_max{bank, 8, 4, "size_max", "largest segment, bytes (SIZE_MAX)", section, Access::HwInit};
  WholeRegister seg_max{bank, 12, 4, "seg_max", "most segments of a request (SEG_MAX)", section, Access::HwInit};
  WholeRegister cylinders{bank, 16, 2, "geometry.cylinders", "legacy geometry (GEOMETRY)", section, Access::HwInit};
  WholeRegister heads{bank, 18, 1, "geometry.heads", "legacy geometry (GEOMETRY)", section, Access::HwInit};
  WholeRegister sectors{bank, 19, 1, "geometry.sectors", "legacy geometry (GEOMETRY)", section, Access::HwInit};
  WholeRegister blk_size{bank, 20, 4, "blk_size", "logical block, bytes (BLK_SIZE)", section, Access::HwInit};
  WholeRegister physical_block_exp{bank, 24, 1, "topology.physical_block_exp",
      "log2 of logical blocks per physical one (TOPOLOGY)", section, Access::HwInit};
  WholeRegister alignment_offset{bank, 25, 1, "topology.alignment_offset", "first aligned logical block (TOPOLOGY)",
      section, Access::HwInit};
  WholeRegister min_io_size{bank, 26, 2, "topology.min_io_size", "suggested smallest I/O, logical blocks (TOPOLOGY)",
      section, Access::HwInit};
  WholeRegister opt_io_size{bank, 28, 4, "topology.opt_io_size", "suggested I/O, logical blocks (TOPOLOGY)", section,
      Access::HwInit};
  WholeRegister writeback{bank, 32, 1, "writeback", "1 = write-back, 0 = write-through (CONFIG_WCE)", section,
      Access::RW};
  WholeRegister num_queues{bank, 34, 2, "num_queues", "request queues (MQ)", section, Access::HwInit};
  WholeRegister max_discard_sectors{bank, 36, 4, "max_discard_sectors", "most sectors of a range (DISCARD)", section,
      Access::HwInit};
  WholeRegister max_discard_seg{bank, 40, 4, "max_discard_seg", "most ranges of a request (DISCARD)", section,
      Access::HwInit};
  WholeRegister discard_sector_alignment{bank, 44, 4, "discard_sector_alignment",
      "sectors a range is best aligned to (DISCARD)", section, Access::HwInit};
  WholeRegister max_write_zeroes_sectors{bank, 48, 4, "max_write_zeroes_sectors",
      "most sectors of a range (WRITE_ZEROES)", section, Access::HwInit};
  WholeRegister max_write_zeroes_seg{bank, 52, 4, "max_write_zeroes_seg", "most ranges of a request (WRITE_ZEROES)",
      section, Access::HwInit};
  WholeRegister write_zeroes_may_unmap{bank, 56, 1, "write_zeroes_may_unmap",
      "1 = unmap may deallocate (WRITE_ZEROES)", section, Access::HwInit};
};

}  // namespace ahcisim::virtio
