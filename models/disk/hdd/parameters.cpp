// SPDX-License-Identifier: MIT
// From parameters to a drive.
#include <ahcisim/models/disk/hdd/parameters.hpp>

#include <cmath>
#include <utility>

#include <ahcisim/models/disk/hdd/elevator_order.hpp>
#include <ahcisim/models/disk/hdd/fifo_order.hpp>
#include <ahcisim/models/disk/hdd/sptf_order.hpp>

namespace ahcisim::disk::hdd {
namespace {

SeekCurve read_curve(const HddParameters& p, std::uint32_t cylinders) {
  if (p.seek_average_read().ps() != 0)
    return SeekCurve::fitted({p.seek_single_track_read(), p.seek_average_read(), p.seek_full_stroke_read()}, cylinders);
  if (p.figures().seek_points.empty())
    throw kit::ConfigError{"hdd: no seek curve; give seek_single_track_read, seek_average_read and seek_full_stroke_read"};
  return SeekCurve::through(p.figures().seek_points, cylinders);
}

SeekCurve write_curve(const HddParameters& p, const SeekCurve& read, std::uint32_t cylinders) {
  if (p.seek_average_write().ps() == 0) return read.longer_by(p.write_settle());
  return SeekCurve::fitted({p.seek_single_track_write(), p.seek_average_write(), p.seek_full_stroke_write()}, cylinders);
}

/// Skews that let a sequential read or write go on just after the head has settled on the next track: the switch, and
/// two sectors for good measure.
void lay_skews(LayoutSpec& layout, kit::Duration revolution, kit::Duration track_switch, kit::Duration cylinder_switch) {
  for (const ZoneSpec& zone : layout.zones)
    if (zone.track_skew != 0 || zone.cylinder_skew != 0) return;
  for (ZoneSpec& zone : layout.zones) {
    const auto sectors = [&](kit::Duration time) {
      return std::ceil(static_cast<double>(time.ps()) * zone.sectors_per_track / static_cast<double>(revolution.ps()));
    };
    zone.track_skew = sectors(track_switch);
    zone.cylinder_skew = sectors(cylinder_switch);
  }
}

}  // namespace

HddParameters::HddParameters() : HddParameters{catalogue_drive(catalogue_names().front())} {}
HddParameters::HddParameters(DriveFigures figures) : figures_{std::move(figures)} {}

DriveSpec drive_spec(const HddParameters& p) {
  const DriveFigures& figures = p.figures();
  DriveSpec spec;
  spec.layout = figures.layout;
  const std::uint32_t cylinders = spec.layout.cylinders;
  spec.mechanics.revolution = p.rotation_speed().revolution();
  spec.mechanics.read_seek = read_curve(p, cylinders);
  spec.mechanics.write_seek = write_curve(p, spec.mechanics.read_seek, cylinders);
  spec.mechanics.read_head_switch = p.head_switch();
  spec.mechanics.write_head_switch = p.head_switch() + p.write_settle();
  const kit::Duration track_to_track = cylinders > 1 ? kit::max(spec.mechanics.read_seek.time(1), spec.mechanics.write_seek.time(1))
                                                     : kit::Duration{};
  lay_skews(spec.layout, spec.mechanics.revolution, spec.mechanics.write_head_switch,
            kit::max(track_to_track, spec.mechanics.write_head_switch));
  spec.buffer.segments = static_cast<std::uint32_t>(p.buffer_segments());
  spec.buffer.write_segments = static_cast<std::uint32_t>(p.write_segments());
  if (spec.buffer.write_segments > spec.buffer.segments)
    throw kit::ConfigError{"write_segments = " + p.write_segments.text() + ": above buffer_segments; lower it"};
  spec.buffer.segment_sectors = static_cast<std::uint64_t>(p.segment_sectors());
  spec.buffer.separate_write_segment = p.separate_write_segment();
  spec.buffer.hits_on_written_data = p.hits_on_written_data();
  ControllerSpec& c = spec.controller;
  c.read_hit = {p.read_hit_after_read(), p.read_hit_after_write()};
  c.read_miss = {p.read_miss_after_read(), p.read_miss_after_write()};
  c.write_hit = {p.write_hit_after_read(), p.write_hit_after_write()};
  c.write_hit_off_track = p.write_hit_off_track();
  c.write_miss = {p.write_miss_after_read(), p.write_miss_after_write()};
  c.read_completion = p.read_completion();
  c.write_completion = p.write_completion();
  c.interface_sector = p.interface_sector();
  c.read_watermark = p.read_watermark().value;
  c.read_ahead = static_cast<ReadAhead>(p.read_ahead.index());
  c.read_ahead_minimum = static_cast<std::uint64_t>(p.read_ahead_minimum());
  c.read_ahead_maximum = static_cast<std::uint64_t>(p.read_ahead_maximum());
  c.read_ahead_after_hit = p.read_ahead_after_hit();
  c.read_free_sectors = p.read_free_sectors();
  c.zero_latency_read = p.zero_latency_read();
  c.zero_latency_write = p.zero_latency_write();
  c.stop_in_sector = p.stop_in_sector();
  c.hits_while_busy = p.hits_while_busy();
  c.hits_at_head = p.hits_at_head();
  c.writes_while_busy = p.writes_while_busy();
  c.write_cache = p.write_cache();
  c.destage_delay = p.destage_delay();
  c.destage_mark = p.destage_mark().value;
  c.age_limit = p.age_limit();
  c.spin_up = p.spin_up();
  spec.rotation_rate = static_cast<std::uint16_t>(std::lround(p.rotation_speed().value));
  spec.physical_exponent = figures.physical_exponent;
  spec.form_factor = figures.form_factor;
  return spec;
}

std::unique_ptr<SeekOrder> make_order(const HddParameters& p) {
  if (p.queue_order() == "fifo") return std::make_unique<FifoOrder>();
  if (p.queue_order() == "elevator") return std::make_unique<ElevatorOrder>();
  return std::make_unique<SptfOrder>(p.age_weight(), p.age_limit(), p.positioning_margin());
}

std::unique_ptr<Drive> make_drive(const HddParameters& parameters) {
  return std::make_unique<Drive>(drive_spec(parameters), make_order(parameters));
}

std::unique_ptr<Drive> make_drive(const std::string& name) { return make_drive(HddParameters{catalogue_drive(name)}); }

}  // namespace ahcisim::disk::hdd
