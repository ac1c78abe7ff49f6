// SPDX-License-Identifier: MIT
// What every driver counts, whatever it drives.
#pragma once

#include <string>

#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::host {

struct DriverStatistics : kit::StatSet {
  /// `reset_meaning` says what a reset is for this driver.
  explicit DriverStatistics(std::string reset_meaning) : resets{*this, "resets", "times", std::move(reset_meaning)} {}
  kit::Counter commands{*this, "commands", "commands", "I/O commands issued, retries included"};
  kit::Counter interrupts{*this, "interrupts", "interrupts", "entries of the interrupt handler"};
  kit::Counter unhandled{*this, "interrupts.unhandled", "interrupts", "entries of the handler that found nothing to do"};
  kit::Counter done_in_handler{*this, "commands.done", "commands", "commands found done by the handler"};
  kit::Counter register_reads{*this, "register.reads", "accesses", "register reads of issue and interrupt handler"};
  kit::Counter register_writes{*this, "register.writes", "accesses", "register writes of issue and interrupt handler"};
  kit::Counter deferred{*this, "deferred", "requests", "requests that had to wait for a slot or for the queue to drain"};
  kit::Counter recoveries{*this, "recoveries", "times", "runs of the error handler"};
  kit::Counter resets;
  kit::Counter retries{*this, "retries", "commands", "commands issued again after an error"};
  kit::Counter timeouts{*this, "timeouts", "commands", "commands that were not answered in time"};
};

}  // namespace ahcisim::host
