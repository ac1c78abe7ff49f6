// SPDX-License-Identifier: MIT
// What a Serial ATA link counts.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <ahcisim/models/kit/stat.hpp>
#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::sata {

/// Which way a frame goes.
enum class Direction : std::uint8_t { to_device = 0, to_host = 1 };
constexpr Direction opposite(Direction d) { return d == Direction::to_device ? Direction::to_host : Direction::to_device; }

/// FIS types in the order the statistics know them; the last stands for all others.
enum class FisKind : std::uint8_t { reg, data, dma_setup, dma_activate, pio_setup, set_device_bits, bist, other };
inline constexpr std::size_t fis_kinds = 8;

constexpr FisKind kind_of(std::uint8_t type) {
  switch (static_cast<wire::FisType>(type)) {
    case wire::FisType::register_h2d:
    case wire::FisType::register_d2h: return FisKind::reg;
    case wire::FisType::data: return FisKind::data;
    case wire::FisType::dma_setup: return FisKind::dma_setup;
    case wire::FisType::dma_activate: return FisKind::dma_activate;
    case wire::FisType::pio_setup: return FisKind::pio_setup;
    case wire::FisType::set_device_bits: return FisKind::set_device_bits;
    case wire::FisType::bist_activate: return FisKind::bist;
  }
  return FisKind::other;
}
/// The specification's name of a FIS type, for timelines.
constexpr const char* name_of(FisKind kind) {
  constexpr const char* names[fis_kinds] = {"Register",  "Data",            "DMA Setup",     "DMA Activate",
                                            "PIO Setup", "Set Device Bits", "BIST Activate", "unknown FIS"};
  return names[static_cast<std::size_t>(kind)];
}

/// One direction's frames.
struct DirectionStatistics {
  DirectionStatistics(kit::StatSet& owner, const std::string& p)
      : frames{{{owner, p + "_register", "frames", "Register FISes delivered"},
                {owner, p + "_data", "frames", "Data FISes delivered"},
                {owner, p + "_dma_setup", "frames", "DMA Setup FISes delivered"},
                {owner, p + "_dma_activate", "frames", "DMA Activate FISes delivered"},
                {owner, p + "_pio_setup", "frames", "PIO Setup FISes delivered"},
                {owner, p + "_set_device_bits", "frames", "Set Device Bits FISes delivered"},
                {owner, p + "_bist", "frames", "BIST Activate FISes delivered"},
                {owner, p + "_unknown", "frames", "frames of other types delivered"}}},
        payload{owner, p + "_payload", "B", "payload of Data FISes delivered"},
        busy{owner, p + "_busy", "time the link was held by frames of this direction, X_RDY to SYNC"},
        wait{owner, p + "_wait", "time senders waited for the link"},
        source_hold{owner, p + "_source_hold", "time senders sent HOLD for want of data"},
        sink_hold{owner, p + "_sink_hold", "time receivers sent HOLD, with the sender's reaction"},
        damaged{owner, p + "_damaged", "frames", "transmissions with a bit error"},
        code_errors{owner, p + "_code_errors", "frames", "damaged transmissions seen by the 10b8b decoder (code or disparity)"},
        crc_errors{owner, p + "_crc_errors", "frames", "damaged transmissions the decoder passed and the CRC caught"},
        retried{owner, p + "_retries", "frames", "transmissions repeated after R_ERR"},
        r_err{owner, p + "_r_err", "frames", "frames that ended with R_ERR for their sender"},
        no_link{owner, p + "_no_link", "frames", "frames refused or cut off for want of communication"} {}
  std::array<kit::Counter, fis_kinds> frames;
  kit::Counter payload;
  kit::TimeSum busy, wait, source_hold, sink_hold;
  kit::Counter damaged, code_errors, crc_errors, retried, r_err, no_link;
};

struct LinkStatistics : kit::StatSet {
  DirectionStatistics to_device{*this, "to_device"};
  DirectionStatistics to_host{*this, "to_host"};
  kit::Counter resets{*this, "resets", "resets", "COMRESETs by the host"};
  kit::Counter established{*this, "established", "times", "communication established"};
  kit::Counter lost{*this, "lost", "times", "communication lost without the host asking for it"};
  kit::Counter refused{*this, "refused", "frames", "malformed frames not sent"};
  DirectionStatistics& of(Direction d) { return d == Direction::to_device ? to_device : to_host; }
};

}  // namespace ahcisim::sata
