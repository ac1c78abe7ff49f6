// SPDX-License-Identifier: MIT
// Enumeration, BAR sizing, capabilities (PCI Local Bus 3.0, chapter 6) and message-signalled interrupts (6.8).
#include <ahcisim/models/host/pci_probe.hpp>

#include <algorithm>

#include <ahcisim/models/host/ahci_names.hpp>
#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::host {

namespace {
constexpr unsigned devices_per_bus = 32;
/// Vector 0 of the messages; a multiple of 32 above the exceptions of an x86 processor.
constexpr std::uint32_t message_vector = 0x40;
constexpr std::uint32_t all_ones = 0xffffffff;
}  // namespace

PciProbe::Layout PciProbe::layout_of(const DriverParameters& p) {
  Layout layout;
  layout.ecam = static_cast<std::uint64_t>(p.ecam().value);
  layout.window = static_cast<std::uint64_t>(p.window().value);
  layout.io_window = static_cast<std::uint64_t>(p.io_window().value);
  layout.buses = static_cast<unsigned>(p.buses());
  layout.message_address = static_cast<std::uint64_t>(p.message_address().value);
  layout.message_data = message_vector;
  return layout;
}

void PciProbe::find(const Match& match, Failed failed) {
  match_ = match;
  failed_ = std::move(failed);
  next_window_ = layout_.window;
  next_io_ = layout_.io_window;
  script_.call([=] { look_at(0); });
}

bool PciProbe::matches(std::uint32_t revision_and_class) const {
  if (match_.vendor_id && function_.vendor_id != match_.vendor_id) return false;
  const auto& ids = match_.device_ids;
  if ((ids[0] || ids[1]) && function_.device_id != ids[0] && function_.device_id != ids[1]) return false;
  return ((revision_and_class >> 8 ^ match_.class_code) & match_.class_mask) == 0;
}

void PciProbe::look_at(unsigned index) {
  if (index >= layout_.buses * devices_per_bus) {
    failed_(std::string{match_.vendor_id ? "no function of the identity wanted" : "no function of the class wanted"} +
            " answers on " + std::to_string(layout_.buses) + " PCI buses");
    return;
  }
  function_ = {};
  function_.bus = index / devices_per_bus;
  function_.device = index % devices_per_bus;
  script_.read(config(pci::VID), [=](std::uint32_t id) {
    if (id == all_ones || id == 0) return look_at(index + 1);
    function_.vendor_id = static_cast<std::uint16_t>(id);
    function_.device_id = static_cast<std::uint16_t>(id >> 16);
    script_.read(config(pci::CC), [=](std::uint32_t revision_and_class) {
      if (!matches(revision_and_class)) return look_at(index + 1);
      // Sizing moves the BARs about: nothing may be decoded meanwhile.
      script_.write(config(pci::CMD), 0, 2);
      script_.call([=] { size_bar(0); });
      script_.read(config(pci::STS), [=](std::uint32_t status) {
        if (status & pci::STS_CL)
          script_.read(config(pci::CAP_PTR), [=](std::uint32_t pointer) { walk_capabilities(pointer, 48); }, 1);
      }, 2);
    });
  });
}

void PciProbe::size_bar(unsigned index) {
  if (index >= 6) return;
  const std::uint64_t here = config(pci::BARS + 4 * index);
  script_.write(here, all_ones);
  script_.read(here, [=](std::uint32_t low) {
    const bool is_64_bit = !(low & 1) && (low & 6) == 4 && index < 5;
    if (!is_64_bit) {
      assign_bar(index, low, 0, false);
      return;
    }
    script_.write(here + 4, all_ones);
    script_.read(here + 4, [=](std::uint32_t high) { assign_bar(index, low, high, true); });
  });
}

void PciProbe::assign_bar(unsigned index, std::uint32_t low, std::uint32_t high, bool is_64_bit) {
  const std::uint64_t here = config(pci::BARS + 4 * index);
  const bool is_io = low & 1;
  const std::uint32_t address_bits = low & (is_io ? ~3u : ~15u);
  std::uint64_t writable = is_64_bit ? std::uint64_t{high} << 32 | address_bits : address_bits;
  if (is_io) writable &= 0xffff;
  if (writable != 0) {
    const std::uint64_t size = writable & (~writable + 1);  // the lowest address bit that can be written
    std::uint64_t& next = is_io ? next_io_ : next_window_;
    const std::uint64_t address = (next + size - 1) & ~(size - 1);
    next = address + size;
    function_.bar[index] = address;
    function_.bar_size[index] = size;
    function_.bar_is_io[index] = is_io;
  }
  script_.write(here, static_cast<std::uint32_t>(function_.bar[index]));
  if (is_64_bit) script_.write(here + 4, static_cast<std::uint32_t>(function_.bar[index] >> 32));
  const unsigned next_index = index + (is_64_bit ? 2 : 1);
  script_.call([=] { size_bar(next_index); });
}

void PciProbe::walk_capabilities(std::uint32_t pointer, unsigned left) {
  pointer &= 0xfc;
  if (pointer < 0x40 || left == 0) return;  // `left` ends a list that loops
  script_.read(config(pointer), [=](std::uint32_t header) {
    const unsigned id = header & 0xff;
    if (id == 0xff) return;
    if (id == pci::cap_power_management) function_.power_management = pointer;
    if (id == pci::cap_msi) function_.msi = pointer;
    if (id == pci::cap_msix) function_.msix = pointer;
    if (id == pci::cap_express) function_.express = pointer;
    if (id == pci::cap_vendor)
      if (auto free = std::find(function_.vendor.begin(), function_.vendor.end(), 0u); free != function_.vendor.end())
        *free = pointer;
    walk_capabilities(header >> 8, left - 1);
  }, 2);
}

