// SPDX-License-Identifier: MIT
// A page cache over a fake device; collects what comes back.
#pragma once

#include <functional>
#include <optional>

#include <gtest/gtest.h>

#include <ahcisim/models/host/cache/cached_device.hpp>

#include "fake_block_device.hpp"

namespace ahcisim::host {

struct CacheBench : RequestOwner, DeviceListener {
  explicit CacheBench(const std::function<void(CacheBench&)>& change = {}, std::uint64_t sectors = 65536)
      : below{context, sectors} {
    context.calendar.set_run_ahead_limit({});  // run_for() is exact
    parameters.size.set(kit::Bytes{4 << 20});  // 1024 pages: background 102, limit 204
    if (change) change(*this);
    cache.emplace("cache", context, parameters, below);
    cache->listen(*this);
  }
  CacheBench(const CacheBench&) = delete;
  void completed(Request& request, kit::Duration at) override {
    done.push_back(&request);
    done_at.push_back(at);
    if (below.log_ends) below.log.push_back("done " + FakeBlockDevice::text_of(request));
    if (on_completion) on_completion(request, at);
  }
  void ready(kit::Duration) override { is_ready = true; }
  void failed(const std::string& reason, kit::Duration) override { failure = reason; }
  /// Runs to the end, or for so long.
  void run() { sc_core::sc_start(); }
  void run_for(double milliseconds) { sc_core::sc_start(milliseconds, sc_core::SC_MS); }
  Request& make(Op op, std::uint64_t lba, std::uint32_t sectors, const std::function<void(Request&)>& change = {}) {
    Request& request = requests.emplace_back();
    request.op = op, request.lba = lba, request.sectors = sectors, request.owner = this;
    request.tag.open(requests.size());
    if (change) change(request);
    return request;
  }
  Request& submit(Op op, std::uint64_t lba, std::uint32_t sectors, const std::function<void(Request&)>& change = {}) {
    Request& request = make(op, lba, sectors, change);
    cache->submit(request, context.calendar.now());
    return request;
  }
  Request& submit_direct(Op op, std::uint64_t lba, std::uint32_t sectors, const std::function<void(Request&)>& change = {}) {
    Request& request = make(op, lba, sectors, change);
    cache->direct().submit(request, context.calendar.now());
    return request;
  }
  /// Submits and runs for a millisecond or more, until it is done.
  Request& act(Op op, std::uint64_t lba, std::uint32_t sectors, const std::function<void(Request&)>& change = {}) {
    const std::size_t before = done.size();
    Request& request = submit(op, lba, sectors, change);
    while (done.size() == before) run_for(1);
    return request;
  }
  Log take_log() { return std::exchange(below.log, {}); }
  static kit::Duration latency(const Request& request) {
    return kit::Duration::from_ps(request.tag.when(wire::Stage::completed) - request.tag.when(wire::Stage::submitted));
  }

  kit::Context context;
  CacheParameters parameters;
  FakeBlockDevice below;
  std::optional<CachedDevice> cache;
  std::deque<Request> requests;
  std::vector<Request*> done;
  std::vector<kit::Duration> done_at;
  std::function<void(Request&, kit::Duration)> on_completion;
  bool is_ready = false;
  std::string failure;
};

inline void fua(Request& request) { request.fua = true; }
inline void flush_first(Request& request) { request.flush_first = true; }

}  // namespace ahcisim::host
