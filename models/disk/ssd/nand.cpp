// SPDX-License-Identifier: MIT
// The time of flash operations.
#include <ahcisim/models/disk/ssd/nand.hpp>

namespace ahcisim::disk::ssd {

using kit::Duration;

Nand::Nand(const SsdParameters& p, const Geometry& g, SsdStatistics& statistics)
    : t_read_{p.t_read()}, t_program_{p.t_program()}, t_erase_{p.t_erase()}, t_suspend_{p.t_suspend()},
      bus_overhead_{p.bus_overhead()}, slots_{g.slots}, dies_(g.dies), channels_(g.channels), statistics_{statistics} {
  for (std::uint32_t slices = 0; slices <= g.slots; ++slices)
    transfer_.push_back(p.bus_rate().time_for(std::int64_t{slices} * slice_bytes));
  for (std::uint32_t die = 0; die < g.dies; ++die) dies_[die].channel = die % g.channels;
}

Nand::Done Nand::read(std::uint32_t index, std::uint32_t slices, Duration earliest, Duration now) {
  Die& die = dies_[index];
  const Duration length = transfer_time(slices);
  Duration start = max(earliest, die.reads_end);
  const bool interrupts = die.backlog_begin < start + t_read_ && start < die.backlog_end;
  // Behind another read the program is suspended already.
  if (interrupts && start != die.reads_end) start = min(die.backlog_end, start + t_suspend_);
  const Duration sent = channels_[die.channel].reserve(start + t_read_, length, now);
  const Done done{start, sent + length};
  // The page register holds the data until it is sent.
  die.reads_end = done.end;
  if (interrupts && start < die.backlog_end) die.backlog_end += done.end - start;
  statistics_.pages_read.add();
  statistics_.channels_busy.add(length);
  return done;
}

Nand::Done Nand::join_backlog(Die& die, Duration earliest, Duration length, Duration now) {
  const Duration start = max(earliest, max(die.backlog_end, die.reads_end));
  if (die.backlog_end <= now) die.backlog_begin = start;
  die.backlog_end = start + length;
  return {start, die.backlog_end};
}

Nand::Done Nand::read_behind(std::uint32_t index, std::uint32_t slices, Duration now) {
  Die& die = dies_[index];
  const Duration length = transfer_time(slices);
  const Duration start = max(now, max(die.backlog_end, die.reads_end));
  const Duration sent = channels_[die.channel].reserve(start + t_read_, length, now);
  statistics_.gc_pages_read.add();
  statistics_.channels_busy.add(length);
  return join_backlog(die, start, sent + length - start, now);
}

Nand::Done Nand::program(std::uint32_t index, std::uint32_t page, Duration ready, Duration now) {
  Die& die = dies_[index];
  const Duration length = transfer_time(slots_);
  const Duration sent = channels_[die.channel].reserve(max(ready, max(die.backlog_end, die.reads_end)), length, now);
  const Done done = join_backlog(die, sent, length + t_program_, now);
  die.programs[die.next_program] = {page, done.end};
  die.next_program = (die.next_program + 1) % die.programs.size();
  statistics_.pages_programmed.add();
  statistics_.channels_busy.add(length);
  return done;
}

Nand::Done Nand::erase(std::uint32_t index, Duration now) {
  statistics_.erases.add();
  return join_backlog(dies_[index], now, t_erase_, now);
}

}  // namespace ahcisim::disk::ssd
