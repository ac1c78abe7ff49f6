// SPDX-License-Identifier: MIT
// Logical to physical sectors under layout g1's sparing schemes (DiskSim 4.0 manual, "Layout model g1").
#include <ahcisim/models/disk/hdd/geometry.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/core.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk::hdd {
namespace {

/// A fraction of a track in sectors as an angle.
std::uint64_t angle_of(double sectors, std::uint32_t per_track) {
  const double turns = sectors / per_track;
  return static_cast<std::uint64_t>(static_cast<long double>(turns - std::floor(turns)) * 18446744073709551616.0L);
}

std::uint64_t all_sectors(const LayoutSpec& layout, const ZoneSpec& zone) {
  return std::uint64_t{zone.last_cylinder - zone.first_cylinder + 1} * layout.surfaces * zone.sectors_per_track;
}

void check(const LayoutSpec& layout, const ZoneSpec& zone, std::size_t number, std::int64_t previous_last) {
  const auto refuse = [&](const std::string& what) {
    throw kit::ConfigError{fmt::format("disk layout, zone {}: {}", number, what)};
  };
  if (zone.sectors_per_track == 0) refuse("0 sectors per track; give at least 1");
  if (zone.last_cylinder < zone.first_cylinder) refuse("the last cylinder lies before the first; swap them");
  if (zone.first_cylinder <= previous_last) refuse("overlaps the zone before it; zones go outwards in, each once");
  if (zone.last_cylinder >= layout.cylinders)
    refuse(fmt::format("ends on cylinder {}, but the disk has {}", zone.last_cylinder, layout.cylinders));
  if (all_sectors(layout, zone) > 0xffffffffu) refuse("more than 2^32 sectors; split it");
}

}  // namespace

Geometry::Geometry(const LayoutSpec& spec)
    : cylinders_{spec.cylinders}, surfaces_{spec.surfaces}, surface_order_{spec.surface_order} {
  if (surfaces_ == 0 || spec.zones.empty()) throw kit::ConfigError{"disk layout: needs at least one surface and one zone"};
  std::int64_t previous_last = -1;
  starts_.push_back(0);
  for (std::size_t i = 0; i < spec.zones.size(); ++i) {
    const ZoneSpec& zone = spec.zones[i];
    check(spec, zone, i, previous_last);
    previous_last = zone.last_cylinder;
    zones_.push_back(prepare(spec, zone));
    starts_.push_back(starts_.back() + logical_sectors(spec, zone));
  }
  sectors_ = starts_.back();
  if (spec.capacity) {
    if (spec.capacity > sectors_)
      throw kit::ConfigError{fmt::format("disk layout: {} sectors of capacity, but its zones hold {}; lower the capacity",
                                         spec.capacity, sectors_)};
    sectors_ = spec.capacity;
  }
}

std::uint64_t Geometry::logical_sectors(const LayoutSpec& layout, const ZoneSpec& spec) {
  const std::uint64_t cylinders = spec.last_cylinder - spec.first_cylinder + 1;
  std::uint64_t spared = spec.empty_at_front;
  switch (layout.sparing) {
    case Sparing::none: break;
    case Sparing::tracks_per_zone: spared += spec.spares * spec.sectors_per_track; break;
    case Sparing::sectors_per_track: spared += spec.spares * cylinders * layout.surfaces; break;
    case Sparing::sectors_per_cylinder:
    case Sparing::sectors_at_cylinder_front: spared += spec.spares * cylinders; break;
    case Sparing::sectors_per_cylinder_slip:
    case Sparing::sectors_at_cylinder_front_slip: spared += spec.spares * cylinders + spec.slips.size(); break;
    case Sparing::slip_to_zone_end: spared += spec.slips.size(); break;
    case Sparing::sectors_per_range: spared += spec.spares * (cylinders / std::max(1u, layout.range_cylinders)); break;
    case Sparing::sectors_per_zone: spared += spec.spares; break;
    case Sparing::sectors_per_zone_slip: spared += spec.spares + spec.slips.size(); break;
  }
  const std::uint64_t all = all_sectors(layout, spec);
  if (spared >= all)
    throw kit::ConfigError{fmt::format("disk layout, zone from cylinder {}: {} of {} sectors are spare; lower the spares",
                                       spec.first_cylinder, spared, all)};
  return all - spared;
}

