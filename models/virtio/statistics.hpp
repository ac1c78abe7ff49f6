// SPDX-License-Identifier: MIT
// What a virtio block function counts.
#pragma once

#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::virtio {

struct BlkStatistics : kit::StatSet {
  kit::Counter notifications{*this, "notifications", "notifications",
      "available-buffer notifications (kicks) received"};
  kit::Counter notifications_in_vain{*this, "notifications_in_vain", "notifications",
      "of these, with nothing new in the ring"};
  kit::Counter register_reads{*this, "register_reads", "accesses", "reads of either register window"};
  kit::Counter register_writes{*this, "register_writes", "accesses",
      "writes to either register window, notifications included"};
  kit::Counter interrupts{*this, "interrupts", "interrupts", "used-buffer notifications sent"};
  kit::Counter interrupts_suppressed{*this, "interrupts_suppressed", "notifications",
                                     "used-buffer notifications the driver did not want (NO_INTERRUPT, used_event)"};
  kit::Counter configuration_interrupts{*this, "configuration_interrupts", "interrupts",
      "configuration change notifications sent"};
  kit::Counter reads{*this, "reads", "requests", "VIRTIO_BLK_T_IN"};
  kit::Counter writes{*this, "writes", "requests", "VIRTIO_BLK_T_OUT"};
  kit::Counter flushes{*this, "flushes", "requests", "VIRTIO_BLK_T_FLUSH"};
  kit::Counter discards{*this, "discards", "requests", "VIRTIO_BLK_T_DISCARD"};
  kit::Counter write_zeroes{*this, "write_zeroes", "requests", "VIRTIO_BLK_T_WRITE_ZEROES"};
  kit::Counter get_ids{*this, "get_ids", "requests", "VIRTIO_BLK_T_GET_ID"};
  kit::Counter failed{*this, "failed", "requests", "requests that ended with VIRTIO_BLK_S_IOERR"};
  kit::Counter unsupported{*this, "unsupported", "requests", "requests that ended with VIRTIO_BLK_S_UNSUPP"};
  kit::Counter read_bytes{*this, "read_bytes", "B", "data given to the driver"};
  kit::Counter written_bytes{*this, "written_bytes", "B", "data taken from the driver"};
  kit::Counter descriptor_reads{*this, "descriptor_reads", "accesses",
      "bus-master reads of descriptors; an indirect table is one"};
  kit::Counter available_accesses{*this, "available_accesses", "accesses",
      "bus-master reads of the available ring: idx, ring, flags, used_event"};
  kit::Counter used_accesses{*this, "used_accesses", "accesses",
      "bus-master writes of the used ring: ring, idx, flags, avail_event"};
  kit::Counter header_reads{*this, "header_reads", "accesses", "bus-master reads of request headers"};
  kit::Counter status_writes{*this, "status_writes", "accesses", "bus-master writes of status bytes"};
  kit::Counter data_accesses{*this, "data_accesses", "accesses", "bus-master transfers of data"};
  kit::Latency request_time{*this, "request_time", "descriptors read to used ring index written",
      "time a request takes below the driver"};
};

}  // namespace ahcisim::virtio
