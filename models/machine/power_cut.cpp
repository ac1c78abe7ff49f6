// SPDX-License-Identifier: MIT
// From the disk's ledger to the judge's view of the program's disk.
#include <ahcisim/models/machine/power_cut.hpp>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

namespace ahcisim::machine {

namespace {

/// A sector that is kept at another's place, as time goes by: what lies at the place, and whether a cut leaves it.
class Kept {
 public:
  Kept(std::uint64_t sector, std::vector<kit::Duration> changes) : sector_{sector}, changes_{std::move(changes)} {}
  std::uint64_t sector() const { return sector_; }
  /// What the map has changed until `at`.
  void pass(kit::Duration at, std::vector<host::DurableChange>& to) {
    for (; next_ < changes_.size() && changes_[next_] <= at; ++next_) {
      there_ = !there_;
      to.push_back({changes_[next_], sector_, there_ ? content_ : host::SectorContent{}});
    }
  }
  /// The place has new content.
  void hold(kit::Duration at, const host::SectorContent& content, std::vector<host::DurableChange>& to) {
    pass(at, to);
    content_ = content;
    if (there_) to.push_back({at, sector_, content});
  }

 private:
  std::uint64_t sector_;
  std::vector<kit::Duration> changes_;
  std::size_t next_ = 0;
  bool there_ = false;
  host::SectorContent content_;
};

/// Since when each commit has been in force; never() where it is not in the end. Entry 0 is the beginning.
std::vector<kit::Duration> in_force(const std::vector<disk::DurableLedger::Change>& timeline, const std::vector<MapCommit>& commits) {
  std::unordered_map<std::uint64_t, std::vector<kit::Duration>> safe;  // when each of their sectors became safe
  for (const MapCommit& commit : commits)
    for (std::uint32_t i = 0; i < commit.sectors; ++i) safe.try_emplace(commit.sector + i);
  for (const disk::DurableLedger::Change& change : timeline)
    if (const auto found = safe.find(change.lba); found != safe.end()) found->second.push_back(change.at);
  std::vector<kit::Duration> since{kit::Duration{}};
  for (const MapCommit& commit : commits) {
    kit::Duration at = since.back();
    for (std::uint32_t i = 0; i < commit.sectors; ++i) {
      const std::vector<kit::Duration>& times = safe.at(commit.sector + i);
      const auto first = std::lower_bound(times.begin(), times.end(), commit.since);
      at = first == times.end() ? kit::Duration::never() : kit::max(at, *first);
    }
    since.push_back(at);
  }
  return since;
}

/// The sectors that are kept, by those of the ledger's disk.
std::unordered_map<std::uint64_t, Kept> kept_sectors(const std::vector<disk::DurableLedger::Change>& timeline, std::uint64_t first,
                                                     std::uint64_t sectors, const SectorMap& map) {
  const std::vector<kit::Duration> since = in_force(timeline, map.commits ? map.commits() : std::vector<MapCommit>{});
  std::unordered_map<std::uint64_t, Kept> kept;
  for (std::uint64_t sector = first; sector - first < sectors; ++sector) {
    const std::optional<SectorPlace> place = map.place(sector);
    if (!place) continue;
    std::vector<kit::Duration> changes;
    for (const std::uint64_t commit : place->commits) changes.push_back(since.at(commit));
    kept.emplace(place->sector, Kept{sector, std::move(changes)});
  }
  return kept;
}

}  // namespace

std::vector<host::DurableChange> durable_changes(const disk::DurableLedger& ledger, std::uint64_t first, std::uint64_t sectors,
                                                 const SectorMap& map) {
  const std::vector<disk::DurableLedger::Change> timeline = ledger.timeline();
  std::unordered_map<std::uint64_t, Kept> kept;
  if (map) kept = kept_sectors(timeline, first, sectors, map);
  std::vector<host::DurableChange> changes;
  for (const disk::DurableLedger::Change& change : timeline) {
    // What the disk held before the program ran is blank to the judge.
    const auto content = [&change](std::uint64_t sector) {
      return change.version == 0 ? host::SectorContent{} : host::read_stamp(change.bytes, sector);
    };
    if (!map) {
      if (change.lba - first < sectors) changes.push_back({change.at, change.lba, content(change.lba)});
    } else if (const auto found = kept.find(change.lba); found != kept.end()) {
      found->second.hold(change.at, content(found->second.sector()), changes);
    }
  }
  for (auto& [place, sector] : kept) sector.pass(kit::Duration::never() - kit::Duration::from_ps(1), changes);
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
