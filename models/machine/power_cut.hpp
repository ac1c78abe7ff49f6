// SPDX-License-Identifier: MIT
// Power cuts of a whole machine: a program that writes stamps, the ledger of the disk behind everything, and the verdict.
//
//     machine::PowerCutCheck check{context, machine.driver, *machine.medium(), machine.content(), options};
//     sc_core::sc_start();
//     const host::PowerCutVerdict verdict = check.verdict(10'000);   // verdict.holds(), verdict.first_breach …
//
// The program's disk and the disk that keeps the bytes need not be the same: under a hypervisor the one is an image file on the other,
// and a map tells where a sector of the image lies and which commits of the file system put it there. A cut finds a commit when its
// block, and those of all commits before, are safe on the disk: the ledger knows since when.
#pragma once

#include <cstdint>
#include <vector>

#include <ahcisim/models/disk/durable_ledger.hpp>
#include <ahcisim/models/host/power_cut/judge.hpp>
#include <ahcisim/models/host/power_cut/stamping_workload.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/machine/sector_map.hpp>

namespace ahcisim::machine {

/// What a power cut leaves of `sectors` sectors of the program's disk from `first` on, as their stamps tell. Without a map the
/// program's disk is the ledger's.
std::vector<host::DurableChange> durable_changes(const disk::DurableLedger& ledger, std::uint64_t first, std::uint64_t sectors,
                                                 const SectorMap& map = {});

class PowerCutCheck {
 public:
  /// Before the simulation starts, and before anything is written. `device` is the program's; medium and store are those of the
  /// disk that keeps the bytes. All must outlive the check. Ends the simulation when the program has finished.
  PowerCutCheck(kit::Context& context, host::BlockDevice& device, disk::Medium& medium, disk::Store& store,
                const host::StampingOptions& options, const disk::DurableLedger::Options& ledger_options = {});

  /// Cuts the power at `cuts` random instants from the program's first write to its last answer. Call it after the run.
  host::PowerCutVerdict verdict(std::uint64_t cuts, const SectorMap& map = {}) const;

  disk::DurableLedger ledger;
  host::StampingWorkload workload;
};

}  // namespace ahcisim::machine
