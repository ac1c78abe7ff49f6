// SPDX-License-Identifier: MIT
// What the bridge does to the function's configuration space, and what the client sees of it.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include <ahcisim/models/kit/param.hpp>
#include <ahcisim/models/vfio_user/host_bridge.hpp>

namespace ahcisim::vfio_user {

using wire::Tlp;
using wire::TlpType;

namespace {

// PCI Express Base, 7.5.1.
constexpr unsigned CommandRegister = 0x04, BAR0 = 0x10, BARs_end = 0x28;
constexpr unsigned msix_entry = 16;

bool overlap(std::uint64_t a, std::uint64_t a_bytes, std::uint64_t b, std::uint64_t b_bytes) { return a < b + b_bytes && b < a + a_bytes; }

}  // namespace

/// As firmware does it (7.5.1.2.1): the bits that stay zero tell the size.
void HostBridge::size_bars() {
  kit::RegisterBank& bank = endpoint_.configuration().bank;
  const auto sized = [&bank](unsigned index) {
    const std::uint8_t ones[4] = {0xff, 0xff, 0xff, 0xff}, zero[4] = {};
    std::uint8_t raw[4];
    bank.write(BAR0 + 4 * index, ones, 4);
    bank.read(BAR0 + 4 * index, raw, 4);
    bank.write(BAR0 + 4 * index, zero, 4);
    std::uint32_t value;
    std::memcpy(&value, raw, sizeof value);
    return value;
  };
  for (unsigned i = 0; i < bars_.size(); ++i) {
    Bar& bar = bars_[i];
    const std::uint32_t low = sized(i);
    if (low == 0) continue;
    bar.io = low & 1;
    bar.wide = !bar.io && (low & 6) == 4;
    bar.type = low & (bar.io ? 3 : 15);
    const std::uint64_t high = bar.wide ? std::uint64_t{sized(i + 1)} : 0xffffffff;
    bar.size = ~((low - bar.type) | high << 32) + 1;
    if (bar.wide) ++i;
  }
}

/// Apart from each other, and from anything else: nothing but the function decodes these addresses.
void HostBridge::place_bars() {
  std::uint64_t ports = 0x1000, low = std::uint64_t{1} << 31, high = std::uint64_t{1} << 40;
  for (Bar& bar : bars_) {
    if (bar.size == 0) continue;
    std::uint64_t& next = bar.io ? ports : bar.wide ? high : low;
    bar.base = (next + bar.size - 1) / bar.size * bar.size;
    next = bar.base + bar.size;
  }
  if (low > std::uint64_t{1} << 32 || ports > 0x10000) throw kit::ConfigError{fmt::format("{}: the function's BARs are too large to be served", name())};
}

std::uint32_t HostBridge::configuration(unsigned offset, unsigned bytes) {
  std::uint8_t raw[4] = {};
  endpoint_.configuration().bank.peek(offset, raw, bytes);
  std::uint32_t value;
  std::memcpy(&value, raw, sizeof value);
  return value;
}

void HostBridge::configure(unsigned offset, std::uint32_t value, unsigned bytes) {
  Tlp tlp;
  tlp.type = TlpType::CfgWr0;
  tlp.address = offset;
  tlp.length = bytes;
  std::memcpy(tlp.inline_data, &value, sizeof value);
  tlp.data = tlp.inline_data;
  link->transport_dbg(tlp);
}

/// Puts the function's BARs and its MSI-X table where the bridge wants them, after a reset of whatever origin.
void HostBridge::claim() {
  for (unsigned i = 0; i < bars_.size(); ++i) {
    if (bars_[i].size == 0) continue;
    configure(BAR0 + 4 * i, static_cast<std::uint32_t>(bars_[i].base), 4);
    if (bars_[i].wide) configure(BAR0 + 4 * (i + 1), static_cast<std::uint32_t>(bars_[i].base >> 32), 4);
    guest_bars_[i] = bars_[i].type;
    if (bars_[i].wide) guest_bars_[i + 1] = 0;
  }
  write_table();
  update_messages();
}

bool HostBridge::placed() {
  for (unsigned i = 0; i < bars_.size(); ++i)
    if (bars_[i].size != 0 && (configuration(BAR0 + 4 * i, 4) & ~15u) != (static_cast<std::uint32_t>(bars_[i].base) & ~15u)) return false;
  return true;
}

/// Every vector unmasked, with its number as data: the client masks by leaving a vector without an eventfd.
void HostBridge::write_table() {
  const auto& msix = endpoint_.configuration().msix;
  if (!msix) return;
  const std::uint32_t table = msix->table.value(), command = configuration(CommandRegister, 2);
  configure(CommandRegister, command | 2, 2);
  for (std::uint32_t vector = 0; vector < vectors()[irq::msix]; ++vector) {
    std::uint32_t entry[4] = {static_cast<std::uint32_t>(message_window), static_cast<std::uint32_t>(message_window >> 32), vector, 0};
    Tlp tlp = request(true, table & 7, (table & ~7u) + vector * msix_entry, reinterpret_cast<std::uint8_t*>(entry), sizeof entry);
    sc_core::sc_time delay = context_.calendar.annotate(context_.calendar.now());
    link->b_transport(tlp, delay);
  }
  configure(CommandRegister, command, 2);
}

std::array<std::uint32_t, 3> HostBridge::vectors() const {
  const pcie::ConfigurationSpace& space = endpoint_.configuration();
  return {space.interrupt_pin.VALUE != 0 ? 1u : 0u, space.msi ? 1u << space.msi->control.MultipleMessageCapable : 0u,
          space.msix ? space.msix->control.TableSize + 1u : 0u};
}

void HostBridge::update_messages() {
  const pcie::ConfigurationSpace& space = endpoint_.configuration();
  msi_ = space.msi_enabled();
  if (!msi_) return;
  msi_address_ = space.msi->message_address();
  msi_mask_ = (1u << std::min<std::uint32_t>(space.msi->control.MultipleMessageEnable, space.msi->control.MultipleMessageCapable)) - 1;
}

bool HostBridge::in_table(std::uint32_t region, std::uint64_t offset, std::uint32_t bytes) const {
  const auto& msix = endpoint_.configuration().msix;
  if (!msix || region != (msix->table.value() & 7)) return false;
  return overlap(offset, bytes, msix->table.value() & ~7u, (msix->control.TableSize + 1u) * msix_entry);
}

void HostBridge::read_configuration(std::uint64_t offset, std::uint8_t* to, std::uint32_t bytes, bool peek) {
  Tlp tlp;
  tlp.type = TlpType::CfgRd0;
  tlp.address = offset;
  tlp.length = bytes;
  tlp.data = to;
  // A client may fetch all of it in one message, which no bus does.
  if (peek || bytes > 4) link->transport_dbg(tlp);
  else send(tlp);
  const auto* bars = reinterpret_cast<const std::uint8_t*>(guest_bars_.data());
  for (std::uint64_t i = std::max<std::uint64_t>(offset, BAR0); i < std::min<std::uint64_t>(offset + bytes, BARs_end); ++i) to[i - offset] = bars[i - BAR0];
}

void HostBridge::write_configuration(std::uint64_t offset, const std::uint8_t* from, std::uint32_t bytes) {
  for (std::uint32_t done = 0; done < bytes;) {
    const std::uint64_t at = offset + done;
    const auto piece = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes - done, 4 - at % 4));
    if (at >= BAR0 && at < BARs_end) {
      const auto index = static_cast<unsigned>(at - BAR0) / 4;
      const bool upper = index > 0 && bars_[index - 1].wide;
      const Bar& bar = bars_[upper ? index - 1 : index];
      std::memcpy(reinterpret_cast<std::uint8_t*>(guest_bars_.data()) + (at - BAR0), from + done, piece);
      const auto writable = static_cast<std::uint32_t>(bar.size ? ~(bar.size - 1) >> (upper ? 32 : 0) : 0);
      guest_bars_[index] = (guest_bars_[index] & writable) | (upper ? 0 : bar.type);
    } else {
      Tlp tlp;
      tlp.type = TlpType::CfgWr0;
      tlp.address = at;
      tlp.length = piece;
      std::memcpy(tlp.inline_data, from + done, piece);
      tlp.data = tlp.inline_data;
      send(tlp);
    }
    done += piece;
  }
  if (!placed()) claim();  // that was a reset of the function
  else update_messages();
}

}  // namespace ahcisim::vfio_user
