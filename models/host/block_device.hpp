// SPDX-License-Identifier: MIT
// What a driver offers to programs: a block device that takes requests. Every driver of the host implements it.
#pragma once

#include <cstdint>
#include <string>

#include <boost/intrusive/list_hook.hpp>

#include <ahcisim/models/host/workload/request.hpp>
#include <ahcisim/models/kit/units.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::host {

struct Request;

/// How a request ended.
enum class RequestStatus : std::uint8_t {
  ok,
  media_error,   ///< the medium could not be read or written (UNC)
  device_error,  ///< the device aborted the command, however often it was tried
  bus_error,     ///< the transfer failed, however often it was tried
  timed_out,     ///< no answer, however often it was tried
  unsupported,   ///< the device does not offer the operation (TRIM)
  out_of_range,  ///< beyond the last sector: refused by the driver, never sent
  gone,          ///< the device is not there, or was given up
};
/// "ok", "media_error" …
const char* name_of(RequestStatus status);

/// Who handed in a request.
class RequestOwner {
 public:
  /// The program has the request back at the time `at` (now or later; it may be submitted again at once, with that time).
  virtual void completed(Request& request, kit::Duration at) = 0;
  /// The data of a write without a scatter list, `bytes` from `offset` of the request on, is to be put to `data`. The
  /// default leaves what is there.
  virtual void fill(const Request&, std::uint8_t* /*data*/, std::uint64_t /*offset*/, std::uint32_t /*bytes*/) {}
  /// The data of a read without a scatter list has arrived. Called for each command that the request was split into.
  virtual void inspect(const Request&, const std::uint8_t* /*data*/, std::uint64_t /*offset*/, std::uint32_t /*bytes*/) {}

 protected:
  ~RequestOwner() = default;
};

/// A piece of a buffer in memory.
struct Segment {
  std::uint64_t address;  ///< physical, even
  std::uint32_t bytes;    ///< even, 2 … 4 MiB (AHCI 1.3.1, 4.2.3.3)
};

/// One request on its way. The owner keeps it (in a pool) from submit() to completed(); drivers allocate nothing. Where a
/// simulation is given up, owner and driver may go in any order: a request leaves the driver's lists by itself.
struct Request : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  IoRequest::Op op = IoRequest::Op::read;
  bool fua = false;           ///< on the medium when it completes
  bool flush_first = false;   ///< the device's cache is flushed before
  bool with_data = false;     ///< the owner wants fill() and inspect() calls
  std::uint8_t priority = 0;  ///< 1 = high
  std::uint32_t sectors = 0;  ///< of 512 bytes
  std::uint64_t lba = 0;      ///< in sectors of 512 bytes
  /// The buffer: a scatter list, or none for the driver's own.
  const Segment* segments = nullptr;
  std::uint32_t segment_count = 0;
  RequestOwner* owner = nullptr;
  void* context = nullptr;  ///< the owner's own
  wire::RequestTag tag;     ///< opened by the owner (who may stamp `submitted`); stamped by everybody on the way

  RequestStatus status = RequestStatus::ok;
  std::uint8_t ata_status = 0, ata_error = 0;  ///< as the device reported them, where it did
  std::uint64_t error_lba = 0;                 ///< first sector in error, where the device said so

  /// What the driver needs to know about it meanwhile.
  struct Progress {
    enum class Step : std::uint8_t { pre_flush, data, post_flush, done };
    kit::Duration ready;            ///< when the program hands it in
    Step step = Step::data;
    std::uint32_t issued = 0;       ///< sectors in commands so far
    std::uint32_t segment = 0;      ///< scatter list: where the next command begins
    std::uint32_t segment_offset = 0;
    std::uint32_t open = 0;         ///< commands outstanding
    std::uint32_t tries = 0;        ///< commands of it that failed and were tried again
    bool step_issued = false;       ///< nothing more to issue of this step
  } progress;
};

/// Told when a device can take requests, or that it never will.
class DeviceListener {
 public:
  virtual void ready(kit::Duration at) = 0;
  /// One line: what went wrong, at which step.
  virtual void failed(const std::string& reason, kit::Duration at) = 0;

 protected:
  ~DeviceListener() = default;
};

class BlockDevice {
 public:
  /// Takes a request that the program hands in at `at` (not before the calendar's now). Refused requests are answered
  /// like all others, through completed().
  virtual void submit(Request& request, kit::Duration at) = 0;
  /// In sectors of 512 bytes; 0 until the device is ready.
  virtual std::uint64_t capacity() const = 0;
  /// Commands the device may have outstanding: 1 … 32 for AHCI.
  virtual unsigned max_depth() const = 0;
  virtual bool is_ready() const = 0;
  /// At most one listener; told at once where it is known already.
  virtual void listen(DeviceListener& listener) = 0;

 protected:
  ~BlockDevice() = default;
};

}  // namespace ahcisim::host
