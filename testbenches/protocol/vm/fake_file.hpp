// SPDX-License-Identifier: MIT
// An image file without a host: takes a fixed time for each call, keeps its bytes, and writes down what was called.
#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/kit/calendar.hpp>

namespace ahcisim::host {

class FakeFile final : public BlockDevice {
 public:
  explicit FakeFile(kit::Calendar& calendar) : calendar_{calendar} {}
  void submit(Request& request, kit::Duration at) override {
    if (log_on) log.push_back(word_of(request));
    request.status = fails && fails(request) ? RequestStatus::device_error : status;
    if (request.op == IoRequest::Op::write && request.with_data) {
      std::vector<std::uint8_t> data(std::size_t{request.sectors} * 512);
      request.owner->fill(request, data.data(), 0, static_cast<std::uint32_t>(data.size()));
      for (std::uint32_t i = 0; i < request.sectors; ++i) std::memcpy(content[request.lba + i].data, &data[std::size_t{i} * 512], 512);
    }
    if (time_of_device > kit::Duration{}) {
      request.tag.stamp(wire::Stage::issued, at.ps());
      request.tag.stamp(wire::Stage::selected, at.ps());
      request.tag.stamp(wire::Stage::media, (at + time_of_device).ps());
    }
    ++outstanding;
    highest = std::max(highest, outstanding);
    const kit::Duration end = at + time_of_device;
    if (end > calendar_.now()) {
      calendar_.at<&FakeFile::finish>(end, this, reinterpret_cast<std::uintptr_t>(&request));
    } else {
      finish(reinterpret_cast<std::uintptr_t>(&request));
    }
  }
  std::uint64_t capacity() const override { return 1 << 21; }
  unsigned max_depth() const override { return 1000; }
  bool is_ready() const override { return true; }
  void listen(DeviceListener&) override {}

  struct Sector {
    std::uint8_t data[512] = {};
  };
  std::map<std::uint64_t, Sector> content;
  std::vector<std::string> log;
  kit::Duration time_of_device = kit::Duration::from_us(10);
  RequestStatus status = RequestStatus::ok;
  std::function<bool(const Request&)> fails;  ///< which calls fail whatever `status` says
  bool log_on = false;
  unsigned outstanding = 0, highest = 0;

 private:
  static std::string word_of(const Request& request) {
    switch (request.op) {
      case IoRequest::Op::read: return "pread";
      case IoRequest::Op::write: return "pwrite";
      case IoRequest::Op::flush: return "fdatasync";
      case IoRequest::Op::trim: return "fallocate";
    }
    return "";
  }
  void finish(std::uint64_t argument) {
    --outstanding;
    auto& request = *reinterpret_cast<Request*>(static_cast<std::uintptr_t>(argument));
    request.owner->completed(request, calendar_.now());
  }
  kit::Calendar& calendar_;
};

}  // namespace ahcisim::host
