// SPDX-License-Identifier: MIT
// The bus master of one channel: its three registers and the walk through the PRD table (Bus Master IDE 1.0).
#pragma once

#include <cstdint>
#include <string>

#include <ahcisim/models/ide/dma_engine.hpp>
#include <ahcisim/models/ide/pata_timing.hpp>
#include <ahcisim/models/ide/registers.hpp>
#include <ahcisim/models/kit/context.hpp>

namespace ahcisim::ide {

/// PRDs are fetched one at a time, the next while the present region is used. An entry's count of 0 is 64 KiB; a region
/// or table that crosses 64 KiB wraps within it, as the counters of such a controller have 16 bits.
class BusMaster {
 public:
  BusMaster(unsigned channel, std::string place, kit::Context& context, IdeStatistics& statistics, DmaEngine& engine,
            kit::RegisterBank& bank);

  BusMasterRegisters registers;

  /// How far a transfer came.
  struct Moved {
    std::uint32_t bytes;       ///< 0 where no region is left or memory cannot be accessed
    kit::Duration cable_end;   ///< the last word has passed the cable
    kit::Duration memory_end;  ///< … and is in memory, or came from there
  };
  /// Whether it was started and has regions left, in the direction asked for.
  bool runs(bool to_memory) const { return running_ && !ended_ && (registers.command.RWCON != 0) == to_memory; }
  /// … in the other one.
  bool runs_against(bool to_memory) const { return runs(!to_memory); }
  /// Moves bytes that pass the cable from `earliest` on, one 16-bit word every `word`.
  Moved to_memory(const std::uint8_t* from, std::uint32_t bytes, kit::Duration earliest, const DmaPace& pace);
  Moved from_memory(std::uint8_t* to, std::uint32_t bytes, kit::Duration earliest, const DmaPace& pace);
  /// When all that was moved to memory is there: no interrupt may be seen before (Bus Master IDE 1.0, Data
  /// Synchronization).
  kit::Duration drained() const { return drained_; }

  void start(kit::Duration when);
  void stop();
  /// Brings BMIS up to date for an access at `when`.
  void update(kit::Duration when);
  /// INTRQ has risen.
  void interrupt() { registers.status.INT = 1; }
  /// A reset of the function; the registers are the bank's to reset.
  void reset();

 private:
  bool region(kit::Duration& usable);
  std::uint32_t piece(std::uint32_t most) const;
  void advance(std::uint32_t bytes, kit::Duration end);
  void fail(kit::Duration when);
  void diagnose(const char* rule, kit::Duration when) { context_.diagnostics.report(place_, rule, when); }

  const std::string place_;
  kit::Context& context_;
  IdeStatistics& statistics_;
  DmaEngine& engine_;
  bool running_ = false;
  bool ended_ = false;  // the last region is used up, or memory failed, …
  bool failed_ = false;
  kit::Duration ends_at_;                 // … at this time
  bool last_ = false;                     // the present region is the table's last
  std::uint32_t table_ = 0;               // the next PRD
  std::uint32_t address_ = 0, left_ = 0;  // the present region
  kit::Duration fetch_at_;                // when the next PRD can be asked for
  kit::Duration drained_;
};

}  // namespace ahcisim::ide
