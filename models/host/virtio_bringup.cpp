// SPDX-License-Identifier: MIT
// The virtio-blk driver's bring-up (VIRTIO 1.1, 3.1): structures, features, queues, vectors, through the modern or the
// legacy register interface, in the order of Linux's virtio_pci.
#include <ahcisim/models/host/virtio_blk_driver.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <ahcisim/models/host/ahci_names.hpp>
#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::host {

using namespace virtio_name;

void VirtioBlkDriver::give_up(const std::string& reason, RequestStatus status) {
  queue_.die(reason);
  script_.drop();
  complain(reason);
  // A device that runs must not reach into memory any more.
  if (common_ || header_) script_.call([this] { script_.write(status_address(), 0, 1); });
  fail_everything(status);
  queue_.announce_failure();
  processor_.poke();
}

void VirtioBlkDriver::fail_everything(RequestStatus status) {
  for (unsigned i = 0; i < queues_.size(); ++i)
    for (unsigned head = 0; head < queues_[i].commands.size(); ++head) {
      Command& command = queues_[i].commands[head];
      if (!command.request) continue;
      Request& request = *std::exchange(command.request, nullptr);
      if (tags_) tags_->at(i, head) = nullptr;
      request.status = status;
      if (--request.progress.open == 0 && !request.is_linked()) queue_.finish(request, calendar_.now());
    }
  outstanding_ = 0;
  queue_.fail_waiting(status);
}

void VirtioBlkDriver::bring_up() {
  PciProbe::Match match;
  match.class_mask = 0;
  match.vendor_id = vendor;
  match.device_ids = {transitional_block, modern_block};
  pci_.find(match, [this](const std::string& reason) { give_up(reason); });
  pci_.enable();
  script_.call([this] { legacy() ? use_legacy() : find_structures(0); });
}

/// The vendor-specific capabilities, one after the other (4.1.4). Only that of notifications has a field of its own; reading as far
/// in VIRTIO_PCI_CAP_PCI_CFG would access the device (4.1.4.7).
void VirtioBlkDriver::find_structures(unsigned index) {
  if (index == PciFunction::most_vendor_capabilities || pci_.function().vendor[index] == 0) return use_modern();
  pci_.read_vendor_capability(index, 0, cap_notify_off_multiplier, [=](const std::uint8_t* capability) {
    const unsigned end = capability[cap_cfg_type] == NOTIFY_CFG ? cap_notify_off_multiplier + 4 : cap_notify_off_multiplier;
    pci_.read_vendor_capability(index, cap_notify_off_multiplier, end, [=](const std::uint8_t* whole) {
      take_structure(whole);
      find_structures(index + 1);
    });
  });
}

/// The first of each kind that lies in a BAR counts (4.1.4.1).
void VirtioBlkDriver::take_structure(const std::uint8_t* capability) {
  const PciFunction& function = pci_.function();
  const unsigned bar = capability[cap_bar];
  const std::uint32_t offset = wire::load_le32(capability + cap_offset), length = wire::load_le32(capability + cap_length);
  if (bar > 5 || function.bar[bar] == 0 || std::uint64_t{offset} + length > function.bar_size[bar]) return;
  const bool is_io = function.bar_is_io[bar];
  const std::uint64_t address = function.bar[bar] + offset + (is_io ? static_cast<std::uint64_t>(parameters_.io_base().value) : 0);
  const unsigned type = capability[cap_cfg_type];
  if (type == COMMON_CFG && !common_) common_ = address, common_length_ = length;
  if (type == ISR_CFG && !isr_ && length) isr_ = address;
  if (type == DEVICE_CFG && !configuration_) configuration_ = address;
  if (type != NOTIFY_CFG || notify_) return;
  notify_ = address;
  notify_length_ = length;
  notify_is_io_ = is_io;
  notify_multiplier_ = wire::load_le32(capability + cap_notify_off_multiplier);
}

void VirtioBlkDriver::use_modern() {
  if (common_length_ < common_size) common_ = 0;
  if (!common_ || !notify_ || !isr_ || !configuration_)
    return give_up("the virtio function has no modern interface (VIRTIO 1.1, 4.1.4); choose transport = legacy");
  reset_device([this] { negotiate_modern(); });
}

