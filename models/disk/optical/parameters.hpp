// SPDX-License-Identifier: MIT
// Parameters of the optical drive: what it says of itself, its mechanics, and the times of its firmware.
#pragma once

#include <cstdint>
#include <string>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk::optical {

using namespace kit::literals;

/// What the drive is called where drives are chosen.
inline constexpr const char* drive_name = "dvd-rom";

/// Taken when the drive is constructed; keep the set alive as long as the drive.
struct OpticalParameters : kit::ParameterSet {
  template <class T> using Parameter = kit::Parameter<T>;
  using Duration = kit::Duration;

  // What it says of itself.
  Parameter<std::string> vendor{*this, "vendor", "AHCISIM", kit::choice("vendor, at most 8 ASCII characters"), "INQUIRY bytes 8 to 15"};
  Parameter<std::string> product{*this, "product", "DVD-ROM", kit::choice("product, at most 16 ASCII characters"), "INQUIRY bytes 16 to 31"};
  Parameter<std::string> model{*this, "model", "AHCISIM DVD-ROM", kit::choice("model number, at most 40 ASCII characters"),
      "IDENTIFY PACKET DEVICE words 27 to 46"};
  Parameter<std::string> serial{*this, "serial", "AO00000001", kit::choice("serial number, at most 20 ASCII characters"),
      "IDENTIFY PACKET DEVICE words 10 to 19, and the feature Drive Serial Number"};
  Parameter<std::string> firmware{*this, "firmware", "1.0", kit::choice("firmware revision, at most 4 ASCII characters"),
      "IDENTIFY PACKET DEVICE words 23 to 26, INQUIRY bytes 32 to 35"};
  Parameter<bool> dmadir{*this, "dmadir", false, kit::choice("a bridge from parallel to serial ATA inside the drive would need it"),
      "word 62 bit 15: PACKET with DMA must say the direction (ACS-3, PACKET, DMADIR); one that says the wrong one is aborted"};

  // The disc and how it turns.
  kit::Choice rotation{*this, "rotation", "cav", {"cav", "clv"}, kit::choice("how the spindle is driven"),
      "cav: the same speed of rotation everywhere, so that the outer edge is read fastest; clv: the same speed of the track under the "
      "head everywhere"};
  Parameter<std::int64_t> speed{*this, "speed", 16,
      kit::cited("LiteOn SOHD-167T, specifications (cdrinfo.com, review 10033): DVD-ROM 16X max, CAV"),
      "in units of 1,385,000 B/s: at the outermost track (cav), or everywhere (clv)", {{1, 24}}};
  Parameter<Duration> access{*this, "access", 105_ms,
      kit::cited("LiteOn SOHD-167T, specifications (cdrinfo.com, review 10033): access time DVD 105 ms, typical"),
      "mean time from a READ of one block, anywhere on a full disc, to its data in the buffer (clv: not counting spindle_change)", {{20_ms, 1000_ms}}};
  Parameter<Duration> short_seek{*this, "short_seek", 25_ms,
      kit::assumed("the sled stays: the lens moves, tracking and focus settle, an address is read; a few revolutions of 6.5 ms"),
      "seek to a place nearby", {{1_ms, 500_ms}}};
  Parameter<Duration> full_stroke{*this, "full_stroke", 190_ms,
      kit::assumed("data sheets that give both have a little less than twice the mean access time"), "seek across the whole disc", {{2_ms, 2000_ms}}};
  Parameter<Duration> spindle_change{*this, "spindle_change", 150_ms,
      kit::assumed("a spindle motor that starts in two seconds changes by the factor of 2.4 between the edges in a fraction of it"),
      "clv: from the innermost track's speed of rotation to the outermost one's; less in proportion, and while the head moves", {{0_ms, 5000_ms}}};
  Parameter<kit::Bytes> buffer{*this, "buffer", 512_KiB,
      kit::cited("LiteOn SOHD-167T, specifications (cdrinfo.com, review 10033): buffer size 512 KB"),
      "what it reads ahead at most, and what of the blocks read last it still has", {{64_KiB, 64_MiB}}};

  // From the tray to the first block.
  Parameter<Duration> tray_time{*this, "tray_time", 1500_ms, kit::assumed("a motor draws the tray of a half-height drive in one to two seconds"),
      "the tray's way out, or in", {{0_ms, 60000_ms}}};
  Parameter<Duration> recognition{*this, "recognition", 4000_ms,
      kit::assumed("focus, the kind of disc, tracking gains and the lead-in are found out at low speed: several seconds with all drives"),
      "disc clamped until its lead-in has been read, before the spindle gets to its speed", {{0_ms, 60000_ms}}};
  Parameter<Duration> spin_up{*this, "spin_up", 2000_ms, kit::assumed("a 120 mm disc to 9200 revolutions a minute with a motor of some watts"),
      "spindle at rest until it has its speed, for a disc that is known", {{0_ms, 60000_ms}}};

  // Interface and firmware.
  Parameter<Duration> power_on{*this, "power_on", 10_ms, kit::assumed("firmware starts; the disc is looked at later"),
      "communication established for the first time until the signature is sent"};
  Parameter<Duration> reset{*this, "reset", 2_ms, kit::assumed("firmware answers resets within milliseconds; bound: 450 ms for SRST"),
      "any other reset until the signature is sent"};
  Parameter<Duration> command_decode{*this, "command_decode", 1_us, kit::assumed("a microcontroller's interrupt; nothing depends on it"),
      "last dword of a FIS until the command is looked at"};
  Parameter<Duration> packet_request{*this, "packet_request", 20_us,
      kit::derived("within the 50 us that IDENTIFY PACKET DEVICE word 0 promises (ACS-3: DRQ within 50 us of PACKET)"),
      "PACKET until the drive asks for the command packet", {{0_us, 50_us}}};
  Parameter<Duration> command{*this, "command", 300_us, kit::assumed("a microcontroller's firmware decodes a packet and looks into the buffer"),
      "command packet until its data is in the buffer or is looked for on the disc", {{0_us, 50_ms}}};
};

}  // namespace ahcisim::disk::optical
