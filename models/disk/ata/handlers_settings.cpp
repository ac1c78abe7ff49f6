// SPDX-License-Identifier: MIT
// Handlers of the ATA device: SET FEATURES, SET MULTIPLE MODE, power management.
#include <ahcisim/models/disk/ata/identify_page.hpp>
#include <ahcisim/models/disk/ata_device.hpp>

namespace ahcisim::disk {

using kit::Duration;

namespace {
/// 53 days, half of what picoseconds can count: where simulated time leaps from one look at the standby timer to the next, as a server's
/// in free time does, it must not come to its end.
constexpr Duration last_standby_check = Duration::from_ps(INT64_MAX / 2);
}  // namespace

void AtaDevice::revert_settings() {
  settings_ = Settings{};
  if (parameters_.parallel()) {
    settings_.ultra_dma = 0xff;  // no DMA mode is selected until SET FEATURES does
    settings_.preservation = settings_.auto_activate = false;
  }
  settings_.write_cache_wanted = facts_.write_cache;
  sct_revert();
  apply_write_cache();
  medium_.set_look_ahead(true);
  set_standby_timer(0);
  watch_medium();
}

/// ACS-3, table "SET FEATURES subcommands".
void AtaDevice::do_set_features(Command& command) {
  bool known = true;
  switch (command.fis.features_7_0) {
    case 0x02: case 0x82:
      settings_.write_cache_wanted = command.fis.features_7_0 == 0x02;
      if (!apply_write_cache()) return do_flush(command);  // what it held goes to the medium first
      break;
    case 0xaa: case 0x55:
      settings_.look_ahead = command.fis.features_7_0 == 0xaa;
      medium_.set_look_ahead(settings_.look_ahead);
      break;
    case 0x03: known = select_transfer_mode(command.fis.count_7_0, settings_.multiword_dma, settings_.ultra_dma); break;
    case 0x10: case 0x90: known = set_sata_feature(command.fis.count_7_0, command.fis.features_7_0 == 0x10); break;
    case 0x66: case 0xcc: settings_.revert_on_reset = command.fis.features_7_0 == 0xcc; break;
    default: known = false;
  }
  watch_medium();
  if (!known) return abort(command);
  done_.add(calendar_.now(), single);
}

/// 10h/90h (Serial ATA 3.x, 13.3): only what IDENTIFY DEVICE word 78 offers.
bool AtaDevice::set_sata_feature(std::uint8_t feature, bool on) {
  if (parameters_.parallel()) return false;
  switch (feature) {
    case 0x01:
      if (!parameters_.non_zero_offsets()) return false;
      settings_.non_zero_offsets = on;
      return true;
    case 0x02:
      if (!parameters_.auto_activate()) return false;
      settings_.auto_activate = on;
      return true;
    case 0x06: settings_.preservation = on; return true;
    default: return false;
  }
}

/// Count is a power of two up to 16, or 0 to disable READ/WRITE MULTIPLE.
void AtaDevice::do_set_multiple(Command& command) {
  const std::uint8_t count = command.fis.count_7_0;
  if (count > 16 || (count & (count - 1)) != 0) return abort(command);
  settings_.multiple = count;
  done_.add(calendar_.now(), single);
}

/// Heads less one in Device, sectors to a track in Count: any translation that has both (ATA/ATAPI-5, INITIALIZE DEVICE PARAMETERS).
void AtaDevice::do_initialize_parameters(Command& command) {
  if (command.fis.count_7_0 == 0) return abort(command);
  settings_.chs = {(command.fis.device & 0x0fu) + 1, command.fis.count_7_0};
  done_.add(calendar_.now(), single);
}

/// Power Management feature set (ACS-3). Standby stops the spindle; the write cache is flushed before.
void AtaDevice::do_power(Command& command) {
  switch (command.row->opcode) {
    case 0xe5:
      result_.count_7_0 = power_ == Power::standby ? 0x00 : 0xff;
      break;
    case 0xe2: case 0xe3:
      set_standby_timer(command.fis.count_7_0);
      [[fallthrough]];
    case 0xe0: case 0xe1: {
      const bool standby = command.row->opcode == 0xe0 || command.row->opcode == 0xe2;
      // IDLE IMMEDIATE with the UNLOAD feature is not offered: its fields have no meaning here.
      if (standby) return enter_standby(command);
      if (power_ != Power::active_or_idle) enter_power(Power::active_or_idle);
      break;
    }
    default: return enter_standby(command);  // SLEEP
  }
  done_.add(calendar_.now(), single);
}

/// Once the cache is flushed, finish() enters the state.
void AtaDevice::enter_standby(Command& command) {
  next_power_ = command.row->opcode == 0xe6 ? Power::sleep : Power::standby;
  if (power_ == Power::active_or_idle) return do_flush(command);
  done_.add(calendar_.now(), single);
}

void AtaDevice::enter_power(Power state) {
  if (power_ == Power::active_or_idle && state != Power::active_or_idle) medium_.stop_spindle(calendar_.now());
  if (power_ != Power::active_or_idle && state == Power::active_or_idle) set_standby_timer(settings_.standby_timer);
  power_ = state;
  watch_medium();
}

/// ACS-3, table "Standby timer periods".
void AtaDevice::set_standby_timer(std::uint8_t code) {
  settings_.standby_timer = code;
  std::int64_t seconds = 0;
  if (code >= 1 && code <= 240) seconds = code * 5;
  else if (code >= 241 && code <= 251) seconds = (code - 240) * 30 * 60;
  else if (code == 252) seconds = 21 * 60;
  else if (code == 253) seconds = 8 * 60 * 60;
  else if (code == 255) seconds = 21 * 60 + 15;
  standby_after_ = Duration::from_ps(seconds * 1'000'000'000'000);
  ++standby_serial_;
  if (seconds != 0 && calendar_.now() < last_standby_check)
    calendar_.at<&AtaDevice::standby_check>(calendar_.now() + standby_after_, this, standby_serial_);
}

/// The timer has run since the last command, or is asked again when it will have. It rests until the drive is active again.
void AtaDevice::standby_check(std::uint64_t serial) {
  const Duration now = calendar_.now();
  if (serial != standby_serial_ || now >= last_standby_check) return;
  const bool busy = outstanding_ != 0 || single_busy_;
  const Duration due = (busy ? now : last_activity_) + standby_after_;
  if (busy || due > now) return calendar_.at<&AtaDevice::standby_check>(due, this, serial);
  if (power_ == Power::active_or_idle) enter_power(Power::standby);
}

}  // namespace ahcisim::disk