void VirtioBlkDriver::use_legacy() {
  const PciFunction& function = pci_.function();
  if (function.bar[0] == 0 || !function.bar_is_io[0] || function.bar_size[0] < 64)
    return give_up("the virtio function has no legacy interface (VIRTIO 1.1, 4.1.4.8); choose transport = modern");
  header_ = static_cast<std::uint64_t>(parameters_.io_base().value) + function.bar[0];
  isr_ = header_ + legacy::isr_status;
  notify_is_io_ = true;
  reset_device([this] { negotiate_legacy(); });
}

std::uint64_t VirtioBlkDriver::status_address() const {
  return header_ ? header_ + legacy::device_status : common_ + device_status;
}

void VirtioBlkDriver::reset_device(std::function<void()> handler) {
  statistics_.resets.add();
  script_.write(status_address(), 0, 1);
  script_.poll(status_address(), 0xff, 0, parameters_.probe.reset_interval(), parameters_.probe.reset_limit(),
               [this, handler = std::move(handler)](bool done) {
    if (!done) return give_up("the device status does not become 0 after a reset (VIRTIO 1.1, 2.4)");
    add_status(ACKNOWLEDGE);
    add_status(DRIVER);
    script_.call(handler);
  }, 1);
}

void VirtioBlkDriver::add_status(std::uint8_t bits) {
  script_.read(status_address(), [=](std::uint32_t status) { script_.write(status_address(), status | bits, 1); }, 1);
}

std::uint64_t VirtioBlkDriver::wanted_features() const {
  return BLK_F_SEG_MAX | BLK_F_BLK_SIZE | BLK_F_FLUSH | BLK_F_CONFIG_WCE | BLK_F_DISCARD | F_VERSION_1 |
         (parameters_.queues() > 1 ? BLK_F_MQ : 0) | (parameters_.indirect() ? F_RING_INDIRECT_DESC : 0) |
         (parameters_.event_index() ? F_RING_EVENT_IDX : 0);
}

void VirtioBlkDriver::negotiate_modern() {
  script_.write(common_ + device_feature_select, 0);
  script_.read(common_ + device_feature, [this](std::uint32_t low) { offered_low_ = low; });
  script_.write(common_ + device_feature_select, 1);
  script_.read(common_ + device_feature, [this](std::uint32_t high) {
    features_ = (std::uint64_t{high} << 32 | offered_low_) & wanted_features();
    if (!has(F_VERSION_1)) return give_up("the device does not offer VIRTIO_F_VERSION_1 (VIRTIO 1.1, 6.1)");
    script_.write(common_ + driver_feature_select, 0);
    script_.write(common_ + driver_feature, static_cast<std::uint32_t>(features_));
    script_.write(common_ + driver_feature_select, 1);
    script_.write(common_ + driver_feature, static_cast<std::uint32_t>(features_ >> 32));
    add_status(FEATURES_OK);
    script_.read(status_address(), [this](std::uint32_t status) {
      if (status == 0xff || !(status & FEATURES_OK)) return give_up("the device refuses the features it offers (VIRTIO 1.1, 3.1.1)");
      features_agreed();
    }, 1);
  });
}

void VirtioBlkDriver::negotiate_legacy() {
  script_.read(header_ + legacy::device_features, [this](std::uint32_t offered) {
    features_ = offered & wanted_features() & 0xffffffff;
    script_.write(header_ + legacy::driver_features, static_cast<std::uint32_t>(features_));
    script_.call([this] { features_agreed(); });
  });
}

/// Interrupts first: with MSI-X the legacy header is longer.
void VirtioBlkDriver::features_agreed() {
  using Kind = PciFunction::Interrupts;
  if (parameters_.interrupts.index() == 1)
    pci_.arrange_interrupts({Kind::msix, 1 + static_cast<unsigned>(parameters_.queues())});
  script_.call([this] {
    message_signalled_ = pci_.function().interrupts == Kind::msix;
    if (pci_.function().interrupts == Kind::msi)  // 4.1.1: virtio knows INTx and MSI-X
      return give_up("the virtio function has an MSI-X table that does not lie in a BAR");
    if (header_) configuration_ = header_ + (message_signalled_ ? legacy::size_with_vectors : legacy::size);
    read_disk();
  });
}

