// SPDX-License-Identifier: MIT
// What a page cache has under way: the operations of programs, and the requests to the device below.
#pragma once

#include <cstdint>
#include <utility>

#include <boost/intrusive/list_hook.hpp>

#include <ahcisim/models/host/block_device.hpp>

namespace ahcisim::host {

/// One request of a program. It walks through steps and waits in at most one place at a time.
struct CacheOperation {
  enum class Step : std::uint8_t {
    write_back,  ///< writing the dirty pages of a range
    settle,      ///< waiting until what is being written has been
    flush,       ///< flushing the device below
    read,        ///< page by page out of the cache
    write,       ///< page by page into the cache
    pass,        ///< the device below does it
    done,
  };
  /// What is to be written back and waited for: pages `first` … `end` - 1 that became dirty in `epoch` or before.
  struct Sync {
    std::uint64_t first = 0, end = 0, cursor = 0, epoch = 0;
    std::uint64_t sequence = 0;  ///< of the first write-back that need not be waited for
    bool whole = false, flush = false;
    Step after = Step::done;
  };
  Request* request = nullptr;
  CacheOperation* next = nullptr;  ///< in the queue it waits in
  Step step = Step::done;
  bool direct = false;
  bool waited = false;  ///< for the page it stands at
  bool single = false;  ///< a read for several failed: page by page now
  bool called = false;  ///< the cost of the call is charged
  kit::Duration time;   ///< until when its work is done
  std::uint64_t page = 0, end = 0;
  std::uint64_t uncharged = 0;  ///< bytes copied whose time is not charged yet
  Sync sync;
};

/// First come, first served.
class CacheQueue {
 public:
  bool empty() const { return first_ == nullptr; }
  void push(CacheOperation& operation) {
    operation.next = nullptr;
    (last_ ? last_->next : first_) = &operation;
    last_ = &operation;
  }
  CacheOperation& pop() {
    CacheOperation& operation = *first_;
    first_ = operation.next;
    if (!first_) last_ = nullptr;
    return operation;
  }
  CacheOperation& front() { return *first_; }
  /// Everything that waits; this queue is empty then.
  CacheQueue take() { return std::exchange(*this, CacheQueue{}); }

 private:
  CacheOperation* first_ = nullptr;
  CacheOperation* last_ = nullptr;
};

/// One request to the device below.
struct CacheIo : boost::intrusive::list_base_hook<> {
  enum class Kind : std::uint8_t { read, write_back, flush, pass };
  Request request;
  Kind kind = Kind::read;
  std::uint32_t number = 0;
  std::uint32_t pages = 0;
  std::uint64_t first = 0;             ///< page
  std::uint64_t sequence = 0;          ///< write-backs: in the order of issue
  CacheOperation* operation = nullptr; ///< flush, pass: whose
  CacheQueue waiters;                  ///< for its pages
};

}  // namespace ahcisim::host
