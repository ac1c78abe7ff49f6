// SPDX-License-Identifier: MIT
// What an HBA counts.
#pragma once

#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::ahci {

struct HbaStatistics : kit::StatSet {
  kit::Counter commands{*this, "commands", "commands", "commands sent to devices"};
  kit::Counter queued_commands{*this, "queued_commands", "commands", "of these, with PxSACT set: queued"};
  kit::Counter completed{*this, "completed", "commands", "commands whose PxCI or PxSACT bit was cleared by the device"};
  kit::Counter task_file_errors{*this, "task_file_errors", "errors", "PxIS.TFES was set"};
  kit::Counter fatal_errors{*this, "fatal_errors", "errors", "PxIS.IFS, HBFS or HBDS was set"};
  kit::Counter fises_sent{*this, "fises_sent", "FISes", "frames handed to a link"};
  kit::Counter fises_received{*this, "fises_received", "FISes", "frames taken from a link"};
  kit::Counter data_in_bytes{*this, "data_in_bytes", "B", "payload of received Data FISes"};
  kit::Counter data_out_bytes{*this, "data_out_bytes", "B", "payload of sent Data FISes"};
  kit::Counter dma_transactions{*this, "dma_transactions", "transactions", "bus-master transactions"};
  kit::Counter dma_read_bytes{*this, "dma_read_bytes", "B", "bytes read from host memory"};
  kit::Counter dma_write_bytes{*this, "dma_write_bytes", "B", "bytes written to host memory"};
  kit::Counter register_reads{*this, "register_reads", "accesses", "reads of ABAR"};
  kit::Counter register_writes{*this, "register_writes", "accesses", "writes to ABAR"};
  kit::Counter interrupts{*this, "interrupts", "interrupts", "interrupt requests, each a message with MSI"};
  kit::Latency command_time{*this, "command_time", "HBA begins to fetch the command to the FIS that completes it", "time a command takes below the driver"};
};

}  // namespace ahcisim::ahci
