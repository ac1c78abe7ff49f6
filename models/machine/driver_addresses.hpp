// SPDX-License-Identifier: MIT
// Whether the addresses that a driver is told lie apart from each other and from its memory.
#pragma once

#include <vector>

#include <ahcisim/models/machine/parameters.hpp>

namespace ahcisim::machine {

/// Throws kit::ConfigError where those of a driver of the machine do not, naming both keys, first the one that is among `settings`.
void check_driver_addresses(const Parameters& parameters, const std::vector<Setting>& settings);

}  // namespace ahcisim::machine
