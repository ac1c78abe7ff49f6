// SPDX-License-Identifier: MIT
// Transitional virtio over PCI (VIRTIO 1.1, 4.1): both register interfaces over one state, feature negotiation, device
// status, queue set-up, notifications to the device and interrupts to the driver. It does not know what kind of device
// it carries.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <systemc>

#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/virtio/features.hpp>
#include <ahcisim/models/virtio/registers.hpp>
#include <ahcisim/models/virtio/ring_layout.hpp>
#include <ahcisim/models/virtio/statistics.hpp>
#include <ahcisim/tlm/interrupt.hpp>

namespace ahcisim::virtio {

/// What the transport tells the device behind it.
class DeviceSide {
 public:
  /// Feature negotiation came to a result; a legacy driver may come to another one.
  virtual void accept(Features features) = 0;
  /// A queue is taken into use. Returns the rule its layout breaks, or null.
  virtual const char* enable_queue(unsigned queue, const RingLayout& layout) = 0;
  /// A queue is taken out of use: what is outstanding in it is forgotten.
  virtual void disable_queue(unsigned queue) = 0;
  /// Available-buffer notification (4.1.5.2).
  virtual void notified(unsigned queue, kit::Duration when) = 0;
  /// The device was reset, or stopped by an error: everything outstanding is forgotten.
  virtual void reset() = 0;

 protected:
  ~DeviceSide() = default;
};

class Transport {
 public:
  struct Description {
    Features offered;          ///< in both interfaces together
    unsigned queues;
    std::uint16_t queue_size;  ///< largest
    unsigned vectors;          ///< MSI-X table entries
    kit::Duration interrupt_delay;
  };
  /// `configuration` is the device configuration's bank. Everything passed must outlive the transport.
  Transport(std::string name, kit::Context& context, BlkStatistics& statistics, const Description& description,
            sc_core::sc_port<wire::InterruptIf>& interrupt, kit::RegisterBank& configuration);
  /// Once, before anything else; the device starts as after a reset.
  void attach(DeviceSide& device);

  /// A guest's access that takes effect at `when`; false beyond the window. peek: without side effects.
  bool read_legacy(unsigned offset, std::uint8_t* to, unsigned bytes);
  bool write_legacy(unsigned offset, const std::uint8_t* from, unsigned bytes, kit::Duration when);
  bool read_modern(unsigned offset, std::uint8_t* to, unsigned bytes);
  bool write_modern(unsigned offset, const std::uint8_t* from, unsigned bytes, kit::Duration when);
  bool peek_legacy(unsigned offset, std::uint8_t* to, unsigned bytes);
  bool peek_modern(unsigned offset, std::uint8_t* to, unsigned bytes);
  /// Bytes of the I/O BAR: a power of two with room for header and device configuration.
  static constexpr unsigned legacy_size = 128;

  Features accepted() const { return accepted_; }
  bool driver_ok() const { return status_ & status::DRIVER_OK; }
  bool stopped() const { return status_ & status::DEVICE_NEEDS_RESET; }
  /// Used-buffer notification for a queue (4.1.5.3), configuration change notification (4.1.5.4).
  void interrupt_queue(unsigned queue, kit::Duration when);
  void configuration_changed(kit::Duration when);
  /// The driver broke a rule that leaves the device with nothing it could go on with: DEVICE_NEEDS_RESET (2.1.2).
  void fail(const char* rule, kit::Duration when);
  /// A rule was broken, and things go on.
  void complain(const char* rule, kit::Duration when) { context_.diagnostics.report(name_, rule, when); }
  /// The whole function's reset; also what writing 0 to the status does (2.1).
  void reset(kit::Duration when);

  const kit::RegisterBank& legacy_bank() const { return legacy_bank_; }
  const kit::RegisterBank& common_bank() const { return common_bank_; }

 private:
  struct Queue {
    std::uint16_t size, vector;
    bool enabled;
    std::uint32_t page;
    std::uint64_t desc, driver, device;
  };
  struct Window {
    unsigned begin, size;
    kit::RegisterBank* bank;
  };
  void connect();
  unsigned header_size() const {
    return interrupt_->msix_enabled() ? LegacyHeader::size_with_vectors : LegacyHeader::size;
  }
  const Window* window_at(unsigned offset) const;
  void show_status();
  void show_queue();
  void show_features();
  Queue* selected() { return selected_ < queues_.size() ? &queues_[selected_] : nullptr; }
  Features offered_modern() const { return description_.offered & ~legacy_only; }
  Features offered_legacy() const { return description_.offered & legacy_mask; }

  // transport_registers.cpp: side effects
  void legacy_features_written(const kit::Written& w);
  void legacy_address_written(const kit::Written& w);
  void legacy_notify_written(const kit::Written& w);
  void legacy_status_written(const kit::Written& w);
  void feature_select_written(const kit::Written& w);
  void driver_feature_written(const kit::Written& w);
  void status_written(const kit::Written& w);
  void queue_size_written(const kit::Written& w);
  void queue_enable_written(const kit::Written& w);
  void queue_address_written(const kit::Written& w);
  void notify(unsigned queue, bool number_matches);
  void enable(Queue& queue, const RingLayout& layout);
  bool features_acceptable();
  template <unsigned which> void select_written(const kit::Written&);
  template <unsigned which> void queue_vector_written(const kit::Written&);
  template <unsigned which> void config_vector_written(const kit::Written&);
  template <unsigned which> void isr_read();
  std::uint16_t vector_taken(std::uint32_t wanted);

  // transport.cpp: interrupts
  void assert_vector(unsigned vector, kit::Duration when);
  void release_vectors(kit::Duration when);

  const std::string name_;
  kit::Context& context_;
  BlkStatistics& statistics_;
  const Description description_;
  sc_core::sc_port<wire::InterruptIf>& interrupt_;
  kit::RegisterBank& configuration_;
  kit::RegisterBank legacy_bank_, common_bank_, isr_bank_;
  LegacyHeader legacy_;
  CommonConfiguration common_;
  IsrStatus isr_register_;
  const Window modern_[3];
  DeviceSide* device_ = nullptr;

  Features accepted_ = 0;
  std::uint8_t status_ = 0, isr_ = 0;
  std::uint16_t config_vector_ = VIRTIO_MSI_NO_VECTOR;
  unsigned selected_ = 0;
  std::vector<Queue> queues_;
  std::vector<bool> asserted_;  // vectors
  kit::Duration access_time_;   // of the access under way
};

}  // namespace ahcisim::virtio
