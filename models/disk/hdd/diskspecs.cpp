// SPDX-License-Identifier: MIT
// From a DiskSim drive description to figures (DiskSim 4.0 manual, "Disk modules", "Layout model g1", "Mechanical model").
#include <ahcisim/models/disk/hdd/diskspecs.hpp>

#include <fstream>
#include <sstream>

#include <fmt/core.h>

#include <ahcisim/models/disk/hdd/param_file.hpp>

namespace ahcisim::disk::hdd {
namespace {

constexpr std::int64_t many = std::int64_t{1} << 31;

std::string beside(const std::string& path, const std::string& name) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || name.front() == '/' ? name : path.substr(0, slash + 1) + name;
}

std::vector<std::uint64_t> integers(const ParamValue& list) {
  std::vector<std::uint64_t> numbers;
  for (const ParamValue& item : list.items) {
    if (item.kind != ParamValue::Kind::number || item.number < 0 || item.number > static_cast<double>(many) ||
        item.number != static_cast<double>(static_cast<std::int64_t>(item.number)))
      refuse(item.place, fmt::format("expected a sector number, found {}", item.word));
    numbers.push_back(static_cast<std::uint64_t>(item.number));
  }
  return numbers;
}

/// "Seek distances measured: N", then N lines "distance, milliseconds".
std::vector<SeekPoint> read_seek_file(const std::string& path) {
  std::ifstream in{path};
  if (!in) throw kit::ConfigError{fmt::format("{}: cannot be read; it is the seek curve the model names", path)};
  FilePlace place{path, 0, 1};
  std::string line, rest;
  std::size_t announced = 0;
  std::vector<SeekPoint> points;
  for (bool first = true; std::getline(in, line);) {
    ++place.line;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::istringstream text{line};
    if (first) {
      const std::string title = "Seek distances measured:";
      first = false;
      if (line.compare(0, title.size(), title) == 0 && (text.seekg(static_cast<std::streamoff>(title.size())), text >> announced)) continue;
      refuse(place, fmt::format("expected '{} COUNT', found '{}'", title, line));
    }
    std::int64_t distance = 0;
    char comma = 0;
    double ms = 0;
    if (!(text >> distance >> comma >> ms) || comma != ',' || (text >> rest))
      refuse(place, fmt::format("expected 'CYLINDERS, MILLISECONDS', found '{}'", line));
    if (distance <= 0 || distance > many || (!points.empty() && distance <= points.back().cylinders))
      refuse(place, fmt::format("expected a distance above {}, found {}", points.empty() ? 0 : points.back().cylinders, distance));
    if (!(ms > 0) || ms > 68) refuse(place, fmt::format("expected a time above 0 and up to 68 ms, found {:g}", ms));
    points.push_back({static_cast<std::uint32_t>(distance), kit::Duration::from_ms(ms)});
  }
  if (points.empty() || points.size() != announced)
    refuse(place, fmt::format("expected {} seek times, found {}; the file is cut or its first line is wrong", announced, points.size()));
  return points;
}

ZoneSpec read_zone(const ParamValue& block) {
  if (block.kind != ParamValue::Kind::block || block.word != "dm_layout_g1_zone")
    refuse(block.place, fmt::format("expected a dm_layout_g1_zone, found a {}", block.kind_name()));
  FieldReader fields{block};
  ZoneSpec zone;
  zone.first_cylinder = static_cast<std::uint32_t>(fields.integer("First cylinder number", 0, many));
  zone.last_cylinder = static_cast<std::uint32_t>(fields.integer("Last cylinder number", 0, many));
  zone.sectors_per_track = static_cast<std::uint32_t>(fields.integer("Blocks per track", 1, 1 << 20));
  zone.first_sector_offset = fields.number("Offset of first block");
  zone.empty_at_front = static_cast<std::uint64_t>(fields.integer("Empty space at zone front", 0, many));
  zone.track_skew = fields.number("Skew for track switch");
  zone.cylinder_skew = fields.number("Skew for cylinder switch");
  zone.spares = static_cast<std::uint64_t>(fields.integer("Number of spares", 0, many));
  zone.slips = integers(fields.value("slips", ParamValue::Kind::list));
  const ParamValue& defects = fields.value("defects", ParamValue::Kind::list);
  const std::vector<std::uint64_t> pairs = integers(defects);
  if (pairs.size() % 2) refuse(defects.place, "expected pairs of a defective sector and the one it is remapped to, found an odd number");
  for (std::size_t i = 0; i < pairs.size(); i += 2) zone.defects.emplace_back(pairs[i], pairs[i + 1]);
  fields.finish();
  return zone;
}

void read_layout(const ParamValue& block, LayoutSpec& layout) {
  if (block.word != "dm_layout_g1") refuse(block.place, fmt::format("expected dm_layout_g1, found {}; only layout g1 is read", block.word));
  FieldReader fields{block};
  layout.surface_order = static_cast<SurfaceOrder>(fields.integer("LBN-to-PBN mapping scheme", 0, 2));
  layout.sparing = static_cast<Sparing>(fields.integer("Sparing scheme used", 0, 10));
  layout.range_cylinders = static_cast<std::uint32_t>(fields.integer("Rangesize for sparing", 1, many));
  for (const ParamValue& zone : fields.value("Zones", ParamValue::Kind::list).items) layout.zones.push_back(read_zone(zone));
  fields.finish();
}

void read_mechanics(const ParamValue& block, const std::string& model_path, const kit::Source& source, DriveFigures& f) {
  if (block.word != "dm_mech_g1") refuse(block.place, fmt::format("expected dm_mech_g1, found {}", block.word));
  FieldReader fields{block};
  const ParamValue& access = fields.value("Access time type", ParamValue::Kind::word);
  if (access.word != "trackSwitchPlusRotation")
    refuse(access.place, fmt::format("'Access time type': expected trackSwitchPlusRotation, found {}", access.word));
  const ParamValue& seek = fields.value("Seek type", ParamValue::Kind::word);
  if (seek.word != "extracted") refuse(seek.place, fmt::format("'Seek type': expected extracted (measured points), found {}", seek.word));
  f.seek_points = read_seek_file(beside(model_path, fields.word("Full seek curve")));
  fields.ignore("Single cylinder seek time");  // in the curve
  fields.ignore("Full strobe seek time");
  fields.ignore("Average seek time");
  f.write_settle = {kit::Duration::from_ms(fields.number("Add. write settling delay")), source};
  f.head_switch = {kit::Duration::from_ms(fields.number("Head switch time")), source};
  f.rotation_speed = {kit::Rpm{static_cast<double>(fields.integer("Rotation speed (in rpms)", 1, 100000))}, source};
  fields.only("Percent error in rpms", 0, "the spindle turns evenly here");
  fields.finish();
}

void read_model(const std::string& path, DriveFigures& f) {
  const ParamValue block = read_param_file(path, "dm_disk");
  const kit::Source source = kit::measured(path);
  FieldReader fields{block};
  f.layout.surfaces = static_cast<std::uint32_t>(fields.integer("Number of data surfaces", 1, 1000));
  f.layout.cylinders = static_cast<std::uint32_t>(fields.integer("Number of cylinders", 1, 1 << 24));
  fields.ignore("Block count");
  read_layout(fields.value("Layout Model", ParamValue::Kind::block), f.layout);
  read_mechanics(fields.value("Mechanical Model", ParamValue::Kind::block), path, source, f);
  fields.finish();
}

/// The overheads, in ms, "Time scale for overheads" times each and "Per-request overhead time" in front of all.
void read_overheads(FieldReader& fields, const kit::Source& source, DriveFigures& f) {
  const double scale = fields.number("Time scale for overheads"), each = fields.number("Per-request overhead time");
  const auto command = [&](const char* key) {
    return DriveFigures::Time{kit::Duration::from_ms(scale * (each + fields.number(key))), source};
  };
  f.read_hit_after_read = command("Read hit over. after read");
  f.read_hit_after_write = command("Read hit over. after write");
  f.read_miss_after_read = command("Read miss over. after read");
  f.read_miss_after_write = command("Read miss over. after write");
  f.write_hit_after_read = command("Write hit over. after read");
  f.write_hit_after_write = command("Write hit over. after write");
  f.write_miss_after_read = command("Write miss over. after read");
  f.write_miss_after_write = command("Write miss over. after write");
  f.read_completion = {kit::Duration::from_ms(scale * fields.number("Read completion overhead")), source};
  f.write_completion = {kit::Duration::from_ms(scale * fields.number("Write completion overhead")), source};
  for (const char* key : {"Data preparation overhead", "First reselect overhead", "Other reselect overhead",
                          "Read disconnect afterread", "Read disconnect afterwrite", "Write disconnect overhead",
                          "Extra write disconnect", "Extradisc command overhead", "Extradisc disconnect overhead",
                          "Extradisc inter-disconnect delay", "Extradisc 2nd disconnect overhead", "Extradisc seek delta",
                          "Minimum seek delay", "Preseeking level", "Never disconnect"})
    fields.only(key, 0, "the disconnections of a parallel SCSI bus are not modelled");
}

void read_buffer(FieldReader& fields, const kit::Source& source, DriveFigures& f) {
  const auto count = [&](const char* key, std::int64_t low) { return DriveFigures::Count{fields.integer(key, low, 1 << 24), source}; };
  const auto flag = [&](const char* key) { return DriveFigures::Flag{fields.flag(key), source}; };
  constexpr const char* words[] = {"none", "track", "cylinder", "segment", "next_track"};
  f.buffer_segments = count("Number of buffer segments", 1);
  f.write_segments = count("Maximum number of write segments", 1);
  f.segment_sectors = count("Segment size (in blks)", 1);
  f.separate_write_segment = flag("Use separate write segment");
  f.read_ahead = {words[fields.integer("Buffer continuous read", 0, 4)], source};
  f.read_ahead_minimum = count("Minimum read-ahead (blks)", 0);
  f.read_ahead_maximum = count("Maximum read-ahead (blks)", 0);
  fields.ignore("Read-ahead over requested");  // only without a maximum read-ahead
  f.read_ahead_after_hit = flag("Read-ahead on idle hit");
  f.read_free_sectors = flag("Read any free blocks");
  f.write_cache = {fields.integer("Fast write level", 0, 2) != 0, source};
  f.zero_latency_read = flag("Immediate buffer read");
  f.zero_latency_write = flag("Immediate buffer write");
  f.stop_in_sector = flag("Stop prefetch in sector");
  f.hits_on_written_data = flag("Allow read hits on write data");
  f.hits_while_busy = flag("Allow sneaky full read hits");
  f.hits_at_head = flag("Allow almost read hits");
  f.writes_while_busy = flag("Allow write prebuffering");
  f.read_watermark = {kit::Ratio{fields.number("High (read) water mark")}, source};
  f.destage_delay = {kit::Duration{}, kit::derived("DiskSim starts to write as soon as the arm is free")};
  fields.ignore("Low (write) water mark");  // for writes that stream through a segment smaller than they are
  fields.only("Set watermark by reqsize", 1, "watermarks count in shares of a request");
  fields.only("Allow sneaky partial read hits", 0, "partial hits wait for the arm");
  fields.only("Allow sneaky intermediate read hits", 0, "hits are looked for when a command arrives");
  fields.only("Enable caching in buffer", 1, "the buffer always caches; read_ahead and write_cache can be turned off");
  fields.only("Combine seq writes", 1, "writes that continue dirty data always join it");
  fields.only("Disconnect write if seek", 0, "a seek is not broken off");
  fields.only("Write hit stop prefetch", 1, "a write always ends read-ahead into its sectors");
  fields.only("Read directly to buffer", 1, "the buffer has no second copy");
  fields.only("Immed transfer partial hit", 1, "what is in the buffer is always sent at once");
}

void read_scheduler(const ParamValue& block, const kit::Source& source, DriveFigures& f) {
  FieldReader fields{block};
  const std::int64_t policy = fields.integer("Scheduling policy", 1, 64);
  f.queue_order = {policy == 1 ? "fifo" : policy <= 7 ? "elevator" : "sptf", source};
  for (const char* key : {"Cylinder mapping strategy", "Write initiation delay", "Read initiation delay",
                          "Sequential stream scheme", "Maximum concat size", "Overlapping request scheme",
                          "Sequential stream diff maximum", "Scheduling timeout scheme", "Timeout time/weight",
                          "Timeout scheduling", "Scheduling priority scheme", "Priority scheduling"})
    fields.ignore(key);
  fields.finish();
}

}  // namespace

DriveFigures read_diskspecs(const std::string& path) {
  const ParamValue block = read_param_file(path, "disksim_disk");
  const kit::Source source = kit::measured(path);
  DriveFigures f;
  const std::size_t slash = path.rfind('/');
  f.name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  f.name = f.name.substr(0, f.name.rfind('.'));
  f.description = "measured drive, " + path;
  FieldReader fields{block};
  read_model(beside(path, fields.value("Model", ParamValue::Kind::source).word), f);
  read_overheads(fields, source, f);
  f.interface_sector = {kit::Duration::from_ms(fields.number("Bulk sector transfer time")), source};
  read_buffer(fields, source, f);
  read_scheduler(fields.value("Scheduler", ParamValue::Kind::block), source, f);
  for (const char* key : {"Hold bus entire read xfer", "Hold bus entire write xfer", "Print stats", "Avg sectors per cylinder",
                          "Max queue length", "Calc sector by sector"})
    fields.ignore(key);
  fields.finish();
  return f;
}

}  // namespace ahcisim::disk::hdd
