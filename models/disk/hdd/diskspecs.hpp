// SPDX-License-Identifier: MIT
// Measured drives as DiskSim 4.0 describes them: .diskspecs (controller, buffer), .model (layout g1, mechanics g1) and
// .seek (measured seek times), read as they are.
#pragma once

#include <string>

#include <ahcisim/models/disk/hdd/parameters.hpp>

namespace ahcisim::disk::hdd {

/// Reads a .diskspecs file and those it names, which lie beside it. Throws kit::ConfigError: file, line, column, what was
/// expected. What the format can say and this model cannot do is refused, not ignored.
///
/// Two things the format leaves open are read as DiskSim itself reads them: the disk holds what its zones hold, whatever
/// "Block count" says, and skews and offsets count sectors.
DriveFigures read_diskspecs(const std::string& path);

}  // namespace ahcisim::disk::hdd
