// SPDX-License-Identifier: MIT
// What a block device offers and shows (VIRTIO 1.1, 5.2.3 to 5.2.5), and its cache mode.
#include <algorithm>

#include <fmt/format.h>

#include <ahcisim/models/virtio/block_device.hpp>

namespace ahcisim::virtio {
namespace {

constexpr unsigned bounce_sectors = 128;  // as a piece of the default store

/// Cylinders, heads, sectors as disks of that time told them (ATA/ATAPI-5, annex C: at most 16383, 16, 63).
constexpr std::uint32_t most_cylinders = 16383, heads = 16, sectors_per_track = 63;

bool power_of_two(std::int64_t value) { return value > 0 && (value & (value - 1)) == 0; }

const BlkParameters& checked(const BlkParameters& p) {
  if (!power_of_two(p.queue_size()))
    throw kit::ConfigError{fmt::format("queue_size = {}: give a power of two", p.queue_size())};
  if (!power_of_two(p.blk_size()))
    throw kit::ConfigError{fmt::format("blk_size = {}: give a power of two", p.blk_size())};
  if (p.serial().size() > id_bytes)
    throw kit::ConfigError{fmt::format("serial = \"{}\": give at most {} characters", p.serial(), id_bytes)};
  return p;
}

}  // namespace

BlockDevice::BlockDevice(std::string name, kit::Context& context, const BlkParameters& p, BlkStatistics& statistics,
                         GuestMemory& memory, disk::Medium& medium, disk::Store& store)
    : name_{std::move(name)}, context_{context}, statistics_{statistics}, memory_{memory}, medium_{medium},
      store_{store}, configuration_bank_{"device configuration", BlkConfiguration::size},
      configuration_{configuration_bank_}, facts_{medium.facts()}, write_cache_{checked(p).write_cache()},
      queue_size_{static_cast<unsigned>(p.queue_size())}, medium_depth_{static_cast<unsigned>(p.medium_depth())},
      max_ranges_{static_cast<unsigned>(p.max_ranges())}, max_range_{static_cast<std::uint32_t>(p.max_range())},
      block_sectors_{static_cast<std::uint32_t>(p.blk_size()) / static_cast<std::uint32_t>(disk::sector_bytes)},
      max_request_{static_cast<std::uint64_t>(p.max_request().value)}, notification_time_{p.notification()},
      request_time_{p.request()}, completion_time_{p.completion()}, serial_{p.serial()}, capacity_{facts_.sectors},
      requests_(static_cast<std::size_t>(p.queues()) * queue_size_),
      agenda_{2 * static_cast<std::size_t>(p.queues()) * (queue_size_ + 1)},
      bounce_{std::make_unique<std::uint8_t[]>(bounce_sectors * disk::sector_bytes)} {
  if (facts_.sectors > store.sectors())
    throw kit::ConfigError{
        fmt::format("{}: the medium has {} sectors and its store {}", name_, facts_.sectors, store.sectors())};
  for (std::int64_t i = 0; i < p.queues(); ++i) queues_.emplace_back(memory, statistics);
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    requests_[i].media.index = static_cast<unsigned>(i);
    requests_[i].queue = static_cast<std::uint16_t>(i / queue_size_);
    requests_[i].head = static_cast<std::uint16_t>(i % queue_size_);
  }
  configure(p);
  configuration_.writeback.on_write<&BlockDevice::writeback_written>(this);
  medium.attach(*this);
}

Features BlockDevice::offered() const { return offered_; }

