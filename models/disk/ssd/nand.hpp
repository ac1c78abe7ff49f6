// SPDX-License-Identifier: MIT
// The time of flash operations: dies and the channels they share, each reserved ahead.
//
// Programs and erases of a die form a backlog. A read goes first: it waits for the reads before it, and for a program
// or erase in progress no longer than the suspend time; the backlog moves back by as much.
#pragma once

#include <array>
#include <vector>

#include <ahcisim/models/disk/ssd/geometry.hpp>
#include <ahcisim/models/disk/ssd/statistics.hpp>
#include <ahcisim/models/disk/ssd/timeline.hpp>

namespace ahcisim::disk::ssd {

class Nand {
 public:
  Nand(const SsdParameters& parameters, const Geometry& geometry, SsdStatistics& statistics);

  struct Done {
    kit::Duration start;  ///< the die began
    kit::Duration end;    ///< read: the data is in the controller; program, erase: the die has finished
  };
  /// Times are absolute. `now` is the time of the call, `earliest` not before it.
  Done read(std::uint32_t die, std::uint32_t slices, kit::Duration earliest, kit::Duration now);
  /// A read for the cleaning: joins the backlog.
  Done read_behind(std::uint32_t die, std::uint32_t slices, kit::Duration now);
  /// Programs `page` with data that is in the controller at `ready`.
  Done program(std::uint32_t die, std::uint32_t page, kit::Duration ready, kit::Duration now);
  Done erase(std::uint32_t die, kit::Duration now);

  /// When the die's backlog of programs and erases ends.
  kit::Duration backlog_end(std::uint32_t die) const { return dies_[die].backlog_end; }
  /// Whether a page's program has not finished at `time`: its data is still in the controller's memory.
  bool in_flight(std::uint32_t die, std::uint32_t page, kit::Duration time) const {
    const Die& d = dies_[die];
    if (d.backlog_end <= time) return false;
    for (const Program& program : d.programs)
      if (program.page == page) return time < program.end;
    return false;
  }

 private:
  struct Program {
    std::uint32_t page = none;
    kit::Duration end;
  };
  struct Die {
    kit::Duration reads_end, backlog_begin, backlog_end;
    std::uint32_t channel = 0, next_program = 0;
    std::array<Program, 8> programs;  // the last ones
  };
  kit::Duration transfer_time(std::uint32_t slices) const { return bus_overhead_ + transfer_[slices]; }
  /// Puts an operation of the die at the end of its backlog, not before `earliest`.
  Done join_backlog(Die& die, kit::Duration earliest, kit::Duration length, kit::Duration now);

  const kit::Duration t_read_, t_program_, t_erase_, t_suspend_, bus_overhead_;
  const std::uint32_t slots_;
  std::vector<kit::Duration> transfer_;  // by number of slices
  std::vector<Die> dies_;
  std::vector<Timeline> channels_;
  SsdStatistics& statistics_;
};

}  // namespace ahcisim::disk::ssd
