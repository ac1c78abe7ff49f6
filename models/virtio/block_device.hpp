// SPDX-License-Identifier: MIT
// The block device behind the transport (VIRTIO 1.1, 5.2): takes requests out of the queues, has the medium serve them,
// moves data between the driver's buffers and the store, and gives the requests back.
//
// When the data is there says the medium, what it is the store. Whatever is due at one time is done in one go: with a
// medium and a memory that take no time a whole batch costs one event.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/virtio/agenda.hpp>
#include <ahcisim/models/virtio/block_registers.hpp>
#include <ahcisim/models/virtio/block_request.hpp>
#include <ahcisim/models/virtio/parameters.hpp>
#include <ahcisim/models/virtio/transport.hpp>
#include <ahcisim/models/virtio/virtqueue.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::virtio {

class BlockDevice final : public DeviceSide, private disk::MediumClient {
 public:
  /// Throws kit::ConfigError for parameters that contradict. Everything passed must outlive the device.
  BlockDevice(std::string name, kit::Context& context, const BlkParameters& parameters, BlkStatistics& statistics,
              GuestMemory& memory, disk::Medium& medium, disk::Store& store);
  void attach(Transport& transport) { transport_ = &transport; }

  /// What the device offers, of its own and for its rings.
  Features offered() const;
  kit::RegisterBank& configuration_bank() { return configuration_bank_; }
  void set_tag_board(wire::TagBoard* board) { board_ = board; }
  /// The disk has another size from now on (at most the medium's): the driver is told.
  void set_capacity(std::uint64_t sectors);
  /// Writes complete only when they are durable.
  bool write_through() const { return write_through_; }
  /// Requests taken and not given back.
  unsigned outstanding() const { return outstanding_; }

  void accept(Features features) override;
  const char* enable_queue(unsigned queue, const RingLayout& layout) override;
  void disable_queue(unsigned queue) override;
  void notified(unsigned queue, kit::Duration when) override;
  void reset() override;

 private:
  enum class Step : std::uint8_t { drain, submit, transfer, transferred, done };
  struct Queue {
    Queue(GuestMemory& memory, BlkStatistics& statistics) : ring{memory, statistics} {}
    Virtqueue ring;
    kit::Duration due = kit::Duration::never();  // when it will be looked at
    bool quiet = false;                          // the driver was told not to notify
    bool dirty = false;                          // something was given back and not published, …
    kit::Duration published_from;                // … the last of it at
  };
  /// A place in a request's buffers.
  struct Cursor {
    unsigned buffer;
    std::uint32_t skip;
  };

  // block_configuration.cpp
  void configure(const BlkParameters& parameters);
  void show_capacity();
  void writeback_written(const kit::Written& w);
  void update_cache_mode();

  // block_device.cpp: what happens when
  void wake(std::uint64_t serial);
  void arm();
  void run(Step step, std::uint32_t index);
  bool publish_all();
  void drain(unsigned number);
  bool take_all(unsigned number, unsigned waiting, kit::Duration& when);
  void hand_over(BlkRequest& request);
  void to_medium(BlkRequest& request);
  void transferred(BlkRequest& request);
  void done(BlkRequest& request);
  void give_back(BlkRequest& request);
  void release(BlkRequest& request);
  void may_transfer(disk::MediaRequest& media, kit::Duration at) override;
  void complete(disk::MediaRequest& media, kit::Duration at) override;
  kit::Duration now() const { return context_.calendar.now(); }
  BlkRequest& request_at(unsigned queue, unsigned head) { return requests_[queue * queue_size_ + head]; }

  // block_commands.cpp: what a request asks for
  const char* open(BlkRequest& request, kit::Duration& when);
  void read_ranges(BlkRequest& request, kit::Duration& when);
  const char* limit_broken(const BlkRequest& request) const;
  void start(BlkRequest& request);
  void start_transfer(BlkRequest& request);
  void start_ranges(BlkRequest& request);
  void next_range(BlkRequest& request);
  void start_get_id(BlkRequest& request);
  void end(BlkRequest& request, std::uint8_t status, const char* complaint = nullptr);
  void end_at(BlkRequest& request, kit::Duration when);
  bool range_exists(std::uint64_t sector, std::uint64_t count) const;

  // block_data.cpp: bytes
  void transfer(BlkRequest& request);
  bool move(BlkRequest& request, kit::Duration& end);
  bool gather(const BlkRequest& request, Cursor& cursor, std::uint8_t* to, std::uint32_t bytes, kit::Duration start,
              kit::Duration& end, kit::Counter& touches);
  bool scatter(BlkRequest& request, Cursor& cursor, const std::uint8_t* from, std::uint32_t bytes, kit::Duration start,
               kit::Duration& end);

  const std::string name_;
  kit::Context& context_;
  BlkStatistics& statistics_;
  GuestMemory& memory_;
  disk::Medium& medium_;
  disk::Store& store_;
  Transport* transport_ = nullptr;
  wire::TagBoard* board_ = nullptr;
  kit::RegisterBank configuration_bank_;
  BlkConfiguration configuration_;

  const disk::MediumFacts facts_;
  const bool write_cache_;
  const unsigned queue_size_, medium_depth_, max_ranges_;
  const std::uint32_t max_range_, block_sectors_;
  const std::uint64_t max_request_;
  const kit::Duration notification_time_, request_time_, completion_time_;
  std::string serial_;
  Features offered_ = 0;
  std::uint64_t capacity_;

  std::vector<Queue> queues_;
  std::vector<BlkRequest> requests_;  // by queue and head descriptor
  Agenda<Step> agenda_;
  std::unique_ptr<std::uint8_t[]> bounce_;  // data that does not lie in one piece in the store
  Features accepted_ = 0;
  bool write_through_ = true;
  unsigned outstanding_ = 0, at_medium_ = 0;
  BlkRequest* first_waiting_ = nullptr;
  BlkRequest* last_waiting_ = nullptr;
  kit::Duration armed_ = kit::Duration::never();
  std::uint64_t wake_serial_ = 0;
  bool awake_ = false;  // wake() runs, and looks at the agenda again before it ends
};

}  // namespace ahcisim::virtio
