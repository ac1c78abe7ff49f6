// SPDX-License-Identifier: MIT
// The judge of power cuts: did the disk keep what the program had been promised? Plain C++, no simulation: it takes what the program
// saw (WriteHistory) and what was safe when (DurableChange), and sweeps over both in the order of time.
//
// Promised at a cut is:
//   * a write that was acknowledged as stable is there: forced unit access, a disk without volatile caches, or a write that was
//     acknowledged before a flush was submitted which has been acknowledged. "There" means that each of its sectors holds it or a
//     write that was not over when it began;
//   * order: where such a write is missing, no write is there that began after it was stable;
//   * no sector holds anything that was never written to it.
// Two writes that were under way at the same time may end up in either order; an instant that ends one and begins another is
// an order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ahcisim/models/host/power_cut/stamp.hpp>
#include <ahcisim/models/host/power_cut/write_history.hpp>

namespace ahcisim::host {

/// From `at` on a power cut leaves this in a sector.
struct DurableChange {
  kit::Duration at;
  std::uint64_t sector = 0;
  SectorContent content;
};

struct PowerCutVerdict {
  std::uint64_t cuts = 0;                    ///< instants examined
  std::uint64_t cuts_losing_stable = 0;      ///< … at which a write promised to be safe was missing
  std::uint64_t cuts_out_of_order = 0;       ///< … at which also a later write was there
  std::uint64_t cuts_with_foreign = 0;       ///< … at which a sector held what nobody wrote to it
  std::uint64_t cuts_with_any_breach = 0;    ///< … at which one of these was the case
  std::uint64_t cuts_losing_acknowledged = 0;///< … at which a write was missing that was acknowledged and not promised
  std::uint64_t lost_stable = 0;             ///< missing writes, summed over the cuts
  std::uint64_t lost_acknowledged = 0;       ///< likewise: allowed, the price of a volatile cache
  std::uint64_t most_lost_acknowledged = 0;  ///< … at a single cut
  std::string first_breach;                  ///< one line on the first broken promise; empty: none

  bool holds() const { return cuts_with_any_breach == 0; }
};

class PowerCutJudge {
 public:
  /// Takes changes in any order. Sectors count as blank until their first change.
  PowerCutJudge(const WriteHistory& history, const std::vector<DurableChange>& changes);

  /// Cost: n log n in changes, writes and cuts.
  PowerCutVerdict examine(std::vector<kit::Duration> cuts) const;
  /// `cuts` instants between two times, both included, drawn from a stream of random numbers of their own.
  PowerCutVerdict examine(std::uint64_t cuts, kit::Duration from, kit::Duration until, std::uint64_t seed) const;

 private:
  friend class PowerCutSweep;
  struct Write : WriteHistory::Write {
    kit::Duration stable_at = kit::Duration::never();
  };
  /// The writes of one sector, in the order in which they began: indices of writes_.
  struct Sector {
    std::uint64_t number = 0;
    std::vector<std::uint32_t> writes;
  };
  struct Step {
    kit::Duration at;
    std::uint32_t sector;   ///< index of sectors_
    std::uint32_t write;    ///< index of writes_, or one of these:
    static constexpr std::uint32_t blank = ~0u, foreign = ~0u - 1;
  };
  static void promise(std::vector<Write>& writes, const std::vector<WriteHistory::Flush>& flushes);
  void find_sectors(const std::vector<DurableChange>& changes);
  void add_step(const DurableChange& change);

  std::vector<Write> writes_;
  std::vector<Sector> sectors_;   // by number
  std::vector<Step> steps_;       // in the order of time
  std::vector<std::pair<kit::Duration, std::uint32_t>> acknowledged_, stable_;  // when, which write; in the order of time
};

}  // namespace ahcisim::host
