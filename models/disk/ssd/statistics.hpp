// SPDX-License-Identifier: MIT
// What a solid state drive counts.
#pragma once

#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::disk::ssd {

struct SsdStatistics : kit::StatSet {
  kit::Counter reads{*this, "reads", "requests", "reads and verifications"};
  kit::Counter writes{*this, "writes", "requests", "writes"};
  kit::Counter flushes{*this, "flushes", "requests", "FLUSH CACHE commands"};
  kit::Counter trims{*this, "trims", "requests", "DATA SET MANAGEMENT commands"};
  kit::Counter slices_written{*this, "slices_written", "4 KiB", "slices the host wrote, whole or in part"};
  kit::Counter slices_trimmed{*this, "slices_trimmed", "4 KiB", "slices that held data before they were trimmed"};
  kit::Counter coalesced{*this, "coalesced", "4 KiB", "slices written again before they left the write buffer"};
  kit::Counter buffer_hits{*this, "buffer_hits", "4 KiB", "slices read from the write buffer"};
  kit::Counter look_ahead_hits{*this, "look_ahead_hits", "4 KiB", "slices read ahead before the host asked for them"};
  kit::Counter unmapped_reads{*this, "unmapped_reads", "4 KiB", "slices read that hold no data"};
  kit::Counter buffer_waits{*this, "buffer_waits", "requests", "writes that waited for room in the write buffer"};
  kit::Counter pages_read{*this, "pages_read", "pages", "page reads for the host, all planes of a die as one"};
  kit::Counter pages_programmed{*this, "pages_programmed", "pages", "page programs, all planes of a die as one"};
  kit::Counter slots_padded{*this, "slots_padded", "4 KiB", "slots programmed without data, to make data safe at once"};
  kit::Counter gc_victims{*this, "gc_victims", "blocks", "blocks chosen by the garbage collection"};
  kit::Counter gc_pages_read{*this, "gc_pages_read", "pages", "page reads by the garbage collection"};
  kit::Counter gc_slices{*this, "gc_slices", "4 KiB", "slices moved by the garbage collection"};
  kit::Counter erases{*this, "erases", "blocks", "block erases, all planes of a die as one"};
  kit::TimeSum cores_busy{*this, "cores_busy", "time the controller's cores were taken, summed over all"};
  kit::TimeSum channels_busy{*this, "channels_busy", "time channels were taken, summed over all"};
};

}  // namespace ahcisim::disk::ssd
