// SPDX-License-Identifier: MIT
// Where an emulated disk's image lies: a file on the host's drive, behind its page cache or around it, or in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <systemc>

#include <ahcisim/models/disk/store/store.hpp>
#include <ahcisim/models/host/block_device.hpp>
#include <ahcisim/models/host/cache/cached_device.hpp>
#include <ahcisim/models/host/file/host_file.hpp>
#include <ahcisim/models/host/file/memory_file.hpp>
#include <ahcisim/models/host/vm/cache_mode.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/machine/bare_metal.hpp>
#include <ahcisim/models/machine/parameters.hpp>
#include <ahcisim/models/machine/processor_account.hpp>
#include <ahcisim/models/machine/sector_map.hpp>

namespace ahcisim::machine {

/// The host of an emulated machine, in a module scope "host".
class ImageFile : public sc_core::sc_module {
 public:
  /// `context` and `parameters` must outlive it. Throws kit::ConfigError where the image does not fit the drive.
  ImageFile(const sc_core::sc_module_name& name, kit::Context& context, const Parameters& parameters, host::CacheMode mode);

  /// The file as the emulator has opened it.
  host::BlockDevice& file() { return *file_; }
  std::uint64_t sectors() const { return sectors_; }
  /// The disk's bytes as the emulator sees them through the file.
  disk::Store& content() { return *content_; }
  /// The machine with the drive, the file on it, and the host's page cache; null where the image lies in memory.
  BareMetal* drive() { return drive_.get(); }
  /// The guest's processor, whose core the emulator's workers may have while it has halted.
  void share_core_of(const host::Processor& guest) { file_layer_.share(guest); }
  host::HostFile* host_file() { return host_file_.get(); }
  host::CachedDevice* page_cache() { return cache_.get(); }
  /// Processor time of the host kernel for the file: page cache, file system, and the driver where there is a drive.
  kit::Duration kernel_time() const { return file_layer_.value() + (drive_ ? drive_->driver.processor().busy_time() : kit::Duration{}); }

 private:
  void put_on_drive(kit::Context& context, const Parameters& parameters, host::CacheMode mode);
  void put_in_memory(kit::Context& context, const Parameters& parameters);

  std::uint64_t sectors_ = 0;
  WorkerProcessors file_layer_;
  std::unique_ptr<BareMetal> drive_;
  std::unique_ptr<host::CachedDevice> cache_;
  std::unique_ptr<host::HostFile> host_file_;
  std::unique_ptr<host::MemoryFile> memory_file_;
  host::MemoryFileParameters instant_;
  std::unique_ptr<disk::Store> content_;
  host::BlockDevice* file_ = nullptr;
};

/// Where a file's sectors lie on its disk, for a judge of power cuts. The file must outlive the map, and remember its commits.
SectorMap map_of(const host::HostFile& file);

}  // namespace ahcisim::machine
