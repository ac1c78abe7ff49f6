// SPDX-License-Identifier: MIT
// From the disk's ledger to the judge's view of the program's disk.
#include <ahcisim/models/machine/power_cut.hpp>

#include <unordered_map>

namespace ahcisim::machine {

std::vector<host::DurableChange> durable_changes(const disk::DurableLedger& ledger, std::uint64_t first, std::uint64_t sectors,
                                                 const SectorMap& map) {
  struct Origin {
    std::uint64_t sector;
    kit::Duration since;
  };
  std::unordered_map<std::uint64_t, Origin> origins;  // by sector of the ledger's disk
  if (map)
    for (std::uint64_t sector = first; sector - first < sectors; ++sector)
      if (const std::optional<SectorPlace> place = map(sector); place && place->since != kit::Duration::never())
        origins.emplace(place->sector, Origin{sector, place->since});
  std::vector<host::DurableChange> changes;
  for (const disk::DurableLedger::Change& change : ledger.timeline()) {
    Origin origin{change.lba, change.at};
    if (map) {
      const auto found = origins.find(change.lba);
      if (found == origins.end()) continue;
      origin = found->second;
    } else if (change.lba - first >= sectors) {
      continue;
    }
    // What the disk held before the program ran is blank to the judge.
    const host::SectorContent content = change.version == 0 ? host::SectorContent{} : host::read_stamp(change.bytes, origin.sector);
    changes.push_back({kit::max(change.at, origin.since), origin.sector, content});
  }
  return changes;
}

PowerCutCheck::PowerCutCheck(kit::Context& context, host::BlockDevice& device, disk::Medium& medium, disk::Store& store,
                             const host::StampingOptions& options, const disk::DurableLedger::Options& ledger_options)
    : ledger{medium, store, ledger_options}, workload{context.calendar, device, options} {
  workload.set_stop_when_finished(true);
}

host::PowerCutVerdict PowerCutCheck::verdict(std::uint64_t cuts, const SectorMap& map) const {
  const host::StampingOptions& options = workload.options();
  const host::PowerCutJudge judge{workload.history(), durable_changes(ledger, options.first_lba, options.region_sectors, map)};
  return judge.examine(cuts, kit::max(workload.started_at(), ledger.horizon()), workload.finished_at(), options.seed);
}

}  // namespace ahcisim::machine
