// SPDX-License-Identifier: MIT
// What all stores share: the page of zeros and the check of bounds.
#include <ahcisim/models/disk/store/store.hpp>

#include <stdexcept>
#include <string>

namespace ahcisim::disk {

const std::uint8_t* zero_page() {
  alignas(4096) static const std::uint8_t page[zero_page_sectors * sector_bytes] = {};
  return page;
}

void check_run(std::uint64_t lba, std::uint64_t sectors, std::uint64_t size) {
  if (lba <= size && sectors <= size - lba) return;
  throw std::out_of_range{"sectors " + std::to_string(lba) + " + " + std::to_string(sectors) + " on a store of " +
                          std::to_string(size)};
}

}  // namespace ahcisim::disk
