// SPDX-License-Identifier: MIT
// Building the table behind a seek curve.
#include <ahcisim/models/disk/hdd/seek_curve.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk::hdd {

std::uint32_t SeekCurve::stored(double ps) {
  const double units = std::floor(std::max(0.0, ps) / (1 << shift) + 0.5);
  return static_cast<std::uint32_t>(std::min(units, 4294967295.0));
}

SeekCurve SeekCurve::through(const std::vector<SeekPoint>& points, std::uint32_t cylinders) {
  if (points.empty()) throw kit::ConfigError{"seek curve: no points; give at least the single-cylinder seek"};
  for (std::size_t i = 1; i < points.size(); ++i)
    if (points[i].cylinders <= points[i - 1].cylinders)
      throw kit::ConfigError{fmt::format("seek curve: distance {} follows {}; sort the points",
                                         points[i].cylinders, points[i - 1].cylinders)};
  SeekCurve curve;
  curve.times_.resize(std::max(1u, cylinders));
  std::size_t right = 0;
  for (std::uint32_t distance = 1; distance < cylinders; ++distance) {
    while (right < points.size() && points[right].cylinders < distance) ++right;
    double ps;
    if (right < points.size() && (points[right].cylinders == distance || right == 0)) {
      ps = static_cast<double>(points[right].time.ps());
    } else if (points.size() == 1) {
      ps = static_cast<double>(points[0].time.ps());
    } else {
      const std::size_t b = std::min(right, points.size() - 1), a = b - 1;
      const double slope = static_cast<double>((points[b].time - points[a].time).ps()) /
                           (points[b].cylinders - points[a].cylinders);
      ps = static_cast<double>(points[a].time.ps()) + slope * (static_cast<double>(distance) - points[a].cylinders);
    }
    curve.times_[distance] = stored(ps);
  }
  return curve;
}

SeekCurve SeekCurve::fitted(const SeekFigures& figures, std::uint32_t cylinders) {
  const auto refuse = [&](const char* what) {
    throw kit::ConfigError{fmt::format("seek figures single track {}, average {}, full stroke {}: {}",
                                       kit::to_text(figures.single_track), kit::to_text(figures.average),
                                       kit::to_text(figures.full_stroke), what)};
  };
  if (cylinders < 3) refuse("a curve needs at least 3 cylinders");
  const double n = cylinders, last = n - 2;  // the longest seek is n-1 cylinders, d-1 = n-2
  // Mean of √(d−1) and d−1 over two uniform cylinders: distance d has 2(n−d) of the n² pairs.
  double root = 0, line = 0, any = 0;
  for (std::uint32_t d = 1; d < cylinders; ++d) {
    const double weight = 2.0 * (n - d) / (n * n);
    any += weight;
    root += weight * std::sqrt(d - 1.0);
    line += weight * (d - 1.0);
  }
  const double one = static_cast<double>(figures.single_track.ps());
  const double average = static_cast<double>(figures.average.ps()) - one * any;
  const double full = static_cast<double>(figures.full_stroke.ps()) - one;
  const double determinant = root * last - line * std::sqrt(last);
  const double b = (average * last - line * full) / determinant;
  const double c = (root * full - average * std::sqrt(last)) / determinant;
  if (!(b >= 0)) refuse("no rising curve has them; lower the full stroke or raise the average");
  if (c < 0 && b / (2 * std::sqrt(last)) + c < 0) refuse("no rising curve has them; raise the full stroke or lower the average");
  SeekCurve curve;
  curve.times_.resize(cylinders);
  for (std::uint32_t d = 1; d < cylinders; ++d) curve.times_[d] = stored(one + b * std::sqrt(d - 1.0) + c * (d - 1.0));
  return curve;
}

SeekCurve SeekCurve::longer_by(kit::Duration extra) const {
  SeekCurve curve = *this;
  for (std::size_t d = 1; d < times_.size(); ++d)
    curve.times_[d] = stored(static_cast<double>(picoseconds(static_cast<std::uint32_t>(d)) + extra.ps()));
  return curve;
}

kit::Duration SeekCurve::uniform_average() const {
  const double n = static_cast<double>(times_.size());
  double sum = 0;
  for (std::uint32_t d = 1; d < times_.size(); ++d) sum += (n - d) * static_cast<double>(picoseconds(d));
  return kit::Duration::from_ps(static_cast<std::int64_t>(2.0 * sum / (n * n) + 0.5));
}

}  // namespace ahcisim::disk::hdd
