// SPDX-License-Identifier: MIT
// A bench for the virtio block function alone: memory, an interrupt sink, a medium without mechanics, and a small
// driver that builds rings as the specification says and as it says not to.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <ahcisim/models/disk/instant_medium.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/virtio/blk_function.hpp>

namespace ahcisim::virtio_bench {

using kit::Duration;
using namespace kit::literals;
namespace status = virtio::status;

/// Memory from address 0 on, without direct access unless told; elsewhere nobody answers.
class RingMemory : public sc_core::sc_module {
 public:
  RingMemory(const sc_core::sc_module_name& name, std::size_t bytes);
  tlm_utils::simple_target_socket<RingMemory> socket;
  std::vector<std::uint8_t> bytes;
  Duration latency;     ///< of an access, whatever its length
  bool direct = false;  ///< offers direct access
  std::uint64_t transactions = 0;
  /// Sees each access before it is served.
  std::function<void(::tlm::tlm_generic_payload&)> on_access;

 private:
  void transport(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  bool give_direct(::tlm::tlm_generic_payload& payload, ::tlm::tlm_dmi& dmi);
};

/// Counts interrupts, and keeps each vector's level.
class InterruptSink : public sc_core::sc_module, public wire::InterruptIf {
 public:
  InterruptSink(const sc_core::sc_module_name& name, kit::Context& context) : sc_module{name}, context_{context} {}
  void set_interrupt(unsigned vector, bool asserted, const sc_core::sc_time& delay) override;
  unsigned vectors() const override { return msix ? 64 : 1; }
  bool msix_enabled() const override { return msix; }
  bool msix = true;
  unsigned requests[65] = {};
  bool level[65] = {};
  Duration last;  ///< when the last was asserted
  std::function<void(unsigned)> on_request;

 private:
  kit::Context& context_;
};

struct HostPorts : sc_core::sc_module {
  explicit HostPorts(const sc_core::sc_module_name& name) : sc_module{name} {}
  tlm_utils::simple_initiator_socket<HostPorts> legacy{"legacy"}, modern{"modern"};
};

/// A medium that holds what it is asked, and remembers it.
class HeldMedium final : public disk::Medium {
 public:
  explicit HeldMedium(const disk::MediumFacts& facts) : facts_{facts} {}
  disk::MediumFacts facts() const override { return facts_; }
  void submit(disk::MediaRequest& request, Duration now) override {
    held.push_back(&request);
    if (answer_after != Duration::never() && release_at == Duration::never()) release_at = now + answer_after;
    most_held = std::max<std::size_t>(most_held, held.size());
    submitted.push_back({request.op, request.range.lba, request.range.count, request.fua});
  }
  void transferred(disk::MediaRequest& request, Duration now) override { client_->complete(request, now); }
  Duration next_decision() const override { return release_at; }
  void advance(Duration now) override {
    release_at = Duration::never();
    while (!held.empty()) {
      disk::MediaRequest& request = *held.front();
      held.pop_front();
      const bool moves = request.op == disk::MediaOp::read || request.op == disk::MediaOp::write;
      request.failed = failing;
      if (moves) client_->may_transfer(request, now);
      if (!moves) client_->complete(request, now);
    }
  }
  void set_write_cache(bool on) override { write_cache = on; }
  void set_look_ahead(bool) override {}
  void abandon_all(Duration) override {
    held.clear();
    release_at = Duration::never();
    ++abandoned;
  }
  void stop_spindle(Duration) override {}
  void attach(disk::MediumClient& client) override { client_ = &client; }
  kit::StatSet& statistics() override { return none_; }

  struct Submitted {
    disk::MediaOp op;
    std::uint64_t lba, count;
    bool fua;
  };
  std::deque<disk::MediaRequest*> held;
  std::vector<Submitted> submitted;
  std::size_t most_held = 0;
  Duration answer_after = Duration::never();  ///< how long after the first of them all that is held is answered
  Duration release_at = Duration::never();    ///< when that is
  bool write_cache = false;
  bool failing = false;                       ///< whatever it is asked
  unsigned abandoned = 0;

