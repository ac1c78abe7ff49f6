// SPDX-License-Identifier: MIT
// The TLP protocol: what passes between root complex, PCIe link and endpoint (PCI Express Base, chapter 2).
//
// One Tlp object stands for one transaction; a memory transaction longer than the maximum payload or read request size
// stands for the train of TLPs it is cut into, which the link accounts for with its headers.
//
// Upstream (endpoint to root complex, bus-master DMA and MSI): b_transport on the backward path. A write returns when its
// last byte is accepted by the memory (delay), a read when its last completion has arrived at the endpoint; the bytes
// move in the call, through `data`.
//
// Downstream (root complex to endpoint, register and configuration accesses) is split, since a register must be read at
// the time the request arrives and not when it is sent:
//   nb_transport_fw(tlp, BEGIN_REQ, delay)   the request arrives at the endpoint after `delay`; TLM_ACCEPTED
//   nb_transport_bw(tlp, BEGIN_RESP, delay)  non-posted only: its completion arrives at the root complex after `delay`
// A posted request ends with the forward call; the endpoint copies what it needs. b_transport forward is the loosely
// timed door for both kinds: it accesses the register at once and returns the whole time in `delay`.
#pragma once

#include <cstddef>
#include <cstdint>

#include <ahcisim/tlm/socket.hpp>

namespace ahcisim::wire {

/// PCI Express Base, table 2-3 (Fmt and Type), without the split into 3- and 4-DW headers.
enum class TlpType : std::uint8_t { MRd, MWr, IORd, IOWr, CfgRd0, CfgWr0, Msg };
/// "MRd", "MWr" …
constexpr const char* name_of(TlpType type) {
  constexpr const char* names[] = {"MRd", "MWr", "IORd", "IOWr", "CfgRd0", "CfgWr0", "Msg"};
  return names[static_cast<std::size_t>(type)];
}

/// PCI Express Base, 2.2.9: Completion Status.
enum class CompletionStatus : std::uint8_t { SC = 0, UR = 1, CRS = 2, CA = 4 };

/// PCI Express Base, table 2-19: the INTx mechanism's message codes.
enum class MessageCode : std::uint8_t { none = 0, Assert_INTA = 0x20, Deassert_INTA = 0x24 };

struct Tlp {
  TlpType type = TlpType::MRd;
  CompletionStatus status = CompletionStatus::SC;  ///< filled by the completer
  MessageCode code = MessageCode::none;            ///< Msg only
  std::uint16_t requester = 0;                     ///< bus 15:8, device 7:3, function 2:0
  std::uint16_t completer = 0;                     ///< configuration requests: the function addressed
  std::uint64_t address = 0;                       ///< byte address; configuration requests: register offset 0 … 4095
  std::uint32_t length = 0;                        ///< bytes, at least 1
  std::uint8_t* data = nullptr;                    ///< `length` bytes: read into or written from
  std::uint8_t inline_data[8] = {};                ///< room for register accesses: data may point here
  /// Write trains: when the last byte is available at the sender, ps since the start; 0 where all is there. Read trains: set
  /// by the link, when the first completion has arrived at the requester.
  std::int64_t source_end_ps = 0;
  std::int64_t first_ps = 0;
  /// A string instruction at one I/O port (IORd, IOWr): `length` bytes in accesses of `element` bytes each; 0 = one access. The
  /// requester leaves `element_ps` at least between two of them. On a link, only the first one's TLPs are accounted for.
  std::uint8_t element = 0;
  std::int64_t element_ps = 0;
  void* initiator = nullptr;                       ///< the requester's own

  /// Bytes of the address range it touches.
  std::uint32_t extent() const { return element ? element : length; }
  bool posted() const { return type == TlpType::MWr || type == TlpType::Msg; }
  bool read() const { return type == TlpType::MRd || type == TlpType::IORd || type == TlpType::CfgRd0; }
};

using TlpInitiatorSocket = InitiatorSocket<Tlp>;  ///< root complex's side
using TlpTargetSocket = TargetSocket<Tlp>;        ///< endpoint's side

}  // namespace ahcisim::wire
