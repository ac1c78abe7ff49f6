// SPDX-License-Identifier: MIT
// A medium that can write down what is asked of it, for a replay by `ahcisim run`.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
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
  explicit RecordedMedium(std::unique_ptr<disk::Medium> medium) : medium_{std::move(medium)} {}

  /// Writes down what comes from now on, which is time 0. Throws kit::ConfigError where the file cannot be written.
  void record(std::string file);
  /// Ends the trace. Throws kit::ConfigError where the file does not hold all of it.
  void close();
  /// nullptr before record().
  const host::BlkparseWriter* trace() const { return writer_ ? &*writer_ : nullptr; }

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
  /// What was written down of a request that is outstanding. A copy: who abandons requests may have forgotten their ranges.
  struct Outstanding {
    const disk::MediaRequest* request;
    host::IoRequest line;
  };
  void may_transfer(disk::MediaRequest& request, kit::Duration at) override { client_->may_transfer(request, at); }
  void complete(disk::MediaRequest& request, kit::Duration at) override;
  void write_down(const disk::MediaRequest& request);
  void issue(const disk::MediaRequest& request, const disk::LbaRange& range, kit::Duration at);
  kit::Duration now() const;

  std::unique_ptr<disk::Medium> medium_;
  disk::MediumClient* client_ = nullptr;
  std::optional<host::BlkparseWriter> writer_;
  Clock::time_point begin_;
  std::vector<Outstanding> outstanding_;
};

}  // namespace ahcisim::machine
