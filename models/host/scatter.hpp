// SPDX-License-Identifier: MIT
// Cutting the next command's part out of a request's scatter list, by the rules of whatever describes memory to the
// device.
#pragma once

#include <algorithm>
#include <cstdint>

#include <ahcisim/models/host/block_device.hpp>

namespace ahcisim::host {

/// How long a piece may be: a PRD of AHCI or IDE, a virtio descriptor.
struct PieceRule {
  unsigned most = 1;               ///< pieces of one command
  std::uint32_t longest = 4096;    ///< bytes of a piece
  std::uint32_t boundary = 0;      ///< address multiple that a piece does not cross, a power of two; 0: none
  std::uint32_t piece(std::uint64_t address, std::uint32_t left) const {
    const std::uint32_t bytes = std::min(left, longest);
    return boundary ? std::min(bytes, boundary - static_cast<std::uint32_t>(address & (boundary - 1))) : bytes;
  }
};

/// Takes up to `limit` bytes, a multiple of `unit`, off the request's scatter list (which its progress follows) and
/// calls add(address, bytes) for each piece. Returns how many bytes that is; 0 where the list is at its end.
template <class Add>
std::uint32_t take_segments(Request& request, std::uint32_t limit, std::uint32_t unit, const PieceRule& rule, Add&& add) {
  Request::Progress& progress = request.progress;
  std::uint64_t covered = 0;
  unsigned pieces = 0;
  std::uint32_t offset = progress.segment_offset;
  for (std::uint32_t i = progress.segment; i < request.segment_count && covered < limit && pieces < rule.most; ++i) {
    const Segment& segment = request.segments[i];
    for (; offset < segment.bytes && pieces < rule.most; ++pieces) {
      const std::uint32_t bytes = rule.piece(segment.address + offset, segment.bytes - offset);
      covered += bytes;
      offset += bytes;
    }
    offset = 0;
  }
  std::uint32_t bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(covered, limit));
  bytes -= bytes % unit;
  for (std::uint32_t left = bytes; left;) {
    const Segment& segment = request.segments[progress.segment];
    const std::uint64_t address = segment.address + progress.segment_offset;
    const std::uint32_t piece = rule.piece(address, std::min(left, segment.bytes - progress.segment_offset));
    if (piece) add(address, piece);
    left -= piece;
    progress.segment_offset += piece;
    if (progress.segment_offset == segment.bytes) ++progress.segment, progress.segment_offset = 0;
  }
  return bytes;
}

}  // namespace ahcisim::host
