// SPDX-License-Identifier: MIT
// The emulated machine: a guest whose disk is a model that an emulator runs, over an image file on a bare-metal machine.
//
//     guest program -> [page cache] -> driver -> exit bus -> endpoint -> controller [-> disk] -> image -> file -> host's driver -> drive
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <systemc>

#include <ahcisim/models/host/cache/cached_device.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/models/host/vm/emulator.hpp>
#include <ahcisim/models/host/vm/exit_bus.hpp>
#include <ahcisim/models/host/vm/image_medium.hpp>
#include <ahcisim/models/kit/context.hpp>
#include <ahcisim/models/machine/guest_disk.hpp>
#include <ahcisim/models/machine/image_file.hpp>
#include <ahcisim/models/machine/machine.hpp>
#include <ahcisim/models/machine/processor_account.hpp>

namespace ahcisim::machine {

class Emulated final : public Machine {
 public:
  /// `context` and `parameters`, which are those of an emulated machine, must outlive it. Throws kit::ConfigError.
  Emulated(kit::Context& context, const Parameters& parameters);

  host::BlockDevice& device() override { return guest_.cache ? static_cast<host::BlockDevice&>(*guest_.cache) : guest_.disk->driver(); }
  std::uint64_t sectors() const override { return host_.sectors(); }
  disk::Store& content() override { return host_.content(); }
  disk::Medium* medium() override { return host_.drive() ? host_.drive()->medium() : nullptr; }
  Keeper keeper() override;
  std::string failure() const override { return guest_.host_failure; }
  std::string remedy(const std::string& failure) const override;

  ImageFile& host() { return host_; }
  /// The guest's.
  host::Memory& memory() { return guest_.memory; }
  host::Emulator& emulator() { return emulator_; }
  host::ExitBus& bus() { return guest_.bus; }
  host::ImageMedium& image() { return guest_.image; }
  /// Whose processor time it was.
  const ProcessorShares& processor_time() const { return shares_; }

 private:
  /// What is inside the virtual machine, in a module scope of its own.
  struct Guest final : sc_core::sc_module, private host::DeviceListener {
    Guest(const sc_core::sc_module_name& name, kit::Context& context, const EmulatedParameters& parameters, host::Emulator& emulator,
          ImageFile& host);
    // It is started when its host has booted.
    void start_of_simulation() override { file.listen(*this); }
    void ready(kit::Duration) override { disk->begin(); }
    void failed(const std::string& reason, kit::Duration) override { host_failure = "the host's disk: " + reason; }

    host::BlockDevice& file;
    host::Memory memory;
    host::ExitBus bus;
    host::ImageMedium image;
    std::unique_ptr<GuestDisk> disk;
    std::optional<GuestFileLayer> file_layer;
    std::optional<host::CachedDevice> cache;
    std::string host_failure;
  };

  bool write_through_;
  ImageFile host_;
  host::Emulator emulator_;
  Guest guest_;
  ProcessorShares shares_;
};

}  // namespace ahcisim::machine