Geometry::Zone Geometry::prepare(const LayoutSpec& layout, const ZoneSpec& spec) {
  Zone zone;
  zone.empty_at_front = spec.empty_at_front;
  zone.first_cylinder = spec.first_cylinder;
  zone.sectors_per_track = spec.sectors_per_track;
  std::uint64_t region_tracks = 0;
  switch (layout.sparing) {
    case Sparing::tracks_per_zone: zone.unit = spec.sectors_per_track; break;
    case Sparing::sectors_per_track: region_tracks = 1; break;
    case Sparing::sectors_per_cylinder:
    case Sparing::sectors_per_cylinder_slip:
    case Sparing::sectors_at_cylinder_front:
    case Sparing::sectors_at_cylinder_front_slip: region_tracks = layout.surfaces; break;
    case Sparing::sectors_per_range: region_tracks = std::uint64_t{layout.surfaces} * std::max(1u, layout.range_cylinders); break;
    default: break;
  }
  const bool at_front = layout.sparing == Sparing::sectors_at_cylinder_front ||
                        layout.sparing == Sparing::sectors_at_cylinder_front_slip;
  zone.cumulative = layout.sparing == Sparing::sectors_per_cylinder_slip ||
                    layout.sparing == Sparing::sectors_at_cylinder_front_slip;
  if (region_tracks) {
    const std::uint64_t region = region_tracks * spec.sectors_per_track;
    if (spec.spares >= region)
      throw kit::ConfigError{fmt::format("disk layout, zone from cylinder {}: {} spares in a region of {} sectors",
                                         spec.first_cylinder, spec.spares, region)};
    zone.region = static_cast<std::uint32_t>(region);
    zone.region_logical = static_cast<std::uint32_t>(region - spec.spares);
    zone.region_front = at_front ? static_cast<std::uint32_t>(spec.spares) : 0;
  }
  zone.slips_turn_skew = region_tracks != 0 && layout.sparing != Sparing::sectors_per_range;
  zone.slips = spec.slips;
  std::sort(zone.slips.begin(), zone.slips.end());
  zone.slips.erase(std::unique(zone.slips.begin(), zone.slips.end()), zone.slips.end());
  for (const std::uint64_t slip : zone.slips) {
    std::uint64_t at = slip;
    if (zone.cumulative) {  // counted in sectors that are not spare; a slipped spare moves nothing
      const std::uint64_t within = slip % zone.region;
      if (within < zone.region_front || within >= zone.region_front + zone.region_logical) continue;
      at = slip / zone.region * zone.region_logical + within - zone.region_front;
    }
    zone.keys.push_back(at - zone.keys.size());
  }
  zone.defects = spec.defects;
  std::sort(zone.defects.begin(), zone.defects.end());
  for (const auto& [bad, good] : zone.defects)
    if ((std::max(bad, good) + 1) * zone.unit > all_sectors(layout, spec))
      throw kit::ConfigError{fmt::format("disk layout, zone from cylinder {}: defect {} -> {} lies outside the zone",
                                         spec.first_cylinder, bad, good)};
  zone.plain = zone.unit == 1 && zone.region == 0 && zone.slips.empty() && zone.defects.empty();
  const std::uint32_t n = spec.sectors_per_track;
  zone.sector_angle = angle_of(1.0, n);
  if (n == 1) zone.sector_angle = 0;
  zone.first_angle = angle_of(spec.first_sector_offset, n);
  zone.track_angle = angle_of(spec.track_skew, n);
  zone.cylinder_angle = angle_of(spec.cylinder_skew, n) + (layout.surfaces - 1) * zone.track_angle;
  return zone;
}

std::uint32_t Geometry::zone_of(std::uint64_t lba) const {
  std::uint32_t low = 0, high = static_cast<std::uint32_t>(zones_.size());
  while (high - low > 1) {
    const std::uint32_t middle = (low + high) / 2;
    if (lba < starts_[middle]) high = middle; else low = middle;
  }
  return low;
}

Geometry::Physical Geometry::to_physical(const Zone& zone, std::uint64_t relative) const {
  constexpr std::uint64_t all = ~std::uint64_t{0};
  const auto slips_before = [&](std::uint64_t at, std::ptrdiff_t first) {
    return static_cast<std::uint64_t>(std::upper_bound(zone.keys.begin() + first, zone.keys.end(), at) - zone.keys.begin() - first);
  };
  if (!zone.region) {
    const std::uint64_t slips = zone.keys.empty() ? 0 : slips_before(relative / zone.unit, 0);
    return {relative + slips * zone.unit, all, all};
  }
  if (zone.cumulative) relative += slips_before(relative, 0);
  const auto where = static_cast<std::uint32_t>(relative);
  const std::uint32_t number = where / zone.region_logical, within = where % zone.region_logical;
  const std::uint64_t room = zone.region_logical - within, base = std::uint64_t{number} * zone.region;
  if (zone.cumulative) return {base + zone.region_front + within, room, room};
  // Only the slips of this region count; keys are slips[i] - i, so relative to the region the rank starts at `first`.
  // Spares in front of a region are used up by its data beginning earlier.
  const auto first = std::lower_bound(zone.slips.begin(), zone.slips.end(), base) - zone.slips.begin();
  const auto last = std::lower_bound(zone.slips.begin() + first, zone.slips.end(), base + zone.region) - zone.slips.begin();
  const std::uint64_t used = std::min<std::uint64_t>(zone.region_front, static_cast<std::uint64_t>(last - first));
  const std::uint64_t at = base + within + zone.region_front - used;
  return {at + slips_before(at - static_cast<std::uint64_t>(first), first), room, all};
}

