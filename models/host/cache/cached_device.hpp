// SPDX-License-Identifier: MIT
// A block device with a page cache in front of it: what a kernel does for read(), write() and fsync() of a file.
//
// Reads are copied out of the cache; what is missing is read from the device below, with read-ahead. Writes are copied into
// it and written back later: in the background, when they are old, when a flush asks for it. A flush writes back what is
// dirty when it comes, waits for that, and then flushes the device below. FUA does the same for the pages of one write. A
// request through the direct door bypasses the cache (O_DIRECT): dirty pages of its range are written back before, cached
// pages dropped before and after a write. A trim always goes to the device below.
//
// The buffer of a buffered request is its owner's: fill() and inspect() are called page by page, within the time of the
// call. Scatter lists name memory that the cache cannot reach: buffered requests with one are refused (unsupported), direct
// ones hand it down. Once a request wanted data the pages keep bytes; what was written without data before reads as zeros
// while it has not been written back.
//
// Files: cached_device.cpp the requests' way in and out, cached_transfer.cpp reads and writes, cached_sync.cpp write-back
// and flush, cached_direct.cpp what bypasses the cache, cached_io.cpp the device below.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <boost/intrusive/list.hpp>
#include <systemc>

#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/host/cache/operation.hpp>
#include <ahcisim/models/host/cache/parameters.hpp>
#include <ahcisim/models/host/cache/policy/dirty_limits.hpp>
#include <ahcisim/models/host/cache/policy/page_cache.hpp>
#include <ahcisim/models/host/cache/policy/read_ahead.hpp>
#include <ahcisim/models/host/cache/statistics.hpp>
#include <ahcisim/models/host/listeners.hpp>
#include <ahcisim/models/host/processor_time.hpp>
#include <ahcisim/models/kit/context.hpp>

namespace ahcisim::host {

class CachedDevice : public sc_core::sc_module, public BlockDevice, private RequestOwner, private DeviceListener {
 public:
  /// Becomes the listener of `below`, which outlives it.
  CachedDevice(const sc_core::sc_module_name& name, kit::Context& context, const CacheParameters& parameters, BlockDevice& below);

  /// Buffered or direct, as the parameter says.
  void submit(Request& request, kit::Duration at) override { take(request, at, parameters_.direct()); }
  std::uint64_t capacity() const override { return below_.capacity(); }
  unsigned max_depth() const override { return below_.max_depth(); }
  bool is_ready() const override { return below_.is_ready(); }
  void listen(DeviceListener& listener) override;
  /// The same file, opened without and with O_DIRECT; each door has a listener of its own.
  BlockDevice& buffered() { return buffered_; }
  BlockDevice& direct() { return direct_; }

  /// Whose processor the file layer runs on. Without one, its work takes time and nobody's.
  void set_processor(ProcessorTime& processor) { processor_ = &processor; }
  /// Forgets every page that is clean and idle (drop_caches).
  void drop_clean();
  /// Whether the sector's last write has not reached the device below: it is lost in a power cut.
  bool unwritten(std::uint64_t lba) const;
  const CacheStatistics& statistics() const { return statistics_; }
  const PageCache& pages() const { return cache_; }

 private:
  using Operation = CacheOperation;
  using Step = CacheOperation::Step;
  using Io = CacheIo;
  struct Door final : BlockDevice {
    Door(CachedDevice& c, bool d) : cache{c}, is_direct{d} {}
    void submit(Request& request, kit::Duration at) override { cache.take(request, at, is_direct); }
    std::uint64_t capacity() const override { return cache.capacity(); }
    unsigned max_depth() const override { return cache.max_depth(); }
    bool is_ready() const override { return cache.is_ready(); }
    void listen(DeviceListener& listener) override { cache.listen(listener); }
    CachedDevice& cache;
    bool is_direct;
  };
  struct Piece {
    std::uint32_t in_page, bytes;
    std::uint64_t in_request;
  };

  // In and out (cached_device.cpp).
  void ready(kit::Duration at) override;
  void failed(const std::string& reason, kit::Duration at) override;
  void take(Request& request, kit::Duration at, bool direct);
  void arrive(std::uint64_t operation);
  RequestStatus verdict(const Operation& operation) const;
  void begin(Operation& operation);
  static Step body_of(const Operation& operation);
  void run(Operation& operation);
  void finish(Operation& operation);
  void wake(Operation& operation);
  void charge(Operation& operation, kit::Duration work);
  std::uint64_t device_pages() const { return (capacity() + page_sectors - 1) / page_sectors; }
  std::uint32_t sectors_of(std::uint64_t page) const;