void BlockDevice::configure(const BlkParameters& p) {
  BlkConfiguration& c = configuration_;
  const auto offer = [this](bool on, Features bits) { offered_ |= on ? bits : 0; return on; };
  const auto number = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };
  const bool writable = !store_.read_only();
  offer(true, VIRTIO_F_VERSION_1 | VIRTIO_F_ANY_LAYOUT | VIRTIO_F_NOTIFY_ON_EMPTY);
  offer(p.indirect(), VIRTIO_F_RING_INDIRECT_DESC);
  offer(p.event_index(), VIRTIO_F_RING_EVENT_IDX);
  offer(!writable, VIRTIO_BLK_F_RO);
  offer(p.flush(), VIRTIO_BLK_F_FLUSH);
  offer(p.flush() && p.config_wce(), VIRTIO_BLK_F_CONFIG_WCE);
  offer(true, VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_GEOMETRY | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_TOPOLOGY);
  if (offer(p.size_max() > 0, VIRTIO_BLK_F_SIZE_MAX)) c.size_max.VALUE.configure(number(p.size_max()));
  if (offer(p.queues() > 1, VIRTIO_BLK_F_MQ)) c.num_queues.VALUE.configure(number(p.queues()));
  c.seg_max.VALUE.configure(p.seg_max() > 0 ? number(p.seg_max()) : queue_size_ - 2);
  c.blk_size.VALUE.configure(number(p.blk_size()));
  // facts count physical in sectors of 512 bytes, the field in logical blocks
  const unsigned exponent = static_cast<unsigned>(__builtin_ctz(block_sectors_));
  c.physical_block_exp.VALUE.configure(facts_.physical_exponent > exponent ? facts_.physical_exponent - exponent : 0);
  c.min_io_size.VALUE.configure(1u << c.physical_block_exp.VALUE);
  c.opt_io_size.VALUE.configure(number(p.opt_io_size()));
  if (offer(p.discard() && facts_.trim && writable, VIRTIO_BLK_F_DISCARD)) {
    c.max_discard_sectors.VALUE.configure(max_range_);
    c.max_discard_seg.VALUE.configure(max_ranges_);
    c.discard_sector_alignment.VALUE.configure(block_sectors_);
  }
  if (offer(p.write_zeroes() && writable, VIRTIO_BLK_F_WRITE_ZEROES)) {
    c.max_write_zeroes_sectors.VALUE.configure(max_range_);
    c.max_write_zeroes_seg.VALUE.configure(max_ranges_);
    c.write_zeroes_may_unmap.VALUE.configure(facts_.trim);
  }
  show_capacity();
}

void BlockDevice::show_capacity() {
  BlkConfiguration& c = configuration_;
  c.capacity_low.VALUE.configure(static_cast<std::uint32_t>(capacity_));
  c.capacity_high.VALUE.configure(static_cast<std::uint32_t>(capacity_ >> 32));
  const std::uint64_t cylinders = capacity_ / (heads * sectors_per_track);
  c.cylinders.VALUE.configure(static_cast<std::uint32_t>(std::min<std::uint64_t>(cylinders, most_cylinders)));
  c.heads.VALUE.configure(heads);
  c.sectors.VALUE.configure(sectors_per_track);
}

void BlockDevice::set_capacity(std::uint64_t sectors) {
  capacity_ = std::min(sectors, facts_.sectors);
  show_capacity();
  transport_->configuration_changed(now());
}

/// Called at each reset with no features, and when negotiation came to a result. A driver that toggles the cache but
/// cannot flush starts with write-through (5.2.5.2).
void BlockDevice::accept(Features features) {
  accepted_ = features;
  for (Queue& queue : queues_) queue.ring.accept(features);
  const bool flushes = features & VIRTIO_BLK_F_FLUSH;
  configuration_.writeback.set((offered_ & VIRTIO_BLK_F_CONFIG_WCE) && write_cache_ &&
                               (flushes || !(features & VIRTIO_BLK_F_CONFIG_WCE)));
  update_cache_mode();
}

void BlockDevice::writeback_written(const kit::Written& w) {
  if (!(accepted_ & VIRTIO_BLK_F_CONFIG_WCE)) {
    transport_->complain("writeback written without VIRTIO_BLK_F_CONFIG_WCE: ignored (VIRTIO 1.1, 5.2.5.1)", now());
    return configuration_.writeback.set(w.before);
  }
  if (configuration_.writeback.value() > 1)
    transport_->complain("writeback written with other than 0 or 1: taken as 1 (VIRTIO 1.1, 5.2.4)", now());
  configuration_.writeback.set(configuration_.writeback.value() != 0);
  update_cache_mode();
}

/// A driver that cannot flush relies on write-through (5.2.6.2).
void BlockDevice::update_cache_mode() {
  const bool back = accepted_ & VIRTIO_BLK_F_CONFIG_WCE ? configuration_.writeback.value() != 0
                                                        : (accepted_ & VIRTIO_BLK_F_FLUSH) && write_cache_;
  write_through_ = !back;
  medium_.set_write_cache(back);
}

}  // namespace ahcisim::virtio
