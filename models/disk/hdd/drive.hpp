// SPDX-License-Identifier: MIT
// A hard disk drive behind the Medium interface: mechanics, a segmented buffer with read-ahead and write-back, and an
// order in which queued accesses get the arm.
//
// Between two decisions nothing is uncertain, so an access is computed whole when the arm turns to it: its data's times
// are told at once, and the next decision is due when the arm is free and somebody waits. Read-ahead costs no decision
// at all: how far it came is computed when the next command asks. Controller semantics (which overhead applies when,
// what a command must wait for) are those of the DiskSim 4.0 manual, "Disk modules", whose parameters this drive takes, but for
// writes into the buffer that leave the arm's track (README.md).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ahcisim/models/disk/hdd/buffer.hpp>
#include <ahcisim/models/disk/hdd/flow.hpp>
#include <ahcisim/models/disk/hdd/mechanics.hpp>
#include <ahcisim/models/disk/hdd/seek_order.hpp>
#include <ahcisim/models/disk/medium.hpp>

namespace ahcisim::disk::hdd {

enum class ReadAhead : std::uint8_t { none, track, cylinder, segment, next_track };

/// The controller's time per command, after a command that read and after one that wrote.
struct Overhead {
  kit::Duration after_read, after_write;
};

struct ControllerSpec {
  Overhead read_hit, read_miss, write_hit, write_miss;
  kit::Duration write_hit_off_track;    ///< on top of write_hit.after_read, where the write leaves the arm's track
  kit::Duration read_completion, write_completion;
  kit::Duration interface_sector;       ///< 512 bytes over the interface, for when to start sending
  double read_watermark = 0;            ///< share of a read that must be in the buffer before it is sent
  ReadAhead read_ahead = ReadAhead::segment;
  std::uint64_t read_ahead_minimum = 0; ///< sectors read before anybody else gets the arm
  std::uint64_t read_ahead_maximum = 0; ///< 0: a segment
  bool read_ahead_after_hit = true;     ///< a hit sets a finished read-ahead going again
  bool read_free_sectors = false;       ///< reads from where the head lands, in front of what was asked for
  bool zero_latency_read = false, zero_latency_write = false;
  bool stop_in_sector = false;          ///< read-ahead can be left in the middle of a sector
  bool hits_while_busy = true;          ///< hits are served while the arm works for somebody else
  bool hits_at_head = true;             ///< a read that begins right where read-ahead is joins it
  bool writes_while_busy = true;        ///< writes are taken into the buffer while the arm works for somebody else
  bool write_cache = true;
  kit::Duration destage_delay;          ///< idle time before dirty data goes to the medium; 0: as soon as the arm is free
  double destage_mark = 0.5;            ///< share of the write segments from which on destages compete with reads
  kit::Duration age_limit;              ///< who waited longer is served whatever its priority
  kit::Duration spin_up;
};

struct DriveSpec {
  LayoutSpec layout;
  MechanicsSpec mechanics;
  BufferSpec buffer;
  ControllerSpec controller;
  std::uint16_t rotation_rate = 7200;   ///< as IDENTIFY tells it
  std::uint8_t physical_exponent = 0;
  std::uint8_t form_factor = 2;
};

struct DriveStatistics : kit::StatSet {
  kit::Counter reads{*this, "reads", "commands", "read and verify commands"};
  kit::Counter writes{*this, "writes", "commands", "write commands"};
  kit::Counter read_hits{*this, "read_hits", "commands", "reads found whole in the buffer"};
  kit::Counter partial_hits{*this, "partial_hits", "commands", "reads whose beginning was found in the buffer"};
  kit::Counter write_hits{*this, "write_hits", "commands", "writes the buffer took"};
  kit::Counter joined_writes{*this, "joined_writes", "commands", "writes that joined dirty data already in the buffer"};
  kit::Counter write_stalls{*this, "write_stalls", "commands", "writes that had to wait for room in the buffer"};
  kit::Counter positionings{*this, "positionings", "accesses", "times the arm was sent somewhere for a command or a destage"};
  kit::Counter seeks{*this, "seeks", "accesses", "positionings to another cylinder"};
  kit::Counter head_switches{*this, "head_switches", "switches", "changes to another surface, within accesses too"};
  kit::Counter destages{*this, "destages", "accesses", "buffer segments written to the medium"};
  kit::Counter flushes{*this, "flushes", "commands", "FLUSH CACHE commands"};
  kit::Counter sectors_read_ahead{*this, "sectors_read_ahead", "sectors", "sectors read that nobody had asked for yet"};
  kit::Counter spin_ups{*this, "spin_ups", "times", "accesses that found the spindle stopped"};
  kit::TimeSum seek_time{*this, "seek_time", "time the arm took to settle, per positioning"};
  kit::TimeSum rotational_wait{*this, "rotational_wait", "time from settled to the first sector, per positioning"};
  kit::TimeSum transfer_time{*this, "transfer_time", "time from first to last sector, track switches included"};
};

class Drive final : public Medium {
 public:
  Drive(DriveSpec spec, std::unique_ptr<SeekOrder> order);

