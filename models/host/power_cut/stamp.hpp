// SPDX-License-Identifier: MIT
// What a sector of a checked disk says of itself: which sector it was written for, and by which write.
#pragma once

#include <cstdint>
#include <cstring>

#include <ahcisim/models/host/workload/request.hpp>

namespace ahcisim::host {

/// What a sector holds, as far as a stamp tells.
struct SectorContent {
  enum class Kind : std::uint8_t {
    blank,    ///< zeros
    stamped,  ///< a whole stamp of this very sector
    foreign,  ///< anything else: a torn sector, one that belongs elsewhere, bytes that nobody wrote
  };
  Kind kind = Kind::blank;
  std::uint64_t version = 0;  ///< stamped: the write's number, from 1 on
};

namespace stamp_detail {
struct Record {
  std::uint64_t magic, sector, version, check;
};
inline Record record(std::uint64_t sector, std::uint64_t version) {
  constexpr std::uint64_t magic = 0x706d617473436f49u;
  std::uint64_t check = (sector + 1) * 0x9e3779b97f4a7c15u ^ version * 0xc2b2ae3d27d4eb4fu;
  check ^= check >> 29;
  return {magic, sector, version, check * 0x165667b19e3779f9u};
}
constexpr std::size_t records = sector_bytes / sizeof(Record);
}  // namespace stamp_detail

/// Fills the 512 bytes of a sector, so that a sector of which only a part was written is told apart.
inline void write_stamp(std::uint8_t* to, std::uint64_t sector, std::uint64_t version) {
  const stamp_detail::Record record = stamp_detail::record(sector, version);
  for (std::size_t i = 0; i < stamp_detail::records; ++i) std::memcpy(to + i * sizeof record, &record, sizeof record);
}

/// Reads the 512 bytes of a sector.
inline SectorContent read_stamp(const std::uint8_t* from, std::uint64_t sector) {
  using Kind = SectorContent::Kind;
  stamp_detail::Record record;
  std::memcpy(&record, from, sizeof record);
  // All repeat what the first says, zeros and stamps alike.
  if (std::memcmp(from, from + sizeof record, sector_bytes - sizeof record) != 0) return {Kind::foreign, 0};
  if ((record.magic | record.sector | record.version | record.check) == 0) return {Kind::blank, 0};
  const stamp_detail::Record right = stamp_detail::record(sector, record.version);
  return std::memcmp(&record, &right, sizeof record) == 0 ? SectorContent{Kind::stamped, record.version} : SectorContent{Kind::foreign, 0};
}

}  // namespace ahcisim::host
