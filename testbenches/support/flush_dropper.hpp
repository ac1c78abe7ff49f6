// SPDX-License-Identifier: MIT
// A disk that lies: it answers flushes without doing anything, as QEMU's cache mode "unsafe" does, and takes writes with forced
// unit access as ordinary ones. For tests that must be able to lose data.
#pragma once

#include <ahcisim/models/host/block_device.hpp>

namespace ahcisim::test {

class FlushDropper final : public host::BlockDevice {
 public:
  explicit FlushDropper(host::BlockDevice& device) : device_{device} {}
  void submit(host::Request& request, kit::Duration at) override {
    request.fua = request.flush_first = false;
    if (request.op != host::IoRequest::Op::flush) return device_.submit(request, at);
    ++dropped;
    request.status = host::RequestStatus::ok;
    request.owner->completed(request, at);
  }
  std::uint64_t capacity() const override { return device_.capacity(); }
  unsigned max_depth() const override { return device_.max_depth(); }
  bool is_ready() const override { return device_.is_ready(); }
  void listen(host::DeviceListener& listener) override { device_.listen(listener); }
  std::uint64_t dropped = 0;

 private:
  host::BlockDevice& device_;
};

}  // namespace ahcisim::test
