// SPDX-License-Identifier: MIT
// A served AHCI function with a small disk, put together from its blocks: what the fuzzer needs and no more, which is quick to build.
#pragma once

#include <string>

#include <ahcisim/models/ahci/hba.hpp>
#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/machine/functions.hpp>
#include <ahcisim/models/pcie/endpoint.hpp>
#include <ahcisim/models/pcie/link.hpp>
#include <ahcisim/models/sata/link.hpp>
#include <ahcisim/models/vfio_user/host_bridge.hpp>
#include <ahcisim/models/vfio_user/kernel.hpp>
#include <ahcisim/models/vfio_user/loop.hpp>
#include <ahcisim/models/vfio_user/server.hpp>

namespace ahcisim::fuzz {

class ServedDisk {
 public:
  /// Where the server listens.
  static std::string& socket();

  ServedDisk() {
    bridge_.link.bind(pcie_link_.upstream);
    pcie_link_.downstream.bind(endpoint_.link);
    endpoint_.bar[5].bind(hba_.registers);
    endpoint_.bar[4].bind(hba_.index_data);
    hba_.dma.bind(endpoint_.dma);
    hba_.interrupt.bind(endpoint_.interrupt);
    endpoint_.on_function_reset([this] { hba_.reset(); });
    hba_.ports[0].bind(sata_link_.host);
    sata_link_.device.bind(drive_.link);
    kernel_.start();
    for (unsigned i = 0; i < 100; ++i) kernel_.advance();  // the drive has sent its signature
  }
  /// Clients that come and go, and their messages.
  void serve() {
    loop_.io().restart();
    loop_.io().poll();
    while (loop_.pump_all()) {}
  }
  /// A slice of simulated time.
  void run() {
    kernel_.advance();
    static_cast<void>(loop_.pump_all());
  }

 private:
  static disk::MediumFacts facts() {
    disk::MediumFacts facts;
    facts.sectors = 4096;
    facts.trim = true;
    return facts;
  }
  kit::Context context_;
  ahci::HbaParameters hba_parameters_;
  pcie::EndpointParameters endpoint_parameters_;
  pcie::LinkParameters pcie_parameters_;
  sata::LinkParameters sata_parameters_;
  disk::AtaParameters ata_parameters_;
  disk::InstantMedium medium_{facts()};
  disk::SparseStore store_{facts().sectors};
  pcie::Link pcie_link_{"pcie_link", context_, pcie_parameters_};
  pcie::Endpoint endpoint_{"endpoint", context_, endpoint_parameters_, machine::ahci_function(hba_parameters_)};
  ahci::Hba hba_{"ahci", context_, hba_parameters_};
  sata::Link sata_link_{"sata_link", context_, sata_parameters_};
  disk::AtaDevice drive_{"disk", context_, ata_parameters_, medium_, store_};
  vfio_user::HostBridge bridge_{"bridge", context_, endpoint_, vfio_user::HostTimes{}};
  vfio_user::Kernel kernel_{context_.calendar, vfio_user::Kernel::Time::free};
  vfio_user::Loop loop_{kernel_};
  vfio_user::Server server_{loop_, socket(), bridge_};
};

}  // namespace ahcisim::fuzz
