// SPDX-License-Identifier: MIT
// What a workload is made of: one I/O request, and a source that yields them one after the other.
//
// A source is a stream: it holds a constant amount of memory however long the trace is, and yields the same
// requests again after rewind(). Sectors are 512 bytes throughout; a source knows nothing of the disk behind
// (see adapted_source.hpp for checking and folding addresses, stream.hpp for what drives a source: queue
// depth, open loop, pauses, end).
#pragma once

#include <ahcisim/models/kit/units.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace ahcisim::host {

/// The logical sector all workloads count in, in bytes.
inline constexpr std::uint32_t sector_bytes = 512;
/// What one ATA command can name: 48-bit addresses, 65536 sectors (ACS-3, 4.1.2 and 7.25: COUNT 0000h).
inline constexpr std::uint64_t highest_lba = (std::uint64_t{1} << 48) - 1;
inline constexpr std::uint64_t most_sectors = 65536;

/// One request as a program would hand it to the block layer.
struct IoRequest {
  enum class Op : std::uint8_t { read, write, flush, trim };
  /// "Not recorded", "not given": the value of a time that a source has nothing to say about.
  static constexpr kit::Duration unknown = kit::Duration::from_ps(-1);

  Op op = Op::read;
  /// First sector (512 B). 0 for a flush.
  std::uint64_t lba = 0;
  /// Length in sectors (512 B). 0 for a flush, above 0 for all others; at most 65536 for reads and writes. A
  /// trim may be longer than one command can name: the driver splits it.
  std::uint32_t sectors = 0;
  /// A write that is to be on the medium when it completes (force unit access).
  bool fua = false;
  /// The device's cache is flushed before this request is issued (Linux: REQ_PREFLUSH).
  bool flush_first = false;
  /// Recorded time of issue, from the start of the trace. `unknown` where the source is closed loop.
  kit::Duration at = unknown;
  /// Pause between the completion of the previous request of this source and the issue of this one. Never
  /// negative.
  kit::Duration think{};
  /// The service time that the recorded device took. `unknown` where the source did not record one.
  kit::Duration recorded_service = unknown;
  /// 0 = normal; 1 = high (NCQ: PRIO 10b).
  std::uint8_t priority = 0;

  bool is_write() const { return op == Op::write; }
  std::uint64_t bytes() const { return std::uint64_t{sectors} * sector_bytes; }
};

/// "read", "write", "flush", "trim".
constexpr const char* name_of(IoRequest::Op op) {
  constexpr const char* names[] = {"read", "write", "flush", "trim"};
  return names[static_cast<unsigned>(op)];
}

/// A sequence of requests, in the order in which they are to be issued.
class RequestSource {
 public:
  RequestSource() = default;
  RequestSource(const RequestSource&) = delete;
  RequestSource& operator=(const RequestSource&) = delete;
  virtual ~RequestSource() = default;

  /// Yields the next request and returns true, or returns false at the end and leaves `request` alone. Throws
  /// kit::ConfigError ("file:line:column: expected …") where a trace turns out malformed or truncated at this
  /// point.
  virtual bool next(IoRequest& request) = 0;
  /// Starts over: the same requests come again, random ones too.
  virtual void rewind() = 0;
  /// How many requests there are in all, where that is known without reading everything; for progress bars.
  virtual std::optional<std::uint64_t> size_hint() const { return std::nullopt; }
  /// How much of the source is consumed, 0 … 1; 0 where nobody can know. For traces, the part of the file
  /// read.
  virtual double progress() const { return 0; }
  /// Where the request that next() gave last stands, "file:line", for errors; empty where that is in no file.
  virtual std::string place() const { return {}; }
  /// One line for reports: what it is, of what size and mix.
  virtual std::string describe() const = 0;
};

}  // namespace ahcisim::host
