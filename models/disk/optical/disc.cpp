// SPDX-License-Identifier: MIT
// Images as discs.
#include <ahcisim/models/disk/optical/disc.hpp>

#include <fmt/format.h>

#include <ahcisim/models/disk/optical/optical_timing.hpp>
#include <ahcisim/models/disk/store/image_store.hpp>

namespace ahcisim::disk::optical {

std::unique_ptr<Store> open_disc(const std::string& path) {
  if (path.empty()) return nullptr;
  auto image = std::make_unique<ImageStore>(path, ImageStore::Access::read_only);
  if (image->sectors() % sectors_per_block != 0)
    throw kit::ConfigError{fmt::format("image \"{}\": is no whole number of blocks of 2048 bytes; pad it with: truncate -s %2048 \"{}\"", path, path)};
  if (image->sectors() / sectors_per_block > OpticalTiming::capacity())
    throw kit::ConfigError{fmt::format("image \"{}\": has {} blocks of 2048 bytes, a single-layer DVD-ROM {} at most; make it smaller", path,
                                       image->sectors() / sectors_per_block, OpticalTiming::capacity())};
  return image;
}

}  // namespace ahcisim::disk::optical
