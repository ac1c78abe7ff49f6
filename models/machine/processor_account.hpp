// SPDX-License-Identifier: MIT
// Whose processor time an emulated machine spends: the guest's, the host kernel's, the emulator's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <ahcisim/models/host/processor.hpp>
#include <ahcisim/models/host/processor_time.hpp>
#include <ahcisim/models/kit/calendar.hpp>
#include <ahcisim/models/kit/reserve.hpp>
#include <ahcisim/models/kit/stat.hpp>

namespace ahcisim::machine {

/// The file layer of a guest's kernel: it runs on the guest's one processor, between the steps of its driver.
class GuestFileLayer final : public host::ProcessorTime {
 public:
  explicit GuestFileLayer(host::Processor& processor) : processor_{processor} {}
  kit::Duration charge(kit::Duration at, kit::Duration work) override { return processor_.occupy(at, work); }

 private:
  host::Processor& processor_;
};

/// The file layer of a host's kernel, within the calls of an emulator's workers: it runs on the first processor of theirs that is
/// free, or on the guest's where that has halted. The host's driver and its interrupts are on another.
class WorkerProcessors final : public host::ProcessorTime {
 public:
  WorkerProcessors(const kit::Calendar& calendar, std::int64_t count) : calendar_{calendar}, processors_(static_cast<std::size_t>(count)) {}
  /// The guest's processor, whose core the workers may have while it has halted; before the simulation starts.
  void share(const host::Processor& guest) { guest_ = &guest; }
  kit::Duration charge(kit::Duration at, kit::Duration work) override {
    sum_ += work;
    if (work == kit::Duration{}) return at;
    const kit::Duration now = calendar_.now();
    at = kit::max(at, now);
    kit::Reserve* first = nullptr;
    kit::Duration begin = kit::Duration::never();
    for (kit::Reserve& processor : processors_) {
      const kit::Duration fits = processor.first_fit(at, work);
      if (fits < begin) begin = fits, first = &processor;
      if (begin == at) break;
    }
    if (guest_ && begin > at && !guest_->busy()) {
      const kit::Duration fits = guests_.first_fit(kit::max(at, guest_->free_at()), work);
      if (fits < begin) at = fits, first = &guests_;
    }
    return first->book(now, at, work).end;
  }
  /// What was asked for in all.
  kit::Duration value() const { return sum_; }

 private:
  const kit::Calendar& calendar_;
  const host::Processor* guest_ = nullptr;
  std::vector<kit::Reserve> processors_;
  kit::Reserve guests_;  // the guest's core, as far as workers have it
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
