// SPDX-License-Identifier: MIT
// A block device with a fixed latency for each kind of request, bytes of its own and a log of what it was asked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/kit/context.hpp>

namespace ahcisim::host {

using Op = IoRequest::Op;
using Log = std::vector<std::string>;

/// Logs "read 0+8 @t" (t in ns) at submission and, where `log_ends` is set, "end read 0+8". Requests take effect when they
/// complete, and complete in the order of their end times, however many are outstanding.
class FakeBlockDevice : public BlockDevice {
 public:
  FakeBlockDevice(kit::Context& context, std::uint64_t sectors) : calendar_{context.calendar}, sectors_{sectors}, bytes_(sectors * sector_bytes) {}

  void submit(Request& request, kit::Duration at) override {
    at = kit::max(at, calendar_.now());
    request.status = RequestStatus::ok;
    request.tag.stamp(wire::Stage::issued, at.ps());
    log.push_back(text_of(request) + (log_times ? fmt::format(" @{}", at.ps() / 1000) : ""));
    ++outstanding;
    highest_outstanding = std::max(highest_outstanding, outstanding);
    const kit::Duration latency = latency_of ? latency_of(request) : default_latency(request);
    calendar_.at<&FakeBlockDevice::end>(at + latency, this, reinterpret_cast<std::uintptr_t>(&request));
  }
  std::uint64_t capacity() const override { return is_ready_ ? sectors_ : 0; }
  unsigned max_depth() const override { return 32; }
  bool is_ready() const override { return is_ready_; }
  void listen(DeviceListener& listener) override {
    listener_ = &listener;
    if (is_ready_) listener.ready(calendar_.now());
  }
  void become_ready() {
    is_ready_ = true;
    if (listener_) listener_->ready(calendar_.now());
  }
  void fail(const std::string& reason) {
    if (listener_) listener_->failed(reason, calendar_.now());
  }
  static std::string text_of(const Request& request) {
    std::string text = fmt::format("{} {}+{}", name_of(request.op), request.lba, request.sectors);
    if (request.op == Op::flush) text = "flush";
    if (request.flush_first) text = "preflush " + text;
    if (request.fua) text += " fua";
    return text;
  }

  kit::Duration read_latency = kit::Duration::from_us(100), write_latency = kit::Duration::from_us(50),
                flush_latency = kit::Duration::from_us(1000);
  std::function<kit::Duration(const Request&)> latency_of;
  /// Which requests fail, and how.
  std::function<RequestStatus(const Request&)> verdict;
  Log log;
  bool log_ends = false, log_times = false;
  unsigned outstanding = 0, highest_outstanding = 0;
  bool is_ready_ = true;
  std::vector<std::uint8_t>& bytes() { return bytes_; }

 private:
  kit::Duration default_latency(const Request& request) const {
    if (request.op == Op::read) return read_latency;
    return request.op == Op::flush ? flush_latency : write_latency;
  }
  void end(std::uint64_t address) {
    Request& request = *reinterpret_cast<Request*>(static_cast<std::uintptr_t>(address));
    const kit::Duration now = calendar_.now();
    --outstanding;
    if (log_ends) log.push_back("end " + text_of(request));
    if (verdict) request.status = verdict(request);
    const std::uint64_t end = request.lba + request.sectors;
    if (request.status == RequestStatus::ok && end > sectors_) request.status = RequestStatus::out_of_range;
    if (request.status == RequestStatus::ok) move(request);
    request.tag.stamp(wire::Stage::media, now.ps());
    request.tag.stamp(wire::Stage::woken, now.ps());
    request.tag.stamp(wire::Stage::completed, now.ps());
    request.owner->completed(request, now);
  }
  void move(Request& request) {
    std::uint8_t* data = bytes_.data() + request.lba * sector_bytes;
    const std::uint32_t count = request.sectors * sector_bytes;
    if (request.op == Op::trim) std::fill_n(data, count, std::uint8_t{0});
    if (!request.with_data || count == 0) return;
    // In two commands, as a driver may split it.
    const std::uint32_t half = request.sectors / 2 * sector_bytes;
    for (const auto& [offset, bytes] : {std::pair{0u, half}, std::pair{half, count - half}}) {
      if (bytes == 0) continue;
      if (request.op == Op::write) request.owner->fill(request, data + offset, offset, bytes);
      if (request.op == Op::read) request.owner->inspect(request, data + offset, offset, bytes);
    }
  }

  kit::Calendar& calendar_;
  std::uint64_t sectors_;
  std::vector<std::uint8_t> bytes_;
  DeviceListener* listener_ = nullptr;
};

}  // namespace ahcisim::host
