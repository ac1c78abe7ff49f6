// SPDX-License-Identifier: MIT
// The FIS protocol: what passes between an HBA port, a SATA link and a device (Serial ATA 3.x, chapters 7 to 10).
//
// Forward is host to device, backward device to host; both directions use the non-blocking call with one of the phases
// below and end within it (TLM_COMPLETED). A Frame object belongs to the sender and is valid during the call only.
//
// SATA_FRAME   One frame. Sender to link: `delay` is when it would send X_RDY. Link to receiver: `delay` is when the last
//              dword (CRC, EOF) has arrived at full speed, frame.first_ps when the first payload dword has. The receiver of
//              a Data FIS that cannot keep up returns a later `delay`: the time it accepted the last dword (HOLD). Link
//              back to the sender: `delay` is when R_OK or R_ERR has arrived, frame.verdict which of them.
// SATA_COMRESET Host to device: the host asserts COMRESET from `delay` on until further notice (SATA_RELEASE), the link is down.
//              frame.speed_limit holds PxSCTL.SPD (0 = none).
// SATA_RELEASE Host to device: COMRESET ends at `delay`; OOB and speed negotiation follow.
// SATA_OFFLINE Host to device: the host puts its phy offline (PxSCTL.DET = 4).
// SATA_PHYRDY  Link to both sides: at `delay` communication is established, frame.speed holds the generation (1 … 3). The
//              device then resets itself and sends its signature.
// SATA_PHYLOST Link to both sides: at `delay` communication is lost.
// SATA_PRESENCE Link to host after SATA_RELEASE where a device answered COMINIT but no speed was agreed (DET = 1).
//
// A parallel channel (the cable of ATA/ATAPI-7, volume 2) speaks the same protocol; a command is a Register H2D, a DRQ block a
// PIO Setup with its Data. It says so with SATA_PHYRDY and frame.speed = 0, may answer a Data FIS with Verdict::held, and then says
// FRAME_TAKEN Link to device: at `delay` the host has taken the last of the Data FIS that was held; the device goes on from there.
#pragma once

#include <cstdint>
#include <cstring>

#include <ahcisim/tlm/fis.hpp>
#include <ahcisim/tlm/request_tag.hpp>
#include <ahcisim/tlm/socket.hpp>

namespace ahcisim::wire {

TLM_DECLARE_EXTENDED_PHASE(SATA_FRAME);
TLM_DECLARE_EXTENDED_PHASE(SATA_COMRESET);
TLM_DECLARE_EXTENDED_PHASE(SATA_RELEASE);
TLM_DECLARE_EXTENDED_PHASE(SATA_OFFLINE);
TLM_DECLARE_EXTENDED_PHASE(SATA_PHYRDY);
TLM_DECLARE_EXTENDED_PHASE(SATA_PHYLOST);
TLM_DECLARE_EXTENDED_PHASE(SATA_PRESENCE);
TLM_DECLARE_EXTENDED_PHASE(FRAME_TAKEN);

/// What became of a frame.
enum class Verdict : std::uint8_t {
  r_ok,       ///< accepted
  r_err,      ///< bad CRC or refused by the receiver; a non-data frame was repeated by the link as often as it may
  sync_escape,///< the receiver aborted it (10.4)
  no_link,    ///< there is no communication
  held,       ///< parallel: kept, but the host has not taken it; the sender waits for FRAME_TAKEN
};

struct Frame {
  alignas(8) std::uint8_t fis[28] = {};  ///< the FIS without a Data FIS's payload
  std::uint8_t fis_bytes = 0;            ///< 4, 8, 20 or 28
  Verdict verdict = Verdict::r_ok;
  bool crc_error = false;                ///< link to receiver: the frame arrived damaged; its content must not be used
  std::uint8_t retries = 0;              ///< set by the link, for both sides: how often a non-data frame crossed damaged before
  bool contended = false;                ///< set by the receiver of a Data FIS: others want what takes it in, do not send ahead of time
  std::uint8_t speed = 0;                ///< SATA_PHYRDY: generation 1 … 3, 0 = parallel
  std::uint8_t speed_limit = 0;          ///< SATA_COMRESET: 0 = none, else highest generation
  std::uint8_t position = 0;             ///< SATA_PHYRDY of a parallel channel: device 0 or 1 (cable select)
  bool cable80 = false;                  ///< … and whether the cable has 80 conductors
  std::uint8_t* payload = nullptr;       ///< Data FIS: the bytes, read by the receiver during the call
  std::uint32_t payload_bytes = 0;       ///< Data FIS: 1 … 8192; the wire carries whole dwords. DMA Activate, parallel: bytes wanted
  std::int64_t first_ps = 0;             ///< link to receiver: arrival of the first payload dword at full speed
  std::int64_t source_end_ps = 0;        ///< sender to link: when the last payload byte is available (0 = all there): HOLD
  std::uint8_t slot = 0xff;              ///< forward, commands: the command slot, for accounts only
  RequestTag* tag = nullptr;             ///< the account of the request this frame works for, or null

  FisType type() const { return static_cast<FisType>(fis[0]); }
  /// The FIS as one of the structures of fis.hpp.
  template <class T> const T& as() const { return *reinterpret_cast<const T*>(fis); }
  template <class T> void set(const T& content) {
    std::memcpy(fis, &content, sizeof content);
    fis_bytes = sizeof content;
  }
};

/// The host's side: HBA port, or the link towards the device. Unbound: nothing is plugged in.
using FrameInitiatorSocket = InitiatorSocket<Frame, sc_core::SC_ZERO_OR_MORE_BOUND>;
/// The device's side: device, or the link towards the HBA.
using FrameTargetSocket = TargetSocket<Frame, sc_core::SC_ZERO_OR_MORE_BOUND>;

}  // namespace ahcisim::wire