  // Reads and writes (cached_transfer.cpp).
  bool read(Operation& operation);
  bool write(Operation& operation);
  bool fetch(Operation& operation);
  void start_window(Operation& operation, ReadAhead::Window window, std::uint64_t asked_end);
  void fetch_again(Operation& operation, std::uint32_t frame);
  bool lacks_bytes(const Operation& operation, const Page& page) const;
  bool add_for_write(Operation& operation, bool whole);
  void copy_out(Operation& operation, std::uint32_t frame);
  void copy_in(Operation& operation, std::uint32_t frame);
  void need_bytes(std::uint32_t frame);
  void became_dirty(kit::Duration at);
  void charge_copies(Operation& operation, kit::Duration call);
  void await(Operation& operation, const Page& page);
  void await_memory(Operation& operation);
  Piece piece_of(const Operation& operation) const;

  // Write-back (cached_sync.cpp).
  void begin_sync(Operation& operation, std::uint64_t first, std::uint64_t end, bool flush, Step after);
  void begin_whole_sync(Operation& operation, Step after);
  bool write_back(Operation& operation);
  bool settled(Operation& operation);
  std::uint64_t write_cluster(std::uint64_t page, std::uint64_t end, std::uint64_t epoch, kit::Duration at);
  bool queue_full() const { return writes_.size() >= static_cast<std::size_t>(parameters_.queue()); }
  std::uint64_t tolerated() const;
  void check_flusher();
  void run_flusher();
  void arm_expiry();
  void expire(std::uint64_t);
  void wake_after_write_back();

  // Around the cache (cached_direct.cpp).
  void begin_pass(Operation& operation);
  void pass(Operation& operation);
  void drop(const Request& request, bool unwritten_too);
  void drop_page(std::uint32_t frame, bool unwritten_too);

  // The device below (cached_io.cpp).
  Io& new_io(Io::Kind kind);
  void send_pages(Io& io, IoRequest::Op op, kit::Duration at);
  void send_flush(Operation& operation);
  void completed(Request& request, kit::Duration at) override;
  void fill(const Request& request, std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override;
  void inspect(const Request& request, const std::uint8_t* data, std::uint64_t offset, std::uint32_t bytes) override;
  void finish_io(std::uint64_t number);
  void finish_read(Io& io);
  void finish_write_back(Io& io);
  void finish_pass(Io& io);
  void wake_waiters(Io& io);

  kit::Calendar& calendar_;
  const CacheParameters& parameters_;
  BlockDevice& below_;
  ProcessorTime* processor_ = nullptr;
  CacheStatistics statistics_;
  Door buffered_{*this, false}, direct_{*this, true};
  Listeners listeners_;
  bool told_ready_ = false;

  PageCache cache_;
  ReadAhead read_ahead_;
  DirtyLimits limits_;
  std::uint64_t last_touched_ = UINT64_MAX;
  bool keeps_data_ = false;

  std::deque<Operation> operations_;
  std::vector<Operation*> free_operations_;
  std::deque<Io> ios_;
  std::vector<Io*> free_ios_;
  CacheQueue early_;      // until the device below is ready
  CacheQueue memory_;     // for a frame
  CacheQueue throttled_;  // for dirty pages to become fewer
  CacheQueue walkers_;    // for room in the queue of write-backs
  CacheQueue settling_;   // for write-backs to end, in the order of their sequence

  boost::intrusive::list<Io> writes_;  // write-backs under way, in the order of issue
  std::uint64_t writing_pages_ = 0;
  std::uint64_t sequence_ = 0, epoch_ = 1;
  RequestStatus write_error_ = RequestStatus::ok;  // not reported yet

  // The flusher thread.
  bool flushing_ = false, wrapped_ = false;
  std::uint64_t flush_cursor_ = 0, flush_start_ = 0;
  std::uint64_t expired_epoch_ = 0;  // what became dirty in it or before is to be written
  kit::Duration dirty_since_ = kit::Duration::never();
  bool expiry_armed_ = false;
};

}  // namespace ahcisim::host
