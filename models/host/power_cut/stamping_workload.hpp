// SPDX-License-Identifier: MIT
// A program that writes stamps and remembers what it was promised, on any block device: the load for the judge of power cuts.
//
// Writes of mixed sizes overlap each other in a small region, several outstanding; after every so many comes a flush. Every
// second flush is a barrier, as fsync() is to a program: nothing is written until it has returned.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/host/power_cut/write_history.hpp>
#include <ahcisim/models/kit/calendar.hpp>
#include <ahcisim/models/kit/random.hpp>

namespace ahcisim::host {

struct StampingOptions {
  std::uint64_t first_lba = 0;
  std::uint64_t region_sectors = 4096;   ///< at least most_sectors; small, so that writes overlap
  std::uint64_t alignment = 1;           ///< sectors: 8 for a program that writes pages
  std::uint64_t writes = 2000;
  std::uint32_t most_sectors = 64;       ///< of a write: 1 to this many, small ones more often
  unsigned depth = 8;                    ///< writes outstanding
  unsigned flush_every = 16;             ///< writes between flushes; 0: none
  unsigned fua_percent = 0;              ///< writes with forced unit access
  kit::Duration longest_pause;           ///< between an answer and the next write; drawn evenly from 0
  /// Every write is promised to be safe when it is acknowledged: a disk without volatile caches, or with write-through.
  bool stable_when_acknowledged = false;
  std::uint64_t seed = 1;
};

class StampingWorkload final : private RequestOwner, private DeviceListener {
 public:
  /// Begins when the device is ready. Throws kit::ConfigError where the options contradict each other.
  StampingWorkload(kit::Calendar& calendar, BlockDevice& device, const StampingOptions& options);
  StampingWorkload(const StampingWorkload&) = delete;
  StampingWorkload& operator=(const StampingWorkload&) = delete;

  /// Ends the simulation (Calendar::stop()) when the last request has been answered.
  void set_stop_when_finished(bool on) { stop_when_finished_ = on; }
  bool finished() const { return finished_; }
  const WriteHistory& history() const { return history_; }
  const StampingOptions& options() const { return options_; }
  kit::Duration started_at() const { return started_; }
  kit::Duration finished_at() const { return last_answer_; }
  /// Requests that ended with an error.
  std::uint64_t errors() const { return errors_; }
  /// Empty, or why the device never was ready or was given up.
  const std::string& failure() const { return failure_; }

 private:
  struct Slot {
    Request request;
    std::uint64_t number = 0;  ///< of the write or flush
    bool busy = false;
  };
  void ready(kit::Duration at) override;
  void failed(const std::string& reason, kit::Duration at) override;
  void completed(Request& request, kit::Duration at) override;
  void fill(const Request& request, std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override;
  void next(Slot& slot, kit::Duration at);
  void write(Slot& slot, kit::Duration at);
  void flush(Slot& slot, kit::Duration at);
  void wake(std::uint64_t index);
  void finish_if_done();

  kit::Calendar& calendar_;
  BlockDevice& device_;
  const StampingOptions options_;
  kit::Random random_;
  WriteHistory history_;
  std::vector<Slot> slots_;
  Slot* barrier_ = nullptr;        ///< the flush that everybody waits for
  std::uint64_t written_ = 0, since_flush_ = 0, flushes_ = 0, errors_ = 0, opened_ = 0;
  bool stop_when_finished_ = false, begun_ = false, finished_ = false, ended_with_flush_ = false;
  kit::Duration started_, last_answer_;
  std::string failure_;
};

}  // namespace ahcisim::host
