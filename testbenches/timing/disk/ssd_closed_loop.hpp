// SPDX-License-Identifier: MIT
// A host in 100 lines: keeps a number of commands outstanding at a solid state drive, over a link of given cost.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include <ahcisim/models/disk/ssd/drive.hpp>

namespace ahcisim::disk::ssd {

/// What surrounds the medium, as measured on the bare-metal machine: 18.5 µs for a read of 4 KiB, 19 for a write. The link is
/// taken 8.5 and 9 µs of it.
struct Path {
  kit::Duration there = kit::Duration::from_us(6), back = kit::Duration::from_us(4);
  kit::Duration frame = kit::Duration::from_us(1.5);  ///< the link is taken by each command besides its data
  double bytes_per_second = 4096 / 7e-6;
  kit::Duration write_more = kit::Duration::from_us(0.5);  ///< DMA Setup before a write's data
};

struct Command {
  MediaOp op = MediaOp::read;
  std::uint64_t lba = 0;
  std::uint32_t sectors = 8;
  bool fua = false;
};

class ClosedLoop final : public MediumClient {
 public:
  ClosedLoop(Drive& drive, Path path = {}) : drive_{drive}, path_{path} { drive.attach(*this); }

  struct Result {
    double iops = 0, bytes_per_second = 0;
    kit::Duration mean, longest;
  };
  /// Runs `count` commands from `next` with `depth` outstanding, from the time the last run ended.
  Result run(unsigned depth, std::uint64_t count, const std::function<Command()>& next) {
    const kit::Duration begin = now_;
    sum_ = longest_ = kit::Duration{};
    bytes_ = 0;
    std::uint64_t issued = 0, done = 0;
    auto issue = [&](unsigned slot, kit::Duration at) {
      const Command command = next();
      slots_[slot].request = MediaRequest{};
      slots_[slot].request.op = command.op;
      slots_[slot].request.range = {command.lba, command.sectors};
      slots_[slot].request.fua = command.fua;
      slots_[slot].request.index = slot;
      slots_[slot].trim = slots_[slot].request.range;
      slots_[slot].request.trims = &slots_[slot].trim;
      slots_[slot].request.trim_count = command.op == MediaOp::trim;
      slots_[slot].issued = at;
      events_.push({at + path_.there, order_++, slot, What::arrive});
      ++issued;
    };
    for (unsigned slot = 0; slot < depth && issued < count; ++slot) issue(slot, now_);
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      MediaRequest& request = slots_[event.slot].request;
      switch (event.what) {
        case What::arrive: drive_.submit(request, now_); break;
        case What::transfer: {
          const kit::Duration begin_data = max(now_, link_free_);
          const bool write = request.op == MediaOp::write;
          link_free_ = begin_data + path_.frame + (write ? path_.write_more : kit::Duration{}) +
                       kit::Duration::from_seconds(static_cast<double>(request.range.count) * 512 / path_.bytes_per_second);
          events_.push({link_free_, order_++, event.slot, What::moved});
          break;
        }
        case What::moved:
          bytes_ += request.range.count * 512;
          drive_.transferred(request, now_);
          break;
        case What::done: {
          const kit::Duration latency = now_ - slots_[event.slot].issued;
          sum_ += latency;
          longest_ = max(longest_, latency);
          ++done;
          if (issued < count) issue(event.slot, now_);
          break;
        }
      }
    }
    const double seconds = (now_ - begin).seconds();
    return {static_cast<double>(done) / seconds, static_cast<double>(bytes_) / seconds, sum_ / static_cast<std::int64_t>(done), longest_};
  }
  kit::Duration now() const { return now_; }

  void may_transfer(MediaRequest& request, kit::Duration at) override {
    if (at < now_) ++faults;
    events_.push({at, order_++, request.index, What::transfer});
  }
  void complete(MediaRequest& request, kit::Duration at) override {
    if (at < now_) ++faults;
    events_.push({at + path_.back, order_++, request.index, What::done});
  }
  /// Answers that lay in the past.
  unsigned faults = 0;

 private:
  enum class What : std::uint8_t { arrive, transfer, moved, done };
  struct Event {
    kit::Duration at;
    std::uint64_t order;
    unsigned slot;
    What what;
    bool operator<(const Event& other) const { return other.at < at || (at == other.at && other.order < order); }
  };
  struct Slot {
    MediaRequest request;
    LbaRange trim;
    kit::Duration issued;
  };
  Drive& drive_;
  Path path_;
  std::array<Slot, 32> slots_;
  std::priority_queue<Event> events_;
  std::uint64_t order_ = 0, bytes_ = 0;
  kit::Duration now_, link_free_, sum_, longest_;
};

}  // namespace ahcisim::disk::ssd
