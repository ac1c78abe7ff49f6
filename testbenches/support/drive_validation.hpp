// SPDX-License-Identifier: MIT
// A drive of DiskSim's corpus against its own trace: what the model says a request takes, and what the real drive took.
#pragma once

#include <string>

namespace ahcisim::support {

/// Service times in milliseconds.
struct DriveValidation {
  unsigned requests = 0;
  double mean = 0, read_mean = 0, write_mean = 0;
  double measured_mean = 0, measured_read_mean = 0, measured_write_mean = 0;
  /// Root mean square horizontal distance between the two distributions of service time (Ruemmler and Wilkes, 1994).
  double demerit = 0;
};

/// The folder with the public measurements: $AHCISIM_DATA, else shared/data beside the source tree. Empty: there is none.
std::string data_folder();
/// Replays DATA/disks/NAME/NAME.trace.xz, one request outstanding, the next one think time after each completion, against
/// the drive described beside it (by NAME_validate.diskspecs where there is one) through the Medium interface.
/// The first `uncounted` requests are replayed like the others and left out of the result. Throws kit::ConfigError.
DriveValidation validate_drive(const std::string& data_folder, const std::string& name, unsigned uncounted = 0);

}  // namespace ahcisim::support
