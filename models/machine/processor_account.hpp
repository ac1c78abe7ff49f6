// SPDX-License-Identifier: MIT
// Whose processor time an emulated machine spends: the guest's, the host kernel's, the emulator's.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <ahcisim/models/host/processor_time.hpp>
#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::machine {

/// Adds up what code beside a processor's steps asks for. It is accounted for, and takes the time it takes whoever else runs:
/// a kernel's file layer does not wait for its driver's steps, nor they for it.
class FileLayerTime final : public host::ProcessorTime {
 public:
  kit::Duration charge(kit::Duration at, kit::Duration work) override {
    sum_ += work;
    return at + work;
  }
  kit::Duration value() const { return sum_; }

 private:
  kit::Duration sum_;
};

/// A sum of processor times that others keep.
class ProcessorShare final : public kit::Stat {
 public:
  ProcessorShare(kit::StatSet& owner, std::string name, std::string meaning)
      : Stat{owner, std::move(name), "ps", std::move(meaning)} {}
  /// `time` only grows.
  void add(std::function<kit::Duration()> time) { parts_.push_back(std::move(time)); }
  kit::Duration value() const { return total() - start_; }
  std::vector<std::pair<std::string, double>> values() const override { return {{"", static_cast<double>(value().ps())}}; }
  void reset() override { start_ = total(); }

 private:
  kit::Duration total() const {
    kit::Duration sum;
    for (const auto& part : parts_) sum += part();
    return sum;
  }
  std::vector<std::function<kit::Duration()>> parts_;
  kit::Duration start_;
};

struct ProcessorShares : kit::StatSet {
  ProcessorShare guest{*this, "guest", "processor time of the guest: programs' calls, page cache, driver; boot included"};
  ProcessorShare kernel{*this, "kernel", "processor time of the host kernel: exits, entries, interrupts, the emulator's calls, files, driver; boot included"};
  ProcessorShare emulator{*this, "emulator", "processor time of the emulator: device code in any of its threads; boot included"};
};

}  // namespace ahcisim::machine
