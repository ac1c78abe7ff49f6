// SPDX-License-Identifier: MIT
// The figures of a drive, each with its source, and the parameters by which a user changes them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ahcisim/models/disk/hdd/drive.hpp>
#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk::hdd {

/// A number of one drive with its source.
template <class T> struct Figure {
  T value;
  kit::Source source;
};

/// Everything that distinguishes one drive from another. What a source of a drive is silent about keeps the value here.
struct DriveFigures {
  using Time = Figure<kit::Duration>;
  using Count = Figure<std::int64_t>;
  using Flag = Figure<bool>;
  using Share = Figure<kit::Ratio>;
  using Word = Figure<std::string>;

  std::string name, description;
  LayoutSpec layout;                    ///< skews of 0 everywhere: computed from the switch times
  std::vector<SeekPoint> seek_points;   ///< measured curve; empty: fitted through the seek_* figures
  std::uint8_t physical_exponent = 0;
  std::uint8_t form_factor = 2;         ///< IDENTIFY DEVICE word 168: 2 = 3.5 inch, 3 = 2.5 inch
  std::vector<std::string> notes;       ///< sources of the layout

  Figure<kit::Rpm> rotation_speed{kit::Rpm{7200}, kit::assumed("the commonest speed")};
  Time head_switch{kit::Duration::from_ms(1.0), kit::assumed("a little above a track-to-track seek plus settle")};
  Time write_settle{kit::Duration{}, kit::assumed("writes settle as reads do")};
  Time seek_single_track_read{kit::Duration{}, kit::assumed("0: the measured curve")};
  Time seek_average_read{kit::Duration{}, kit::assumed("0: the measured curve")};
  Time seek_full_stroke_read{kit::Duration{}, kit::assumed("0: the measured curve")};
  Time seek_single_track_write{kit::Duration{}, kit::assumed("0: the read curve and the write settle")};
  Time seek_average_write{kit::Duration{}, kit::assumed("0: the read curve and the write settle")};
  Time seek_full_stroke_write{kit::Duration{}, kit::assumed("0: the read curve and the write settle")};

  static Time overhead(double ms, const char* what) { return {kit::Duration::from_ms(ms), kit::assumed(what)}; }
  Time read_hit_after_read = overhead(0.05, "firmware time of a buffer hit; 1998 drives took 0.07 to 0.35 ms");
  Time read_hit_after_write = overhead(0.05, "as after a read");
  Time read_miss_after_read = overhead(0.25, "0.25 to 0.5 ms in drives of 1997-99 measured with DIXtrac");
  Time read_miss_after_write = overhead(0.25, "as after a read");
  Time write_hit_after_read = overhead(0.05, "as a read hit");
  Time write_hit_after_write = overhead(0.05, "as a read hit");
  Time write_hit_off_track = overhead(0.0, "of three measured drives two show no such time");
  Time write_miss_after_read = overhead(0.25, "as a read miss");
  Time write_miss_after_write = overhead(0.25, "as a read miss");
  Time read_completion = overhead(0.0, "contained in the command overheads");
  Time write_completion = overhead(0.0, "contained in the command overheads");
  Count sata_generation{3, kit::assumed("a drive of another interface gets the fastest Serial ATA phy")};  ///< 1 to 3
  Time interface_sector{kit::Duration::from_ns(931), kit::derived("512 B at 550 MB/s, a Serial ATA 6 Gb/s link's payload rate")};

