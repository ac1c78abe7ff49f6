// SPDX-License-Identifier: MIT
// A host for tests of a hard disk drive: a number of commands outstanding, one link, no driver and no bus in between.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <ahcisim/models/disk/medium.hpp>

namespace hdd_test {

using ahcisim::disk::LbaRange;
using ahcisim::disk::MediaOp;
using ahcisim::disk::MediaRequest;
using ahcisim::disk::Medium;
using ahcisim::disk::MediumClient;
using ahcisim::kit::Duration;

class Host final : public MediumClient {
 public:
  Host(Medium& medium, unsigned depth, Duration per_sector)
      : medium_{medium}, requests_(depth), tags_(depth), per_sector_{per_sector} {
    medium.attach(*this);
  }

  Duration now() const { return now_; }
  unsigned long completed() const { return completed_; }
  Duration longest() const { return longest_; }
  Duration total() const { return total_; }
  const ahcisim::wire::RequestTag& tag(unsigned index) const { return tags_[index]; }
  MediaRequest& request(unsigned index) { return requests_[index]; }

  /// Keeps all commands outstanding until `count` are done; `next` fills in each. Returns the time it took.
  template <class Next> Duration run(unsigned long count, Next next) {
    const Duration begin = now_;
    unsigned long issued = 0;
    const unsigned long until = completed_ + count;
    for (unsigned i = 0; i < requests_.size() && issued < count; ++i, ++issued) issue(i, next);
    while (completed_ < until) {
      const unsigned free = step();
      if (free != none && issued < count) {
        issue(free, next);
        ++issued;
      }
    }
    return now_ - begin;
  }
  /// One command on its own; returns how long it took.
  Duration one(MediaOp op, std::uint64_t lba, std::uint64_t sectors, bool fua = false) {
    return run(1, [&](MediaRequest& request) {
      request.op = op;
      request.range = {lba, sectors};
      request.fua = fua;
    });
  }
  /// Puts a command in without waiting for it.
  void put(unsigned index, MediaOp op, std::uint64_t lba, std::uint64_t sectors, std::uint8_t priority = 0) {
    issue(index, [&](MediaRequest& request) {
      request.op = op;
      request.range = {lba, sectors};
      request.priority = priority;
    });
  }
  /// The next command to complete.
  unsigned wait() {
    for (;;)
      if (const unsigned done = step(); done != none) return done;
  }
  /// Lets the drive work on its own.
  void idle(Duration time) {
    const Duration until = now_ + time;
    while (next_time() <= until) step();
    now_ = until;
  }
  /// When something happens next, never() where nothing does.
  Duration next_time() const {
    const Duration decision = medium_.next_decision();
    return events_.empty() ? decision : ahcisim::kit::min(decision, events_.front().at);
  }

  void may_transfer(MediaRequest& request, Duration at) override {
    if (at < now_) throw std::logic_error{"may_transfer in the past"};
    add({at, request.index, What::ready});
  }
  void complete(MediaRequest& request, Duration at) override {
    if (at < now_) throw std::logic_error{"complete in the past"};
    add({at, request.index, What::done});
  }

  static constexpr unsigned none = ~0u;

 private:
  enum class What : std::uint8_t { ready, sent, done };
  struct Event {
    Duration at;
    unsigned index;
    What what;
  };
  static bool later(const Event& a, const Event& b) { return b.at < a.at; }
  void add(Event event) {
    events_.push_back(event);
    std::push_heap(events_.begin(), events_.end(), later);
  }
  template <class Next> void issue(unsigned index, Next&& next) {
    MediaRequest& request = requests_[index];
    request = MediaRequest{};
    request.index = index;
    tags_[index].open(++opened_);
    request.tag = &tags_[index];
    next(request);
    medium_.submit(request, now_);
  }
  unsigned step() {
    const Duration decision = medium_.next_decision();
    if (events_.empty() && decision == Duration::never()) throw std::logic_error{"the drive is stuck"};
    if (events_.empty() || decision < events_.front().at) {
      if (decision < now_) throw std::logic_error{"a decision in the past"};
      now_ = decision;
      medium_.advance(now_);
      return none;
    }
    std::pop_heap(events_.begin(), events_.end(), later);
    const Event event = events_.back();
    events_.pop_back();
    now_ = event.at;
    MediaRequest& request = requests_[event.index];
    switch (event.what) {
      case What::ready:
        link_free_ = ahcisim::kit::max(link_free_, now_) + per_sector_ * static_cast<std::int64_t>(request.range.count);
        add({link_free_, event.index, What::sent});
        return none;
      case What::sent: medium_.transferred(request, now_); return none;
      case What::done: break;
    }
    ++completed_;
    const Duration took = now_ - request.arrived;
    total_ += took;
    longest_ = ahcisim::kit::max(longest_, took);
    return event.index;
  }

  Medium& medium_;
  std::vector<MediaRequest> requests_;
  std::vector<ahcisim::wire::RequestTag> tags_;
  Duration per_sector_, now_, link_free_, longest_, total_;
  std::vector<Event> events_;
  unsigned long completed_ = 0, opened_ = 0;
};

}  // namespace hdd_test
