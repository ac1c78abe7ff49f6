// SPDX-License-Identifier: MIT
// The IDE driver and a scripted controller, bound together.
#pragma once

#include <ahcisim/models/host/ide_driver.hpp>

#include "driver_bench.hpp"
#include "fake_ide.hpp"

namespace ahcisim::host {

using IdeBench = DriverBench<IdeDriver, IdeDriverParameters, FakeIde>;

inline void fast(IdeBench& b) { b.parameters.probe.fast_probe.set(true); }
inline void pio(IdeBench& b) { fast(b), b.parameters.mode.set_text("pio"); }

}  // namespace ahcisim::host
