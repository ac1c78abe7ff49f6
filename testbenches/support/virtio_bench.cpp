// SPDX-License-Identifier: MIT
// The bench's memory, interrupt sink and driver.
#include "support/virtio_bench.hpp"

#include <cstring>
#include <stdexcept>

namespace ahcisim::virtio_bench {

using virtio::Descriptor;
using virtio::Features;
using virtio::RingLayout;

RingMemory::RingMemory(const sc_core::sc_module_name& name, std::size_t size)
    : sc_module{name}, socket{"socket"}, bytes(size) {
  socket.register_b_transport(this, &RingMemory::transport);
  socket.register_get_direct_mem_ptr(this, &RingMemory::give_direct);
}

void RingMemory::transport(::tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  ++transactions;
  if (on_access) on_access(payload);
  delay += sc_core::sc_time::from_value(static_cast<std::uint64_t>(latency.ps()));
  const std::uint64_t address = payload.get_address();
  const unsigned length = payload.get_data_length();
  if (address >= bytes.size() || length > bytes.size() - address)
    return payload.set_response_status(::tlm::TLM_ADDRESS_ERROR_RESPONSE);
  if (payload.is_read()) std::memcpy(payload.get_data_ptr(), &bytes[address], length);
  else std::memcpy(&bytes[address], payload.get_data_ptr(), length);
  payload.set_dmi_allowed(direct);
  payload.set_response_status(::tlm::TLM_OK_RESPONSE);
}

bool RingMemory::give_direct(::tlm::tlm_generic_payload&, ::tlm::tlm_dmi& dmi) {
  if (!direct) return false;
  const auto time = sc_core::sc_time::from_value(static_cast<std::uint64_t>(latency.ps()));
  dmi.set_start_address(0);
  dmi.set_end_address(bytes.size() - 1);
  dmi.set_dmi_ptr(bytes.data());
  dmi.set_read_latency(time);
  dmi.set_write_latency(time);
  dmi.allow_read_write();
  return true;
}

void InterruptSink::set_interrupt(unsigned vector, bool asserted, const sc_core::sc_time& delay) {
  level[vector] = asserted;
  if (!asserted) return;
  ++requests[vector];
  last = context_.calendar.absolute(delay);
  if (on_request) on_request(vector);
}

QueueDriver::QueueDriver(Bench& bench, unsigned queue_number, const RingLayout& where)
    : layout{where}, number{queue_number}, bench_{bench}, chains_(where.size) {
  for (unsigned i = where.size; i-- > 0;) free_.push_back(static_cast<std::uint16_t>(i));
}

std::uint16_t QueueDriver::read16(std::uint64_t address) const { return virtio::load_le16(bench_.at(address)); }

void QueueDriver::put_descriptor_at(std::uint64_t address, const Descriptor& descriptor) {
  std::uint8_t* to = bench_.at(address);
  virtio::store_le64(to, descriptor.addr);
  virtio::store_le32(to + 8, descriptor.len);
  virtio::store_le16(to + 12, descriptor.flags);
  virtio::store_le16(to + 14, descriptor.next);
}

std::uint16_t QueueDriver::build(const std::vector<Buffer>& buffers, bool indirect) {
  const std::size_t needed = indirect ? 1 : buffers.size();
  if (free_.size() < needed) throw std::runtime_error{"the test driver has no descriptors left"};
  std::vector<std::uint16_t> taken;
  for (std::size_t i = 0; i < needed; ++i) taken.push_back(free_.back()), free_.pop_back();
  const std::uint64_t table = indirect ? bench_.allocate(buffers.size() * Descriptor::size) : layout.descriptor_table;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const bool last = i + 1 == buffers.size();
    Descriptor descriptor{buffers[i].address, buffers[i].bytes, 0, 0};
    if (buffers[i].writable) descriptor.flags |= virtio::VIRTQ_DESC_F_WRITE;
    if (!last) descriptor.flags |= virtio::VIRTQ_DESC_F_NEXT;
    if (!last) descriptor.next = indirect ? static_cast<std::uint16_t>(i + 1) : taken[i + 1];
    put_descriptor_at(table + (indirect ? i : taken[i]) * Descriptor::size, descriptor);
  }
  if (indirect)
    put_descriptor(taken[0], {table, static_cast<std::uint32_t>(buffers.size() * Descriptor::size),
                              virtio::VIRTQ_DESC_F_INDIRECT, 0});
  const std::uint16_t head = taken[0];
  chains_[head] = std::move(taken);
  return head;
}

