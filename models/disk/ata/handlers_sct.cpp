// SPDX-License-Identifier: MIT
// SCT Command Transport (ACS-3, clause 8): status, Error Recovery Control, Feature Control, Data Tables. Long Sector
// Access is obsolete; Write Same, write cache reordering and other tables are not offered.
#include <algorithm>

#include <ahcisim/models/disk/ata_device.hpp>

namespace ahcisim::disk {
namespace {

using kit::Duration;

constexpr std::uint16_t history_entries = 128;  // the fewest that the table may have
constexpr std::uint8_t no_temperature = 0x80;
// As desktop drives are specified: 5 to 60 degrees Celsius in operation, 5 more before damage.
constexpr std::uint8_t highest_recommended = 60, highest = 65, lowest_recommended = 5, lowest = 0;
constexpr Duration minute = Duration::from_ps(60'000'000'000'000);

unsigned word(const std::uint8_t* from, unsigned index) { return from[2 * index] | from[2 * index + 1] << 8; }

}  // namespace

/// The 512 bytes written to log E0h: action code, function code, then what the action wants (ACS-3, 8.3).
void AtaDevice::sct_command(Command& command) {
  const std::uint8_t* const key = buffer_.get();
  enum : unsigned { error_recovery_control = 3, feature_control = 4, data_tables = 5 };
  sct_.action = static_cast<std::uint16_t>(word(key, 0));
  sct_.function = static_cast<std::uint16_t>(word(key, 1));
  sct_.status = SctStatus::done;
  sct_.table_ready = false;
  result_.set_lba48(0);
  result_.count_7_0 = result_.count_15_8 = 0;
  switch (sct_.action) {
    case error_recovery_control: return sct_error_recovery(command, key);
    case feature_control: return sct_feature(command, key);
    case data_tables: return sct_table(command, key);
    default: return sct_refuse(command, SctStatus::invalid_action);
  }
}

/// The Extended Status code is in Count and LBA 7:0, and stays in SCT Status.
void AtaDevice::sct_refuse(Command& command, SctStatus status) {
  sct_.status = status;
  result_.count_7_0 = static_cast<std::uint8_t>(status);
  result_.lba_7_0 = static_cast<std::uint8_t>(static_cast<unsigned>(status) >> 8);
  abort(command);
}

void AtaDevice::sct_answer(unsigned value) {
  result_.count_7_0 = static_cast<std::uint8_t>(value);
  result_.lba_7_0 = static_cast<std::uint8_t>(value >> 8);
  done_.add(calendar_.now(), single);
}

/// ACS-3, 8.3.3: how long a read or a write may try to recover.
void AtaDevice::sct_error_recovery(Command& command, const std::uint8_t* key) {
  enum : unsigned { set = 1, get = 2 };
  enum : unsigned { read = 1, write = 2 };
  const unsigned selection = word(key, 2);
  if (sct_.function != set && sct_.function != get) return sct_refuse(command, SctStatus::recovery_function);
  if (selection != read && selection != write) return sct_refuse(command, SctStatus::recovery_selection);
  std::uint16_t& timer = selection == read ? sct_.read_timer : sct_.write_timer;
  if (sct_.function == get) return sct_answer(timer);
  timer = static_cast<std::uint16_t>(word(key, 3));
  sct_answer(0);
}

/// ACS-3, 8.3.4.
void AtaDevice::sct_feature(Command& command, const std::uint8_t* key) {
  enum : unsigned { set_state = 1, get_state = 2, get_options = 3 };
  enum : unsigned { write_cache = 1, temperature_interval = 3 };
  const unsigned code = word(key, 2), state = word(key, 3), options = word(key, 4);
  if (sct_.function < set_state || sct_.function > get_options) return sct_refuse(command, SctStatus::feature_function);
  if (code != write_cache && code != temperature_interval) return sct_refuse(command, SctStatus::feature_code);
  Sct::Feature& feature = code == write_cache ? sct_.write_cache : sct_.logging_interval;
  if (sct_.function == get_state) return sct_answer(feature.state);
  if (sct_.function == get_options) return sct_answer(feature.preserved);
  const bool known = state != 0 && (code != write_cache || state <= Sct::forced_off);
  if (!known) return sct_refuse(command, SctStatus::feature_state);
  if (options > 1) return sct_refuse(command, SctStatus::feature_options);
  feature = {static_cast<std::uint16_t>(state), options != 0};
  if (code == write_cache) {
    if (!apply_write_cache()) return do_flush(command);
  } else {
    sct_.logging_since = calendar_.now();  // the history begins anew
  }
  sct_answer(0);
}

/// ACS-3, 8.3.5: the table is read from log E1h, how many sectors of it is in LBA 23:8.
void AtaDevice::sct_table(Command& command, const std::uint8_t* key) {
  enum : unsigned { read_table = 1 };
  enum : unsigned { temperature_history = 2 };
  if (sct_.function != read_table) return sct_refuse(command, SctStatus::invalid_function);
  if (word(key, 2) != temperature_history) return sct_refuse(command, SctStatus::invalid_table);
  sct_.table_ready = true;
  result_.lba_15_8 = 1;
  sct_answer(0);
}

/// ACS-3, table "SCT Status".
void AtaDevice::sct_status_page(std::uint8_t* to) const {
  const auto temperature = static_cast<std::uint8_t>(parameters_.temperature());
  wire::store_le16(to, 3);      // format version
  wire::store_le16(to + 2, 1);  // vendor's version
  wire::store_le16(to + 4, 1);  // level of the specification
  to[10] = power_ == Power::standby ? 1 : 0;
  wire::store_le16(to + 14, static_cast<unsigned>(sct_.status));
  wire::store_le16(to + 16, sct_.action);
  wire::store_le16(to + 18, sct_.function);
  std::fill(to + 200, to + 205, temperature);  // now; lowest, highest since power-on; lowest, highest ever
}

/// ACS-3, table "HDA Temperature History": a ring of entries, one for each logging interval.
void AtaDevice::sct_temperature_history(std::uint8_t* to) const {
  const std::int64_t intervals = (calendar_.now() - sct_.logging_since) / (sct_.logging_interval.state * minute);
  wire::store_le16(to, 2);      // format version
  wire::store_le16(to + 2, 1);  // minutes between samples
  wire::store_le16(to + 4, sct_.logging_interval.state);
  to[6] = highest_recommended, to[7] = highest, to[8] = lowest_recommended, to[9] = lowest;
  wire::store_le16(to + 30, history_entries);
  wire::store_le16(to + 32, static_cast<unsigned>(intervals % history_entries));  // the latest entry
  const auto entries = static_cast<std::ptrdiff_t>(std::min<std::int64_t>(intervals + 1, history_entries));
  std::fill(to + 34, to + 34 + entries, static_cast<std::uint8_t>(parameters_.temperature()));
  std::fill(to + 34 + entries, to + 34 + history_entries, no_temperature);
}

/// Puts the write cache to what SCT forces or SET FEATURES asked for; false where what it held must be flushed now.
bool AtaDevice::apply_write_cache() {
  settings_.write_cache = sct_.write_cache.state == Sct::by_set_features ? settings_.write_cache_wanted
                                                                         : sct_.write_cache.state == Sct::forced_on;
  medium_.set_write_cache(settings_.write_cache);
  return settings_.write_cache;
}

/// What a reset that reverts settings leaves of SCT's: only what is to be preserved.
void AtaDevice::sct_revert() {
  if (!sct_.write_cache.preserved) sct_.write_cache = {Sct::by_set_features, false};
  if (!sct_.logging_interval.preserved && sct_.logging_interval.state != 1) {
    sct_.logging_interval = {};
    sct_.logging_since = calendar_.now();
  }
  sct_.read_timer = sct_.write_timer = 0;
  sct_.table_ready = false;
}

/// How long a command tries in vain to read its bad sector. Writes never do: their sectors are reallocated.
Duration AtaDevice::recovery_time(const Command& command) {
  if (command.fail_at == UINT32_MAX) return {};
  const Duration wanted = parameters_.error_recovery();
  const Duration allowed = sct_.read_timer ? sct_.read_timer * Duration::from_ms(100) : Duration::never();
  if (allowed < wanted) sct_.status = SctStatus::recovery_timer_expired;
  return kit::min(wanted, allowed);
}

}  // namespace ahcisim::disk