/// The legacy interface is read a byte at a time, as Linux reads it (4.1.4.8).
void VirtioBlkDriver::read_configuration(unsigned offset, unsigned bytes, std::function<void(std::uint32_t value)> handler) {
  if (!header_) return script_.read(configuration_ + offset, std::move(handler), bytes);
  const auto value = std::make_shared<std::uint32_t>(0);
  for (unsigned i = 0; i < bytes; ++i)
    script_.read(configuration_ + offset + i, [=](std::uint32_t byte) { *value |= byte << 8 * i; }, 1);
  script_.call([=] { handler(*value); });
}

void VirtioBlkDriver::read_disk() {
  read_configuration(blk_capacity, 4, [this](std::uint32_t low) { queue_.disk.capacity = low; });
  read_configuration(blk_capacity + 4, 4, [this](std::uint32_t high) { queue_.disk.capacity |= std::uint64_t{high} << 32; });
  if (has(BLK_F_SEG_MAX))
    read_configuration(blk_seg_max, 4, [this](std::uint32_t most) { seg_max_ = std::max(1u, most); });
  if (has(BLK_F_BLK_SIZE)) read_configuration(blk_blk_size, 4, [this](std::uint32_t bytes) { logical_bytes_ = bytes; });
  if (has(BLK_F_MQ)) {
    read_configuration(blk_num_queues, 2, [this](std::uint32_t count) {
      queue_count_ = std::clamp<unsigned>(count, 1, static_cast<unsigned>(queues_.size()));
    });
  }
  if (has(BLK_F_DISCARD))
    read_configuration(blk_max_discard_sectors, 4, [this](std::uint32_t most) { max_discard_ = most; });
  script_.call([this] {
    assign_vectors();
    for (unsigned i = 0; i < queue_count_; ++i) set_up_queue(i);
    script_.call([this] { start_device(); });
  });
}

/// Where there are vectors enough, 0 is the configuration's and each queue has its own; else all queues share vector 0.
std::uint16_t VirtioBlkDriver::queue_vector(unsigned index) const {
  return static_cast<std::uint16_t>(pci_.function().vectors > queue_count_ ? index + 1 : 0);
}

void VirtioBlkDriver::assign_vectors() {
  if (!message_signalled_) return;
  const std::uint32_t vector = pci_.function().vectors > queue_count_ ? 0 : NO_VECTOR;
  const std::uint64_t here = header_ ? header_ + legacy::config_msix_vector : common_ + config_msix_vector;
  script_.write(here, vector, 2);
  script_.read(here, [=](std::uint32_t taken) {
    if (taken != vector) give_up("the device takes no vector for its configuration (VIRTIO 1.1, 4.1.5.1.2)");
  }, 2);
}

void VirtioBlkDriver::refuse_queue(unsigned index, const std::string& why) {
  give_up("virtqueue " + std::to_string(index) + ": " + why);
}

void VirtioBlkDriver::set_up_queue(unsigned index) {
  script_.call([=] { header_ ? set_up_legacy_queue(index) : set_up_modern_queue(index); });
}

void VirtioBlkDriver::write_address(unsigned offset, std::uint64_t address) {
  script_.write(common_ + offset, static_cast<std::uint32_t>(address));
  script_.write(common_ + offset + 4, static_cast<std::uint32_t>(address >> 32));
}

void VirtioBlkDriver::set_up_modern_queue(unsigned index) {
  script_.write(common_ + queue_select, index, 2);
  script_.read(common_ + queue_size, [=](std::uint32_t offered) {
    if (offered < 4 || offered == 0xffff || (offered & (offered - 1)))
      return refuse_queue(index, "a ring of " + std::to_string(offered) + " entries (VIRTIO 1.1, 2.6)");
    VirtioRing& ring = queues_[index].ring;
    const std::uint32_t size = std::min(offered, static_cast<std::uint32_t>(parameters_.ring()));
    ring.start(size, has(F_RING_INDIRECT_DESC), has(F_RING_EVENT_IDX));
    script_.write(common_ + queue_size, size, 2);
    write_address(queue_desc, ring.descriptors());
    write_address(queue_driver, ring.available());
    write_address(queue_device, ring.used());
    script_.read(common_ + queue_notify_off, [=](std::uint32_t offset) {
      const std::uint64_t distance = std::uint64_t{offset} * notify_multiplier_;
      if (distance + 2 > notify_length_) return refuse_queue(index, "its notification lies beyond the structure (VIRTIO 1.1, 4.1.4.4)");
      queues_[index].notify = notify_ + distance;
    }, 2);
    if (message_signalled_) {
      script_.write(common_ + queue_msix_vector, queue_vector(index), 2);
      script_.read(common_ + queue_msix_vector, [=](std::uint32_t taken) {
        if (taken != queue_vector(index)) refuse_queue(index, "the device takes no vector for it (VIRTIO 1.1, 4.1.5.1.2)");
      }, 2);
    }
    script_.write(common_ + queue_enable, 1, 2);
  }, 2);
}

