// SPDX-License-Identifier: MIT
// Statistics of the ATA device.
#pragma once

#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::disk {

struct AtaStatistics : kit::StatSet {
  kit::Counter queued_reads{*this, "queued_reads", "commands", "READ FPDMA QUEUED taken"};
  kit::Counter queued_writes{*this, "queued_writes", "commands", "WRITE FPDMA QUEUED taken"};
  kit::Counter other_commands{*this, "other_commands", "commands", "commands taken that are not queued"};
  kit::Counter read_bytes{*this, "read_bytes", "B", "data sent to the host"};
  kit::Counter written_bytes{*this, "written_bytes", "B", "data accepted from the host"};
  kit::Counter depth_sum{*this, "depth_sum", "commands",
                         "queued commands outstanding, summed at each arrival, the new one included; by queued commands: mean depth"};
  kit::Counter status_frames{*this, "status_frames", "frames", "Set Device Bits FISes that report completions"};
  kit::Counter errors{*this, "errors", "commands", "commands that ended with ERR set"};
  kit::Counter resets{*this, "resets", "resets", "power-on, COMRESET, SRST and diagnostics"};
  kit::Latency service{*this, "service", "command FIS received to completing FIS sent", "time in the device, all commands"};
};

}  // namespace ahcisim::disk
