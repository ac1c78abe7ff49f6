// SPDX-License-Identifier: MIT
// Building of the host's side.
#include <ahcisim/models/machine/image_file.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <ahcisim/models/disk/store/overlay_store.hpp>
#include <ahcisim/models/disk/store/sparse_store.hpp>
#include <ahcisim/models/disk/store/window_store.hpp>

namespace ahcisim::machine {
namespace {

constexpr std::uint64_t page_bytes = 4096, page_sectors = page_bytes / disk::sector_bytes;

}  // namespace

SectorMap map_of(const host::HostFile& file) {
  SectorMap map;
  map.place = [&file](std::uint64_t sector) -> std::optional<SectorPlace> {
    const std::optional<std::uint64_t> place = file.place_ever(sector);
    if (!place) return std::nullopt;
    return SectorPlace{*place, file.commits_of(sector)};
  };
  map.commits = [&file] {
    std::vector<MapCommit> commits;
    for (const host::HostFile::Commit& each : file.commits()) commits.push_back({each.since, each.disk_sector, host::block_sectors});
    return commits;
  };
  return map;
}

ImageFile::ImageFile(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters, host::CacheMode mode)
    : sc_module{name}, file_layer_{context.calendar, parameters.emulated->vm.worker_processors()} {
  const auto bytes = static_cast<std::uint64_t>(parameters.emulated->image.size().value);
  sectors_ = bytes / disk::sector_bytes;
  if (bytes % page_bytes != 0)
    throw kit::ConfigError{fmt::format("image.size = \"{}\": is no multiple of 4KiB; take {}KiB", parameters.emulated->image.size.text(),
                                       (bytes / page_bytes + 1) * page_bytes / 1024)};
  if (parameters.emulated->image.backing() == "drive") put_on_drive(context, parameters, mode);
  else put_in_memory(context, parameters);
}

void ImageFile::put_on_drive(kit::Context& context, const Parameters& parameters, host::CacheMode mode) {
  const EmulatedParameters& emulated = *parameters.emulated;
  drive_ = std::make_unique<BareMetal>(context, parameters, std::string{this->name()} + ".");
  const auto bytes_before = static_cast<std::uint64_t>(emulated.file.journal_offset().value + emulated.file.journal_size().value);
  const std::uint64_t first = bytes_before / disk::sector_bytes, all = drive_->sectors();
  const std::uint64_t room = all > first ? (all - first) / page_sectors * page_sectors : 0;
  if (sectors_ == 0) sectors_ = std::min(room, static_cast<std::uint64_t>(ImageParameters::usual_size) / disk::sector_bytes);
  if (room == 0)
    throw kit::ConfigError{fmt::format("machine.drive = \"{}\": the journal fills it and leaves no room for the image; take a larger drive, or lower "
                                       "image.file.journal_size", parameters.system.drive())};
  if (sectors_ > room)
    throw kit::ConfigError{fmt::format("image.size = \"{}\": does not fit behind the journal on {}, which has room for {}; make it smaller",
                                       emulated.image.size.text(), parameters.system.drive(),
                                       kit::to_text(kit::Bytes{static_cast<std::int64_t>(room * disk::sector_bytes)}))};
  cache_ = std::make_unique<host::CachedDevice>("page_cache", context, emulated.host_cache, drive_->driver);
  host::BlockDevice& door = mode.direct ? cache_->direct() : cache_->buffered();
  host_file_ = std::make_unique<host::HostFile>("file", context, emulated.file, sectors_, door, cache_->direct());
  cache_->set_processor(file_layer_);
  host_file_->set_processor(file_layer_);
  file_ = host_file_.get();
  // An image that was there before shows what the drive holds; what the guest writes goes to the drive in the file's own time.
  auto window = std::make_unique<disk::WindowStore>(drive_->content(), first, sectors_);
  if (parameters.system.image().empty())
    content_ = std::make_unique<disk::SparseStore>(sectors_);
  else if (window->read_only())
    content_ = std::move(window);
  else
    content_ = std::make_unique<disk::OverlayStore>(std::move(window));
}

void ImageFile::put_in_memory(kit::Context& context, const Parameters& parameters) {
  if (sectors_ == 0) sectors_ = static_cast<std::uint64_t>(ImageParameters::usual_size) / disk::sector_bytes;
  content_ = std::make_unique<disk::SparseStore>(sectors_);
  const bool instant = parameters.emulated->image.backing() == "instant";
  instant_.syscall.set(kit::Duration{});
  instant_.call.set(kit::Duration{});
  instant_.copy.set(kit::Rate{1e15});
  instant_.memory.set(kit::Rate{1e15});
  memory_file_ = std::make_unique<host::MemoryFile>("file", context, instant ? instant_ : parameters.emulated->tmpfs, *content_);
  memory_file_->set_processor(file_layer_);
  file_ = memory_file_.get();
}

}  // namespace ahcisim::machine
