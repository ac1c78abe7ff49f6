// SPDX-License-Identifier: MIT
// The sweep over a run: which writes are missing at each cut.
#include <ahcisim/models/host/power_cut/judge.hpp>

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <ahcisim/models/kit/random.hpp>

namespace ahcisim::host {

using kit::Duration;

PowerCutJudge::PowerCutJudge(const WriteHistory& history, const std::vector<DurableChange>& changes) {
  for (const WriteHistory::Write& write : history.writes()) writes_.push_back({write, Duration::never()});
  promise(writes_, history.flushes());
  find_sectors(changes);
  for (std::uint32_t i = 0; i < writes_.size(); ++i) {
    if (writes_[i].acknowledged != Duration::never()) acknowledged_.emplace_back(writes_[i].acknowledged, i);
    if (writes_[i].stable_at != Duration::never()) stable_.emplace_back(writes_[i].stable_at, i);
  }
  std::sort(acknowledged_.begin(), acknowledged_.end());
  std::sort(stable_.begin(), stable_.end());

  for (const DurableChange& change : changes) add_step(change);
  std::stable_sort(steps_.begin(), steps_.end(), [](const Step& a, const Step& b) { return a.at < b.at; });
}

void PowerCutJudge::add_step(const DurableChange& change) {
  const auto sector = std::lower_bound(sectors_.begin(), sectors_.end(), change.sector,
                                       [](const Sector& one, std::uint64_t number) { return one.number < number; });
  if (sector == sectors_.end() || sector->number != change.sector) return;
  std::uint32_t write = Step::blank;
  if (change.content.kind == SectorContent::Kind::stamped) {
    const std::uint64_t version = change.content.version;
    write = Step::foreign;
    if (version != 0 && version <= writes_.size()) {
      const Write& one = writes_[version - 1];
      if (change.sector - one.lba < one.sectors && one.submitted <= change.at) write = static_cast<std::uint32_t>(version - 1);
    }
  } else if (change.content.kind == SectorContent::Kind::foreign) {
    write = Step::foreign;
  }
  steps_.push_back({change.at, static_cast<std::uint32_t>(sector - sectors_.begin()), write});
}

/// When each write was promised to be safe.
void PowerCutJudge::promise(std::vector<Write>& writes, const std::vector<WriteHistory::Flush>& flushes) {
  std::vector<WriteHistory::Flush> order{flushes};
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.submitted < b.submitted; });
  for (std::size_t i = order.size(); i-- > 1;)  // the first to end of those that began no earlier
    order[i - 1].acknowledged = min(order[i - 1].acknowledged, order[i].acknowledged);
  for (Write& write : writes) {
    if (write.acknowledged == Duration::never()) continue;
    const auto flush = std::lower_bound(order.begin(), order.end(), write.acknowledged,
                                        [](const WriteHistory::Flush& one, Duration at) { return one.submitted < at; });
    if (flush != order.end()) write.stable_at = flush->acknowledged;
    if (write.stable) write.stable_at = min(write.stable_at, write.acknowledged);
  }
}

/// All sectors that a write names, and those that hold a stamp without it. Others may hold anything.
void PowerCutJudge::find_sectors(const std::vector<DurableChange>& changes) {
  constexpr std::uint32_t none = ~0u;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> pairs;
  std::vector<std::uint32_t> order(writes_.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) { return writes_[a].submitted < writes_[b].submitted; });
  for (const std::uint32_t write : order)
    for (std::uint32_t i = 0; i < writes_[write].sectors; ++i) pairs.emplace_back(writes_[write].lba + i, write);
  for (const DurableChange& change : changes)
    if (change.content.kind == SectorContent::Kind::stamped) pairs.emplace_back(change.sector, none);
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [number, write] : pairs) {
    if (sectors_.empty() || sectors_.back().number != number) sectors_.push_back({number, {}});
    if (write != none) sectors_.back().writes.push_back(write);
  }
}

/// The state at one instant, moved forward.
class PowerCutSweep {
 public:
  explicit PowerCutSweep(const PowerCutJudge& judge)
      : judge_{judge}, missing_(judge.writes_.size()), standing_(judge.writes_.size(), Standing::open), there_(judge.sectors_.size(), 0),
        holds_(judge.sectors_.size(), PowerCutJudge::Step::blank) {
    for (std::size_t i = 0; i < missing_.size(); ++i) missing_[i] = judge.writes_[i].sectors;
  }

  void move_to(Duration at) {
    for (; step_ != judge_.steps_.size() && judge_.steps_[step_].at <= at; ++step_) change(judge_.steps_[step_]);
    for (; acknowledged_ != judge_.acknowledged_.size() && judge_.acknowledged_[acknowledged_].first <= at; ++acknowledged_)
      advance(judge_.acknowledged_[acknowledged_].second, Standing::acknowledged);
    for (; stable_ != judge_.stable_.size() && judge_.stable_[stable_].first <= at; ++stable_)
      advance(judge_.stable_[stable_].second, Standing::stable);
  }

  void examine(Duration at, PowerCutVerdict& verdict) const {
    ++verdict.cuts;
    verdict.cuts_losing_stable += !lost_stable_.empty();
    verdict.cuts_with_foreign += foreign_ != 0;
    const bool breached = !lost_stable_.empty() || foreign_ != 0;  // what is out of order is lost, too
    verdict.cuts_with_any_breach += breached;
    verdict.cuts_losing_acknowledged += lost_acknowledged_ != 0;
    verdict.lost_stable += lost_stable_.size();
    verdict.lost_acknowledged += lost_acknowledged_;
    verdict.most_lost_acknowledged = std::max(verdict.most_lost_acknowledged, lost_acknowledged_);
    verdict.cuts_out_of_order += !lost_stable_.empty() && latest_there_ >= lost_stable_.begin()->first;
    if (verdict.first_breach.empty() && breached) verdict.first_breach = breach(at);
  }