Place Geometry::to_place(std::uint32_t number, std::uint64_t physical) const {
  const Zone& zone = zones_[number];
  const auto at = static_cast<std::uint32_t>(physical);
  const std::uint32_t track = at / zone.sectors_per_track;
  const std::uint32_t cylinder = track / surfaces_, turn = track % surfaces_;
  Place place;
  place.zone = number;
  place.sector = at - track * zone.sectors_per_track;
  place.cylinder = zone.first_cylinder + cylinder;
  const bool backwards = (surface_order_ == SurfaceOrder::turns_in_zone && (cylinder & 1)) ||
                         (surface_order_ == SurfaceOrder::turns_on_disk && (place.cylinder & 1));
  place.head = backwards ? surfaces_ - turn - 1 : turn;
  place.angle = zone.first_angle + cylinder * zone.cylinder_angle + turn * zone.track_angle + place.sector * zone.sector_angle;
  if (zone.slips_turn_skew && !zone.slips.empty()) {
    const std::uint64_t region_track = zone.region == zone.sectors_per_track ? track : std::uint64_t{cylinder} * surfaces_;
    const auto before = std::lower_bound(zone.slips.begin(), zone.slips.end(), region_track * zone.sectors_per_track);
    place.angle += static_cast<std::uint64_t>(before - zone.slips.begin()) * zone.sector_angle;
  }
  return place;
}

Run Geometry::run(std::uint64_t lba, std::uint64_t count) const {
  const std::uint32_t number = zone_of(lba);
  const Zone& zone = zones_[number];
  const Physical found = to_physical(zone, lba - starts_[number] + zone.empty_at_front);
  std::uint64_t physical = found.sector;
  std::uint64_t limit = std::min({count, found.room, starts_[number + 1] - lba});
  if (!zone.defects.empty()) {
    const auto defect = std::lower_bound(zone.defects.begin(), zone.defects.end(), std::pair{physical / zone.unit, std::uint64_t{0}});
    if (defect != zone.defects.end()) {
      if (defect->first == physical / zone.unit) {  // remapped: what lies there is a run of its own
        const std::uint64_t within = physical % zone.unit;
        physical = defect->second * zone.unit + within;
        limit = std::min<std::uint64_t>(limit, zone.unit - within);
      } else {
        limit = std::min(limit, defect->first * zone.unit - physical);
      }
    }
  }
  Run result;
  result.place = to_place(number, physical);
  // Physical sectors to the end of the track.
  std::uint64_t left = std::min<std::uint64_t>(zone.sectors_per_track - result.place.sector, found.physical_room);
  if (zone.slips.empty() || zone.unit != 1) {
    result.count = result.passed = static_cast<std::uint32_t>(std::min(limit, left));
    return result;
  }
  auto slip = std::lower_bound(zone.slips.begin(), zone.slips.end(), physical);
  std::uint64_t logical = 0, passed = 0;
  while (logical < limit && left > 0) {
    const std::uint64_t next = slip == zone.slips.end() ? ~std::uint64_t{0} : *slip;
    const std::uint64_t clear = std::min({limit - logical, left, next - (physical + passed)});
    logical += clear;
    passed += clear;
    left -= clear;
    if (logical < limit && left > 0) {  // the slipped sector passes under the head
      ++passed;
      --left;
      ++slip;
    } else {
      break;
    }
  }
  result.count = static_cast<std::uint32_t>(logical);
  result.passed = static_cast<std::uint32_t>(passed);
  return result;
}

std::pair<std::uint64_t, std::uint64_t> Geometry::track_of(std::uint64_t lba) const {
  const Run here = run(lba, ~std::uint64_t{0} >> 1);
  const std::uint32_t number = here.place.zone;
  const Zone& zone = zones_[number];
  // Walk back over the sectors in front of it on the track, less those that are slipped or do not belong to the zone.
  const std::uint64_t in_zone = lba - starts_[number];
  std::uint64_t back = here.place.sector;
  if (zone.unit == 1) {
    const std::uint64_t physical = to_physical(zone, in_zone + zone.empty_at_front).sector;
    std::uint64_t start = physical - std::min<std::uint64_t>(physical, here.place.sector);
    if (zone.region) start = std::max(start, physical / zone.region * zone.region + (zone.cumulative ? zone.region_front : 0));
    const auto slipped = std::lower_bound(zone.slips.begin(), zone.slips.end(), physical) -
                         std::lower_bound(zone.slips.begin(), zone.slips.end(), start);
    back = physical - start - static_cast<std::uint64_t>(slipped);
  }
  back = std::min(back, in_zone);
  if (zone.region && !zone.cumulative) back = std::min(back, (in_zone + zone.empty_at_front) % zone.region_logical);
  return {lba - back, std::min(lba + here.count, sectors_)};
}

}  // namespace ahcisim::disk::hdd
