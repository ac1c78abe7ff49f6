// SPDX-License-Identifier: MIT
// INTx, MSI and MSI-X (PCI Express Base, 6.1, 7.7.1, 7.7.2).
#include <ahcisim/models/pcie/interrupts.hpp>

#include <algorithm>
#include <cstring>

namespace ahcisim::pcie {

namespace {
constexpr unsigned vector_limit = 2048;
constexpr unsigned entry_bytes = 16, vector_control = 12;

std::uint32_t dword(const std::uint8_t* at) {
  return at[0] | at[1] << 8 | at[2] << 16 | static_cast<std::uint32_t>(at[3]) << 24;
}
void copy_inside(const std::vector<std::uint8_t>& from, std::uint32_t offset, std::uint8_t* to, std::uint32_t bytes) {
  for (std::uint32_t i = 0; i < bytes; ++i) to[i] = offset + i < from.size() ? from[offset + i] : 0;
}
}  // namespace

Interrupts::Interrupts(ConfigurationSpace& space, const MsixDescription& msix, MessageSender& sender)
    : space_{space}, sender_{sender}, msix_vectors_{msix.vectors}, asserted_(std::max(32u, msix.vectors)),
      table_(msix.vectors * entry_bytes), pending_((msix.vectors + 63) / 64 * 8) {
  reset();
}

void Interrupts::reset() {
  std::fill(asserted_.begin(), asserted_.end(), false);
  asserted_count_ = 0;
  std::fill(table_.begin(), table_.end(), 0);
  for (unsigned v = 0; v < msix_vectors_; ++v) table_[v * entry_bytes + vector_control] = 1;  // Mask Bit resets to 1
  std::fill(pending_.begin(), pending_.end(), 0);
  if (intx_sent_) {
    intx_sent_ = false;
    sender_.send_intx(false, sender_.now());
  }
}

unsigned Interrupts::granted() const {
  // More than the function asked for, or a reserved encoding, grants what it asked for.
  const auto& control = space_.msi->control;
  return 1u << std::min<std::uint32_t>(control.MultipleMessageEnable, control.MultipleMessageCapable);
}

unsigned Interrupts::vectors() const {
  if (space_.msix_enabled()) return msix_vectors_;
  return space_.msi_enabled() ? granted() : 1;
}

bool Interrupts::msix_enabled() const { return space_.msix_enabled(); }

void Interrupts::set_interrupt(unsigned vector, bool asserted, const sc_core::sc_time& delay) {
  vector %= vector_limit;
  if (vector >= asserted_.size()) vector = static_cast<unsigned>(vector % asserted_.size());
  if (asserted_[vector] != asserted) {
    asserted_[vector] = asserted;
    asserted ? ++asserted_count_ : --asserted_count_;
  }
  const kit::Duration when = sender_.absolute(delay);
  if (asserted) raise(vector, when);
  else drop_pending(vector);
  update_intx(when);
}

void Interrupts::raise(unsigned vector, kit::Duration when) {
  if (space_.msix_enabled()) raise_msix(vector, when);
  else if (space_.msi_enabled()) raise_msi(vector, when);
}

void Interrupts::raise_msi(unsigned vector, kit::Duration when) {
  MsiCapability& msi = *space_.msi;
  const std::uint32_t count = granted();
  vector %= count;
  if (msi.mask && (msi.mask->value() >> vector & 1)) {
    msi.pending->set_bits(1u << vector);
    return;
  }
  const std::uint64_t address = msi.message_address();
  sender_.send_message(address, (msi.data.value() & ~(count - 1)) | vector, when);
}

bool Interrupts::msix_masked(unsigned vector) const {
  return space_.msix->control.FunctionMask || (table_[vector * entry_bytes + vector_control] & 1);
}

void Interrupts::raise_msix(unsigned vector, kit::Duration when) {
  vector %= msix_vectors_;
  if (msix_masked(vector)) {
    pending_[vector / 8] = static_cast<std::uint8_t>(pending_[vector / 8] | 1u << (vector % 8));
    return;
  }
  const std::uint8_t* entry = &table_[vector * entry_bytes];
  sender_.send_message((dword(entry) & ~3u) | std::uint64_t{dword(entry + 4)} << 32, dword(entry + 8), when);
}

// The condition is gone before its message could leave: so is the pending bit (6.1.4.5).
void Interrupts::drop_pending(unsigned vector) {
  if (space_.msi && space_.msi->pending && space_.msi_enabled()) space_.msi->pending->clear_bits(1u << (vector % granted()));
  if (msix_vectors_) {
    const unsigned bit = vector % msix_vectors_;
    pending_[bit / 8] = static_cast<std::uint8_t>(pending_[bit / 8] & ~(1u << (bit % 8)));
  }
}

void Interrupts::update_intx(kit::Duration when) {
  if (space_.interrupt_pin.VALUE == 0) return;
  const bool pending = asserted_count_ > 0 && !space_.msi_enabled() && !space_.msix_enabled();
  space_.status.InterruptStatus = pending;
  const bool wanted = pending && !space_.command.InterruptDisable;
  if (wanted == intx_sent_) return;
  intx_sent_ = wanted;
  sender_.send_intx(wanted, when);
}

void Interrupts::configuration_changed() {
  send_unmasked();
  update_intx(sender_.now());
}

void Interrupts::send_unmasked() {
  if (space_.msix_enabled()) {
    if (space_.msix->control.FunctionMask) return;
    for (unsigned vector = 0; vector < msix_vectors_; ++vector) {
      if (!(pending_[vector / 8] >> (vector % 8) & 1) || msix_masked(vector)) continue;
      pending_[vector / 8] = static_cast<std::uint8_t>(pending_[vector / 8] & ~(1u << (vector % 8)));
      raise_msix(vector, sender_.now());
    }
  } else if (space_.msi_enabled() && space_.msi->mask) {
    const std::uint32_t ready = space_.msi->pending->value() & ~space_.msi->mask->value();
    space_.msi->pending->clear_bits(ready);
    for (unsigned vector = 0; vector < granted(); ++vector)
      if (ready >> vector & 1) raise_msi(vector, sender_.now());
  }
}

void Interrupts::read_table(std::uint32_t offset, std::uint8_t* to, std::uint32_t bytes) const {
  copy_inside(table_, offset, to, bytes);
}

void Interrupts::read_pending(std::uint32_t offset, std::uint8_t* to, std::uint32_t bytes) const {
  copy_inside(pending_, offset, to, bytes);
}

void Interrupts::write_table(std::uint32_t offset, const std::uint8_t* from, std::uint32_t bytes) {
  for (std::uint32_t i = 0; i < bytes && offset + i < table_.size(); ++i) {
    const std::uint32_t at = (offset + i) % entry_bytes;
    if (at > vector_control) continue;  // Vector Control 31:8 is reserved
    table_[offset + i] = at == vector_control ? from[i] & 1 : from[i];
  }
  if (space_.msix_enabled()) send_unmasked();
}

}  // namespace ahcisim::pcie