void QueueDriver::offer(std::uint16_t head) {
  virtio::store_le16(bench_.at(layout.available_ring(available)), head);
  virtio::store_le16(bench_.at(layout.available_idx()), ++available);
}

bool QueueDriver::must_kick() const {
  if (bench_.function.transport().accepted() & virtio::VIRTIO_F_RING_EVENT_IDX)
    return virtio::wants_event(read16(layout.avail_event()), available, published_);
  return !(read16(layout.used_flags()) & virtio::VIRTQ_USED_F_NO_NOTIFY);
}

void QueueDriver::kick() {
  published_ = available;
  if (bench_.legacy) bench_.write(false, 0x10, number, 2);
  else
    bench_.write(true, virtio::ModernLayout::notify + virtio::ModernLayout::notify_off_multiplier * number, number, 2);
}

std::vector<QueueDriver::Used> QueueDriver::collect() {
  std::vector<Used> all;
  const std::uint16_t end = read16(layout.used_idx());
  for (; seen_ != end; ++seen_) {
    const std::uint8_t* from = bench_.at(layout.used_ring(seen_));
    all.push_back({virtio::load_le32(from), virtio::load_le32(from + 4)});
    if (all.back().id >= chains_.size()) continue;
    auto& chain = chains_[all.back().id];
    free_.insert(free_.end(), chain.begin(), chain.end());
    chain.clear();
  }
  return all;
}

void QueueDriver::set_no_interrupt(bool on) { virtio::store_le16(bench_.at(layout.available_flags()), on ? 1 : 0); }
void QueueDriver::set_used_event(std::uint16_t index) { virtio::store_le16(bench_.at(layout.used_event()), index); }

disk::MediumFacts Bench::facts(std::uint64_t sectors) {
  disk::MediumFacts facts;
  facts.sectors = sectors;
  facts.trim = true;
  facts.physical_exponent = 3;
  return facts;
}

Bench::Bench(const virtio::BlkParameters& parameters, std::unique_ptr<disk::Medium> its_medium,
             std::unique_ptr<disk::Store> its_store, std::size_t memory_bytes)
    : medium{its_medium ? std::move(its_medium) : std::make_unique<disk::InstantMedium>(facts())},
      store{its_store ? std::move(its_store) : std::make_unique<disk::SparseStore>(medium->facts().sectors)},
      memory{"memory", memory_bytes}, sink{"sink", context}, function{"virtio", context, parameters, *medium, *store},
      host{"host"} {
  context.calendar.set_kernel_steps(true);
  host.legacy.bind(function.legacy);
  host.modern.bind(function.modern);
  function.dma.bind(memory.socket);
  function.interrupt.bind(sink);
}

namespace {
::tlm::tlm_response_status access(tlm_utils::simple_initiator_socket<HostPorts>& socket, ::tlm::tlm_command command,
                                  unsigned offset, std::uint8_t* data, unsigned bytes, kit::Context& context) {
  ::tlm::tlm_generic_payload payload;
  payload.set_command(command);
  payload.set_address(offset);
  payload.set_data_ptr(data);
  payload.set_data_length(bytes);
  payload.set_streaming_width(bytes);
  sc_core::sc_time delay = context.calendar.annotate(context.calendar.now());
  socket->b_transport(payload, delay);
  return payload.get_response_status();
}
}  // namespace

std::uint64_t Bench::read(bool modern, unsigned offset, unsigned bytes) {
  std::uint8_t raw[8] = {};
  last_response = access(modern ? host.modern : host.legacy, ::tlm::TLM_READ_COMMAND, offset, raw, bytes, context);
  return virtio::load_le64(raw);
}

void Bench::write(bool modern, unsigned offset, std::uint64_t value, unsigned bytes) {
  std::uint8_t raw[8];
  virtio::store_le64(raw, value);
  last_response = access(modern ? host.modern : host.legacy, ::tlm::TLM_WRITE_COMMAND, offset, raw, bytes, context);
}

Features Bench::offered() {
  common(0x00, 4, 0);
  const Features low = common(0x04, 4);
  common(0x00, 4, 1);
  return low | common(0x04, 4) << 32;
}

