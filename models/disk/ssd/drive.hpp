// SPDX-License-Identifier: MIT
// A solid state drive as a medium: the controller's cores and memory in front of flash behind a translation layer.
//
// Every answer is computed when it is asked for, against reservations of the cores, the channels and the dies; a
// drive never needs to be called back. Only a write that finds the buffer full of data not yet transferred waits for that.
#pragma once

#include <vector>

#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/disk/ssd/ftl.hpp>
#include <ahcisim/models/disk/ssd/look_ahead.hpp>
#include <ahcisim/models/disk/ssd/nand.hpp>
#include <ahcisim/models/disk/ssd/parameters.hpp>
#include <ahcisim/models/disk/ssd/statistics.hpp>

namespace ahcisim::disk::ssd {

class Drive final : public Medium {
 public:
  /// Takes what it needs from the parameters, which may go away. Throws kit::ConfigError (geometry_of).
  explicit Drive(const SsdParameters& parameters);

  MediumFacts facts() const override;
  void submit(MediaRequest& request, kit::Duration now) override;
  void transferred(MediaRequest& request, kit::Duration now) override;
  kit::Duration next_decision() const override { return kit::Duration::never(); }
  void advance(kit::Duration) override {}
  void set_write_cache(bool on) override { cache_on_ = on; }
  void set_look_ahead(bool on) override;
  void abandon_all(kit::Duration now) override;
  void stop_spindle(kit::Duration) override {}
  void attach(MediumClient& client) override { client_ = &client; }
  kit::StatSet& statistics() override { return statistics_; }

  const SsdStatistics& counters() const { return statistics_; }
  const Geometry& geometry() const { return geometry_; }
  const Ftl& ftl() const { return ftl_; }
  /// Slices programmed for each slice the host wrote, the data of unfinished pages not counted. 0 before the first write.
  double write_amplification() const;

 private:
  static constexpr std::uint32_t most_outstanding = 64;

  /// Takes the controller's host core from `now` on; returns when it is done with this command.
  kit::Duration take_host_core(MediaRequest& request, kit::Duration length, kit::Duration now);
  void submit_read(MediaRequest& request, kit::Duration now);
  void submit_write(MediaRequest& request, kit::Duration now);
  void submit_flush(MediaRequest& request, kit::Duration now);
  void submit_trim(MediaRequest& request, kit::Duration now);

  /// When data is in memory, and when the die that was last began on it (-1 ps where no die was asked).
  struct Fetched {
    kit::Duration ready;
    kit::Duration die_start = kit::Duration::from_ps(-1);
  };
  Fetched fetch(std::uint64_t first_slice, std::uint64_t last_slice, kit::Duration earliest, kit::Duration now);
  /// Takes the flash core of a slice; returns when it is done with a command.
  kit::Duration take_flash_core(std::uint64_t slice, kit::Duration from);
  Fetched fetch_ahead(Reader& reader, std::uint64_t first_slice, std::uint64_t last_slice, kit::Duration earliest, kit::Duration now);
  /// Reserves the way from memory to the link; returns when the transfer may start at the link's speed.
  kit::Duration start_of_transfer(kit::Duration ready, std::uint64_t bytes, kit::Duration now);

  void grant_waiting(kit::Duration now);
  /// Moves the slices of a write into the buffer; returns when the last of them had room.
  kit::Duration accept(const LbaRange& range, kit::Duration now);
  kit::Duration seal(kit::Duration ready, kit::Duration now);
  /// The same, and tells the durability listener of the slices in the page.
  kit::Duration seal_and_report(kit::Duration ready, kit::Duration now);
  /// A slice of which only a part is written must be read first, unless it is in memory or holds nothing.
  void complete_partial(std::uint64_t slice, kit::Duration now);

  // Parameters.
  const kit::Duration read_cpu_, read_latency_, look_up_, write_cpu_, write_latency_, random_write_latency_, flush_latency_,
      flush_journal_, trim_range_;
  const kit::Rate read_rate_, write_rate_, link_rate_;
  const bool protected_;
  const std::uint32_t look_ahead_units_, buffer_bytes_;

  SsdStatistics statistics_;
  const Geometry geometry_;
  Nand nand_;
  Ftl ftl_;
  LookAhead look_ahead_;
  MediumClient* client_ = nullptr;
  bool cache_on_ = true, look_ahead_on_ = true;

  kit::Duration host_core_free_, intake_free_;
  std::vector<kit::Duration> flash_cores_free_;
  Timeline output_;
  std::uint64_t next_write_lba_ = ~std::uint64_t{0};

  // The write buffer: a ring of pages, each taken until its program ends.
  std::vector<kit::Duration> release_;
  std::uint64_t sealed_ = 0;         // pages programmed; page n used place n mod size
  std::uint64_t granted_ = 0;        // slices of writes that may transfer but have not
  kit::Duration page_ready_;         // of the page being filled: when its last data is in memory
  kit::Duration programs_end_;       // of all pages so far
  bool journal_due_ = false;         // programmed since the last flush
  std::uint64_t newest_ = 0;         // version accepted last, for the durability listener
  MediaRequest* waiting_[most_outstanding] = {};
  std::uint32_t first_waiting_ = 0, waiting_count_ = 0;
};

}  // namespace ahcisim::disk::ssd
