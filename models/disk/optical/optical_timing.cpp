// SPDX-License-Identifier: MIT
// Geometry of the spiral, the seek curve through a data sheet's figures.
#include <ahcisim/models/disk/optical/optical_timing.hpp>

#include <cmath>

#include <fmt/format.h>

namespace ahcisim::disk::optical {
namespace {

using kit::Duration;

constexpr double pi = 3.14159265358979323846;
constexpr double stroke = dvd::last_radius - dvd::first_radius;
constexpr double area_per_block = dvd::block_length * dvd::track_pitch / pi;  // of r²

/// The place that a fraction of a full disc's blocks lies before.
double radius_of_fraction(double fraction) {
  const double inner = dvd::first_radius * dvd::first_radius, outer = dvd::last_radius * dvd::last_radius;
  return std::sqrt(inner + fraction * (outer - inner));
}

}  // namespace

OpticalTiming::OpticalTiming(const OpticalParameters& parameters)
    : cav_{parameters.rotation.index() == 0}, speed_{static_cast<double>(parameters.speed()) * dvd::track_speed},
      revolution_{2 * pi * dvd::last_radius / speed_}, command_{parameters.command()}, spindle_change_{parameters.spindle_change().seconds()} {
  fit_seek_curve(parameters);
}

std::uint64_t OpticalTiming::capacity() {
  return static_cast<std::uint64_t>((dvd::last_radius * dvd::last_radius - dvd::first_radius * dvd::first_radius) / area_per_block);
}

double OpticalTiming::radius(std::uint64_t block) {
  return std::sqrt(dvd::first_radius * dvd::first_radius + static_cast<double>(block) * area_per_block);
}

double OpticalTiming::turns(std::uint64_t block) { return (radius(block) - dvd::first_radius) / dvd::track_pitch; }

Duration OpticalTiming::revolution(std::uint64_t block) const {
  return Duration::from_seconds(cav_ ? revolution_ : 2 * pi * radius(block) / speed_);
}

Duration OpticalTiming::read_time(std::uint64_t from, std::uint64_t to) const {
  if (cav_) return Duration::from_seconds((turns(to) - turns(from)) * revolution_);
  return Duration::from_seconds(static_cast<double>(to - from) * dvd::block_length / speed_);
}

kit::Rate OpticalTiming::rate(std::uint64_t block) const {
  const double track_speed = cav_ ? 2 * pi * radius(block) / revolution_ : speed_;
  return kit::Rate{track_speed / dvd::block_length * block_bytes};
}

double OpticalTiming::seek_seconds(double distance) const {
  const double x = distance / stroke;
  return short_ + root_ * std::sqrt(x) + linear_ * x;
}

Duration OpticalTiming::seek_time(std::uint64_t from, std::uint64_t to) const {
  const double begin = radius(from), end = radius(to);
  double seconds = seek_seconds(std::abs(end - begin));
  if (!cav_) {
    const double whole = 1 / dvd::first_radius - 1 / dvd::last_radius;  // of the speeds of rotation, which go with 1/r
    seconds = std::max(seconds, spindle_change_ * std::abs(1 / begin - 1 / end) / whole);
  }
  return Duration::from_seconds(seconds);
}

Duration OpticalTiming::rotational_wait(std::uint64_t block, Duration now) const {
  if (!cav_) return revolution(block) / 2;
  const Duration turn = revolution(block);
  const double place = turns(block), angle = place - std::floor(place);
  const Duration due = Duration::from_ps(static_cast<std::int64_t>(angle * static_cast<double>(turn.ps())));
  const Duration wait = due - now % turn;
  return wait < Duration{} ? wait + turn : wait;
}

template <class F> double OpticalTiming::mean_over_pairs(F&& f) {
  constexpr int steps = 128;
  double sum = 0;
  for (int i = 0; i < steps; ++i)
    for (int k = 0; k < steps; ++k) sum += f(radius_of_fraction((i + 0.5) / steps), radius_of_fraction((k + 0.5) / steps));
  return sum / (steps * steps);
}

/// Acceleration-bound short seeks and coasting long ones, as a disk's arm has them: short + root √x + linear x, whose mean over
/// random places is what is left of the mean access time.
void OpticalTiming::fit_seek_curve(const OpticalParameters& parameters) {
  const double roots = mean_over_pairs([](double a, double b) { return std::sqrt(std::abs(a - b) / stroke); });
  const double lines = mean_over_pairs([](double a, double b) { return std::abs(a - b) / stroke; });
  short_ = parameters.short_seek().seconds();
  root_ = linear_ = 0;
  const double seek = short_ + parameters.access().seconds() - mean_access().seconds();  // mean_access() has the short seek so far
  const double beyond = parameters.full_stroke().seconds() - short_;
  root_ = (seek - short_ - beyond * lines) / (roots - lines);
  linear_ = beyond - root_;
  if (root_ < 0 || linear_ < 0)
    throw kit::ConfigError{fmt::format("access = \"{}\": no seek curve rises from short_seek {} to full_stroke {} with it; set them in "
                                       "proportion, such as 25ms, 105ms and 190ms",
                                       parameters.access.text(), parameters.short_seek.text(), parameters.full_stroke.text())};
}

Duration OpticalTiming::mean_access() const {
  const double seconds = mean_over_pairs([this](double from, double to) {
    const double turn = cav_ ? revolution_ : 2 * pi * to / speed_;
    const double track_speed = cav_ ? 2 * pi * to / revolution_ : speed_;
    return seek_seconds(std::abs(to - from)) + turn / 2 + ecc_blocks * dvd::block_length / track_speed;
  });
  return command_ + Duration::from_seconds(seconds);
}

}  // namespace ahcisim::disk::optical