  Count buffer_segments{32, kit::assumed("manufacturers divide the buffer adaptively and do not say how")};
  Count write_segments{16, kit::assumed("half of the segments may be dirty")};
  Count segment_sectors{2048, kit::assumed("1 MiB")};
  Flag separate_write_segment{false, kit::assumed("segments are shared")};
  Word read_ahead{"segment", kit::assumed("modern drives fill a segment")};
  Count read_ahead_minimum{0, kit::assumed("a waiting command ends read-ahead")};
  Count read_ahead_maximum{0, kit::assumed("0: a segment")};
  Flag read_ahead_after_hit{true, kit::assumed("a stream that is followed goes on")};
  Flag read_free_sectors{true, kit::assumed("the head reads from where it lands")};
  Flag zero_latency_read{true, kit::assumed("usual since the 1990s")};
  Flag zero_latency_write{true, kit::assumed("usual since the 1990s")};
  Flag stop_in_sector{true, kit::assumed("read-ahead is dropped at once")};
  Flag hits_on_written_data{true, kit::assumed("written data stays readable")};
  Flag hits_while_busy{true, kit::assumed("buffer and arm are independent in drives with command queueing")};
  Flag hits_at_head{true, kit::assumed("a sequential read joins the read-ahead")};
  Flag writes_while_busy{true, kit::assumed("buffer and arm are independent in drives with command queueing")};
  Share read_watermark{kit::Ratio{0}, kit::assumed("data is sent as soon as it will not run dry")};
  Flag write_cache{true, kit::assumed("volatile write cache enabled as shipped")};
  Time destage_delay{kit::Duration::from_ms(20), kit::assumed("a little more than an access, so that bursts of reads go first")};
  Share destage_mark{kit::Ratio{0.5}, kit::assumed("half full")};
  Word queue_order{"sptf", kit::assumed("rotational position ordering is what NCQ was made for")};
  Share age_weight{kit::Ratio{0.04}, kit::assumed("halves the longest wait; with the margin, depth 32 about doubles throughput, as reviews see")};
  Time positioning_margin{kit::Duration::from_ms(0.5), kit::assumed("a few per cent of a revolution, so that a late seek seldom costs one")};
  Time age_limit{kit::Duration::from_seconds(1), kit::assumed("far below a driver's time-out of 30 s")};
  Time spin_up{kit::Duration::from_seconds(8), kit::assumed("3.5 inch drives take 6 to 15 s to ready")};
};

/// The parameters of one drive: its figures, open to change.
class HddParameters : public kit::ParameterSet {
 public:
  /// The default drive of the catalogue.
  HddParameters();
  explicit HddParameters(DriveFigures figures);
  const DriveFigures& figures() const { return figures_; }