 private:
  using Step = PowerCutJudge::Step;
  enum class Standing : std::uint8_t { open, acknowledged, stable };

  void change(const Step& step) {
    const PowerCutJudge::Sector& sector = judge_.sectors_[step.sector];
    foreign_ += (step.write == Step::foreign) - (holds_[step.sector] == Step::foreign);
    holds_[step.sector] = step.write;
    // Writes of the sector that began once the one it holds was over are missing here.
    std::size_t there = 0;
    if (step.write < Step::foreign) {
      const PowerCutJudge::Write& held = judge_.writes_[step.write];
      latest_there_ = max(latest_there_, held.submitted);
      const auto began_before = [this](std::uint32_t write, std::pair<Duration, std::uint32_t> at) {
        return std::make_pair(judge_.writes_[write].submitted, write) < at;
      };
      const auto place = std::lower_bound(sector.writes.begin(), sector.writes.end(), std::make_pair(held.submitted, step.write), began_before);
      const auto later = std::lower_bound(place + 1, sector.writes.end(), std::make_pair(held.over, std::uint32_t{0}), began_before);
      there = static_cast<std::size_t>(later - sector.writes.begin());
    }
    std::uint32_t& before = there_[step.sector];
    for (; before < there; ++before)
      if (--missing_[sector.writes[before]] == 0) count(sector.writes[before], -1);
    for (; before > there; --before)
      if (missing_[sector.writes[before - 1]]++ == 0) count(sector.writes[before - 1], 1);
  }

  void advance(std::uint32_t write, Standing to) {
    if (missing_[write] != 0) count(write, -1);
    standing_[write] = std::max(standing_[write], to);
    if (missing_[write] != 0) count(write, 1);
  }

  /// A missing write comes (+1) or goes (-1).
  void count(std::uint32_t write, int by) {
    if (standing_[write] == Standing::acknowledged) lost_acknowledged_ += static_cast<std::uint64_t>(by);
    if (standing_[write] != Standing::stable) return;
    const std::pair<Duration, std::uint32_t> entry{judge_.writes_[write].stable_at, write};
    if (by > 0) lost_stable_.insert(entry); else lost_stable_.erase(entry);
  }

  std::string breach(Duration at) const {
    if (lost_stable_.empty()) {
      const auto sector = std::find(holds_.begin(), holds_.end(), Step::foreign) - holds_.begin();
      return fmt::format("cut at {:.6f} ms: sector {} holds what was never written to it", at.ms(), judge_.sectors_[static_cast<std::size_t>(sector)].number);
    }
    const std::uint32_t lost = lost_stable_.begin()->second;
    const PowerCutJudge::Write& write = judge_.writes_[lost];
    std::string text = fmt::format("cut at {:.6f} ms: write {} (sectors {} to {}, acknowledged at {:.6f} ms, promised at {:.6f} ms) is missing", at.ms(),
                                   lost + 1, write.lba, write.lba + write.sectors - 1, write.acknowledged.ms(), write.stable_at.ms());
    for (std::size_t i = 0; i < judge_.sectors_.size(); ++i) {
      const PowerCutJudge::Sector& sector = judge_.sectors_[i];
      const auto place = std::find(sector.writes.begin(), sector.writes.end(), lost);
      if (place == sector.writes.end() || static_cast<std::size_t>(place - sector.writes.begin()) < there_[i]) continue;
      if (holds_[i] < Step::foreign) return text + fmt::format("; sector {} holds write {}", sector.number, holds_[i] + 1);
      return text + fmt::format("; sector {} holds {}", sector.number, holds_[i] == Step::blank ? "zeros" : "what was never written to it");
    }
    return text;
  }

  const PowerCutJudge& judge_;
  std::size_t step_ = 0, acknowledged_ = 0, stable_ = 0;
  std::vector<std::uint32_t> missing_;      // by write: its sectors that hold something older
  std::vector<Standing> standing_;          // by write
  std::vector<std::uint32_t> there_;        // by sector: how many of its writes are not missing, which are its first
  std::vector<std::uint32_t> holds_;        // by sector: a write, or Step::blank, Step::foreign
  std::set<std::pair<Duration, std::uint32_t>> lost_stable_;  // since when promised, which write
  std::uint64_t lost_acknowledged_ = 0;
  std::int64_t foreign_ = 0;                // sectors
  Duration latest_there_ = Duration::from_ps(-1);             // when the latest write began that has come to the medium
};

PowerCutVerdict PowerCutJudge::examine(std::vector<Duration> cuts) const {
  std::sort(cuts.begin(), cuts.end());
  PowerCutVerdict verdict;
  PowerCutSweep sweep{*this};
  for (const Duration cut : cuts) {
    sweep.move_to(cut);
    sweep.examine(cut, verdict);
  }
  return verdict;
}

PowerCutVerdict PowerCutJudge::examine(std::uint64_t cuts, Duration from, Duration until, std::uint64_t seed) const {
  kit::Random random{seed, "power cuts"};
  std::vector<Duration> times;
  for (std::uint64_t i = 0; i < cuts; ++i)
    times.push_back(Duration::from_ps(static_cast<std::int64_t>(random.between(static_cast<std::uint64_t>(from.ps()), static_cast<std::uint64_t>(until.ps())))));
  return examine(std::move(times));
}

}  // namespace ahcisim::host
