// SPDX-License-Identifier: MIT
// Whoever owns a processor, to code that runs on it without being one of its steps (the file layer of a kernel).
#pragma once

#include <ahcisim/models/kit/units.hpp>

namespace ahcisim::host {

class ProcessorTime {
 public:
  /// Takes `work` of the processor from `at` on (now or later), as soon as it is free. Returns when the work is done.
  virtual kit::Duration charge(kit::Duration at, kit::Duration work) = 0;

 protected:
  ~ProcessorTime() = default;
};

}  // namespace ahcisim::host