  MediumFacts facts() const override;
  void submit(MediaRequest& request, kit::Duration now) override;
  void transferred(MediaRequest& request, kit::Duration now) override;
  kit::Duration next_decision() const override;
  void advance(kit::Duration now) override;
  void set_write_cache(bool on) override { spec_.write_cache = on; }
  void set_look_ahead(bool on) override { look_ahead_ = on; }
  void abandon_all(kit::Duration now) override;
  /// Dirty data stays in the buffer; it is the device that flushes first.
  void stop_spindle(kit::Duration now) override;
  void attach(MediumClient& client) override { client_ = &client; }
  kit::StatSet& statistics() override { return statistics_; }

  const DriveStatistics& counts() const { return statistics_; }
  const Mechanics& mechanics() const { return mechanics_; }
  const ControllerSpec& controller() const { return spec_; }

 private:
  static constexpr std::size_t version_scratch = 3;  // of MediaRequest: a write's version, for the durability listener

  // Commands: drive.cpp.
  void submit_read(MediaRequest& request, std::int64_t now);
  void submit_write(MediaRequest& request, std::int64_t now);
  bool serve_from_buffer(MediaRequest& request, std::int64_t now, std::int64_t overhead_over);
  void send(MediaRequest& request, std::int64_t at);
  void join_read_ahead(MediaRequest& request, std::int32_t segment, std::int64_t at);
  bool accept_write(MediaRequest& request, std::int64_t now);
  std::int64_t write_hit_overhead(const LbaRange& range, std::int64_t now) const;
  void queue_command(MediaRequest& request, std::uint64_t from, std::int64_t ready, bool write);
  void queue_destage(std::int32_t segment);
  void serve_waiting(std::int64_t now);
  void try_flushes(std::int64_t now);
  std::int64_t overhead(const Overhead& which) const { return (last_was_read_ ? which.after_read : which.after_write).ps(); }

  // The arm: drive_arm.cpp.
  bool busy(std::int64_t now) const { return now < arm_free_; }
  void settle(std::int64_t now);
  void follow_read_ahead(std::int64_t now);
  std::int64_t leave_read_ahead(std::int64_t now);
  void stop_read_ahead(std::int64_t now);
  void lose_flow_segment(std::int32_t taken, std::int64_t now);
  void finish_destage();
  void decide(std::int64_t now);
  bool urgent_destage() const;
  bool destage_due(std::int64_t now) const;
  bool choose(std::int64_t now, Candidate& chosen);
  void start_read(const Candidate& chosen, std::int64_t now);
  void start_write(const Candidate& chosen, std::int64_t now);
  std::int64_t arm_ready(const Candidate& chosen, std::int64_t now);
  std::int64_t with_data(const Candidate& chosen, std::int64_t start) const;
  void account();
  void report_durable(const MediaRequest* request, std::int32_t segment, bool turned);
  void report_passes(const LbaRange& range, std::uint64_t version, bool turned);
  void stamp(MediaRequest& request, std::int64_t start) const;
  bool turn_once(Pass& pass);
  void keep_free_sectors(std::int32_t segment, std::uint64_t start, std::uint64_t end, const Place& place);
  std::int64_t earliest_send(const MediaRequest& request, std::int64_t not_before) const;
  std::uint64_t read_ahead_limit(std::uint64_t lba, std::uint64_t count, std::uint64_t segment_start) const;

  ControllerSpec spec_;
  MediumFacts facts_;
  Mechanics mechanics_;
  Buffer buffer_;
  std::unique_ptr<SeekOrder> order_;
  DriveStatistics statistics_;
  MediumClient* client_ = nullptr;

  Arm arm_;
  Arm left_from_;                       ///< where the arm was when the present access began
  std::int64_t arm_free_ = 0;           ///< the arm works for a command or a destage until then
  bool decision_due_ = false;           ///< and a decision must follow
  std::int64_t last_activity_ = 0;      ///< the latest command or end of an access
  Flow flow_;
  std::uint64_t asked_lba_ = 0, asked_count_ = 0;  ///< the read that the read-ahead follows
  bool look_ahead_ = true;
  bool last_was_read_ = false;
  bool spinning_ = true;
  std::int64_t latest_ready_ = 0;       ///< by then the controller is done with all commands that ever queued
  std::uint32_t prioritized_ = 0;       ///< queued commands with a priority
  std::uint32_t urgent_ = 0;            ///< reads that wait for dirty data to reach the medium
  std::uint32_t destage_mark_ = 1;
  std::vector<Candidate> commands_, destages_, scratch_;
  std::vector<MediaRequest*> waiting_;  ///< writes without room, hits that must wait for the arm; oldest first
  std::vector<MediaRequest*> blocked_;  ///< reads of sectors that are dirty and no hit
  std::vector<MediaRequest*> flushes_;
  /// A write in the cache for which the arm has not set out yet.
  struct Cached {
    LbaRange range;
    std::uint64_t version = 0;
    std::int32_t segment = -1;
  };
  std::vector<Cached> cached_;          ///< kept for the durability listener only
};

}  // namespace ahcisim::disk::hdd
