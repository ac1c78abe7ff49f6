// SPDX-License-Identifier: MIT
// What writing a register does: negotiation (VIRTIO 1.1, 2.2, 3.1), queue set-up (4.1.5.1.3), vectors (4.1.5.1.2),
// notifications.
#include <ahcisim/models/virtio/transport.hpp>

namespace ahcisim::virtio {

namespace {

std::uint32_t half(Features features, std::uint32_t select) {
  return select > 1 ? 0 : static_cast<std::uint32_t>(features >> (32 * select));
}

}  // namespace

void Transport::connect() {
  legacy_.driver_features.on_write<&Transport::legacy_features_written>(this);
  legacy_.queue_address.on_write<&Transport::legacy_address_written>(this);
  legacy_.queue_select.on_write<&Transport::select_written<0>>(this);
  legacy_.queue_notify.on_write<&Transport::legacy_notify_written>(this);
  legacy_.device_status.on_write<&Transport::legacy_status_written>(this);
  legacy_.isr_status.on_read<&Transport::isr_read<0>>(this);
  legacy_.config_msix_vector.on_write<&Transport::config_vector_written<0>>(this);
  legacy_.queue_msix_vector.on_write<&Transport::queue_vector_written<0>>(this);
  common_.device_feature_select.on_write<&Transport::feature_select_written>(this);
  common_.driver_feature_select.on_write<&Transport::feature_select_written>(this);
  common_.driver_feature.on_write<&Transport::driver_feature_written>(this);
  common_.msix_config.on_write<&Transport::config_vector_written<1>>(this);
  common_.device_status.on_write<&Transport::status_written>(this);
  common_.queue_select.on_write<&Transport::select_written<1>>(this);
  common_.queue_size.on_write<&Transport::queue_size_written>(this);
  common_.queue_msix_vector.on_write<&Transport::queue_vector_written<1>>(this);
  common_.queue_enable.on_write<&Transport::queue_enable_written>(this);
  for (QueueAddress* address : {&common_.queue_desc, &common_.queue_driver, &common_.queue_device}) {
    address->low.on_write<&Transport::queue_address_written>(this);
    address->high.on_write<&Transport::queue_address_written>(this);
  }
  isr_register_.on_read<&Transport::isr_read<1>>(this);
}

void Transport::show_status() {
  legacy_.device_status.set(status_);
  common_.device_status.set(status_);
}

void Transport::show_features() {
  legacy_.driver_features.set(half(accepted_, 0));
  common_.device_feature.set(half(offered_modern(), common_.device_feature_select.value()));
  common_.driver_feature.set(half(accepted_, common_.driver_feature_select.value()));
}

/// Brings the fields that show one queue up to date; a queue that does not exist has size 0 (4.1.4.3.1).
void Transport::show_queue() {
  const Queue none{0, VIRTIO_MSI_NO_VECTOR, false, 0, 0, 0, 0};
  const Queue& queue = selected() ? *selected() : none;
  legacy_.queue_select.set(selected_);
  legacy_.queue_address.set(queue.page);
  legacy_.queue_size.set(selected() ? description_.queue_size : 0);
  legacy_.queue_msix_vector.set(queue.vector);
  common_.queue_select.set(selected_);
  common_.queue_size.set(queue.size);
  common_.queue_msix_vector.set(queue.vector);
  common_.queue_enable.set(queue.enabled);
  common_.queue_notify_off.set(selected() ? selected_ : 0);
  common_.queue_desc.set(queue.desc);
  common_.queue_driver.set(queue.driver);
  common_.queue_device.set(queue.device);
}

void Transport::feature_select_written(const kit::Written&) { show_features(); }

void Transport::driver_feature_written(const kit::Written&) {
  const std::uint32_t select = common_.driver_feature_select.value();
  if (status_ & status::FEATURES_OK) {
    complain("driver_feature written after FEATURES_OK: ignored (VIRTIO 1.1, 3.1.1)", access_time_);
  } else if (select <= 1) {
    const unsigned shift = 32 * select;
    accepted_ = (accepted_ & ~(legacy_mask << shift)) | Features{common_.driver_feature.value()} << shift;
  }
  show_features();
}

/// A legacy driver has no FEATURES_OK: each write takes effect, and what is not offered is not taken (2.2.3).
void Transport::legacy_features_written(const kit::Written&) {
  const std::uint32_t wanted = legacy_.driver_features.value();
  if (wanted & ~offered_legacy())
    complain("feature accepted that is not offered: ignored (VIRTIO 1.1, 2.2.1)", access_time_);
  accepted_ = wanted & offered_legacy();
  show_features();
  device_->accept(accepted_);
}

bool Transport::features_acceptable() {
  if (accepted_ & ~offered_modern()) {
    complain("feature accepted that is not offered: FEATURES_OK is refused (VIRTIO 1.1, 2.2.2)", access_time_);
    return false;
  }
  if (is_legacy(accepted_)) {
    complain("VIRTIO_F_VERSION_1 not accepted in the modern interface: FEATURES_OK is refused (VIRTIO 1.1, 6.2)",
             access_time_);
    return false;
  }
  return true;
}

void Transport::status_written(const kit::Written& w) {
  auto value = static_cast<std::uint8_t>(w.data & status::by_driver);
  if (w.data == 0) return reset(access_time_);
  if (status_ & status::by_driver & ~value)
    complain("device status bit cleared without a reset: it stays (VIRTIO 1.1, 2.1.1)", access_time_);
  value |= status_;
  const unsigned fresh = value & ~status_;
  if ((fresh & status::FEATURES_OK) && !features_acceptable()) value &= static_cast<std::uint8_t>(~status::FEATURES_OK);
  if ((fresh & status::DRIVER_OK) && !(value & status::FEATURES_OK)) {
    complain("DRIVER_OK without FEATURES_OK: it stays 0 (VIRTIO 1.1, 3.1.1)", access_time_);
    value &= static_cast<std::uint8_t>(~status::DRIVER_OK);
  }
  const bool accepted = (value & ~status_) & status::FEATURES_OK;
  status_ = value;
  show_status();
  if (accepted) device_->accept(accepted_);
}

void Transport::legacy_status_written(const kit::Written& w) {
  if (w.data == 0) return reset(access_time_);
  status_ |= static_cast<std::uint8_t>(w.data & status::by_driver & ~status::FEATURES_OK);
  show_status();
}

template <unsigned which> void Transport::select_written(const kit::Written&) {
  selected_ = which ? common_.queue_select.value() : legacy_.queue_select.value();
  show_queue();
}

void Transport::queue_size_written(const kit::Written&) {
  const std::uint32_t wanted = common_.queue_size.value();
  Queue* queue = selected();
  if (queue && queue->enabled)
    complain("queue_size written while the queue is enabled: ignored (VIRTIO 1.1, 4.1.4.3.2)", access_time_);
  else if (wanted == 0 || wanted > description_.queue_size || (wanted & (wanted - 1)))
    complain("queue_size that is no power of two within the device's: ignored (VIRTIO 1.1, 4.1.4.3.2)", access_time_);
  else if (queue) queue->size = static_cast<std::uint16_t>(wanted);
  show_queue();
}

void Transport::queue_address_written(const kit::Written&) {
  Queue* queue = selected();
  if (queue && queue->enabled) {
    complain("queue address written while the queue is enabled: ignored (VIRTIO 1.1, 4.1.4.3.2)", access_time_);
  } else if (queue) {
    queue->desc = common_.queue_desc.value();
    queue->driver = common_.queue_driver.value();
    queue->device = common_.queue_device.value();
  }
  show_queue();
}

void Transport::enable(Queue& queue, const RingLayout& layout) {
  if (stopped()) return complain("queue enabled while DEVICE_NEEDS_RESET: ignored (VIRTIO 1.1, 2.1.1)", access_time_);
  if (const char* rule = device_->enable_queue(selected_, layout)) return fail(rule, access_time_);
  queue.enabled = true;
}

void Transport::queue_enable_written(const kit::Written&) {
  const std::uint32_t wanted = common_.queue_enable.value();
  Queue* queue = selected();
  if (queue && wanted == 1 && !queue->enabled) {
    if (!(status_ & status::FEATURES_OK))
      complain("queue enabled before FEATURES_OK: ignored (VIRTIO 1.1, 3.1.1)", access_time_);
    else enable(*queue, {queue->desc, queue->driver, queue->device, queue->size});
  } else if (queue && wanted != 1) {
    complain("queue_enable written with other than 1: ignored (VIRTIO 1.1, 4.1.4.3.2)", access_time_);
  }
  show_queue();
}

/// 4.1.5.1.3 with 4.1.4.8: the queue is in use as soon as it has a page; 0 gives the page back.
void Transport::legacy_address_written(const kit::Written&) {
  const std::uint32_t page = legacy_.queue_address.value();
  if (Queue* queue = selected()) {
    if (queue->enabled) device_->disable_queue(selected_);
    queue->enabled = false;
    queue->page = page;
    if (page) enable(*queue, RingLayout::legacy(page, description_.queue_size));
  }
  show_queue();
}

/// A vector that cannot be had reads back as VIRTIO_MSI_NO_VECTOR (4.1.5.1.2).
std::uint16_t Transport::vector_taken(std::uint32_t wanted) {
  if (wanted == VIRTIO_MSI_NO_VECTOR || wanted < description_.vectors) return static_cast<std::uint16_t>(wanted);
  complain("MSI-X vector beyond the table: none is assigned (VIRTIO 1.1, 4.1.5.1.2.1)", access_time_);
  return VIRTIO_MSI_NO_VECTOR;
}

template <unsigned which> void Transport::queue_vector_written(const kit::Written&) {
  const std::uint32_t wanted = which ? common_.queue_msix_vector.value() : legacy_.queue_msix_vector.value();
  if (Queue* queue = selected()) queue->vector = vector_taken(wanted);
  show_queue();
}

template <unsigned which> void Transport::config_vector_written(const kit::Written&) {
  config_vector_ = vector_taken(which ? common_.msix_config.value() : legacy_.config_msix_vector.value());
  common_.msix_config.set(config_vector_);
  legacy_.config_msix_vector.set(config_vector_);
}

/// Reading gives the bits, clears them, and takes INTx back (4.1.4.5.1).
template <unsigned which> void Transport::isr_read() {
  (which ? isr_register_ : legacy_.isr_status).set(isr_);
  isr_ = 0;
  if (!interrupt_->msix_enabled()) release_vectors(context_.calendar.now());
}

void Transport::legacy_notify_written(const kit::Written&) { notify(legacy_.queue_notify.value(), true); }

void Transport::notify(unsigned queue, bool number_matches) {
  statistics_.notifications.add();
  if (!number_matches)
    complain("notification whose value is not the queue's number (VIRTIO 1.1, 4.1.5.2)", access_time_);
  if (queue >= queues_.size())
    return complain("notification of a queue that does not exist: ignored (VIRTIO 1.1, 4.1.5.2)", access_time_);
  // Legacy drivers use the device before they set DRIVER_OK (3.1.2).
  const bool ready = is_legacy(accepted_) ? (status_ & status::DRIVER) != 0 : driver_ok();
  if (!ready) return complain("notification before DRIVER_OK: ignored (VIRTIO 1.1, 3.1.1)", access_time_);
  if (stopped()) return;
  if (!queues_[queue].enabled)
    return complain("notification of a queue that is not enabled: ignored (VIRTIO 1.1, 4.1.5.2)", access_time_);
  device_->notified(queue, access_time_);
}

}  // namespace ahcisim::virtio
