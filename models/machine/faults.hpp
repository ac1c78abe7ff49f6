// SPDX-License-Identifier: MIT
// Faults of a machine's disk at the places that its configuration names.
#pragma once

#include <vector>

#include <ahcisim/models/disk/ata_device.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/kit/stat.hpp>
#include <ahcisim/models/machine/fault_parameters.hpp>
#include <ahcisim/models/sata/link.hpp>

namespace ahcisim::machine {

class Faults final : disk::TransferGate {
 public:
  /// `link`: the drive's; null where there is none, and faults of a link must not have been asked for. All must outlive the faults.
  /// Throws kit::ConfigError where a place is none.
  Faults(kit::Context& context, const FaultParameters& parameters, disk::AtaDevice& drive, sata::Link* link);
  Faults(const Faults&) = delete;

 private:
  bool opens(const disk::LbaRange& sectors, bool writes) override;
  void damage(const disk::LbaRange& sectors, bool writes);

  kit::Calendar& calendar_;
  const FaultParameters& parameters_;
  sata::Link* link_;
  std::vector<disk::LbaRange> hung_, lost_link_, damaged_;  // those still to be met
};

}  // namespace ahcisim::machine
