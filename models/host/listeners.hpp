// SPDX-License-Identifier: MIT
// Who wants to know when a device can take requests, or that it never will.
#pragma once

#include <string>
#include <vector>

#include <ahcisim/models/host/block_device.hpp>

namespace ahcisim::host {

class Listeners {
 public:
  /// Told at once where it is known already.
  void add(DeviceListener& listener, bool ready, kit::Duration now) {
    all_.push_back(&listener);
    if (!failure_.empty()) return listener.failed(failure_, now);
    if (ready) listener.ready(now);
  }
  void ready(kit::Duration at) {
    for (std::size_t i = 0; i < all_.size(); ++i) all_[i]->ready(at);  // one may add another
  }
  /// From now on for good; before anybody is told, what waits for the device can see it.
  void fail(const std::string& reason) { failure_ = reason; }
  void announce_failure(kit::Duration at) {
    for (std::size_t i = 0; i < all_.size(); ++i) all_[i]->failed(failure_, at);
  }
  /// Empty, or why the device will never be ready.
  const std::string& failure() const { return failure_; }

 private:
  std::vector<DeviceListener*> all_;
  std::string failure_;
};

}  // namespace ahcisim::host
