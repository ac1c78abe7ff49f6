// SPDX-License-Identifier: MIT
// What lies in the tray: an image file as a single-layer DVD-ROM.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <ahcisim/models/disk/store/store.hpp>

namespace ahcisim::disk::optical {

inline constexpr std::uint32_t sectors_per_block = 4;  // of a Store's 512 bytes

/// Opens an image, read-only. Throws kit::ConfigError where it cannot be read, has an odd size, or is larger than a disc; an
/// empty path is an empty tray: nullptr.
std::unique_ptr<Store> open_disc(const std::string& path);

}  // namespace ahcisim::disk::optical
