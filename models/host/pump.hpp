// SPDX-License-Identifier: MIT
// The pump: feeds the streams of a workload into a block device by the rules of workload/stream.hpp, and keeps the books.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <string>
#include <vector>

#include <systemc>

#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/host/pump_statistics.hpp>
#include <ahcisim/models/host/workload/stream.hpp>
#include <ahcisim/models/kit/context.hpp>

namespace ahcisim::host {

/// Told about requests as they complete (a writer of requests.csv, a progress bar).
class RequestObserver {
 public:
  /// In the order of completion; `tag` is complete. Warm-up requests too: tag.id counts from 1 in the order of issue.
  virtual void completed(const Request& request, const wire::RequestTag& tag) = 0;
  /// Every stream is done, or the device was given up.
  virtual void finished(kit::Duration /*at*/) {}

 protected:
  ~RequestObserver() = default;
};

/// Reads a stream through to its end and rewinds it: throws kit::ConfigError for the first request beyond a disk of `sectors`
/// (of 512 bytes), and whatever a malformed trace throws. Sources without an end must not be given.
void check_requests(Stream& stream, std::uint64_t sectors);

class Pump : public sc_core::sc_module, private RequestOwner, private DeviceListener {
 public:
  Pump(const sc_core::sc_module_name& name, kit::Context& context, BlockDevice& device);

  /// Before the simulation starts. Names are unique, phases have no gaps (workload/stream.hpp).
  void add(Stream stream);
  /// The first `requests` are issued as all others, but not counted.
  void set_warm_up(std::uint64_t requests) { warm_up_ = requests; }
  /// Ends the simulation when everything is done (Calendar::stop()).
  void set_stop_when_finished(bool on) { stop_when_finished_ = on; }
  /// When the device is ready, the statistics of all blocks start anew: they are the workload's, without the bring-up.
  void set_count_from_ready(bool on) { count_from_ready_ = on; }
  void observe(RequestObserver& observer) { observers_.push_back(&observer); }
  /// No stream issues anything more; what is outstanding completes (Ctrl-C).
  void stop_issuing();

  bool finished() const { return finished_; }
  /// When the last request completed.
  kit::Duration finished_at() const { return last_completion_; }
  /// Empty, or why the device never was ready or was given up.
  const std::string& failure() const { return failure_; }
  /// Throws what a source threw while the simulation ran (kit::ConfigError), if any did; the simulation ended there.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }
  std::uint64_t issued() const { return issued_; }
  std::uint64_t completions() const { return completions_; }
  std::uint64_t outstanding() const { return issued_ - completions_; }
  /// How much of the workload is done, 0 … 1, as far as the sources know.
  double progress() const;
  const std::deque<Stream>& streams() const { return streams_; }
  const PumpStatistics& statistics() const { return statistics_; }
  const StageStatistics& stages() const { return stages_; }

 private:
  /// One stream being pumped.
  struct Runner {
    Runner(Stream& s, std::size_t i) : stream{s}, index{i}, pace{s} {}
    Stream& stream;
    std::size_t index;
    Pace pace;
    IoRequest next;
    bool has_next = false, ended = false, done = false, begun = false;
    std::uint32_t outstanding = 0;
    std::uint64_t taken = 0;
    kit::Duration start, last_completion;
    kit::Duration armed = kit::Duration::never();
  };

  void completed(Request& request, kit::Duration at) override;
  void ready(kit::Duration at) override;
  void failed(const std::string& reason, kit::Duration at) override;
  void begin_phase(kit::Duration at);
  void advance(Runner& runner, kit::Duration at);
  bool take_next(Runner& runner);
  kit::Duration earliest(const Runner& runner, kit::Duration at) const;
  void issue(Runner& runner, kit::Duration at);
  void wake(std::uint64_t index);
  void stream_done(Runner& runner, kit::Duration at);
  void finish(kit::Duration at);
  void count(const Request& request, kit::Duration at);
  Request& fresh_request();

  kit::Context& context_;
  kit::Calendar& calendar_;
  BlockDevice& device_;
  PumpStatistics statistics_;
  StageStatistics stages_;
  kit::StateProbe outstanding_probe_;
  std::vector<RequestObserver*> observers_;
  std::deque<Stream> streams_;
  std::deque<Runner> runners_;
  std::deque<Request> pool_;
  std::vector<Request*> free_;
  std::uint64_t warm_up_ = 0, issued_ = 0, completions_ = 0;
  std::uint32_t phase_ = 0;
  bool stop_when_finished_ = false, count_from_ready_ = false, started_ = false, finished_ = false;
  kit::Duration last_completion_;
  std::string failure_;
  std::exception_ptr error_;
};

}  // namespace ahcisim::host
