// SPDX-License-Identifier: MIT
// What an IDE controller counts.
#pragma once

#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::ide {

struct IdeStatistics : kit::StatSet {
  kit::Counter command_block_reads{*this, "command_block_reads", "accesses",
                                   "reads of 1F0h to 1F7h and 170h to 177h, a string access counts once"};
  kit::Counter command_block_writes{*this, "command_block_writes", "accesses",
                                    "writes to them, a string access counts once"};
  kit::Counter control_block_reads{*this, "control_block_reads", "accesses", "reads of Alternate Status"};
  kit::Counter control_block_writes{*this, "control_block_writes", "accesses", "writes to Device Control"};
  kit::Counter bus_master_reads{*this, "bus_master_reads", "accesses", "reads of the bus master's registers"};
  kit::Counter bus_master_writes{*this, "bus_master_writes", "accesses", "writes to the bus master's registers"};
  kit::Counter commands{*this, "commands", "commands", "commands given to devices"};
  kit::Counter errors{*this, "errors", "commands", "commands that ended with Status.ERR"};
  kit::Counter pio_bytes{*this, "pio_bytes", "B", "bytes of DRQ blocks that passed the Data register"};
  kit::Counter dma_read_bytes{*this, "dma_read_bytes", "B", "bytes read from host memory, PRDs included"};
  kit::Counter dma_write_bytes{*this, "dma_write_bytes", "B", "bytes written to host memory"};
  kit::Counter dma_transactions{*this, "dma_transactions", "transactions",
                                "bus-master transactions, PRD fetches included"};
  kit::Counter prds{*this, "prds", "PRDs", "physical region descriptors fetched"};
  kit::Counter interrupts{*this, "interrupts", "interrupts", "rising edges of INTRQ"};
};

}  // namespace ahcisim::ide
