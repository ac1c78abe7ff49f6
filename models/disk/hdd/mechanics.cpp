// SPDX-License-Identifier: MIT
// One pass over one track.
#include <ahcisim/models/disk/hdd/mechanics.hpp>

#include <utility>

#include <fmt/core.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk::hdd {

Mechanics::Mechanics(const LayoutSpec& layout, MechanicsSpec spec)
    : geometry_{layout}, spec_{std::move(spec)}, revolution_{spec_.revolution.ps()},
      read_head_switch_{spec_.read_head_switch.ps()}, write_head_switch_{spec_.write_head_switch.ps()} {
  if (revolution_ <= 0) throw kit::ConfigError{"disk mechanics: the rotation speed must be above 0"};
  if (spec_.read_seek.cylinders() < geometry_.cylinders() || spec_.write_seek.cylinders() < geometry_.cylinders())
    throw kit::ConfigError{fmt::format("disk mechanics: the seek curve covers {} of {} cylinders",
                                       spec_.read_seek.cylinders(), geometry_.cylinders())};
}

Pass Mechanics::pass(Arm from, std::int64_t start, std::uint64_t lba, const Run& run, bool write) const {
  Pass pass;
  pass.lba = lba;
  pass.count = run.count;
  pass.passed = run.passed;
  pass.per_track = geometry_.sectors_per_track(run.place.zone);
  pass.arm = Arm{run.place.cylinder, run.place.head};
  pass.moving = start;
  pass.settled = start + seek(from, run.place.cylinder, run.place.head, write);
  pass.begin = pass.settled + wait(phase_at(pass.settled), phase_of(run.place.angle));
  pass.end = pass.begin + sectors_time(run.passed, pass.per_track);
  return pass;
}

}  // namespace ahcisim::disk::hdd