void VirtioBlkDriver::set_up_legacy_queue(unsigned index) {
  script_.write(header_ + legacy::queue_select, index, 2);
  script_.read(header_ + legacy::queue_size, [=](std::uint32_t size) {
    // The driver cannot choose (4.1.5.1.3).
    if (size < 4 || (size & (size - 1)) || size > static_cast<std::uint32_t>(parameters_.ring()))
      return refuse_queue(index, "a ring of " + std::to_string(size) + " entries; the driver has room for " + std::to_string(parameters_.ring()));
    VirtioRing& ring = queues_[index].ring;
    ring.start(size, has(F_RING_INDIRECT_DESC), has(F_RING_EVENT_IDX));
    queues_[index].notify = header_ + legacy::queue_notify;
    script_.write(header_ + legacy::queue_address, static_cast<std::uint32_t>(ring.descriptors() >> 12));
    if (!message_signalled_) return;
    script_.write(header_ + legacy::queue_msix_vector, queue_vector(index), 2);
    script_.read(header_ + legacy::queue_msix_vector, [=](std::uint32_t taken) {
      if (taken != queue_vector(index)) refuse_queue(index, "the device takes no vector for it (VIRTIO 1.1, 4.1.5.1.2)");
    }, 2);
  }, 2);
}

void VirtioBlkDriver::start_device() {
  set_write_cache();
  add_status(DRIVER_OK);
  script_.call([this] { device_ready(); });
}

/// Without VIRTIO_BLK_F_CONFIG_WCE a device that can flush has a cache (5.2.5.2).
void VirtioBlkDriver::set_write_cache() {
  queue_.disk.flushes = has(BLK_F_FLUSH);
  if (!has(BLK_F_CONFIG_WCE)) return;
  const std::size_t wish = parameters_.write_cache.index();
  if (wish != 0) script_.write(configuration_ + blk_writeback, wish == 1, 1);
  read_configuration(blk_writeback, 1, [this](std::uint32_t writeback) { queue_.disk.flushes = writeback != 0; });
}

void VirtioBlkDriver::device_ready() {
  unsigned& shift = queue_.disk.lba_shift;
  while (shift < 8 && (sector_bytes << shift) < logical_bytes_) ++shift;
  if ((sector_bytes << shift) != logical_bytes_)
    return give_up("logical sectors of " + std::to_string(logical_bytes_) + " bytes are not supported");
  if (queue_.disk.capacity == 0 || queue_.disk.capacity > std::uint64_t{1} << 54)
    return give_up("the device reports a capacity of " + std::to_string(queue_.disk.capacity) + " sectors");
  queue_.disk.trim = has(BLK_F_DISCARD) && max_discard_ >> shift != 0;
  max_discard_ &= ~((1u << shift) - 1);
  unsigned entries = 0;
  for (unsigned i = 0; i < queue_count_; ++i) {
    seg_max_ = std::min(seg_max_, queues_[i].ring.most_pieces());
    entries += queues_[i].ring.size();
  }
  const auto segment = static_cast<std::uint64_t>(parameters_.segment().value);
  longest_request_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(buffer_bytes_, segment * seg_max_));
  longest_request_ -= longest_request_ % logical_bytes_;
  if (longest_request_ == 0)
    return give_up("max_request or segment is shorter than a sector of the disk; choose at least its " + std::to_string(logical_bytes_) + " bytes");
  depth_ = std::min(static_cast<unsigned>(parameters_.depth()), has(F_RING_INDIRECT_DESC) ? entries : std::max(1u, entries / 3));
  queue_.ready();
}

}  // namespace ahcisim::host
