// SPDX-License-Identifier: MIT
// Building of the emulated machine, host first.
#include <ahcisim/models/machine/emulated.hpp>

namespace ahcisim::machine {
namespace {

/// What the emulator says of its disk: a disk of its own kind, that can trim and does not turn.
disk::MediumFacts image_facts(std::uint64_t sectors) {
  disk::MediumFacts facts;
  facts.sectors = sectors;
  facts.trim = true;
  return facts;
}

}  // namespace

Emulated::Guest::Guest(const sc_core::sc_module_name& name, kit::Context& context, const EmulatedParameters& parameters,
                       host::Emulator& emulator, ImageFile& host)
    : sc_module{name}, file{host.file()}, memory{"memory", context, parameters.memory}, bus{"exit_bus", context, parameters.bus, emulator},
      image{context, emulator, image_facts(host.sectors()),
            host::cache_mode_of(parameters.image.cache()), host.content(), host.file()} {
  context.stats.add(std::string{this->name()} + ".image", image.statistics());
  bus.memory.bind(memory.target);
  disk = make_guest_disk({context, parameters, memory, bus, image, host.content()});
  if (parameters.guest.io() == "buffered")
    cache.emplace("page_cache", context, parameters.guest_cache, disk->driver()).set_processor(file_layer.emplace(disk->processor()));
}

Emulated::Emulated(kit::Context& context, const Parameters& parameters)
    : write_through_{!host::cache_mode_of(parameters.emulated->image.cache()).write_back && parameters.emulated->guest.io() == "direct"},
      host_{"host", context, parameters, host::cache_mode_of(parameters.emulated->image.cache())},
      emulator_{"emulator", context, parameters.emulated->vm}, guest_{"guest", context, *parameters.emulated, emulator_, host_} {
  host_.share_core_of(guest_.disk->processor());
  const host::ExitBusStatistics& bus = guest_.bus.statistics();
  const host::EmulatorStatistics& emulator = emulator_.statistics();
  shares_.guest.add([&] { return bus.guest_time.value(); });
  shares_.kernel.add([&] { return bus.kernel_time.value() + emulator.kernel_time.value() + host_.kernel_time(); });
  shares_.emulator.add([&] { return emulator.vcpu_time.value() + emulator.loop_time.value() + emulator.worker_time.value(); });
  context.stats.add("processor", shares_);  // after what it adds up, so that it is reset after it
}

Keeper Emulated::keeper() {
  if (!host_.drive()) return {};
  host::HostFile* const file = host_.host_file();
  file->remember_commits();
  return {host_.drive()->medium(), &host_.drive()->content(), map_of(*file), write_through_};
}

std::string Emulated::remedy(const std::string& failure) const {
  if (failure.find(';') != std::string::npos) return {};
  if (!guest_.host_failure.empty()) return "; check sata.device, ahci.ports and host.driver.port";
  return "; raise guest.driver.timeout where the load is high, or check guest.driver.ecam, window, io_window and message_address";
}

}  // namespace ahcisim::machine
