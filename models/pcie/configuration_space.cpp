// SPDX-License-Identifier: MIT
// Construction of a function's configuration space, its checks, and BAR decode.
#include <ahcisim/models/pcie/configuration_space.hpp>

#include <fmt/format.h>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::pcie {
namespace {

using Kind = BarDescription::Kind;

constexpr const char* bar_names[] = {"BAR0", "BAR1", "BAR2", "BAR3", "BAR4", "BAR5"};

unsigned log2_of(std::uint64_t power_of_two) { return static_cast<unsigned>(__builtin_ctzll(power_of_two)); }
bool is_power_of_two(std::uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

void refuse(const std::string& name, const std::string& what) { throw kit::ConfigError{name + ": " + what}; }

void check_bars(const std::string& name, const FunctionDescription& f) {
  for (unsigned i = 0; i < 6; ++i) {
    const BarDescription& bar = f.bars[i];
    if (bar.kind == Kind::none) continue;
    const std::uint64_t low = bar.kind == Kind::io ? 4 : 16;
    const std::uint64_t high = bar.kind == Kind::io ? 256 : bar.kind == Kind::mem32 ? std::uint64_t{1} << 31 : std::uint64_t{1} << 62;
    if (!is_power_of_two(bar.size) || bar.size < low || bar.size > high)
      refuse(name, fmt::format("BAR{} of {} bytes: give a power of two from {} to {}", i, bar.size, low, high));
    if (bar.kind == Kind::mem64 && (i == 5 || f.bars[i + 1].kind != Kind::none))
      refuse(name, fmt::format("BAR{} is 64 bits wide: leave BAR{} to its upper half", i, i + 1));
  }
}

void check_range(const std::string& name, const char* what, const FunctionDescription& f, unsigned bar, std::uint64_t offset,
                 std::uint64_t bytes) {
  if (bar >= 6 || f.bars[bar].kind == Kind::none || offset + bytes > f.bars[bar].size)
    refuse(name, fmt::format("{} at offset {:#x} of BAR{} does not lie in a BAR: give another BAR or offset", what, offset, bar));
}

void check(const std::string& name, const FunctionDescription& f) {
  check_bars(name, f);
  if (f.fixed.size() > ConfigurationSpace::most_fixed)
    refuse(name, fmt::format("{} fixed windows: at most {}", f.fixed.size(), ConfigurationSpace::most_fixed));
  for (const FixedWindow& window : f.fixed)
    if (window.size == 0 || window.port + window.size > 0x10000)
      refuse(name, fmt::format("fixed window of {} bytes at {:#x}: give at least one, below 10000h", window.size, window.port));
  if (f.interrupt_pin > 4) refuse(name, fmt::format("interrupt pin {}: give 0 to 4", f.interrupt_pin));
  if (f.msi.vectors && (!is_power_of_two(f.msi.vectors) || f.msi.vectors > 32))
    refuse(name, fmt::format("{} MSI vectors: give 1, 2, 4, 8, 16 or 32", f.msi.vectors));
  if (f.msix.vectors > 2048) refuse(name, fmt::format("{} MSI-X vectors: give at most 2048", f.msix.vectors));
  if (f.msix.vectors) {
    if (f.msix.table_offset % 8 || f.msix.pba_offset % 8) refuse(name, "MSI-X table and PBA offsets: give multiples of 8");
    const std::uint64_t table = f.msix.vectors * 16ull, pba = (f.msix.vectors + 63) / 64 * 8ull;
    check_range(name, "MSI-X table", f, f.msix.table_bar, f.msix.table_offset, table);
    check_range(name, "MSI-X PBA", f, f.msix.pba_bar, f.msix.pba_offset, pba);
    if (f.msix.table_bar == f.msix.pba_bar && f.msix.table_offset < f.msix.pba_offset + pba &&
        f.msix.pba_offset < f.msix.table_offset + table)
      refuse(name, "MSI-X table and PBA overlap: move one of them");
  }
  if (f.sata) {
    check_range(name, "index/data pair", f, f.sata->bar, f.sata->offset, 8);
    if (f.sata->offset % 4) refuse(name, "index/data pair: give an offset that is a multiple of 4");
  }
  for (const auto& region : f.bar_access.regions)
    check_range(name, "region of the access from configuration space", f, region.bar, region.offset, region.length);
  const unsigned payload = f.max_payload_supported;
  if (!is_power_of_two(payload) || payload < 128 || payload > 4096)
    refuse(name, fmt::format("max_payload_supported = {}: give a power of two from 128 to 4096", payload));
}

const FunctionDescription& checked(const std::string& name, const FunctionDescription& function) {
  check(name, function);
  return function;
}

}  // namespace

BaseAddressRegister::BaseAddressRegister(kit::RegisterBank& bank, unsigned index, const BarDescription& bar, bool upper_half)
    : Register{bank, 0x10 + 4 * index, 4, bar_names[index], upper_half ? "upper half of the BAR before" : "Base Address Register",
               "PCI Express Base, 7.5.1.2.1"} {
  if (bar.kind == Kind::none) return;
  const unsigned bits = log2_of(bar.size);
  if (upper_half) {
    BaseAddress.emplace(*this, "Base Address", kit::Bits{31, bits > 32 ? bits - 32 : 0}, Access::RW, 0u, "bits 63:32");
    return;
  }
  if (bits < 32) BaseAddress.emplace(*this, "Base Address", kit::Bits{31, bits}, Access::RW, 0u, "bits below the size read 0");
  if (bar.kind == Kind::io) {
    Space.emplace(*this, "Memory Space Indicator", kit::Bits{0, 0}, Access::RO, 1u, "I/O space");
    return;
  }
  Prefetchable.emplace(*this, "Prefetchable", kit::Bits{3, 3}, Access::RO, bar.prefetchable ? 1u : 0u, "reads have no side effects");
  Type.emplace(*this, "Type", kit::Bits{2, 1}, Access::RO, bar.kind == Kind::mem64 ? 2u : 0u, "0 = 32 bits, 2 = 64 bits");
  Space.emplace(*this, "Memory Space Indicator", kit::Bits{0, 0}, Access::RO, 0u, "memory space");
}

ConfigurationSpace::ConfigurationSpace(const std::string& name, const FunctionDescription& f)
    : bank{name, 4096},
      vendor_id{bank, 0x00, 2, "Vendor ID", "Vendor ID", "PCI Express Base, 7.5.1.1.1", checked(name, f).vendor},
      device_id{bank, 0x02, 2, "Device ID", "Device ID", "PCI Express Base, 7.5.1.1.2", f.device},
      command{bank}, status{bank},
      revision_id{bank, 0x08, 1, "Revision ID", "Revision ID", "PCI Express Base, 7.5.1.1.5", f.revision},
      programming_interface{bank, 0x09, 1, "Class Code 7:0", "Programming Interface", "PCI Express Base, 7.5.1.1.6", f.class_code & 0xff},
      device_class{bank, 0x0a, 2, "Class Code 23:8", "Sub-Class and Base Class", "PCI Express Base, 7.5.1.1.6", f.class_code >> 8 & 0xffff},
      cache_line_size{bank, 0x0c, 1, "Cache Line Size", "without effect", "PCI Express Base, 7.5.1.1.7"},
      latency_timer{bank, 0x0d, 1, "Latency Timer", "reads 0", "PCI Express Base, 7.5.1.1.8", 0},
      header_type{bank, 0x0e, 1, "Header Type", "type 0, one function", "PCI Express Base, 7.5.1.1.9", 0},
      subsystem_vendor_id{bank, 0x2c, 2, "Subsystem Vendor ID", "Subsystem Vendor ID", "PCI Express Base, 7.5.1.2.3", f.subsystem_vendor},
      subsystem_id{bank, 0x2e, 2, "Subsystem ID", "Subsystem ID", "PCI Express Base, 7.5.1.2.3", f.subsystem},
      expansion_rom{bank},
      capabilities_pointer{bank, 0x34, 1, "Capabilities Pointer", "first capability", "PCI Express Base, 7.5.1.1.11", 0},
      interrupt_line{bank, 0x3c, 1, "Interrupt Line", "software's note", "PCI Express Base, 7.5.1.1.12"},
      interrupt_pin{bank, 0x3d, 1, "Interrupt Pin", "1 = INTA", "PCI Express Base, 7.5.1.1.13", f.interrupt_pin},
      described_{f.bars}, fixed_{f.fixed} {
  for (unsigned i = 0; i < 6; ++i) {
    const bool upper = i > 0 && f.bars[i - 1].kind == Kind::mem64;
    bars[i] = std::make_unique<BaseAddressRegister>(bank, i, f.bars[upper ? i - 1 : i], upper);
  }
  add_capabilities(f);
}

ConfigurationSpace::Decode ConfigurationSpace::decode() const {
  Decode all;
  if (!d0()) return all;
  for (std::size_t i = 0; command.IOSpaceEnable && i < fixed_.size(); ++i)
    all.windows[all.count++] = {fixed_[i].port, fixed_[i].size, static_cast<std::uint8_t>(6 + i), true};
  for (unsigned i = 0; i < 6; ++i) {
    const BarDescription& bar = described_[i];
    if (bar.kind == Kind::none) continue;
    const bool io = bar.kind == Kind::io;
    if (io ? !command.IOSpaceEnable : !command.MemorySpaceEnable) continue;
    std::uint64_t base = bars[i]->value() & (io ? ~3u : ~15u);
    if (bar.kind == Kind::mem64) base |= std::uint64_t{bars[i + 1]->value()} << 32;
    all.windows[all.count++] = {base, bar.size, static_cast<std::uint8_t>(i), io};
  }
  return all;
}

}  // namespace ahcisim::pcie
