// SPDX-License-Identifier: MIT
// Binding of the three interfaces to the exit bus and the image.
#include <ahcisim/models/machine/guest_disk.hpp>

#include <ahcisim/models/ahci/hba.hpp>
#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/host/ahci_driver.hpp>
#include <ahcisim/models/host/ide_driver.hpp>
#include <ahcisim/models/host/virtio_blk_driver.hpp>
#include <ahcisim/models/host/vm/direct_wire.hpp>
#include <ahcisim/models/ide/controller.hpp>
#include <ahcisim/models/machine/binding.hpp>
#include <ahcisim/models/machine/functions.hpp>
#include <ahcisim/models/machine/virtio_function.hpp>
#include <ahcisim/models/pcie/endpoint.hpp>
#include <ahcisim/models/virtio/blk_function.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::machine {
namespace {

/// A driver on the exit bus, and the function's end of it.
template <class Driver> class Front : public GuestDisk {
 public:
  host::BlockDevice& driver() override { return driver_; }
  void begin() override { driver_.begin_bring_up(); }
  host::Processor& processor() override { return driver_.processor(); }

 protected:
  template <class DriverParameters>
  Front(const GuestSurroundings& around, const DriverParameters& parameters, const pcie::FunctionDescription& function,
        wire::TagBoard board = wire::TagBoard{})
      : tags_{std::move(board)}, driver_{"driver", around.context, parameters, around.memory, &tags_},
        endpoint_{"endpoint", around.context, around.parameters.endpoint, function} {
    driver_.hold_bring_up();
    bind_driver(driver_, around.bus);
    around.bus.link.bind(endpoint_.link);
    around.bus.attach(driver_.processor());
  }
  wire::TagBoard tags_;
  Driver driver_;
  pcie::Endpoint endpoint_;
};

class AhciDisk final : public Front<host::AhciDriver> {
 public:
  explicit AhciDisk(const GuestSurroundings& around)
      : Front{around, around.parameters.ahci->driver, ahci_function(around.parameters.ahci->controller)},
        hba_{"ahci", around.context, around.parameters.ahci->controller}, wire_{"wire", around.context},
        disk_{"disk", around.context, around.parameters.ata, around.image, around.content} {
    bind_ahci(endpoint_, hba_);
    hba_.ports[0].bind(wire_.host);
    wire_.device.bind(disk_.link);
    hba_.set_tag_board(&tags_);
  }

 private:
  ahci::Hba hba_;
  host::DirectWire wire_;
  disk::AtaDevice disk_;
};

class IdeDisk final : public Front<host::IdeDriver> {
 public:
  explicit IdeDisk(const GuestSurroundings& around)
      : Front{around, around.parameters.ide->driver, ide_function()}, controller_{"ide", around.context, around.parameters.ide->controller},
        disk_{"disk", around.context, around.parameters.ata, around.image, around.content} {
    bind_ide(endpoint_, controller_);
    controller_.interrupt.bind(around.bus.isa);
    controller_.devices[0].bind(disk_.link);
    controller_.set_tag_board(&tags_);
  }

 private:
  ide::Controller controller_;
  disk::AtaDevice disk_;
};

class VirtioDisk final : public Front<host::VirtioBlkDriver> {
 public:
  explicit VirtioDisk(const GuestSurroundings& around)
      : Front{around, around.parameters.virtio_blk->driver, virtio_blk_function(around.parameters.virtio_blk->controller),
              wire::TagBoard{16, 1024}},
        function_{"virtio_blk", around.context, around.parameters.virtio_blk->controller, around.image, around.content} {
    endpoint_.bar[virtio_bar::legacy].bind(function_.legacy);
    endpoint_.bar[virtio_bar::modern].bind(function_.modern);
    function_.dma.bind(endpoint_.dma);
    function_.interrupt.bind(endpoint_.interrupt);
    endpoint_.on_function_reset([this] { function_.reset(); });
    function_.set_tag_board(&tags_);
    // The kernel turns notifications into the signal of an eventfd (VIRTIO 1.1, 4.1.4.8 and 4.1.4.4).
    around.bus.add_ioeventfd(virtio_bar::legacy, legacy_queue_notify, 2, 2);
    around.bus.add_ioeventfd(virtio_bar::modern, virtio::ModernLayout::notify, virtio::ModernLayout::size - virtio::ModernLayout::notify);
  }

 private:
  static constexpr std::uint64_t legacy_queue_notify = 16;
  virtio::BlkFunction function_;
};

}  // namespace

std::unique_ptr<GuestDisk> make_guest_disk(const GuestSurroundings& around) {
  if (around.parameters.ide) return std::make_unique<IdeDisk>(around);
  if (around.parameters.virtio_blk) return std::make_unique<VirtioDisk>(around);
  return std::make_unique<AhciDisk>(around);
}

}  // namespace ahcisim::machine
