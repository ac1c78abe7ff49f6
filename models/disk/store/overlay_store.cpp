// SPDX-License-Identifier: MIT
// Copy on write over another store.
#include <ahcisim/models/disk/store/overlay_store.hpp>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <ahcisim/models/kit/param.hpp>

namespace ahcisim::disk {
namespace {

std::shared_ptr<Store> must_exist(std::shared_ptr<Store> base) {
  if (!base) throw kit::ConfigError{"overlay without a base: name the image it lies over"};
  return base;
}

}  // namespace

void OverlayStore::Free::operator()(void* memory) const { std::free(memory); }

OverlayStore::OverlayStore(std::shared_ptr<Store> base) : base_{must_exist(std::move(base))}, top_{base_->sectors()} {
  const std::uint64_t words = (top_.sectors() - 1) / (64 * unit_sectors) + 1;
  own_.reset(static_cast<std::uint64_t*>(std::calloc(words, sizeof(std::uint64_t))));
  if (!own_) throw kit::ConfigError{"overlay: no memory for its map of the base; use a smaller image"};
}

std::uint32_t OverlayStore::run_from(std::uint64_t lba, std::uint32_t sectors) const {
  const bool own = owns(lba / unit_sectors);
  const std::uint64_t end = lba + sectors;
  std::uint64_t at = (lba / unit_sectors + 1) * unit_sectors;
  while (at < end && owns(at / unit_sectors) == own) at += unit_sectors;
  return static_cast<std::uint32_t>(std::min(at, end) - lba);
}

void OverlayStore::copy_up(std::uint64_t unit) {
  if (owns(unit)) return;
  std::uint8_t bytes[unit_sectors * sector_bytes];
  const std::uint64_t lba = unit * unit_sectors;
  const auto sectors = static_cast<std::uint32_t>(std::min(unit_sectors, top_.sectors() - lba));  // a last unit may be short
  base_->read(lba, sectors, bytes);
  top_.write(lba, sectors, bytes);
  take(unit);
}

void OverlayStore::take_run(std::uint64_t lba, std::uint64_t sectors) {
  const std::uint64_t end = lba + sectors, last = (end - 1) / unit_sectors;
  std::uint64_t unit = lba / unit_sectors;
  if (lba % unit_sectors != 0) copy_up(unit);
  if (end % unit_sectors != 0 && end != top_.sectors()) copy_up(last);
  while (unit <= last)
    if (unit % 64 == 0 && last - unit >= 63)
      own_[unit / 64] = ~std::uint64_t{0}, unit += 64;
    else
      take(unit++);
}

void OverlayStore::read(std::uint64_t lba, std::uint32_t sectors, std::uint8_t* to) {
  check_run(lba, sectors, top_.sectors());
  while (sectors != 0) {
    const std::uint32_t run = run_from(lba, sectors);
    Store& from = owns(lba / unit_sectors) ? static_cast<Store&>(top_) : *base_;
    from.read(lba, run, to);
    to += run * sector_bytes, lba += run, sectors -= run;
  }
}

void OverlayStore::write(std::uint64_t lba, std::uint32_t sectors, const std::uint8_t* from) {
  check_run(lba, sectors, top_.sectors());
  if (sectors == 0) return;
  take_run(lba, sectors);
  top_.write(lba, sectors, from);
}

void OverlayStore::trim(std::uint64_t lba, std::uint64_t sectors) {
  check_run(lba, sectors, top_.sectors());
  if (sectors == 0) return;
  take_run(lba, sectors);
  top_.trim(lba, sectors);
}

const std::uint8_t* OverlayStore::peek(std::uint64_t lba, std::uint32_t sectors) {
  check_run(lba, sectors, top_.sectors());
  if (sectors == 0) return zero_page();
  if (run_from(lba, sectors) != sectors) return nullptr;
  return owns(lba / unit_sectors) ? top_.peek(lba, sectors) : base_->peek(lba, sectors);
}

std::uint8_t* OverlayStore::poke(std::uint64_t lba, std::uint32_t sectors) {
  check_run(lba, sectors, top_.sectors());
  if (sectors == 0) return nullptr;
  std::uint8_t* bytes = top_.poke(lba, sectors);
  if (bytes) take_run(lba, sectors);
  return bytes;
}

}  // namespace ahcisim::disk
