// SPDX-License-Identifier: MIT
// A stream: a source of requests and the rules by which they are fed into a driver.
//
// Whoever pumps streams into a driver follows these rules, in this order, for each stream on its own:
//
//  1. Phase. Streams of phase 0 start at once. Those of phase n+1 start together when every stream of phase n
//  is done:
//     its source has ended (or its runtime is over) and its last request has completed. `start` below is that
//     time.
//  2. End. No request is issued at or after start + runtime. Requests under way complete.
//  3. Closed loop: up to `depth` requests are outstanding; the next is taken from the source when there is
//  room.
//     Open loop: the next is issued at start + request.at, whatever is outstanding (up to `depth` where that
//     is not 0; a request that finds no room waits, and its latency counts from start + request.at).
//  4. Pause. A request with think > 0 is issued when nothing of the stream is outstanding, `think` after the
//  last
//     completion. (fio's thinktime drains the queue in the same way.)
//  5. Pace. `Pace pace{stream}` per stream: a request is not issued before start + pace.not_before(request);
//  tell it with
//     pace.issued(request). Streams without a rate have stream.paced() false and need none.
//  6. A flush is a request like the others. That it cannot be queued beside others is for the driver to see
//  to.
//
// Streams of one phase run side by side; when several could issue at the same instant, the one with the lower
// index does first, so that runs are reproducible.
#pragma once

#include <ahcisim/models/host/workload/request.hpp>
#include <ahcisim/models/kit/units.hpp>
#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace ahcisim::host {

/// One program that does I/O: a fio job, a trace, a generator.
struct Stream {
  enum class Loop : std::uint8_t { closed, open };

  /// Unique among the streams of a workload ("randread", "writer.1").
  std::string name;
  std::unique_ptr<RequestSource> source;
  Loop loop = Loop::closed;
  /// Closed loop: most requests outstanding, 1 or more. Open loop: the same, 0 for no bound.
  std::uint32_t depth = 1;
  /// Most bytes a second and most requests a second of reads, writes and trims each; 0: no bound.
  std::array<double, 3> byte_rate{}, request_rate{};
  /// Longest time from the stream's start in which requests are issued.
  kit::Duration runtime = kit::Duration::never();
  /// Order among groups of streams, from 0 without gaps.
  std::uint32_t phase = 0;

  bool paced() const {
    for (unsigned i = 0; i < 3; ++i)
      if (byte_rate[i] > 0 || request_rate[i] > 0) return true;
    return false;
  }
  /// One line for reports: the source, and how it is driven.
  std::string describe() const;
};

/// Keeps a stream to its rates: the n-th byte of a direction is not issued before n / rate, as fio does it. A
/// stream that fell behind catches up.
class Pace {
 public:
  explicit Pace(const Stream& stream) : byte_rate_{stream.byte_rate}, request_rate_{stream.request_rate} {}
  /// Earliest time of issue, from the stream's start.
  kit::Duration not_before(const IoRequest& request) const {
    const int i = direction(request);
    return i < 0 ? kit::Duration{} : next_[static_cast<unsigned>(i)];
  }
  void issued(const IoRequest& request) {
    const int direction_of_it = direction(request);
    if (direction_of_it < 0) return;
    const auto i = static_cast<unsigned>(direction_of_it);
    bytes_[i] += static_cast<double>(request.bytes());
    requests_[i] += 1;
    double seconds = byte_rate_[i] > 0 ? bytes_[i] / byte_rate_[i] : 0;
    if (request_rate_[i] > 0 && requests_[i] / request_rate_[i] > seconds)
      seconds = requests_[i] / request_rate_[i];
    next_[i] = seconds < 9e6 ? kit::Duration::from_seconds(seconds) : kit::Duration::never();
  }

 private:
  static int direction(const IoRequest& request) {
    switch (request.op) {
      case IoRequest::Op::read:
        return 0;
      case IoRequest::Op::write:
        return 1;
      case IoRequest::Op::trim:
        return 2;
      case IoRequest::Op::flush:
        break;
    }
    return -1;
  }
  std::array<double, 3> byte_rate_, request_rate_, bytes_{}, requests_{};
  std::array<kit::Duration, 3> next_{};
};

}  // namespace ahcisim::host
