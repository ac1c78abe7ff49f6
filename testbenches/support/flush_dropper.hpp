// SPDX-License-Identifier: MIT
// A disk that lies: it answers flushes without doing anything, as QEMU's cache mode "unsafe" does, and takes writes with forced
// unit access as ordinary ones; or forgets a flush now and then. For tests that must be able to lose data.
#pragma once

#include <ahcisim/models/host/block_device.hpp>

namespace ahcisim::test {

class FlushDropper final : public host::BlockDevice {
 public:
  /// Drops every `each`th flush, and with 1 every one and the bits of writes with forced unit access.
  explicit FlushDropper(host::BlockDevice& device, unsigned each = 1) : device_{device}, each_{each} {}
  void submit(host::Request& request, kit::Duration at) override {
    if (each_ == 1) request.fua = request.flush_first = false;
    if (request.op != host::IoRequest::Op::flush || ++seen_ % each_ != 0) return device_.submit(request, at);
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
  const unsigned each_;
  std::uint64_t seen_ = 0;
};

}  // namespace ahcisim::test
