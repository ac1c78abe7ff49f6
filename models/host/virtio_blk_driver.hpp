// SPDX-License-Identifier: MIT
// A virtio-blk driver: brings one disk behind a virtio PCI function up and does I/O through split virtqueues, with the
// register accesses of Linux's virtio_blk and virtio_pci.
//
// Accesses for each request: 1 with MSI-X (a 16-bit notification), 2 with INTx (the read of the ISR status); fewer
// where requests are handed in together or the device asks not to be notified. It is a state machine of callbacks; what
// takes CPU time takes it from one Processor. Files: virtio_blk_driver.cpp submission and issue, virtio_interrupt.cpp
// the handler, virtio_bringup.cpp the device, in both register interfaces.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <ahcisim/models/host/driver_front.hpp>
#include <ahcisim/models/host/driver_statistics.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/host/virtio_parameters.hpp>
#include <ahcisim/models/host/virtio_ring.hpp>

namespace ahcisim::host {

struct VirtioBlkDriverStatistics : DriverStatistics {
  VirtioBlkDriverStatistics() : DriverStatistics{"device resets, the first included"} {}
  kit::Counter notifications{*this, "notifications", "notifications", "register writes that told the device of requests"};
  kit::Counter held_back{*this, "notifications.held_back", "times", "notifications that the device did not want"};
};

class VirtioBlkDriver : public DriverFront {
 public:
  /// Bring-up starts with the simulation, unless held. `tags`, by queue and head descriptor, may be null where nobody
  /// keeps accounts; else it has room for parameters.queues ports and parameters.ring slots. Throws kit::ConfigError
  /// where the ring's size is no power of two or the memory too small.
  VirtioBlkDriver(const sc_core::sc_module_name& name, kit::Context& context, const VirtioBlkDriverParameters& parameters,
                  Memory& memory, wire::TagBoard* tags);

  unsigned max_depth() const override { return depth_; }
  /// The features both ends agreed on.
  std::uint64_t features() const { return features_; }
  /// Virtqueues in use.
  unsigned queues() const { return queue_count_; }
  const VirtioBlkDriverStatistics& statistics() const { return statistics_; }

 private:
  enum class Kind : std::uint8_t { data, flush, trim };
  /// A request of the device's, by head descriptor.
  struct Command {
    Request* request = nullptr;
    std::uint64_t offset = 0;  // bytes of the program's request before this one
    std::uint32_t bytes = 0;
    Kind kind = Kind::data;
    unsigned buffer = 0;
    kit::Duration issued;
  };
  struct Queue {
    Queue(Memory& memory, unsigned entries) : ring{memory, entries}, commands(entries) {}
    VirtioRing ring;
    std::vector<Command> commands;
    std::uint64_t notify = 0;  // address
    bool unannounced = false;  // published, and the device not told
  };

  // Submission and issue.
  kit::Duration wanted() override;
  void run(kit::Duration at) override;
  void interrupt(unsigned vector, kit::Duration at) override;
  bool can_issue() const;
  unsigned pieces_of(const Request& request) const;
  /// The account follows the last command of the data; a request's other commands carry no tag.
  static bool carries_account(const Request& request) {
    return request.progress.step == Request::Progress::Step::data && request.progress.step_issued;
  }
  bool more_to_come() const;
  void issue_next(kit::Duration at);
  bool cut(Request& request);
  std::uint32_t attach_buffer(Request& request, std::uint32_t limit);
  void published(std::uint64_t);
  void announce(kit::Duration at);
  void announced(std::uint32_t, kit::Duration at);
  void watch_deadline();
  void check_deadlines(std::uint64_t);

  // Interrupt handler.
  void have_isr(std::uint32_t value, kit::Duration at);
  void begin_pass(std::uint64_t);
  void drain();
  void end_pass(std::uint64_t);
  bool command_done(Queue& queue, const VirtioRing::Used& used);
  void leave_handler(kit::Duration at);
  void nobody_cared(kit::Duration at);

  // Bring-up.
  void bring_up() override;
  void find_structures(unsigned index);
  void take_structure(const std::uint8_t* capability);
  void use_modern();
  void use_legacy();
  void reset_device(std::function<void()> handler);
  void add_status(std::uint8_t bits);
  void negotiate_modern();
  void negotiate_legacy();
  std::uint64_t wanted_features() const;
  void features_agreed();
  void read_configuration(unsigned offset, unsigned bytes, std::function<void(std::uint32_t value)> handler);
  void read_disk();
  void assign_vectors();
  void set_up_queue(unsigned index);
  void set_up_modern_queue(unsigned index);
  void set_up_legacy_queue(unsigned index);
  void refuse_queue(unsigned index, const std::string& why);
  void write_address(unsigned offset, std::uint64_t address);
  void start_device();
  void set_write_cache();
  void device_ready();
  void give_up(const std::string& reason, RequestStatus status = RequestStatus::gone);
  void fail_everything(RequestStatus status);
  bool legacy() const { return parameters_.transport.index() == 1; }
  bool has(std::uint64_t feature) const { return (features_ & feature) != 0; }
  std::uint64_t status_address() const;
  std::uint16_t queue_vector(unsigned index) const;

  const VirtioBlkDriverParameters& parameters_;
  VirtioBlkDriverStatistics statistics_;
  std::vector<Queue> queues_;

  // The device. Addresses of its structures; the legacy interface has header_ and configuration_ only.
  std::uint64_t common_ = 0, notify_ = 0, isr_ = 0, configuration_ = 0, header_ = 0;
  std::uint32_t common_length_ = 0, notify_length_ = 0, notify_multiplier_ = 0;
  bool notify_is_io_ = false, message_signalled_ = false;
  std::uint64_t features_ = 0;
  std::uint32_t offered_low_ = 0;
  unsigned queue_count_ = 1;

  // The disk.
  std::uint32_t seg_max_ = 1, longest_request_ = 0, max_discard_ = 0, logical_bytes_ = 512;
  unsigned depth_ = 1;

  // Requests. Each request outstanding has one of the buffers.
  std::uint64_t buffers_address_ = 0, buffer_stride_ = 0;
  std::uint8_t* buffers_ = nullptr;
  std::uint32_t buffer_bytes_ = 0;
  std::vector<std::uint16_t> free_buffers_;
  unsigned outstanding_ = 0, current_ = 0;  // queue of the batch
  kit::Duration batch_;                     // when its programs handed it in
  bool deadline_watched_ = false;

  // The interrupt being handled.
  kit::Duration handler_entry_;
  unsigned first_queue_ = 0, last_queue_ = 0, found_ = 0;
};

}  // namespace ahcisim::host