 private:
  using Time = kit::Parameter<kit::Duration>;
  using Count = kit::Parameter<std::int64_t>;
  using Flag = kit::Parameter<bool>;
  using Share = kit::Parameter<kit::Ratio>;
  template <class T> using Bounds = typename kit::Parameter<T>::Range;
  static Bounds<kit::Duration> some_time() { return {kit::Duration{}, kit::Duration::from_seconds(60)}; }
  DriveFigures figures_;

// A parameter takes the name, the value and the source of the figure it opens.
#define AHCISIM_FIGURE(kind, name, ...) kind name{*this, #name, figures_.name.value, figures_.name.source, __VA_ARGS__}
#define AHCISIM_TIME(name, meaning) AHCISIM_FIGURE(Time, name, meaning, some_time())
 public:
  AHCISIM_FIGURE(kit::Parameter<kit::Rpm>, rotation_speed, "spindle speed", Bounds<kit::Rpm>{kit::Rpm{1000}, kit::Rpm{30000}});
  AHCISIM_TIME(head_switch, "from one surface of a cylinder to another until a read may start");
  AHCISIM_TIME(write_settle, "what a write settles longer after a head switch or a measured seek");
  AHCISIM_TIME(seek_single_track_read, "seek to the neighbouring cylinder, read; 0: the drive's measured curve");
  AHCISIM_TIME(seek_average_read, "seek between two uniformly random cylinders, read");
  AHCISIM_TIME(seek_full_stroke_read, "seek over all cylinders, read");
  AHCISIM_TIME(seek_single_track_write, "seek to the neighbouring cylinder, write; 0: the read curve plus write_settle");
  AHCISIM_TIME(seek_average_write, "seek between two uniformly random cylinders, write");
  AHCISIM_TIME(seek_full_stroke_write, "seek over all cylinders, write");
  AHCISIM_TIME(read_hit_after_read, "command overhead of a read found in the buffer, behind a read");
  AHCISIM_TIME(read_hit_after_write, "the same behind a write");
  AHCISIM_TIME(read_miss_after_read, "command overhead of a read from the medium, until the arm moves, behind a read");
  AHCISIM_TIME(read_miss_after_write, "the same behind a write");
  AHCISIM_TIME(write_hit_after_read, "command overhead of a write into the buffer, behind a read");
  AHCISIM_TIME(write_hit_after_write, "the same behind a write, on the track the arm is on");
  AHCISIM_TIME(write_hit_off_track, "what a write into the buffer takes longer off the track the arm is on");
  AHCISIM_TIME(write_miss_after_read, "command overhead of a write to the medium, behind a read");
  AHCISIM_TIME(write_miss_after_write, "the same behind a write");
  AHCISIM_TIME(read_completion, "from a read's last data to its status");
  AHCISIM_TIME(write_completion, "from a write's last data (or its being on the medium) to its status");
  AHCISIM_TIME(interface_sector, "512 bytes over the interface, by which the drive decides when to start sending");
  AHCISIM_FIGURE(Count, buffer_segments, "segments of the buffer", Bounds<std::int64_t>{1, 1024});
  AHCISIM_FIGURE(Count, write_segments, "segments that may hold data newer than the medium's", Bounds<std::int64_t>{1, 1024});
  AHCISIM_FIGURE(Count, segment_sectors, "sectors per segment", Bounds<std::int64_t>{1, 1 << 24});
  AHCISIM_FIGURE(Flag, separate_write_segment, "one segment takes writes only, and no other does");
  kit::Choice read_ahead{*this, "read_ahead", figures_.read_ahead.value, {"none", "track", "cylinder", "segment", "next_track"},
                         figures_.read_ahead.source, "how far the drive reads on when nobody waits"};
  AHCISIM_FIGURE(Count, read_ahead_minimum, "sectors read on even when somebody waits", Bounds<std::int64_t>{0, 1 << 24});
  AHCISIM_FIGURE(Count, read_ahead_maximum, "sectors read on at most; 0: a segment", Bounds<std::int64_t>{0, 1 << 24});
  AHCISIM_FIGURE(Flag, read_ahead_after_hit, "a hit behind which read-ahead had ended sets it going again");
  AHCISIM_FIGURE(Flag, read_free_sectors, "the head reads from where it lands on the track");
  AHCISIM_FIGURE(Flag, zero_latency_read, "a head that lands within the sectors wanted takes them in any order");
  AHCISIM_FIGURE(Flag, zero_latency_write, "the same for writes");
  AHCISIM_FIGURE(Flag, stop_in_sector, "read-ahead can be left in the middle of a sector");
  AHCISIM_FIGURE(Flag, hits_on_written_data, "reads may hit written data");
  AHCISIM_FIGURE(Flag, hits_while_busy, "hits are served while the arm works for another command");
  AHCISIM_FIGURE(Flag, hits_at_head, "a read beginning right where read-ahead has come joins it");
  AHCISIM_FIGURE(Flag, writes_while_busy, "writes enter the buffer while the arm works for another command");
  AHCISIM_FIGURE(Share, read_watermark, "share of a read in the buffer before it is sent", Bounds<kit::Ratio>{kit::Ratio{0}, kit::Ratio{1}});
  AHCISIM_FIGURE(Flag, write_cache, "a write is done when its data is in the buffer");
  AHCISIM_TIME(destage_delay, "idle time before dirty data goes to the medium; 0: at once");
  AHCISIM_FIGURE(Share, destage_mark, "share of write_segments dirty from which destages compete with reads", Bounds<kit::Ratio>{kit::Ratio{0}, kit::Ratio{1}});
  kit::Choice queue_order{*this, "queue_order", figures_.queue_order.value, {"fifo", "elevator", "sptf"},
                          figures_.queue_order.source, "which queued access gets the arm"};
  AHCISIM_FIGURE(Share, age_weight, "share of the time waited that counts against positioning time (sptf)", Bounds<kit::Ratio>{kit::Ratio{0}, kit::Ratio{1}});
  AHCISIM_TIME(positioning_margin, "what the queue order allows for seeks longer than predicted (sptf)");
  AHCISIM_TIME(age_limit, "an access that has waited longer goes first");
  AHCISIM_TIME(spin_up, "from standby to the first access");
#undef AHCISIM_TIME
#undef AHCISIM_FIGURE
};

/// Names of the catalogue, the default drive first.
std::vector<std::string> catalogue_names();
/// Figures of a drive of the catalogue. An unknown name is a kit::ConfigError with the nearest known one.
DriveFigures catalogue_drive(const std::string& name);
/// The layout, skews included, seek curves and controller that the parameters describe. Throws kit::ConfigError.
DriveSpec drive_spec(const HddParameters& parameters);
std::unique_ptr<SeekOrder> make_order(const HddParameters& parameters);
/// A drive. Throws kit::ConfigError where parameters contradict each other.
std::unique_ptr<Drive> make_drive(const HddParameters& parameters);
std::unique_ptr<Drive> make_drive(const std::string& name);

}  // namespace ahcisim::disk::hdd
