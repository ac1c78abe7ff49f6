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

constexpr std::uint64_t page_sectors = 4096 / disk::sector_bytes;

}  // namespace

ImageFile::ImageFile(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters, host::CacheMode mode)
    : sc_module{name} {
  sectors_ = static_cast<std::uint64_t>(parameters.emulated->image.size().value) / disk::sector_bytes;
  if (sectors_ % page_sectors != 0) throw kit::ConfigError{"image.size: must be a multiple of 4 KiB"};
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
  if (sectors_ > room || sectors_ == 0)
    throw kit::ConfigError{fmt::format("image.size: {} do not fit behind the journal on {}, which has room for {}; make it smaller",
                                       kit::to_text(emulated.image.size()), parameters.system.drive(),
                                       kit::to_text(kit::Bytes{static_cast<std::int64_t>(room * disk::sector_bytes)}))};
  cache_ = std::make_unique<host::CachedDevice>("page_cache", context, emulated.host_cache, drive_->driver);
  host::BlockDevice& door = mode.direct ? cache_->direct() : cache_->buffered();
  for (const kit::ParameterBase* parameter : emulated.file.all()) file_parameters_.set(parameter->name(), parameter->text());
  file_parameters_.size.set(kit::Bytes{static_cast<std::int64_t>(sectors_ * disk::sector_bytes)});
  host_file_ = std::make_unique<host::HostFile>("file", context, file_parameters_, door, cache_->direct());
  file_ = host_file_.get();
  // An image that was there before shows what the drive holds; what the guest writes goes to the drive in the file's own time.
  if (!parameters.system.image().empty() && emulated.file.layout() == "contiguous")
    content_ = std::make_unique<disk::OverlayStore>(std::make_unique<disk::WindowStore>(drive_->content(), first, sectors_));
  else
    content_ = std::make_unique<disk::SparseStore>(sectors_);
}

void ImageFile::put_in_memory(kit::Context& context, const Parameters& parameters) {
  if (sectors_ == 0) sectors_ = static_cast<std::uint64_t>(ImageParameters::usual_size) / disk::sector_bytes;
  content_ = std::make_unique<disk::SparseStore>(sectors_);
  const bool instant = parameters.emulated->image.backing() == "instant";
  instant_.syscall.set(kit::Duration{});
  instant_.call.set(kit::Duration{});
  instant_.copy.set(kit::Rate{1e15});
  memory_file_ = std::make_unique<host::MemoryFile>("file", context, instant ? instant_ : parameters.emulated->tmpfs, *content_);
  file_ = memory_file_.get();
}

}  // namespace ahcisim::machine