bool Bench::negotiate(Features wanted) {
  common(0x14, 1, 0);
  common(0x14, 1, status::ACKNOWLEDGE);
  common(0x14, 1, status::ACKNOWLEDGE | status::DRIVER);
  common(0x08, 4, 0);
  common(0x0c, 4, wanted & 0xffff'ffff);
  common(0x08, 4, 1);
  common(0x0c, 4, wanted >> 32);
  common(0x14, 1, status::ACKNOWLEDGE | status::DRIVER | status::FEATURES_OK);
  return device_status() & status::FEATURES_OK;
}

void Bench::bring_up(Features wanted, unsigned queues, unsigned size) {
  legacy = false;
  queue.clear();
  if (!negotiate(wanted | virtio::VIRTIO_F_VERSION_1)) throw std::runtime_error{"FEATURES_OK was refused"};
  common(0x10, 2, 0);
  for (unsigned i = 0; i < queues; ++i) {
    common(0x16, 2, i);
    if (size) common(0x18, 2, size);
    RingLayout layout;
    layout.size = static_cast<std::uint16_t>(common(0x18, 2));
    layout.descriptor_table = allocate(layout.size * 16u, 16);
    layout.available = allocate(6u + 2u * layout.size, 2);
    layout.used = allocate(6u + 8u * layout.size, 4);
    common(0x1a, 2, i + 1);
    common(0x20, 8, layout.descriptor_table);
    common(0x28, 8, layout.available);
    common(0x30, 8, layout.used);
    common(0x1c, 2, 1);
    queue.push_back(std::make_unique<QueueDriver>(*this, i, layout));
  }
  common(0x14, 1, status::ACKNOWLEDGE | status::DRIVER | status::FEATURES_OK | status::DRIVER_OK);
}

void Bench::bring_up_legacy(std::uint32_t wanted, unsigned queues) {
  legacy = true;
  queue.clear();
  write(false, 0x12, 0, 1);
  write(false, 0x12, status::ACKNOWLEDGE, 1);
  write(false, 0x12, status::ACKNOWLEDGE | status::DRIVER, 1);
  write(false, 0x04, wanted, 4);
  for (unsigned i = 0; i < queues; ++i) {
    write(false, 0x0e, i, 2);
    const auto size = static_cast<std::uint16_t>(read(false, 0x0c, 2));
    const std::uint64_t where = allocate(RingLayout::legacy(1, size).used - 4096 + 6 + 8u * size, 4096);
    write(false, 0x08, where / 4096, 4);
    if (sink.msix) write(false, 0x16, i + 1, 2);
    queue.push_back(
        std::make_unique<QueueDriver>(*this, i, RingLayout::legacy(static_cast<std::uint32_t>(where / 4096), size)));
  }
  write(false, 0x12, status::ACKNOWLEDGE | status::DRIVER | status::DRIVER_OK, 1);
}

std::uint64_t Bench::allocate(std::size_t bytes, std::size_t alignment) {
  const std::uint64_t begin = (next_free_ + alignment - 1) / alignment * alignment;
  if (begin + bytes > memory.bytes.size()) throw std::runtime_error{"the test has used up its memory"};
  next_free_ = begin + bytes;
  std::memset(at(begin), 0, bytes);
  return begin;
}

Bench::Request Bench::request(std::uint32_t type, std::uint64_t sector, std::uint32_t bytes,
                              const std::vector<std::uint32_t>& pieces) {
  Request r;
  r.header = allocate(16);
  r.data = bytes ? allocate(bytes) : 0;
  r.status = allocate(1, 1);
  *at(r.status) = 0xff;
  virtio::store_le32(at(r.header), type);
  virtio::store_le64(at(r.header) + 8, sector);
  const bool in = type == virtio::VIRTIO_BLK_T_IN || type == virtio::VIRTIO_BLK_T_GET_ID;
  r.buffers.push_back({r.header, 16, false});
  std::uint64_t from = r.data;
  for (const std::uint32_t piece : pieces) r.buffers.push_back({from, piece, in}), from += piece;
  if (pieces.empty() && bytes) r.buffers.push_back({r.data, bytes, in});
  r.buffers.push_back({r.status, 1, true});
  return r;
}

std::uint8_t Bench::execute(const Request& r, bool indirect, unsigned queue_number) {
  QueueDriver& driver = *queue[queue_number];
  driver.add(r.buffers, indirect);
  driver.kick_if_wanted();
  for (unsigned round = 0; round < 100; ++round) {
    run(10_us);
    const auto used = driver.collect();
    if (used.empty()) continue;
    last_used = used.back();
    return status_of(r);
  }
  return 0xee;  // it never came back
}

void Bench::run(Duration time) {
  sc_core::sc_start(sc_core::sc_time::from_value(static_cast<std::uint64_t>(time.ps())));
}

}  // namespace ahcisim::virtio_bench
