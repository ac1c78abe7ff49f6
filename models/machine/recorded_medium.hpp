// SPDX-License-Identifier: MIT
// A medium that writes down what is asked of it, for a replay by `ahcisim run`.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/host/workload/blkparse_writer.hpp>

namespace ahcisim::machine {

/// Every read, write, flush and trim is a line of blkparse text at the wall time at which it reaches the medium, in the order in
/// which the disk takes its commands, whatever interface they came by. A trim of several ranges is a line for each of them. What
/// is dropped unanswered (a reset, an aborted queue) is taken back: the guest's driver asks again. READ VERIFY moves no data, has
/// no letter, and is left out.
class RecordedMedium final : public disk::Medium, private disk::MediumClient {
 public:
  /// Throws kit::ConfigError where the file cannot be written.
  RecordedMedium(std::unique_ptr<disk::Medium> medium, std::string file) : medium_{std::move(medium)}, writer_{std::move(file)} {}

  /// Ends the trace. Throws kit::ConfigError where the file does not hold all of it.
  void close() { writer_.close(); }
  const host::BlkparseWriter& trace() const { return writer_; }

  disk::MediumFacts facts() const override { return medium_->facts(); }
  void submit(disk::MediaRequest& request, kit::Duration now) override;
  void transferred(disk::MediaRequest& request, kit::Duration now) override { medium_->transferred(request, now); }
  kit::Duration next_decision() const override { return medium_->next_decision(); }
  void advance(kit::Duration now) override { medium_->advance(now); }
  void set_write_cache(bool on) override { medium_->set_write_cache(on); }
  void set_look_ahead(bool on) override { medium_->set_look_ahead(on); }
  void abandon_all(kit::Duration now) override;
  void stop_spindle(kit::Duration now) override { medium_->stop_spindle(now); }
  void attach(disk::MediumClient& client) override;
  kit::StatSet& statistics() override { return medium_->statistics(); }
  void watch_durability(disk::DurabilityListener* listener) override { medium_->watch_durability(listener); }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Event : std::uint8_t { issue, take_back };
  void may_transfer(disk::MediaRequest& request, kit::Duration at) override { client_->may_transfer(request, at); }
  void complete(disk::MediaRequest& request, kit::Duration at) override;
  void write_down(Event event, const disk::MediaRequest& request);
  void write_down(Event event, const host::IoRequest& request, kit::Duration at);

  std::unique_ptr<disk::Medium> medium_;
  disk::MediumClient* client_ = nullptr;
  host::BlkparseWriter writer_;
  const Clock::time_point begin_ = Clock::now();
  std::vector<const disk::MediaRequest*> outstanding_;
};

}  // namespace ahcisim::machine
