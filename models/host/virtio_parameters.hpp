// SPDX-License-Identifier: MIT
// The parameters of the virtio-blk driver: what it is allowed to use.
#pragma once

#include <ahcisim/models/host/driver_parameters.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::host {

/// The waits of the bring-up.
struct VirtioProbeParameters : kit::ParameterSet {
  kit::Parameter<kit::Duration> reset_interval{*this, "reset_interval", kit::Duration::from_ms(1),
      kit::cited("Linux 6.12 virtio_pci_modern.c vp_reset: msleep(1)"), "between two reads of the device status after a reset"};
  kit::Parameter<kit::Duration> reset_limit{*this, "reset_limit", kit::Duration::from_ms(5'000),
      kit::assumed("Linux waits for ever; a simulation says that the device does not come back"),
      "longest wait for the device status to read 0"};
};

struct VirtioBlkDriverParameters : DriverParameters {
  kit::Parameter<kit::Bytes> io_base{*this, "io_base", kit::Bytes{0xf0000000},
      kit::choice("the root complex's io_window: a generic payload knows no I/O space"), "physical address of I/O port 0"};
  kit::Choice transport{*this, "transport", "modern", {"modern", "legacy"},
      kit::choice("legacy: the I/O ports of drivers before VIRTIO 1.0"), "register interface to use of a transitional device"};
  kit::Choice interrupts{*this, "interrupts", "msix", {"intx", "msix"}, kit::cited("Linux 6.12 virtio_pci_common.c vp_find_vqs"),
      "how the device interrupts; MSI-X, with a vector for each queue, falls back to INTx"};
  kit::Parameter<std::int64_t> queues{*this, "queues", 1, kit::cited("Linux 6.12 virtio_blk.c init_vq: at most one for each processor"),
      "most virtqueues used; requests take turns", {{1, 16}}};
  kit::Parameter<std::int64_t> ring{*this, "ring", 256, kit::choice("as many entries as QEMU's device has"),
      "most entries of a ring used, a power of two; the device may have fewer", {{4, 1024}}};
  kit::Parameter<std::int64_t> depth{*this, "depth", 256, kit::choice("as many as the ring has entries"),
      "most requests outstanding; the rings may hold fewer", {{1, 1024}}};
  kit::Parameter<bool> indirect{*this, "indirect", true, kit::cited("Linux 6.12 virtio_ring.c: VIRTIO_RING_F_INDIRECT_DESC"),
      "use indirect descriptors where the device offers them"};
  kit::Parameter<bool> event_index{*this, "event_index", true, kit::cited("Linux 6.12 virtio_ring.c: VIRTIO_RING_F_EVENT_IDX"),
      "use available and used event where the device offers them"};
  kit::Parameter<bool> batching{*this, "batching", true, kit::cited("Linux 6.12 virtio_blk.c virtio_commit_rqs"),
      "requests that programs hand in at the same instant are told with one notification"};
  kit::Parameter<kit::Bytes> max_request{*this, "max_request", kit::Bytes{1280 << 10},
      kit::cited("Linux 6.12 block layer, BLK_DEF_MAX_SECTORS 2560"),
      "longest request; seg_max pieces and the ring may hold less", {{kit::Bytes{512}, kit::Bytes{8 << 20}}}};
  kit::Choice write_cache{*this, "write_cache", "device", {"device", "on", "off"}, kit::choice("as the disk comes"),
      "the disk's volatile write cache, where it can be switched (VIRTIO_BLK_F_CONFIG_WCE)"};
  VirtioProbeParameters probe;
};

}  // namespace ahcisim::host
