// SPDX-License-Identifier: MIT
// The statistics of a file on a journalling file system.
#pragma once

#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::host {

struct HostFileStatistics : kit::StatSet {
  kit::Counter reads{*this, "reads", "requests", "reads of the file"};
  kit::Counter writes{*this, "writes", "requests", "writes to the file"};
  kit::Counter trims{*this, "trims", "requests", "holes punched"};
  kit::Counter syncs{*this, "syncs", "times", "fdatasyncs, those of FUA writes included"};
  kit::Counter flushes{*this, "flushes", "times", "fdatasyncs that a flush of the device satisfied"};
  kit::Counter allocations{*this, "allocations", "requests", "writes that needed new blocks"};
  kit::Counter padded{*this, "padded", "requests", "writes of a part of a new block, the rest of which is zeroed"};
  kit::Counter commits{*this, "commits", "transactions", "transactions committed to the journal"};
  kit::Counter commit_blocks{*this, "commits.blocks", "blocks", "blocks of 4 KiB written to the journal"};
  kit::Latency commit_time{*this, "commits.latency", "begin to commit block durable", "time of a commit"};
};

}  // namespace ahcisim::host
