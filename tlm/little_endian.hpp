// SPDX-License-Identifier: MIT
// Numbers as FISes, command structures, logs and virtqueues hold them: little-endian, at any address.
#pragma once

#include <cstdint>

#include <boost/endian/conversion.hpp>

namespace ahcisim::wire {

inline std::uint16_t load_le16(const std::uint8_t* from) { return boost::endian::load_little_u16(from); }
inline std::uint32_t load_le32(const std::uint8_t* from) { return boost::endian::load_little_u32(from); }
inline std::uint64_t load_le64(const std::uint8_t* from) { return boost::endian::load_little_u64(from); }
/// Each store takes the low bits of `value`.
inline void store_le16(std::uint8_t* to, std::uint64_t value) { boost::endian::store_little_u16(to, static_cast<std::uint16_t>(value)); }
inline void store_le32(std::uint8_t* to, std::uint64_t value) { boost::endian::store_little_u32(to, static_cast<std::uint32_t>(value)); }
inline void store_le64(std::uint8_t* to, std::uint64_t value) { boost::endian::store_little_u64(to, value); }

}  // namespace ahcisim::wire
