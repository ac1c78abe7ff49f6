// SPDX-License-Identifier: MIT
// Drives of the catalogue: what their makers (or those who measured them) published, each number with its source.
#include <array>
#include <cmath>

#include <fmt/core.h>

#include <ahcisim/models/disk/hdd/parameters.hpp>

namespace ahcisim::disk::hdd {
namespace {

using kit::Duration;
using kit::assumed;
using kit::cited;
using kit::derived;

DriveFigures::Time ms(double value, kit::Source source) { return {Duration::from_ms(value), std::move(source)}; }

/// User sectors of a drive of so many gigabytes (IDEMA LBA1-03: LBA count for a disk drive standard).
std::uint64_t idema_sectors(std::uint64_t gigabytes) { return 97'696'368 + 1'953'504 * (gigabytes - 50); }

/// Zones of equal width whose sectors per track fall evenly from the outermost to the innermost, on as many cylinders as
/// `capacity` takes.
LayoutSpec even_zones(std::uint32_t surfaces, std::uint64_t capacity, std::uint32_t zones, std::uint32_t outer, std::uint32_t inner) {
  LayoutSpec layout;
  layout.surfaces = surfaces;
  layout.capacity = capacity;
  std::uint64_t per_step = 0;  // sectors that one cylinder of every zone holds
  for (std::uint32_t i = 0; i < zones; ++i) per_step += std::uint64_t{surfaces} * (outer - (outer - inner) * i / (zones - 1));
  const auto width = static_cast<std::uint32_t>((capacity + per_step - 1) / per_step);
  for (std::uint32_t i = 0; i < zones; ++i) {
    ZoneSpec zone;
    zone.first_cylinder = i * width;
    zone.last_cylinder = (i + 1) * width - 1;
    zone.sectors_per_track = outer - (outer - inner) * i / (zones - 1);
    layout.zones.push_back(zone);
  }
  layout.cylinders = zones * width;
  return layout;
}

void buffer(DriveFigures& f, std::int64_t segments, std::int64_t megabytes, kit::Source source) {
  const std::string text = source.text();
  f.buffer_segments = {segments, assumed("manufacturers divide the buffer adaptively and do not say how")};
  f.write_segments = {segments / 2, assumed("half of the segments may be dirty")};
  f.segment_sectors = {megabytes * 2048 / segments, derived(fmt::format("{} MB over {} segments; {}", megabytes, segments, text))};
  f.read_ahead_maximum = {std::min<std::int64_t>(f.segment_sectors.value / 2, 4096), assumed("half a segment, at most 2 MiB")};
}

DriveFigures ultrastar_hc310() {
  const char* spec = "WD Ultrastar DC HC310 (HUS726T4TAL) OEM specification, 4.5.1, tables 5 to 7";
  DriveFigures f;
  f.name = "ultrastar-dc-hc310";
  f.description = "WD Ultrastar DC HC310, 4 TB, 7200 rpm, SATA 6 Gb/s (2017)";
  f.layout = even_zones(6, idema_sectors(4000), 32, 4369, 2080);
  f.physical_exponent = 3;
  f.notes = {"capacity: IDEMA LBA1-03", "3 platters, 32 zones: assumed",
             "4369 sectors on the outermost track: 255 MB/s sustained, as makers quote for the generation",
             "outermost to innermost 2.1: as the Deskstar 7K500"};
  f.rotation_speed = {kit::Rpm{7200}, cited(spec)};
  f.seek_single_track_read = ms(0.23, cited(spec));
  f.seek_single_track_write = ms(0.32, cited(spec));
  f.seek_average_read = ms(7.4, cited(spec));
  f.seek_average_write = ms(8.2, cited(spec));
  f.seek_full_stroke_read = ms(15.4, derived("measured full strokes of 3.5 inch drives of 7200 rpm are 14.7 to 16.7 ms"));
  f.seek_full_stroke_write = ms(16.2, derived("the read's and the difference of the averages, 0.8 ms"));
  f.head_switch = ms(0.35, assumed("somewhat above the single-track seek"));
  f.write_settle = ms(0.09, derived("single-track write less single-track read"));
  buffer(f, 64, 256, assumed("256 MB, as dealers list HUS726T4TALE6L4"));
  return f;
}

DriveFigures deskstar_7k500() {
  const char* rates = "Hitachi Deskstar 7K500 specification, 4.4.4, table 10: 76.3 and 36.5 MB/s media, 64.8 and 31.0 sustained";
  const char* review = "The Tech Report, Hitachi's Deskstar 7K500 hard drive, 2005: average read seek 8.5 ms, 16 MB cache";
  DriveFigures f;
  f.name = "deskstar-7k500";
  f.description = "Hitachi Deskstar 7K500, 500 GB, 7200 rpm, SATA 3 Gb/s (2005)";
  f.layout = even_zones(10, idema_sectors(500), 30, 1242, 594);
  f.notes = {std::string{"sectors per track of zones 0 and 29: "} + rates, "zones between: assumed even", "capacity: IDEMA LBA1-03"};
  f.rotation_speed = {kit::Rpm{7200}, assumed("the 7K of its name, as in its siblings' specifications")};
  f.head_switch = ms(1.48, derived(std::string{"sectors of a cylinder / sustained rate - revolutions, per switch; "} + rates));
  f.seek_single_track_read = ms(0.8, assumed("as drives of its time"));
  f.seek_single_track_write = ms(1.3, assumed("as drives of its time"));
  f.seek_average_read = ms(8.5, cited(review));
  f.seek_average_write = ms(9.5, assumed("as its successor 7K1000.C, 9.5 ms typical"));
  f.seek_full_stroke_read = ms(15.4, derived("measured full strokes of 3.5 inch drives of 7200 rpm are 14.7 to 16.7 ms"));
  f.seek_full_stroke_write = ms(16.4, derived("the read's and the difference of the averages, 1 ms"));
  f.sata_generation = {2, cited("Hitachi Deskstar 7K500 specification, 4.4.4, table 10: 300 MB/s from buffer to host")};
  f.interface_sector = {Duration::from_ns(1896), derived("512 B at 270 MB/s, a Serial ATA 3 Gb/s link's payload rate")};
  buffer(f, 16, 16, cited(review));
  return f;
}

DriveFigures fast_drive(const char* name, const char* description, const char* source, std::uint64_t gigabytes, double read, double write,
                        double single, double full, std::uint32_t surfaces, std::uint32_t outer, std::uint32_t inner) {
  DriveFigures f;
  f.name = name;
  f.description = description;
  f.layout = even_zones(surfaces, idema_sectors(gigabytes), 24, outer, inner);
  f.notes = {"capacity: IDEMA LBA1-03", "surfaces, zones and sectors per track: assumed"};
  f.rotation_speed = {kit::Rpm{15000}, assumed("the 15K of its name")};
  f.seek_average_read = ms(read, cited(source));
  f.seek_average_write = ms(write, cited(source));
  f.seek_single_track_read = ms(single, assumed("as drives of its class"));
  f.seek_single_track_write = ms(single + 0.2, assumed("as drives of its class"));
  f.seek_full_stroke_read = ms(full, assumed("about twice the average"));
  f.seek_full_stroke_write = ms(full + write - read, assumed("the read's and the difference of the averages"));
  f.head_switch = ms(single, assumed("as a single-track seek"));
  f.write_settle = ms(0.2, assumed("single-track write less single-track read"));
  buffer(f, 32, 64, assumed("64 MB"));
  return f;
}

DriveFigures ultrastar_15k450() {
  return fast_drive("ultrastar-15k450", "Hitachi Ultrastar 15K450, 450 GB, 15000 rpm, 3.5 inch (2008)",
                    "Hitachi Ultrastar 15K450 specification, table 7", 450, 3.3, 3.8, 0.25, 7.0, 8, 1600, 1000);
}

DriveFigures ultrastar_c15k600() {
  DriveFigures f = fast_drive("ultrastar-c15k600", "HGST Ultrastar C15K600, 600 GB, 15000 rpm, 2.5 inch (2014)",
                              "HGST Ultrastar C15K600 specification, table 6", 600, 2.9, 3.1, 0.2, 6.2, 6, 2000, 1300);
  f.form_factor = 3;
  f.physical_exponent = 0;
  return f;
}

DriveFigures travelstar_7k320() {
  const char* spec = "Hitachi Travelstar 7K320 OEM specification, tables 5 to 7";
  DriveFigures f;
  f.name = "travelstar-7k320";
  f.description = "Hitachi Travelstar 7K320, 320 GB, 7200 rpm, 2.5 inch (2008)";
  f.layout = even_zones(4, idema_sectors(320), 24, 1500, 800);
  f.form_factor = 3;
  f.notes = {"capacity: IDEMA LBA1-03", "surfaces, zones and sectors per track: assumed"};
  f.rotation_speed = {kit::Rpm{7200}, cited(spec)};
  f.seek_single_track_read = ms(1.0, cited(spec));
  f.seek_single_track_write = ms(1.1, cited(spec));
  f.seek_average_read = ms(12.0, cited(spec));
  f.seek_average_write = ms(12.0, cited(spec));
  f.seek_full_stroke_read = ms(20.0, cited(spec));
  f.seek_full_stroke_write = ms(22.0, cited(spec));
  f.head_switch = ms(1.0, assumed("as a single-track seek"));
  f.write_settle = ms(0.1, derived("single-track write less single-track read"));
  f.sata_generation = {2, assumed("drives of 2008 have Serial ATA 3 Gb/s")};
  f.interface_sector = {Duration::from_ns(1896), derived("512 B at 270 MB/s, a Serial ATA 3 Gb/s link's payload rate")};
  buffer(f, 16, 16, assumed("16 MB"));
  return f;
}

/// Main figures of drives measured with DIXtrac. Their full descriptions, read with read_diskspecs(), tell more.
struct MeasuredDrive {
  const char* name;
  const char* description;
  const char* file;
  double rpm;
  std::uint32_t surfaces, outer, inner, zones;
  std::uint64_t sectors;
  double single, average, full, head_switch, write_settle;
  std::int64_t segments, segment_sectors;
  double read_hit, read_miss, write_hit, write_miss, sector;
  bool write_cache;
};
constexpr MeasuredDrive measured_drives[] = {
    {"cheetah-9lp", "Seagate Cheetah 9LP ST39102LW, 9 GB, 10045 rpm (1998)", "cheetah9LP", 10045, 12, 254, 167, 11, 17783240,
     0.831, 5.47, 10.63, 0.030, 0.461, 3, 561, 0.066, 0.284, 0.748, 0.907, 0.105, true},
    {"dnes-309170", "IBM DNES-309170W, 9 GB, 7200 rpm (1999)", "ibm18es", 7200, 5, 390, 247, 55, 17916240, 1.062, 7.20, 12.85,
     0.062, 0.126, 7, 511, 0.082, 0.252, 0.083, 0.494, 0.101, true},
    {"atlas-10k", "Quantum Atlas 10K, 9 GB, 10025 rpm (1999)", "atlas10k", 10025, 6, 334, 229, 24, 17938986, 1.245, 5.60, 10.83,
     0.176, 0.487, 10, 374, 0.184, 0.0, 0.186, 0.345, 0.099, true},
    {"hp-c3323a", "HP C3323A, 1 GB, 5396 rpm (1994)", "hp_c3323a", 5396, 7, 120, 72, 8, 2056008, 1.178, 9.53, 18.12, 0.650, 0.070, 2,
     512, 0.348, 2.502, 3.290, 3.290, 0.1455, false},
};

DriveFigures measured_drive(const MeasuredDrive& row) {
  const kit::Source source = kit::measured(fmt::format("DIXtrac, published with DiskSim 4.0 as {}.diskspecs", row.file));
  DriveFigures f;
  f.name = row.name;
  f.description = row.description;
  f.layout = even_zones(row.surfaces, row.sectors, row.zones, row.outer, row.inner);
  f.notes = {source.text() + "; zones between the outermost and the innermost: even"};
  f.rotation_speed = {kit::Rpm{row.rpm}, source};
  f.seek_single_track_read = ms(row.single, source);
  f.seek_average_read = ms(row.average, source);
  f.seek_full_stroke_read = ms(row.full, source);
  f.head_switch = ms(row.head_switch, source);
  f.write_settle = ms(row.write_settle, source);
  f.read_hit_after_read = f.read_hit_after_write = ms(row.read_hit, source);
  f.read_miss_after_read = f.read_miss_after_write = ms(row.read_miss, source);
  f.write_hit_after_read = f.write_hit_after_write = ms(row.write_hit, source);
  f.write_miss_after_read = f.write_miss_after_write = ms(row.write_miss, source);
  f.interface_sector = ms(row.sector, source);
  f.buffer_segments = {row.segments, source};
  f.write_segments = {1, source};
  f.segment_sectors = {row.segment_sectors, source};
  f.write_cache = {row.write_cache, source};
  f.destage_delay = {Duration{}, assumed("as DiskSim: as soon as the arm is free")};
  return f;
}

using Maker = DriveFigures (*)();
struct Entry {
  const char* name;
  Maker make;
};
constexpr Entry entries[] = {
    {"ultrastar-dc-hc310", ultrastar_hc310},   {"deskstar-7k500", deskstar_7k500},       {"travelstar-7k320", travelstar_7k320},
    {"ultrastar-15k450", ultrastar_15k450},    {"ultrastar-c15k600", ultrastar_c15k600},
};

}  // namespace

std::vector<std::string> catalogue_names() {
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.emplace_back(entry.name);
  for (const MeasuredDrive& row : measured_drives) names.emplace_back(row.name);
  return names;
}

DriveFigures catalogue_drive(const std::string& name) {
  for (const Entry& entry : entries)
    if (name == entry.name) return entry.make();
  for (const MeasuredDrive& row : measured_drives)
    if (name == row.name) return measured_drive(row);
  const std::vector<std::string> names = catalogue_names();
  const std::string near = kit::nearest(name, names);
  std::string known;
  for (const std::string& one : names) known += (known.empty() ? "" : ", ") + one;
  throw kit::ConfigError{near.empty() ? fmt::format("no drive '{}' in the catalogue; it has {}", name, known)
                                      : fmt::format("no drive '{}' in the catalogue; did you mean '{}'?", name, near)};
}

}  // namespace ahcisim::disk::hdd
