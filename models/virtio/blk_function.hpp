// SPDX-License-Identifier: MIT
// virtio-blk as a transitional PCI function (VIRTIO 1.1, 4.1, 5.2): register windows, bus mastering, interrupts. It
// knows neither PCIe nor a hypervisor; what stands behind it is a medium and its store.
#pragma once

#include <cstdint>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/virtio/block_device.hpp>
#include <ahcisim/models/virtio/guest_memory.hpp>
#include <ahcisim/models/virtio/parameters.hpp>
#include <ahcisim/models/virtio/statistics.hpp>
#include <ahcisim/models/virtio/transport.hpp>
#include <ahcisim/tlm/interrupt.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::virtio {

class BlkFunction : public sc_core::sc_module {
 public:
  /// Throws kit::ConfigError for parameters that contradict, or a medium larger than its store. Everything passed must
  /// outlive the function; the medium is attached to it.
  BlkFunction(const sc_core::sc_module_name& name, kit::Context& context, const BlkParameters& parameters,
              disk::Medium& medium, disk::Store& store);

  /// I/O BAR 0: legacy header and device configuration, Transport::legacy_size bytes (4.1.4.8). An access of any size
  /// and alignment takes effect at sc_time_stamp() + delay; outside the window: TLM_ADDRESS_ERROR_RESPONSE.
  tlm_utils::simple_target_socket<BlkFunction> legacy;
  /// Memory BAR: the structures at the offsets of ModernLayout (4.1.4). Likewise.
  tlm_utils::simple_target_socket<BlkFunction> modern;
  /// Bus-master accesses; the address is the driver's physical one. Direct memory is used where it is offered.
  DmaSocket dma;
  /// Vectors as the driver assigns them with MSI-X, else vector 0 as the level of INTx.
  sc_core::sc_port<wire::InterruptIf> interrupt;

  /// A reset of the whole function (FLR, D3hot to D0), at the calendar's time.
  void reset() { transport_.reset(context_.calendar.now()); }
  /// Where the accounts of outstanding requests are found, by queue and head descriptor; the board has room for all of
  /// them. Null (the default) where nobody keeps any.
  void set_tag_board(wire::TagBoard* board) { device_.set_tag_board(board); }
  /// The disk has another size from now on, at most the medium's: the configuration generation moves on and the driver
  /// is told.
  void set_capacity(std::uint64_t sectors) { device_.set_capacity(sectors); }

  const BlkStatistics& statistics() const { return statistics_; }
  const Transport& transport() const { return transport_; }
  const BlockDevice& device() const { return device_; }
  /// The register table of the device configuration, for documentation.
  const kit::RegisterBank& configuration_bank() { return device_.configuration_bank(); }

 private:
  bool refused(::tlm::tlm_generic_payload& payload);
  void access_legacy(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  void access_modern(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  template <class Read, class Write>
  void access(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay, Read&& read, Write&& write);
  unsigned peek_legacy(::tlm::tlm_generic_payload& payload);
  unsigned peek_modern(::tlm::tlm_generic_payload& payload);
  void invalidate(sc_dt::uint64 first, sc_dt::uint64 last) { memory_.invalidate(first, last); }

  kit::Context& context_;
  BlkStatistics statistics_;
  const sc_core::sc_time register_access_;
  GuestMemory memory_;
  BlockDevice device_;
  Transport transport_;
};

}  // namespace ahcisim::virtio
