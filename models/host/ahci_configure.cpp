// SPDX-License-Identifier: MIT
// The AHCI driver's commands of its own: what libata asks a disk before its first I/O.
#include <ahcisim/models/host/ahci_driver.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <ahcisim/models/host/ata_commands.hpp>

namespace ahcisim::host {

using namespace ahci_name;

namespace {
wire::RegisterH2D plain_command(std::uint8_t command) {
  wire::RegisterH2D fis;
  fis.flags = wire::RegisterH2D::C;
  fis.command = command;
  return fis;
}
}  // namespace

void AhciDriver::internal_command(const wire::RegisterH2D& fis, std::uint32_t bytes, std::function<void(bool ok)> handler) {
  script_.suspend([=](kit::Duration at) { return begin_internal(fis, bytes, at); });
  script_.call([=] {
    if (internal_ok_) return handler(true);
    // A failed command stops the port until ST was 0 (AHCI 1.3.1, 6.2.2.1).
    stop_engine([=](bool) {
      script_.read(reg(PxSERR), [=](std::uint32_t serr) { script_.write(reg(PxSERR), serr); });
      script_.read(reg(PxTFD), [=](std::uint32_t tfd) {
        if (!(tfd & (wire::status::BSY | wire::status::DRQ))) start_engine();  // else a COMRESET must come first (10.3.1)
        script_.call([=] { handler(false); });
      });
    });
  });
}

kit::Duration AhciDriver::begin_internal(const wire::RegisterH2D& fis, std::uint32_t bytes, kit::Duration at) {
  slots_.use_buffer(CommandSlots::internal, bytes);
  slots_.put(CommandSlots::internal, fis, false);
  if (tags_) tags_->at(port_, 0) = nullptr;
  internal_active_ = true;
  calendar_.at<&AhciDriver::internal_timeout>(at + parameters_.probe.internal_limit(), this, ++internal_serial_);
  return mmio_.post(reg(PxCI), 1, at + parameters_.cpu.build());
}

void AhciDriver::internal_timeout(std::uint64_t serial) {
  if (!internal_active_ || serial != internal_serial_) return;
  complain("command of the driver's own not answered in time");
  internal_done(false, calendar_.now());
}

void AhciDriver::internal_done(bool ok, kit::Duration at) {
  internal_active_ = false;
  internal_ok_ = ok;
  script_.resume(at);
}

void AhciDriver::configure_device(unsigned attempt) {
  ask_identity([=](bool ok) {
    if (!ok) return configure_again(attempt);
    take_identity();
    configure_features(attempt);
  });
}

/// IDENTIFY DEVICE failed: COMRESET and once more from the beginning (libata-eh.c, ata_eh_recover).
void AhciDriver::configure_again(unsigned attempt) {
  if (attempt >= static_cast<unsigned>(parameters_.probe.reset_tries()))
    return give_up("IDENTIFY DEVICE failed after each of " + std::to_string(attempt) + " COMRESETs");
  script_.write(reg(PxIE), 0);
  hard_reset([=](bool device) {
    if (!device) return give_up("no device answers any more on port " + std::to_string(port_));
    thaw();
    script_.call([=] { configure_device(attempt + 1); });
  });
}

void AhciDriver::ask_identity(std::function<void(bool ok)> handler) {
  internal_command(plain_command(ata_command::IDENTIFY_DEVICE), 512, std::move(handler));
}

void AhciDriver::configure_features(unsigned attempt) {
  set_auto_activate();
  if (identify_.log_ext) read_logs();
  set_modes();
  // The second IDENTIFY sees what the commands above have changed.
  script_.call([=] {
    ask_identity([=](bool ok) {
      if (!ok) return configure_again(attempt);
      take_identity();
      device_configured();
    });
  });
}

/// This and the following make what the driver wants of the device, at bring-up and after each COMRESET.
void AhciDriver::set_auto_activate() {
  if (identify_.ncq && (cap_ & CAP_SNCQ) && identify_.auto_activate_offered && parameters_.auto_activate())
    set_feature(ata_feature::enable_sata, ata_feature::sata_dma_auto_activate);
}

void AhciDriver::set_modes() {
  // The fastest Ultra DMA mode; a Serial ATA disk accepts and ignores it (ACS-3, 7.45.8).
  unsigned mode = 0;
  while (mode < 6 && (identify_.udma_modes >> (mode + 1)) != 0) ++mode;
  if (identify_.udma_modes) {
    script_.call([=] {
      wire::RegisterH2D fis = plain_command(ata_command::SET_FEATURES);
      fis.features_7_0 = ata_feature::transfer_mode;
      fis.count_7_0 = static_cast<std::uint8_t>(0x40 | mode);
      internal_command(fis, 0, [this](bool ok) {
        if (!ok) complain("SET FEATURES, set transfer mode, failed");
      });
    });
  }
  const std::size_t cache = parameters_.write_cache.index(), ahead = parameters_.look_ahead.index();
  if (cache != 0 && identify_.write_cache_offered)
    set_feature(cache == 1 ? ata_feature::enable_write_cache : ata_feature::disable_write_cache, 0);
  if (ahead != 0 && identify_.look_ahead_offered)
    set_feature(ahead == 1 ? ata_feature::enable_look_ahead : ata_feature::disable_look_ahead, 0);
}

void AhciDriver::set_feature(std::uint8_t subcommand, std::uint8_t count) {
  script_.call([=] {
    wire::RegisterH2D fis = plain_command(ata_command::SET_FEATURES);
    fis.features_7_0 = subcommand;
    fis.count_7_0 = count;
    internal_command(fis, 0, [this](bool ok) {
      if (!ok) complain("SET FEATURES failed although IDENTIFY DEVICE offers the feature");
    });
  });
}

void AhciDriver::read_log(std::uint8_t log, std::uint8_t page, std::function<void(const std::uint8_t* data)> handler) {
  wire::RegisterH2D fis = plain_command(identify_.log_dma_ext ? ata_command::READ_LOG_DMA_EXT : ata_command::READ_LOG_EXT);
  fis.lba_7_0 = log;
  fis.lba_15_8 = page;
  fis.count_7_0 = 1;
  fis.device = device_lba;
  internal_command(fis, 512, [=](bool ok) {
    if (ok) handler(slots_.buffer(CommandSlots::internal));
  });
}

/// The directory, then the logs that libata looks at. Each may fail without harm.
void AhciDriver::read_logs() {
  script_.call([this] {
    read_log(0x00, 0, [this](const std::uint8_t* directory) {
      const auto offered = [directory](unsigned log) { return (directory[2 * log] | directory[2 * log + 1]) != 0; };
      const bool send_receive = offered(0x13), non_data = offered(0x12), identify_data = offered(0x30);
      if (identify_.ncq && send_receive) read_log(0x13, 0, [](const std::uint8_t*) {});
      if (identify_.ncq && non_data) read_log(0x12, 0, [](const std::uint8_t*) {});
      if (!identify_data) return;
      script_.call([this] {
        read_log(0x30, 0, [this](const std::uint8_t* list) {
          const unsigned entries = std::min<unsigned>(list[8], 503);
          for (unsigned i = 0; i < entries; ++i) {
            const std::uint8_t page = list[9 + i];
            if (page == 0x03 || page == 0x04 || page == 0x05 || page == 0x08)
              script_.call([=] { read_log(0x30, page, [](const std::uint8_t*) {}); });
          }
        });
      });
    });
  });
}

void AhciDriver::take_identity() {
  identify_ = Identify::parse(slots_.buffer(CommandSlots::internal));
  queue_.disk.flushes = identify_.write_cache;
  queue_.disk.fua = identify_.fua && parameters_.fua();
  queue_.disk.trim = identify_.trim;
}

void AhciDriver::device_configured() {
  const std::uint32_t logical = identify_.logical_sector_bytes;
  unsigned& shift = queue_.disk.lba_shift;
  shift = 0;
  while (shift < 8 && (sector_bytes << shift) < logical) ++shift;
  if ((sector_bytes << shift) != logical)
    return give_up("logical sectors of " + std::to_string(logical) + " bytes are not supported");
  if (identify_.logical_sectors == 0 || identify_.logical_sectors > (std::uint64_t{1} << 48))
    return give_up("IDENTIFY DEVICE reports a capacity of " + std::to_string(identify_.logical_sectors) + " sectors");
  // libata: ATA_MAX_SECTORS_LBA48, or ATA_MAX_SECTORS; "applying bridge limits" is the latter.
  const std::uint64_t longest_sectors = identify_.lba48 && !identify_.bridge ? 65535 : 256;
  longest_command_ = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(static_cast<std::uint64_t>(parameters_.max_request().value), longest_sectors * logical));
  longest_command_ -= longest_command_ % logical;
  if (longest_command_ == 0 || slots_.buffer_bytes() < logical)
    return give_up("max_request is shorter than a sector of the disk; choose at least its " + std::to_string(logical) + " bytes");
  queue_.disk.capacity = identify_.logical_sectors << shift;
  queueing_ = parameters_.ncq() && identify_.ncq && (cap_ & CAP_SNCQ);
  const unsigned hba_slots = (cap_ >> 8 & 31) + 1;  // CAP.NCS
  depth_ = queueing_ ? std::min({static_cast<unsigned>(parameters_.depth()), identify_.queue_depth, hba_slots}) : 1;
  if (depth_ == 1) queueing_ = false;  // libata uses NCQ only where there is a queue
  queue_.ready();
}

}  // namespace ahcisim::host
