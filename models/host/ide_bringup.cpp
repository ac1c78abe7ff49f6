// SPDX-License-Identifier: MIT
// The IDE driver's bring-up of controller, channel and disk, with the register accesses and waits of Linux's
// libata-sff. All commands are polled, as libata polls those with which it finds a device.
#include <ahcisim/models/host/ide_driver.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <ahcisim/models/host/ata_commands.hpp>

namespace ahcisim::host {

using namespace ide_name;

namespace {
wire::RegisterH2D plain_command(std::uint8_t command) {
  wire::RegisterH2D fis;
  fis.command = command;
  return fis;
}
}  // namespace

void IdeDriver::give_up(const std::string& reason) {
  queue_.die(reason);
  script_.drop();
  complain(reason);
  fail_everything();
  queue_.announce_failure();
}

void IdeDriver::bring_up() {
  pci_.find({class_ide, class_mask}, [this](const std::string& reason) { give_up(reason); });
  pci_.enable();
  // The channels' ports are not in a BAR: I/O decoding is on whether or not BAR 4 is there.
  script_.call([this] {
    script_.read(pci_.register_address(pci::CMD), [this](std::uint32_t command) {
      if (!(command & pci::CMD_IOSE)) script_.write(pci_.register_address(pci::CMD), command | pci::CMD_IOSE, 2);
    }, 2);
    const PciFunction& function = pci_.function();
    const bool usable = function.bar[4] && function.bar_is_io[4] && function.bar_size[4] >= 2 * bus_master_stride;
    if (usable) bus_master_base_ = static_cast<std::uint64_t>(parameters_.io_base().value) + function.bar[4];
    if (!usable && parameters_.mode.index() == 0)
      return give_up("the IDE function has no bus master registers in BAR 4; choose mode = pio");
    try_channel(parameters_.channel() < 0 ? 0 : static_cast<unsigned>(parameters_.channel()));
  });
}

/// Firmware's part: the channel decodes its ports; native mode is not for this driver.
void IdeDriver::open_channel(unsigned channel) {
  channel_ = channel;
  const auto io = static_cast<std::uint64_t>(parameters_.io_base().value);
  command_block_ = io + channels[channel].command_block;
  control_ = io + channels[channel].device_control;
  bus_master_ = bus_master_base_ ? bus_master_base_ + bus_master_stride * channel : 0;
  inlet_.listen_to(1u << channels[channel].interrupt);
  script_.read(pci_.register_address(pci::CC), [=](std::uint32_t revision_and_class) {
    if (revision_and_class >> 8 & native_mode[channel])
      give_up("the IDE channel is in native mode (PCI IDE Controller Specification 1.0, 2.2)");
  });
  script_.read(pci_.register_address(IDETIM + 2 * channel), [=](std::uint32_t timing) {
    if (!(timing & IDETIM_decode_enable))
      script_.write(pci_.register_address(IDETIM + 2 * channel), timing | IDETIM_decode_enable, 2);
  }, 2);
}

void IdeDriver::try_channel(unsigned channel) {
  const bool any = parameters_.channel() < 0;
  open_channel(channel);
  script_.call([=] {
    probe_devices([=] {
      for (unsigned device = 0; device < 2; ++device)
        if (is_disk_[device] && (parameters_.device() < 0 || parameters_.device() == device)) return choose_device(device);
      if (any && channel == 0) return try_channel(1);
      give_up(any ? "no channel of the IDE controller has a disk" : "no disk answers on IDE channel " + std::to_string(channel));
    });
  });
}

/// Who is there, software reset, who is what (ata_sff_softreset).
void IdeDriver::probe_devices(std::function<void()> handler) {
  script_.write(control_, DeviceControl_obsolete | DeviceControl_nIEN, 1);
  present_ = is_disk_ = {};
  wait_for_power_on();
  check_presence(0);
  check_presence(1);
  script_.call([this, handler = std::move(handler)] {
    if (!present_[0] && !present_[1]) return handler();
    soft_reset([this, handler] {
      classify(0);
      if (present_[1]) classify(1);
      script_.call(handler);
    });
  });
}

/// Writes Device and gives the device time to answer.
void IdeDriver::select(unsigned device) {
  script_.write(port(Device), selects(device), 1);
  script_.read(control_, [](std::uint32_t) {}, 1);
  script_.delay(parameters_.settle());
}

/// A device that is still busy with its power-on takes nothing that is written; a channel without one is not busy, or reads FFh
/// (ata_sff_prereset). Device 0 is selected since the power came; to write Device now would break the bus idle protocol.
void IdeDriver::wait_for_power_on() {
  script_.read(port(Status), [=](std::uint32_t status) {
    if (status == 0xff || !(status & wire::status::BSY)) return;
    script_.poll(port(Status), wire::status::BSY, 0, pause(parameters_.probe.ready_interval()), parameters_.probe.ready_limit(),
                 [](bool) {}, 1);
  }, 1);
}

/// What is written stays where there is a device (ata_devchk).
void IdeDriver::check_presence(unsigned device) {
  select(device);
  for (const std::uint8_t pattern : {std::uint8_t{0x55}, std::uint8_t{0xaa}, std::uint8_t{0x55}}) {
    script_.write(port(SectorCount), pattern, 1);
    script_.write(port(LBALow), static_cast<std::uint8_t>(~pattern), 1);
  }
  script_.read(port(SectorCount), [=](std::uint32_t count) {
    script_.read(port(LBALow), [=](std::uint32_t low) { present_[device] = count == 0x55 && low == 0xaa; }, 1);
  }, 1);
}

void IdeDriver::soft_reset(std::function<void()> handler) {
  statistics_.resets.add();
  select(0);
  constexpr std::uint8_t idle = DeviceControl_obsolete | DeviceControl_nIEN;
  script_.write(control_, idle, 1);
  script_.delay(parameters_.probe.srst());
  script_.write(control_, idle | DeviceControl_SRST, 1);
  script_.delay(parameters_.probe.srst());
  script_.write(control_, idle, 1);
  script_.delay(pause(parameters_.probe.after_reset()));
  wait_for_device(0, [this, handler = std::move(handler)] {
    if (!present_[1]) return handler();
    select(1);
    wait_for_device(1, handler);
  });
}

void IdeDriver::wait_for_device(unsigned device, std::function<void()> handler) {
  script_.read(port(Status), [=](std::uint32_t status) {
    if (status == 0xff) present_[device] = false;  // nobody drives the bus
    if (!present_[device]) return handler();
    script_.poll(port(Status), wire::status::BSY, 0, pause(parameters_.probe.ready_interval()), parameters_.probe.ready_limit(),
                 [=](bool ready) {
      if (!ready) {
        complain("device stays busy after a software reset (ATA/ATAPI-6, 9.2)");
        present_[device] = false;
      }
      handler();
    }, 1);
  }, 1);
}

/// The signature (ATA/ATAPI-6, 9.12) and the diagnostic code (9.10) tell a disk.
void IdeDriver::classify(unsigned device) {
  script_.call([=] {
    if (!present_[device]) return;
    select(device);
    script_.read(port(Status), [=](std::uint32_t status) {
      script_.read(port(Error), [=](std::uint32_t code) {
        script_.read(port(SectorCount), [](std::uint32_t) {}, 1);
        script_.read(port(LBALow), [](std::uint32_t) {}, 1);
        script_.read(port(LBAMid), [=](std::uint32_t mid) {
          script_.read(port(LBAHigh), [=](std::uint32_t high) {
            const bool passed = code == 0x01 || (device == 0 && code == 0x81);
            is_disk_[device] = passed && status != 0 && ((mid == 0 && high == 0) || (mid == 0x3c && high == 0xc3));
          }, 1);
        }, 1);
        script_.read(port(Device), [](std::uint32_t) {}, 1);
      }, 1);
    }, 1);
  });
}

void IdeDriver::choose_device(unsigned device) {
  device_ = device;
  configure_device(1);
}

/// A command whose end is polled, without interrupt; its data is one block of 512 bytes in identity_.
void IdeDriver::polled_command(const wire::RegisterH2D& fis, bool with_data, std::function<void(bool ok)> handler) {
  script_.write(control_, DeviceControl_obsolete | DeviceControl_nIEN, 1);
  select(device_);
  script_.poll(port(Status), busy_bits, 0, parameters_.busy_wait(), parameters_.probe.poll_interval() * 5, [](bool) {}, 1);
  script_.write(port(Features), fis.features_7_0, 1);
  script_.write(port(SectorCount), fis.count_7_0, 1);
  script_.write(port(LBALow), 0, 1);
  script_.write(port(LBAMid), 0, 1);
  script_.write(port(LBAHigh), 0, 1);
  script_.write(port(Device), selects(device_), 1);
  script_.write(port(Command), fis.command, 1);
  script_.read(control_, [](std::uint32_t) {}, 1);
  script_.delay(parameters_.settle());
  wait_polled(with_data, std::move(handler));
}

void IdeDriver::wait_polled(bool with_data, std::function<void(bool ok)> handler) {
  script_.poll(port(Status), wire::status::BSY, 0, parameters_.probe.poll_interval(), parameters_.probe.internal_limit(),
               [=](bool done) {
    if (!done) {
      complain("command of the driver's own not answered in time");
      return handler(false);
    }
    script_.read(port(Status), [=](std::uint32_t status) {
      if (status & (wire::status::ERR | wire::status::DF)) return handler(false);
      if (!with_data) return handler((status & busy_bits) == 0);
      if (!(status & wire::status::DRQ)) return handler(false);
      const std::uint32_t width = parameters_.string_width.index() == 0 ? 2 : 4;
      script_.string(port(Data), false, identity_.data(), static_cast<std::uint32_t>(identity_.size()), width);
      script_.poll(port(Status), busy_bits, 0, parameters_.busy_wait(), parameters_.probe.internal_limit(), handler, 1);
    }, 1);
  }, 1);
}

void IdeDriver::ask_identity(std::function<void(bool ok)> handler) {
  polled_command(plain_command(ata_command::IDENTIFY_DEVICE), true, std::move(handler));
}

void IdeDriver::configure_device(unsigned attempt) {
  ask_identity([=](bool ok) {
    if (!ok) return configure_again(attempt);
    take_identity();
    set_modes();
    // The second IDENTIFY sees what the commands above have changed.
    script_.call([=] {
      ask_identity([=](bool still_ok) {
        if (!still_ok) return configure_again(attempt);
        take_identity();
        enable_interrupts();
        script_.call([this] { device_configured(); });
      });
    });
  });
}

/// IDENTIFY DEVICE failed: reset and once more from the beginning (libata-eh.c, ata_eh_recover).
void IdeDriver::configure_again(unsigned attempt) {
  if (attempt >= static_cast<unsigned>(parameters_.probe.reset_tries()))
    return give_up("IDENTIFY DEVICE failed after each of " + std::to_string(attempt) + " resets");
  soft_reset([=] {
    if (!present_[device_]) return give_up("no device answers any more on IDE channel " + std::to_string(channel_));
    configure_device(attempt + 1);
  });
}

void IdeDriver::take_identity() {
  identify_ = Identify::parse(identity_.data());
  queue_.disk.flushes = identify_.write_cache;
  queue_.disk.trim = identify_.trim && parameters_.mode.index() == 0;  // DATA SET MANAGEMENT is a DMA command
}

/// The fastest mode that both ends know, as SET FEATURES has it (ACS-3, 7.45.8).
std::uint8_t IdeDriver::best_mode() const {
  constexpr int pio_modes = 5, mwdma_modes = 3;  // of the choice's words: pio0 ... pio4, mwdma0 ... mwdma2, udma0 ... udma6
  const int limit = static_cast<int>(parameters_.fastest_mode.index());
  if (parameters_.mode.index() == 0) {
    for (int mode = std::min(limit - pio_modes - mwdma_modes, 6); mode >= 0; --mode)
      if (identify_.udma_modes & 1u << mode) return static_cast<std::uint8_t>(0x40 | mode);
    for (int mode = std::min(limit - pio_modes, mwdma_modes - 1); mode >= 0; --mode)
      if (identify_.mwdma_modes & 1u << mode) return static_cast<std::uint8_t>(0x20 | mode);
  }
  const int offered = identify_.pio_modes & 2 ? 4 : identify_.pio_modes & 1 ? 3 : 2;
  return static_cast<std::uint8_t>(0x08 | std::min(limit, offered));
}

void IdeDriver::set_modes() {
  transfer_mode_ = best_mode();
  set_feature(ata_feature::transfer_mode, transfer_mode_, "set transfer mode");
  const std::size_t cache = parameters_.write_cache.index(), ahead = parameters_.look_ahead.index();
  if (cache != 0 && identify_.write_cache_offered)
    set_feature(cache == 1 ? ata_feature::enable_write_cache : ata_feature::disable_write_cache, 0, "write cache");
  if (ahead != 0 && identify_.look_ahead_offered)
    set_feature(ahead == 1 ? ata_feature::enable_look_ahead : ata_feature::disable_look_ahead, 0, "look-ahead");
  block_sectors_ = 1;
  const auto sectors = std::min<unsigned>(static_cast<unsigned>(parameters_.multiple()), identify_.multiple);
  if (sectors < 2) return;
  script_.call([=] {
    wire::RegisterH2D fis = plain_command(ata_command::SET_MULTIPLE_MODE);
    fis.count_7_0 = static_cast<std::uint8_t>(1u << (31 - __builtin_clz(sectors)));  // a power of two (ACS-3, 7.46)
    polled_command(fis, false, [=](bool ok) {
      if (ok) return void(block_sectors_ = fis.count_7_0);
      complain("SET MULTIPLE MODE failed although IDENTIFY DEVICE offers it");
    });
  });
}

void IdeDriver::set_feature(std::uint8_t subcommand, std::uint8_t count, const char* what) {
  script_.call([=] {
    wire::RegisterH2D fis = plain_command(ata_command::SET_FEATURES);
    fis.features_7_0 = subcommand;
    fis.count_7_0 = count;
    polled_command(fis, false, [=](bool ok) {
      if (!ok) complain(std::string{"SET FEATURES, "} + what + ", failed");
    });
  });
}

/// What is pending is cleared, then nIEN (ata_sff_thaw).
void IdeDriver::enable_interrupts() {
  script_.read(port(Status), [](std::uint32_t) {}, 1);
  if (bus_master_)
    script_.read(bus_master(BMISX), [this](std::uint32_t status) { script_.write(bus_master(BMISX), status, 1); }, 1);
  script_.write(control_, DeviceControl_obsolete, 1);
}

void IdeDriver::device_configured() {
  logical_bytes_ = identify_.logical_sector_bytes;
  unsigned& shift = queue_.disk.lba_shift;
  shift = 0;
  while (shift < 8 && (sector_bytes << shift) < logical_bytes_) ++shift;
  if ((sector_bytes << shift) != logical_bytes_)
    return give_up("logical sectors of " + std::to_string(logical_bytes_) + " bytes are not supported");
  const std::uint64_t most = std::uint64_t{1} << (identify_.lba48 ? 48 : 28);
  if (identify_.logical_sectors == 0 || identify_.logical_sectors > most)
    return give_up("IDENTIFY DEVICE reports a capacity of " + std::to_string(identify_.logical_sectors) + " sectors");
  if (parameters_.mode.index() == 0 && !identify_.dma) return give_up("the disk offers no DMA; choose mode = pio");
  const std::uint64_t longest_sectors = identify_.lba48 ? 65535 : 256;  // libata, ATA_MAX_SECTORS_LBA48 and ATA_MAX_SECTORS
  longest_command_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(buffers_.bytes(), longest_sectors * logical_bytes_));
  longest_command_ -= longest_command_ % logical_bytes_;
  if (longest_command_ == 0)
    return give_up("max_request is shorter than a sector of the disk; choose at least its " + std::to_string(logical_bytes_) + " bytes");
  queue_.disk.capacity = identify_.logical_sectors << shift;
  queue_.ready();
}

}  // namespace ahcisim::host
