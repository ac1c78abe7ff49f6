// SPDX-License-Identifier: MIT
// The side of a driver that faces the programs, the same for every driver: requests in the order of time, what is
// answered without the device, the steps of a request (flush, data, flush), and the way back up.
//
//     program -> submit() -> take() -> waiting() -> the driver's commands -> end_step() -> deliver() -> program
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <boost/intrusive/list.hpp>

#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/host/driver_parameters.hpp>
#include <ahcisim/models/host/processor.hpp>
#include <ahcisim/models/kit/calendar.hpp>

namespace ahcisim::host {

class RequestQueue {
 public:
  enum class State : std::uint8_t { bringing_up, running, recovering, dead };
  using List = boost::intrusive::list<Request, boost::intrusive::constant_time_size<false>>;
  /// What the driver knows of its disk, as far as requests are judged by it.
  struct Disk {
    std::uint64_t capacity = 0;  ///< in sectors of 512 bytes
    unsigned lba_shift = 0;      ///< 512-byte sectors to logical sectors
    bool flushes = false;        ///< there is a volatile cache: flushes have something to do
    bool fua = false;            ///< writes can be told to reach the medium, so no flush has to follow
    bool trim = false;
  };

  RequestQueue(kit::Calendar& calendar, const Processor& processor, const CpuParameters& cost)
      : calendar_{calendar}, processor_{processor}, cost_{cost} {}
  RequestQueue(const RequestQueue&) = delete;
  RequestQueue& operator=(const RequestQueue&) = delete;

  /// The device: what it is, whether it works. Reasons are one line.
  Disk disk;
  State state() const { return state_; }
  void set_state(State state) { state_ = state; }
  bool is_ready() const { return state_ == State::running || state_ == State::recovering; }
  /// From the next request on the device works; tells the listener.
  void ready();
  /// The device is dead; the driver ends what it has issued, then calls fail_waiting() and announce_failure().
  void die(const std::string& reason);
  void announce_failure();
  const std::string& failure() const { return failure_; }
  void listen(DeviceListener& listener);

  /// BlockDevice::submit(); the processor has then to be poked.
  void submit(Request& request, kit::Duration at);
  /// When the first submission is due, or never.
  kit::Duration next() const { return submissions_.empty() ? kit::Duration::never() : submissions_.front().progress.ready; }
  struct Taken {
    kit::Duration through;  ///< the block layer is through with it
    bool admitted;          ///< it waits for the device now; else it was answered
  };
  /// Takes the first submission through system call and block layer, from `at` on.
  Taken take(kit::Duration at);
  /// The request taken last is issued in a step of its own, without having waited.
  void expect_issue() { expected_ = true; }
  /// Processor time to take the first request that waits off the queue: nothing where it has not waited, and the kernel's
  /// worker where it waited for a tag (Linux 6.1 scsi_end_request: the queue runs asynchronously) and not for its own commands.
  kit::Duration dispatch() {
    if (std::exchange(expected_, false)) return {};
    return waiting_.front().progress.issued ? cost_.dispatch() : cost_.dispatch() + cost_.restart();
  }

  /// Admitted requests with something left to issue; the first may be partly issued.
  List& waiting() { return waiting_; }
  const List& waiting() const { return waiting_; }
  /// What the first command of the request's present step is.
  bool is_flush(const Request& request) const {
    return request.op == IoRequest::Op::flush || request.progress.step != Request::Progress::Step::data;
  }
  /// All commands of the request's step are done: the next step waits, or the request has finished.
  void end_step(Request& request);
  /// Finished requests go back to their programs: `at` is when the handler was left. Returns when the processor is
  /// through.
  kit::Duration deliver(kit::Duration at);
  /// The same for what an error handler ended.
  void deliver_failed();
  /// Answers a request.
  void finish(Request& request, kit::Duration at);
  /// Everything that waits for the device ends.
  void fail_waiting(RequestStatus status);

 private:
  bool admit(Request& request) const;
  void hand_back(unsigned count, kit::Duration at);

  kit::Calendar& calendar_;
  const Processor& processor_;
  const CpuParameters& cost_;
  DeviceListener* listener_ = nullptr;
  State state_ = State::bringing_up;
  std::string failure_;
  List submissions_;  // handed in by programs, in the order of time
  List waiting_;
  List finished_;
  unsigned finished_count_ = 0;
  bool expected_ = false;
};

}  // namespace ahcisim::host
