// SPDX-License-Identifier: MIT
// Every parameter of what an emulated machine has in place of hardware: guest, hypervisor, emulator, image file.
#pragma once

#include <memory>
#include <string>

#include <ahcisim/models/ahci/ahci_timing.hpp>
#include <ahcisim/models/disk/ata/parameters.hpp>
#include <ahcisim/models/host/ahci_parameters.hpp>
#include <ahcisim/models/host/cache/parameters.hpp>
#include <ahcisim/models/host/file/parameters.hpp>
#include <ahcisim/models/host/ide_parameters.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/host/virtio_parameters.hpp>
#include <ahcisim/models/host/vm/cache_mode.hpp>
#include <ahcisim/models/host/vm/exit_bus_parameters.hpp>
#include <ahcisim/models/host/vm/parameters.hpp>
#include <ahcisim/models/ide/pata_timing.hpp>
#include <ahcisim/models/kit/param.hpp>
#include <ahcisim/models/machine/configuration.hpp>
#include <ahcisim/models/pcie/endpoint_parameters.hpp>
#include <ahcisim/models/virtio/parameters.hpp>

namespace ahcisim::machine {

/// How the guest's programs do their I/O.
struct GuestParameters : kit::ParameterSet {
  kit::Choice io{*this, "io", "direct", {"direct", "buffered"}, kit::choice("O_DIRECT, as benchmarks of disks do"),
      "whether programs go around the guest's page cache"};
};

/// The image file behind the emulated disk.
struct ImageParameters : kit::ParameterSet {
  kit::Choice cache{*this, "cache", "writeback", {"writeback", "none", "writethrough", "directsync", "unsafe"},
      kit::choice("QEMU's default"), "the emulator's cache mode: write-back told to the guest, O_DIRECT, flushes ignored"};
  kit::Choice backing{*this, "backing", "drive", {"drive", "tmpfs", "instant"}, kit::choice("a file on the machine's drive"),
      "where the image lies: on the host's drive, in the host's memory, or nowhere (calls return at once)"};
  kit::Parameter<kit::Bytes> size{*this, "size", kit::Bytes{0}, kit::choice("0: 32 GiB, or what the drive has room for"),
      "size of the image, a multiple of 4 KiB", {{kit::Bytes{0}, kit::Bytes{std::int64_t{1} << 46}}}};
  /// The size where none is given.
  static constexpr std::int64_t usual_size = std::int64_t{32} << 30;
};

/// Which cost table the hypervisor's costs come from.
struct CostTable : kit::ParameterSet {
  kit::Choice costs{*this, "costs", "epyc-2020", host::cost_table_names(), kit::choice("a processor of today"),
      "table that gives the defaults of all vm.* times"};
};

/// The emulated machine's parameters; the interface is chosen before the others are set, since each has its own driver.
class EmulatedParameters {
 public:
  /// `interface`: "ahci", "ide" or "virtio_blk". Throws kit::ConfigError for an unknown cost table.
  EmulatedParameters(const std::string& interface, const std::string& costs);
  /// Puts all of it under "guest.…", "vm" and "image.…".
  void add_to(Configuration& configuration);
  /// What follows from the values that were set.
  void settle();

  GuestParameters guest;
  ImageParameters image;
  host::VmParameters vm;
  host::ExitBusParameters bus;
  host::MemoryParameters memory;
  pcie::EndpointParameters endpoint;
  host::CacheParameters guest_cache, host_cache;
  host::HostFileParameters file;
  host::MemoryFileParameters tmpfs;
  disk::AtaParameters ata;  ///< the emulated disk; virtio-blk has none

  struct Ahci {
    host::AhciDriverParameters driver;
    ahci::HbaParameters controller;
  };
  struct Ide {
    host::IdeDriverParameters driver;
    ide::IdeParameters controller;
  };
  struct Virtio {
    host::VirtioBlkDriverParameters driver;
    virtio::BlkParameters controller;
  };
  // One of them, by the interface.
  std::unique_ptr<Ahci> ahci;
  std::unique_ptr<Ide> ide;
  std::unique_ptr<Virtio> virtio_blk;
  /// What its driver has in common with the others.
  host::DriverParameters& driver();
};

}  // namespace ahcisim::machine
