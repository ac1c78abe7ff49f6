// SPDX-License-Identifier: MIT
// The ATA device: construction, and what a reset does to it.
#include <ahcisim/models/disk/ata_device.hpp>

#include <string>

#include <fmt/format.h>

#include <ahcisim/models/disk/ata/identify.hpp>

namespace ahcisim::disk {

using kit::Duration;

AtaDevice::AtaDevice(const sc_core::sc_module_name& name, kit::Context& context, const AtaParameters& parameters,
                     Medium& medium, Store& store)
    : sc_module{name},
      link{"link"},
      context_{context},
      calendar_{context.calendar},
      parameters_{parameters},
      port_{this->name(), context, link, *this, {parameters.command_decode(), parameters.power_on(), parameters.reset()},
            {wire::status::DRDY | wire::status::DSC, 0, 0}},
      medium_{medium},
      store_{store},
      facts_{medium.facts()},
      track_{context.probes, std::string{this->name()} + ".commands"},
      depth_probe_{context.probes, std::string{this->name()} + ".outstanding", 6},
      phase_probe_{context.probes, std::string{this->name()} + ".phase", 2, {"none", "sending", "awaiting_data", "ending"}},
      buffer_{std::make_unique<std::uint8_t[]>(buffer_bytes)},
      bounce_{std::make_unique<std::uint8_t[]>(wire::max_data_fis_bytes)} {
  if (facts_.sectors == 0 || facts_.sectors > store.sectors())
    throw kit::ConfigError{fmt::format("{}: the medium has {} sectors, its store {}: give the store at least as many", this->name(),
                                       facts_.sectors, store.sectors())};
  check_names(parameters);
  for (unsigned index = 0; index < commands_.size(); ++index) commands_[index].media.index = index;
  medium_.attach(*this);
  context.stats.add(this->name(), statistics_);
}

/// Whatever was under way is forgotten; what the medium has in its write cache stays (ACS-3, write cache).
void AtaDevice::abandoned() {
  drop_commands();
  queue_error_ = false;
  medium_.abandon_all(calendar_.now());
  watch_medium();
}

void AtaDevice::reset(Reset kind) {
  statistics_.resets.add();
  if (kind == Reset::power_on || (kind == Reset::comreset && !settings_.preservation) ||
      (kind == Reset::soft && settings_.revert_on_reset))
    revert_settings();
  if (kind == Reset::comreset) settings_.auto_activate = settings_.non_zero_offsets = false;  // not among what SSP preserves
  if (power_ == Power::sleep) power_ = Power::standby;  // ACS-3, Power Management feature set: a reset leaves Sleep
}

}  // namespace ahcisim::disk
