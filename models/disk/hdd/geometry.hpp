// SPDX-License-Identifier: MIT
// Where a logical sector lies: zones, spare sectors, slipped and remapped sectors, skew. Plain arithmetic, no time.
//
// An angle is a 64-bit fraction of a revolution, so it wraps by itself and adding up a hundred thousand skews loses
// nothing. A look-up is a binary search over the zones, one over the zone's slips, and three 32-bit divisions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace ahcisim::disk::hdd {

/// How spare sectors are set aside and what a grown defect does (DiskSim 4.0 manual, layout g1, "Sparing scheme used").
enum class Sparing : std::uint8_t {
  none = 0,
  tracks_per_zone = 1,             ///< spare tracks at the end of a zone; slips and defects count tracks
  sectors_per_cylinder = 2,
  sectors_per_track = 3,
  sectors_per_cylinder_slip = 4,   ///< as 2, and a slip moves everything behind it to the end of the zone
  sectors_at_cylinder_front = 5,
  sectors_at_cylinder_front_slip = 6,
  slip_to_zone_end = 7,            ///< no spares: a zone is shorter by its slips
  sectors_per_range = 8,           ///< spares at the end of each range of cylinders
  sectors_per_zone = 9,
  sectors_per_zone_slip = 10,
};

/// In which order the surfaces of a cylinder are filled (layout g1, "LBN-to-PBN mapping scheme").
enum class SurfaceOrder : std::uint8_t {
  ascending = 0,     ///< every cylinder starts on surface 0
  turns_in_zone = 1, ///< odd cylinders of a zone run backwards, so a cylinder change stays on its surface
  turns_on_disk = 2, ///< odd cylinders of the disk run backwards
};

/// One zone as a drive description gives it. Slips and defects are in units of the sparing scheme (sectors or tracks),
/// counted from the first sector of the zone.
struct ZoneSpec {
  std::uint32_t first_cylinder = 0;
  std::uint32_t last_cylinder = 0;
  std::uint32_t sectors_per_track = 0;
  double first_sector_offset = 0;  ///< of the zone's first sector, in sectors
  std::uint64_t empty_at_front = 0;
  double track_skew = 0;           ///< in sectors
  double cylinder_skew = 0;        ///< in sectors
  std::uint64_t spares = 0;
  std::vector<std::uint64_t> slips;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> defects;  ///< defective sector, where it is remapped to
};

struct LayoutSpec {
  std::uint32_t surfaces = 0;
  std::uint32_t cylinders = 0;
  Sparing sparing = Sparing::none;
  SurfaceOrder surface_order = SurfaceOrder::ascending;
  std::uint32_t range_cylinders = 1;  ///< Sparing::sectors_per_range
  std::uint64_t capacity = 0;         ///< user sectors; 0: all the zones hold
  std::vector<ZoneSpec> zones;        ///< outermost first
};

/// A physical sector.
struct Place {
  std::uint32_t cylinder = 0;
  std::uint32_t head = 0;
  std::uint32_t zone = 0;
  std::uint32_t sector = 0;   ///< on its track
  std::uint64_t angle = 0;    ///< where the sector begins, 2⁶⁴ = one revolution
};

/// Consecutive logical sectors on one track. `passed` counts the slipped sectors between them too.
struct Run {
  Place place;
  std::uint32_t count = 0;
  std::uint32_t passed = 0;
};

class Geometry {
 public:
  /// Throws kit::ConfigError where zones overlap, run backwards or hold less than they spare.
  explicit Geometry(const LayoutSpec& spec);
  /// User-addressable sectors.
  std::uint64_t sectors() const { return sectors_; }
  std::uint32_t cylinders() const { return cylinders_; }
  std::uint32_t surfaces() const { return surfaces_; }
  std::uint32_t sectors_per_track(std::uint32_t zone) const { return zones_[zone].sectors_per_track; }
  std::uint32_t zones() const { return static_cast<std::uint32_t>(zones_.size()); }
  /// First logical sector of a zone; zones() gives sectors().
  std::uint64_t zone_start(std::uint32_t zone) const { return starts_[zone]; }
  /// The place of a logical sector below sectors().
  Place place(std::uint64_t lba) const { return run(lba, 1).place; }
  /// As much of [lba, lba + count) as lies on the track of `lba`; count at least 1, lba below sectors().
  Run run(std::uint64_t lba, std::uint64_t count) const;
  /// The logical sectors of the track that holds `lba`: first, and one past the last.
  std::pair<std::uint64_t, std::uint64_t> track_of(std::uint64_t lba) const;
  /// The first logical sector of the track that holds `lba`, whose place is known.
  std::uint64_t track_start(std::uint64_t lba, const Place& place) const {
    if (!zones_[place.zone].plain) return track_of(lba).first;
    return std::max(starts_[place.zone], lba - std::min<std::uint64_t>(lba, place.sector));
  }

 private:
  struct Zone {
    std::uint64_t empty_at_front = 0;
    std::uint32_t first_cylinder = 0;
    std::uint32_t sectors_per_track = 0;
    std::uint32_t unit = 1;           ///< sectors that slip together
    std::uint32_t region = 0;         ///< sectors per sparing region; 0: the zone is one
    std::uint32_t region_logical = 0; ///< of them not spare
    std::uint32_t region_front = 0;   ///< spares at the region's front
    bool cumulative = false;          ///< slips push on beyond their region; `keys` leave spares out of account
    bool plain = false;               ///< nothing in it is spare, slipped or remapped
    bool slips_turn_skew = false;     ///< slips push the skew forward (per-cylinder and per-track sparing)
    std::vector<std::uint64_t> slips; ///< ascending
    std::vector<std::uint64_t> keys;  ///< slips[i] - i: how many slips lie before a logical sector, by binary search
    std::vector<std::pair<std::uint64_t, std::uint64_t>> defects;
    std::uint64_t first_angle = 0, track_angle = 0, cylinder_angle = 0, sector_angle = 0;
  };
  struct Physical {
    std::uint64_t sector;         ///< from the zone's first
    std::uint64_t room;           ///< logical sectors left in the sparing region
    std::uint64_t physical_room;  ///< physical ones, where slips do not use up its spares
  };
  static Zone prepare(const LayoutSpec& layout, const ZoneSpec& spec);
  static std::uint64_t logical_sectors(const LayoutSpec& layout, const ZoneSpec& spec);
  std::uint32_t zone_of(std::uint64_t lba) const;
  Physical to_physical(const Zone& zone, std::uint64_t relative) const;
  Place to_place(std::uint32_t zone, std::uint64_t physical) const;

  std::vector<Zone> zones_;
  std::vector<std::uint64_t> starts_;  ///< first logical sector of each zone, then the end
  std::uint64_t sectors_ = 0;
  std::uint32_t cylinders_ = 0;
  std::uint32_t surfaces_ = 0;
  SurfaceOrder surface_order_ = SurfaceOrder::ascending;
};

}  // namespace ahcisim::disk::hdd
