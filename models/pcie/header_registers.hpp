// SPDX-License-Identifier: MIT
// The type 0 configuration header (PCI Express Base, 7.5.1) as register tables.
#pragma once

#include <optional>

#include <ahcisim/models/kit/register.hpp>
#include <ahcisim/models/pcie/function_description.hpp>

namespace ahcisim::pcie {

/// A register of one field whose value the configuration gives.
struct ConstantRegister : kit::Register {
  ConstantRegister(kit::RegisterBank& bank, unsigned offset, unsigned bytes, const char* name, const char* meaning,
                   const char* section, std::uint32_t value)
      : Register{bank, offset, bytes, name, meaning, section} {
    VALUE.configure(value);
  }
  kit::Field VALUE{*this, "VALUE", {bytes() * 8u - 1, 0}, kit::Access::HwInit, 0, "the whole register"};
};
/// A register of one field that software uses as it likes.
struct ScratchRegister : kit::Register {
  ScratchRegister(kit::RegisterBank& bank, unsigned offset, unsigned bytes, const char* name, const char* meaning,
                  const char* section)
      : Register{bank, offset, bytes, name, meaning, section} {}
  kit::Field VALUE{*this, "VALUE", {bytes() * 8u - 1, 0}, kit::Access::RW, 0, "the whole register"};
};

struct CommandRegister : kit::Register {
  explicit CommandRegister(kit::RegisterBank& bank)
      : Register{bank, 0x04, 2, "Command", "Command", "PCI Express Base, 7.5.1.1.3"} {}
  kit::Field InterruptDisable{*this, "Interrupt Disable", {10, 10}, kit::Access::RW, 0, "no INTx messages"};
  kit::Field SERREnable{*this, "SERR# Enable", {8, 8}, kit::Access::RW, 0, "without effect: no error messages are sent"};
  kit::Field ParityErrorResponse{*this, "Parity Error Response", {6, 6}, kit::Access::RW, 0, "without effect: the link has no poisoned TLPs"};
  kit::Field BusMasterEnable{*this, "Bus Master Enable", {2, 2}, kit::Access::RW, 0,
                             "the function may issue requests, MSI included"};
  kit::Field MemorySpaceEnable{*this, "Memory Space Enable", {1, 1}, kit::Access::RW, 0, "memory BARs decode"};
  kit::Field IOSpaceEnable{*this, "I/O Space Enable", {0, 0}, kit::Access::RW, 0, "I/O BARs decode"};
};

struct StatusRegister : kit::Register {
  explicit StatusRegister(kit::RegisterBank& bank)
      : Register{bank, 0x06, 2, "Status", "Status", "PCI Express Base, 7.5.1.1.4"} {}
  kit::Field DetectedParityError{*this, "Detected Parity Error", {15, 15}, kit::Access::RO, 0,
                                 "always 0: the link has no poisoned TLPs"};
  kit::Field SignaledSystemError{*this, "Signaled System Error", {14, 14}, kit::Access::RO, 0,
                                 "always 0: no error messages are sent"};
  kit::Field ReceivedMasterAbort{*this, "Received Master Abort", {13, 13}, kit::Access::RW1C, 0,
                                 "a completion said Unsupported Request"};
  kit::Field ReceivedTargetAbort{*this, "Received Target Abort", {12, 12}, kit::Access::RW1C, 0,
                                 "a completion said Completer Abort"};
  kit::Field SignaledTargetAbort{*this, "Signaled Target Abort", {11, 11}, kit::Access::RW1C, 0,
                                 "a request was ended with Completer Abort"};
  kit::Field MasterDataParityError{*this, "Master Data Parity Error", {8, 8}, kit::Access::RO, 0,
                                   "always 0: the link has no poisoned TLPs"};
  kit::Field CapabilitiesList{*this, "Capabilities List", {4, 4}, kit::Access::HwInit, 1, "there is a capability list"};
  kit::Field InterruptStatus{*this, "Interrupt Status", {3, 3}, kit::Access::RO, 0,
                             "an INTx interrupt is pending, whether or not disabled"};
};

/// Half of a memory BAR, or an I/O BAR (7.5.1.2.1). Address bits below the size are read-only zero: that is the sizing.
struct BaseAddressRegister : kit::Register {
  BaseAddressRegister(kit::RegisterBank& bank, unsigned index, const BarDescription& bar, bool upper_half);
  std::optional<kit::Field> BaseAddress, Prefetchable, Type, Space;
};

struct ExpansionRomRegister : kit::Register {
  explicit ExpansionRomRegister(kit::RegisterBank& bank)
      : Register{bank, 0x30, 4, "Expansion ROM", "Expansion ROM Base Address: none", "PCI Express Base, 7.5.1.2.4"} {}
};

}  // namespace ahcisim::pcie