 private:
  disk::MediumFacts facts_;
  disk::MediumClient* client_ = nullptr;
  kit::StatSet none_;
};

class Bench;

/// The driver's side of one queue.
class QueueDriver {
 public:
  struct Buffer {
    std::uint64_t address;
    std::uint32_t bytes;
    bool writable;
  };
  struct Used {
    std::uint32_t id, bytes;
  };
  QueueDriver(Bench& bench, unsigned number, const virtio::RingLayout& layout);
  /// Puts a chain into the table (or an indirect table of its own) and returns its head. Throws where no descriptor is
  /// free.
  std::uint16_t build(const std::vector<Buffer>& buffers, bool indirect = false);
  /// Makes a chain available; the device is not told.
  void offer(std::uint16_t head);
  std::uint16_t add(const std::vector<Buffer>& buffers, bool indirect = false) {
    const std::uint16_t head = build(buffers, indirect);
    offer(head);
    return head;
  }
  /// Whether the device wants to hear of what was offered since the last kick (2.6.10).
  bool must_kick() const;
  void kick();
  void kick_if_wanted() {
    if (must_kick()) kick();
    else published_ = available;
  }
  /// What the device has given back since the last call; the descriptors are free again.
  std::vector<Used> collect();
  void set_no_interrupt(bool on);
  void set_used_event(std::uint16_t index);
  void put_descriptor(unsigned index, const virtio::Descriptor& descriptor) {
    put_descriptor_at(layout.descriptor(index), descriptor);
  }
  void put_descriptor_at(std::uint64_t address, const virtio::Descriptor& descriptor);
  std::uint16_t read16(std::uint64_t address) const;

  virtio::RingLayout layout;
  std::uint16_t available = 0;  ///< the driver's index
  unsigned number;

 private:
  Bench& bench_;
  std::vector<std::uint16_t> free_;
  std::vector<std::vector<std::uint16_t>> chains_;  // by head
  std::uint16_t published_ = 0, seen_ = 0;
};

/// All of it, put together.
class Bench {
 public:
  static constexpr std::uint64_t default_sectors = 65536;
  explicit Bench(const virtio::BlkParameters& parameters, std::unique_ptr<disk::Medium> medium = nullptr,
                 std::unique_ptr<disk::Store> store = nullptr, std::size_t memory_bytes = 16u << 20);
  static disk::MediumFacts facts(std::uint64_t sectors = default_sectors);

  kit::Context context;
  std::unique_ptr<disk::Medium> medium;
  std::unique_ptr<disk::Store> store;
  RingMemory memory;
  InterruptSink sink;
  virtio::BlkFunction function;
  HostPorts host;

  // Registers
  std::uint64_t read(bool modern, unsigned offset, unsigned bytes);
  void write(bool modern, unsigned offset, std::uint64_t value, unsigned bytes);
  std::uint64_t common(unsigned offset, unsigned bytes) {
    return read(true, virtio::ModernLayout::common + offset, bytes);
  }
  void common(unsigned offset, unsigned bytes, std::uint64_t value) {
    write(true, virtio::ModernLayout::common + offset, value, bytes);
  }
  std::uint64_t config(unsigned offset, unsigned bytes) {
    return read(true, virtio::ModernLayout::device + offset, bytes);
  }
  std::uint8_t device_status() { return static_cast<std::uint8_t>(common(0x14, 1)); }
  ::tlm::tlm_response_status last_response = ::tlm::TLM_OK_RESPONSE;

  // A driver, as 3.1.1 has it. The queues are then in `queue`.
  virtio::Features offered();
  bool negotiate(virtio::Features wanted);
  void bring_up(virtio::Features wanted, unsigned queues = 1, unsigned size = 0);
  /// … and as 3.1.2 has it.
  void bring_up_legacy(std::uint32_t wanted, unsigned queues = 1);
  bool legacy = false;
  std::vector<std::unique_ptr<QueueDriver>> queue;

  // Memory
  std::uint64_t allocate(std::size_t bytes, std::size_t alignment = 16);
  /// Memory allocated since mark() is free again.
  std::uint64_t mark() const { return next_free_; }
  void release(std::uint64_t mark) { next_free_ = mark; }
  std::uint8_t* at(std::uint64_t address) { return memory.bytes.data() + address; }

  // Requests
  struct Request {
    std::uint64_t header, status, data;
    std::vector<QueueDriver::Buffer> buffers;
  };
  /// Header, the data in one buffer (unless `pieces` cut it), status, in memory of its own. The status reads FFh
  /// before.
  Request request(std::uint32_t type, std::uint64_t sector, std::uint32_t bytes,
                  const std::vector<std::uint32_t>& pieces = {});
  std::uint8_t status_of(const Request& request) { return *at(request.status); }
  /// Adds, kicks if wanted, and waits until it is back.
  std::uint8_t execute(const Request& request, bool indirect = false, unsigned queue_number = 0);
  QueueDriver::Used last_used{};

  // Time
  void run(Duration time);
  Duration now() const { return context.calendar.now(); }
  std::uint64_t complaints(const std::string& text) { return context.diagnostics.count_of(text); }

 private:
  std::uint64_t next_free_ = 4096;
};

}  // namespace ahcisim::virtio_bench