void PciProbe::read_vendor_capability(unsigned index, unsigned from, unsigned to,
                                      std::function<void(const std::uint8_t* data)> handler) {
  for (unsigned offset = from; offset < to; offset += 4)
    script_.read(config(function_.vendor[index] + offset),
                 [=](std::uint32_t value) { wire::store_le32(&capability_[offset], value); });
  script_.call([this, handler = std::move(handler)] { handler(capability_.data()); });
}

void PciProbe::enable() {
  script_.call([this] {
    if (function_.power_management) {
      const std::uint64_t pmcsr = config(function_.power_management + 4);
      script_.read(pmcsr, [=](std::uint32_t value) {
        if ((value & 3) == 0) return;
        script_.write(pmcsr, value & ~3u, 2);  // to D0; 10 ms from D3hot (PCI Power Management 1.2, 5.4.1)
        script_.delay(kit::Duration::from_ms(10));
      }, 2);
    }
    if (function_.express) configure_express();
    script_.read(config(pci::CMD), [=](std::uint32_t command) {
      std::uint32_t wanted = command | pci::CMD_BME;
      for (unsigned i = 0; i < 6; ++i)
        if (function_.bar[i]) wanted |= function_.bar_is_io[i] ? pci::CMD_IOSE : pci::CMD_MSE;
      script_.write(config(pci::CMD), wanted, 2);
    }, 2);
  });
}

/// Max_Payload_Size and Max_Read_Request_Size stay as firmware set them, as Linux leaves them unless it is told otherwise.
void PciProbe::configure_express() {
  const std::uint64_t capability = config(function_.express);
  script_.read(capability + 4, [=](std::uint32_t device_capabilities) {
    if (!(device_capabilities & pci::DEVCAP_EXT_TAG)) return;
    script_.read(capability + 8, [=](std::uint32_t control) {
      script_.write(capability + 8, control | pci::DEVCTL_EXT_TAG, 2);
    }, 2);
  });
}

void PciProbe::arrange_interrupts(Wish wish) {
  script_.call([=] {
    if (wish.kind == PciFunction::Interrupts::msix && function_.msix)
      arrange_msix(wish.vectors);
    else if (wish.kind != PciFunction::Interrupts::intx && function_.msi)
      arrange_msi(wish.vectors);
  });
}

void PciProbe::switch_intx_off() {
  script_.read(config(pci::CMD), [=](std::uint32_t command) { script_.write(config(pci::CMD), command | pci::CMD_ID, 2); }, 2);
}

void PciProbe::arrange_msi(unsigned vectors) {
  const std::uint64_t here = config(function_.msi);
  script_.read(here + 2, [=](std::uint32_t control) {
    const bool is_64_bit = control & 0x80;
    const unsigned offered = 1u << std::min(5u, control >> 1 & 7);
    unsigned code = 0;
    while ((1u << code) < vectors) ++code;
    if ((1u << code) > offered) code = 0;  // all or one, as Linux's AHCI driver asks for them
    script_.write(here + 4, static_cast<std::uint32_t>(layout_.message_address));
    if (is_64_bit) script_.write(here + 8, static_cast<std::uint32_t>(layout_.message_address >> 32));
    script_.write(here + (is_64_bit ? 12 : 8), layout_.message_data, 2);
    script_.write(here + 2, (control & ~0x71u) | code << 4 | 1, 2);
    function_.interrupts = PciFunction::Interrupts::msi;
    function_.vectors = 1u << code;
    switch_intx_off();
  }, 2);
}

void PciProbe::arrange_msix(unsigned vectors) {
  const std::uint64_t here = config(function_.msix);
  script_.read(here + 2, [=](std::uint32_t control) {
    const unsigned offered = (control & 0x7ff) + 1;
    const unsigned taken = vectors <= offered ? vectors : 1;
    script_.read(here + 4, [=](std::uint32_t table) {
      const unsigned bir = table & 7;
      if (bir >= 6 || function_.bar_size[bir] < (table & ~7u) + 16ull * offered) {
        if (function_.msi) arrange_msi(vectors);
        return;  // a table that is not there: INTx stays
      }
      script_.write(here + 2, (control & 0x3fff) | 0xc000, 2);  // on, all masked
      for (unsigned vector = 0; vector < taken; ++vector) write_msix_entry(function_.bar[bir] + (table & ~7u), vector);
      script_.write(here + 2, (control & 0x3fff) | 0x8000, 2);
      function_.interrupts = PciFunction::Interrupts::msix;
      function_.vectors = taken;
      switch_intx_off();
    });
  }, 2);
}

void PciProbe::write_msix_entry(std::uint64_t table, unsigned vector) {
  const std::uint64_t entry = table + 16ull * vector;
  script_.write(entry, static_cast<std::uint32_t>(layout_.message_address));
  script_.write(entry + 4, static_cast<std::uint32_t>(layout_.message_address >> 32));
  script_.write(entry + 8, layout_.message_data + vector);
  script_.write(entry + 12, 0);
}

}  // namespace ahcisim::host
