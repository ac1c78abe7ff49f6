// SPDX-License-Identifier: MIT
// The emulator's block layer as a disk's medium: what a guest's read, write, flush and trim become as calls on an image file.
//
// Data lies in the guest disk's store; a write's bytes go on to the file by fill(). What is durable is what the file has been
// asked to make durable: a cache mode is nothing but which calls are made. A call that fails is a command that fails.
#pragma once

#include <cstdint>
#include <deque>

#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/host/vm/cache_mode.hpp>
#include <ahcisim/models/host/vm/emulator.hpp>
#include <ahcisim/models/kit/context.hpp>

namespace ahcisim::host {

struct ImageStatistics : kit::StatSet {
  kit::Counter reads{*this, "calls.pread", "calls", "reads of the image"};
  kit::Counter writes{*this, "calls.pwrite", "calls", "writes of the image"};
  kit::Counter flushes{*this, "calls.fdatasync", "calls", "flushes of the image"};
  kit::Counter holes{*this, "calls.fallocate", "calls", "holes punched into the image"};
  kit::Counter guest_flushes{*this, "guest.flushes", "commands", "flushes the guest asked for"};
  kit::Counter ignored_flushes{*this, "flushes.ignored", "flushes", "flushes that the cache mode ignores, those of write through included"};
  kit::Counter errors{*this, "errors", "commands", "commands whose call on the image failed"};
  kit::Latency call_time{*this, "call_time", "the call enters the host kernel to its return", "time of a call on the image"};
};

class ImageMedium final : public disk::Medium, private RequestOwner {
 public:
  /// `file`: the image, as the mode's O_DIRECT switch has opened it. `store`: the guest disk's content. All must outlive it.
  /// `facts.write_cache` is set by the mode.
  ImageMedium(kit::Context& context, Emulator& emulator, const disk::MediumFacts& facts, CacheMode mode, disk::Store& store,
              BlockDevice& file);

  disk::MediumFacts facts() const override { return facts_; }
  void submit(disk::MediaRequest& request, kit::Duration now) override;
  void transferred(disk::MediaRequest& request, kit::Duration now) override;
  kit::Duration next_decision() const override { return kit::Duration::never(); }
  void advance(kit::Duration) override {}
  /// The guest's own setting (SET FEATURES, CONFIG_WCE): without a write cache every write is flushed before it completes.
  void set_write_cache(bool on) override { write_back_ = on; }
  void set_look_ahead(bool) override {}
  void abandon_all(kit::Duration now) override;
  void stop_spindle(kit::Duration) override {}
  void attach(disk::MediumClient& client) override { client_ = &client; }
  kit::StatSet& statistics() override { return statistics_; }

  bool write_back() const { return write_back_; }
  const ImageStatistics& counts() const { return statistics_; }

 private:
  /// A guest's command on its way through the block layer.
  struct Operation final : HostCall, LoopWork {
    explicit Operation(ImageMedium& m) : medium{m} {}
    void begin_call(kit::Duration at) override { medium.begin(*this, at); }
    void run_in_loop(kit::Duration at) override { medium.told(*this, at); }
    ImageMedium& medium;
    Request call;                           // the call on the image
    disk::MediaRequest* guest = nullptr;    // null: idle, or nobody waits any more
    IoRequest::Op next = IoRequest::Op::read;
    disk::LbaRange range;
    bool flush_after = false, failed = false;
    bool waiting = false;                   // for the guest's data, before any call
    std::uint32_t trim = 0;                 // the range that is being punched
    kit::Duration begun;
    Operation* next_free = nullptr;
  };

  Operation& take(disk::MediaRequest& request);
  void give_back(Operation& operation);
  void start(Operation& operation, IoRequest::Op op, disk::LbaRange range);
  void flush(Operation& operation);
  void begin(Operation& operation, kit::Duration at);
  void completed(Request& request, kit::Duration at) override;
  void returned(std::uint64_t operation);
  void told(Operation& operation, kit::Duration at);
  void fill(const Request& request, std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override;
  void answer(Operation& operation, kit::Duration at);
  static void stamp_received(wire::RequestTag& tag, kit::Duration parsed);
  static void copy_stages(const wire::RequestTag& from, wire::RequestTag& to);

  kit::Calendar& calendar_;
  Emulator& emulator_;
  disk::MediumFacts facts_;
  const bool no_flush_;
  bool write_back_;
  disk::Store& store_;
  BlockDevice& file_;
  disk::MediumClient* client_ = nullptr;
  ImageStatistics statistics_;
  std::deque<Operation> pool_;  // those used stay where they are, and are used again
  Operation* free_ = nullptr;
};

}  // namespace ahcisim::host
