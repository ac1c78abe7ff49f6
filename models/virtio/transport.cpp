// SPDX-License-Identifier: MIT
// Windows of both interfaces, interrupts, reset.
#include <ahcisim/models/virtio/transport.hpp>

#include <algorithm>
#include <cstring>

namespace ahcisim::virtio {

using kit::Duration;

Transport::Transport(std::string name, kit::Context& context, BlkStatistics& statistics, const Description& description,
                     sc_core::sc_port<wire::InterruptIf>& interrupt, kit::RegisterBank& configuration)
    : name_{std::move(name)}, context_{context}, statistics_{statistics}, description_{description},
      interrupt_{interrupt}, configuration_{configuration}, legacy_bank_{"legacy header",
                                                                         LegacyHeader::size_with_vectors},
      common_bank_{"common configuration", CommonConfiguration::size}, isr_bank_{"ISR status", ModernLayout::isr_size},
      legacy_{legacy_bank_}, common_{common_bank_},
      isr_register_{isr_bank_, 0}, modern_{{ModernLayout::common, CommonConfiguration::size, &common_bank_},
                                           {ModernLayout::isr, ModernLayout::isr_size, &isr_bank_},
                                           {ModernLayout::device, configuration.size(), &configuration}},
      queues_(description.queues), asserted_(std::max(1u, description.vectors)) {
  legacy_.device_features.VALUE.configure(static_cast<std::uint32_t>(offered_legacy()));
  common_.num_queues.VALUE.configure(description.queues);
  connect();
}

void Transport::attach(DeviceSide& device) {
  device_ = &device;
  reset(Duration{});
}

bool Transport::read_legacy(unsigned offset, std::uint8_t* to, unsigned bytes) {
  if (offset >= legacy_size || bytes > legacy_size - offset) return false;
  const unsigned header = header_size();
  std::memset(to, 0, bytes);
  const unsigned first = offset < header ? std::min(bytes, header - offset) : 0;
  if (first) legacy_bank_.read(offset, to, first);
  const unsigned at = offset + first - header;
  if (first < bytes && at < configuration_.size())
    configuration_.read(at, to + first, std::min(bytes - first, configuration_.size() - at));
  return true;
}

bool Transport::write_legacy(unsigned offset, const std::uint8_t* from, unsigned bytes, Duration when) {
  if (offset >= legacy_size || bytes > legacy_size - offset) return false;
  access_time_ = when;
  const unsigned header = header_size();
  const unsigned first = offset < header ? std::min(bytes, header - offset) : 0;
  if (first) legacy_bank_.write(offset, from, first);
  const unsigned at = offset + first - header;
  if (first < bytes && at < configuration_.size())
    configuration_.write(at, from + first, std::min(bytes - first, configuration_.size() - at));
  return true;
}

bool Transport::peek_legacy(unsigned offset, std::uint8_t* to, unsigned bytes) {
  if (offset >= legacy_size || bytes > legacy_size - offset) return false;
  legacy_.isr_status.set(isr_);
  const unsigned header = header_size();
  for (unsigned i = 0; i < bytes; ++i) {
    const unsigned at = offset + i;
    to[i] = 0;
    if (at < header) legacy_bank_.peek(at, to + i, 1);
    else if (at - header < configuration_.size()) configuration_.peek(at - header, to + i, 1);
  }
  return true;
}

const Transport::Window* Transport::window_at(unsigned offset) const {
  for (const Window& window : modern_)
    if (offset >= window.begin && offset - window.begin < window.size) return &window;
  return nullptr;
}

bool Transport::read_modern(unsigned offset, std::uint8_t* to, unsigned bytes) {
  if (offset >= ModernLayout::size || bytes > ModernLayout::size - offset) return false;
  std::memset(to, 0, bytes);
  if (const Window* window = window_at(offset))
    window->bank->read(offset - window->begin, to, std::min(bytes, window->begin + window->size - offset));
  return true;
}

bool Transport::write_modern(unsigned offset, const std::uint8_t* from, unsigned bytes, Duration when) {
  if (offset >= ModernLayout::size || bytes > ModernLayout::size - offset) return false;
  access_time_ = when;
  if (offset >= ModernLayout::notify) {
    const unsigned queue = (offset - ModernLayout::notify) / ModernLayout::notify_off_multiplier;
    notify(queue, bytes >= 2 && offset % ModernLayout::notify_off_multiplier == 0 && load_le16(from) == queue);
  } else if (const Window* window = window_at(offset)) {
    window->bank->write(offset - window->begin, from, std::min(bytes, window->begin + window->size - offset));
  }
  return true;
}

bool Transport::peek_modern(unsigned offset, std::uint8_t* to, unsigned bytes) {
  if (offset >= ModernLayout::size || bytes > ModernLayout::size - offset) return false;
  isr_register_.set(isr_);
  std::memset(to, 0, bytes);
  if (const Window* window = window_at(offset))
    window->bank->peek(offset - window->begin, to, std::min(bytes, window->begin + window->size - offset));
  return true;
}

void Transport::assert_vector(unsigned vector, Duration when) {
  asserted_[vector] = true;
  interrupt_->set_interrupt(vector, true, context_.calendar.annotate(when + description_.interrupt_delay));
}

void Transport::release_vectors(Duration when) {
  for (unsigned vector = 0; vector < asserted_.size(); ++vector) {
    if (!asserted_[vector]) continue;
    asserted_[vector] = false;
    interrupt_->set_interrupt(vector, false, context_.calendar.annotate(when));
  }
}

// 4.1.5.3.1
void Transport::interrupt_queue(unsigned queue, Duration when) {
  if (interrupt_->msix_enabled()) {
    const unsigned vector = queues_[queue].vector;
    if (vector == VIRTIO_MSI_NO_VECTOR) return;
    statistics_.interrupts.add();
    return assert_vector(vector, when);
  }
  statistics_.interrupts.add();
  const bool pending = isr_ != 0;
  isr_ |= static_cast<std::uint8_t>(legacy_.isr_status.Queue.mask());
  if (!pending) assert_vector(0, when);
}

// 4.1.5.4; the generation tells a driver that reads field by field (2.4.1)
void Transport::configuration_changed(Duration when) {
  common_.config_generation.set((common_.config_generation.value() + 1) & 0xff);
  if (!driver_ok()) return;
  if (interrupt_->msix_enabled()) {
    if (config_vector_ == VIRTIO_MSI_NO_VECTOR) return;
    statistics_.configuration_interrupts.add();
    return assert_vector(config_vector_, when);
  }
  statistics_.configuration_interrupts.add();
  const bool pending = isr_ != 0;
  isr_ |= static_cast<std::uint8_t>(legacy_.isr_status.Configuration.mask());
  if (!pending) assert_vector(0, when);
}

void Transport::fail(const char* rule, Duration when) {
  complain(rule, when);
  if (stopped()) return;
  status_ |= status::DEVICE_NEEDS_RESET;
  show_status();
  device_->reset();
  configuration_changed(when);
}

void Transport::reset(Duration when) {
  device_->reset();
  release_vectors(when);
  accepted_ = 0;
  status_ = isr_ = 0;
  config_vector_ = VIRTIO_MSI_NO_VECTOR;
  selected_ = 0;
  const std::uint32_t generation = common_.config_generation.value();
  legacy_bank_.reset();
  common_bank_.reset();
  common_.config_generation.set(generation);
  std::fill(queues_.begin(), queues_.end(), Queue{description_.queue_size, VIRTIO_MSI_NO_VECTOR, false, 0, 0, 0, 0});
  device_->accept(accepted_);
  show_features();
  show_queue();
}

}  // namespace ahcisim::virtio
