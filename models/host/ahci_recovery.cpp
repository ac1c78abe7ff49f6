// SPDX-License-Identifier: MIT
// The AHCI driver's error handling after libata: who is to blame, restart or COMRESET, and another try for the others.
#include <ahcisim/models/host/ahci_driver.hpp>

#include <string>

namespace ahcisim::host {

using namespace ahci_name;

namespace {
/// Recoveries in a row without one command done in between, after which the device is given up.
constexpr unsigned most_recoveries_in_row = 20;
constexpr std::uint8_t ncq_error_log = 0x10;
}  // namespace

/// The port stops; what is outstanding is under suspicion.
void AhciDriver::begin_recovery(std::uint32_t port_is, std::uint32_t timed_out) {
  queue_.set_state(State::recovering);
  statistics_.recoveries.add();
  recovery_is_ = port_is;
  late_ = timed_out;
  suspects_ = queued_ | plain_;
  if (++recoveries_in_row_ > most_recoveries_in_row) {
    script_.call([this] { give_up("errors without end: the device is given up"); });
  } else if (timed_out || (port_is & PxIS_freeze)) {
    script_.call([this] { recover_with_reset(1); });
  } else {
    script_.call([this] { recover_after_device_error(); });
  }
  processor_.poke();
}

/// The device reported an error and is alive: stop, ask, start again (AHCI 1.3.1, 6.2.2.1).
void AhciDriver::recover_after_device_error() {
  const bool was_queued = (suspects_ & queued_) != 0;
  script_.read(reg(PxSERR), [=](std::uint32_t serr) { script_.write(reg(PxSERR), serr); });
  script_.read(reg(PxTFD), [=](std::uint32_t tfd) {
    stop_engine([=](bool stopped) {
      const bool busy = tfd & (wire::status::BSY | wire::status::DRQ);
      if (!stopped || tfd == ~0u || (busy && !(cap_ & CAP_SCLO))) return recover_with_reset(1);
      if (busy) {
        script_.read(reg(PxCMD), [=](std::uint32_t cmd) { script_.write(reg(PxCMD), cmd | PxCMD_CLO); });
        script_.poll(reg(PxCMD), PxCMD_CLO, 0, kit::Duration::from_ms(1), parameters_.probe.engine_limit(), [](bool) {});
      }
      start_engine();
      script_.call([=] {
        queued_ = plain_ = 0;
        if (!was_queued) {
          if (suspects_) {
            const auto slot = static_cast<unsigned>(__builtin_ctz(suspects_));
            blame(slot, static_cast<std::uint8_t>(tfd), static_cast<std::uint8_t>(tfd >> 8), slots_.first_bad_lba(slot));
          }
          return end_recovery();
        }
        wire::RegisterH2D fis;
        fis.flags = wire::RegisterH2D::C;
        fis.command = identify_.log_dma_ext ? ata_command::READ_LOG_DMA_EXT : ata_command::READ_LOG_EXT;
        fis.lba_7_0 = ncq_error_log;
        fis.count_7_0 = 1;
        internal_command(fis, 512, [=](bool ok) {
          if (!ok) return recover_with_reset(1);  // nobody can be blamed: all have failed once
          analyse_log(slots_.buffer(CommandSlots::internal));
          end_recovery();
        });
      });
    });
  });
}

/// NCQ Command Error log (ACS-3, A.14): NQ and tag, then the shadow registers of the command.
void AhciDriver::analyse_log(const std::uint8_t* log) {
  const unsigned tag = log[0] & 31;
  std::uint8_t sum = 0;
  for (unsigned i = 0; i < 512; ++i) sum = static_cast<std::uint8_t>(sum + log[i]);
  const bool valid = !(log[0] & 0x80) && (suspects_ & 1u << tag) && sum == 0;
  if (!valid) {
    complain("NCQ command error log names no outstanding command: every command counts as failed (ACS-3, A.14)");
    for (std::uint32_t left = suspects_; left; left &= left - 1)
      blame(static_cast<unsigned>(__builtin_ctz(left)), wire::status::ERR, wire::error::ABRT, 0);
    return;
  }
  const std::uint64_t lba = log[4] | std::uint64_t{log[5]} << 8 | std::uint64_t{log[6]} << 16 | std::uint64_t{log[8]} << 24 |
                            std::uint64_t{log[9]} << 32 | std::uint64_t{log[10]} << 40;
  blame(tag, log[2], log[3], lba);
}

/// COMRESET, as often as it takes; then everything that was outstanding has failed once.
void AhciDriver::recover_with_reset(unsigned attempt) {
  script_.write(reg(PxIE), 0);
  script_.read(reg(PxSERR), [=](std::uint32_t serr) { script_.write(reg(PxSERR), serr); });
  script_.call([=] {
    hard_reset([=](bool device) {
      if (!device) {
        if (attempt >= static_cast<unsigned>(parameters_.probe.reset_tries()))
          return give_up("no device answers after " + std::to_string(attempt) + " COMRESETs");
        return recover_with_reset(attempt + 1);
      }
      thaw();
      script_.call([=] {
        queued_ = plain_ = 0;
        identify_again(attempt);
      });
    });
  });
}

/// The device may have changed, and COMRESET took settings, DMA Setup auto-activation at least (Serial ATA 3.x, 13.3): libata
/// identifies, configures and identifies once more (ata_dev_revalidate, ata_set_mode).
void AhciDriver::identify_again(unsigned attempt) {
  // IDENTIFY's data may have been lost on the way like any other (libata-eh.c, ata_eh_recover).
  const auto failed = [=] {
    if (attempt < static_cast<unsigned>(parameters_.probe.reset_tries())) return recover_with_reset(attempt + 1);
    give_up("IDENTIFY DEVICE failed after each of " + std::to_string(attempt) + " COMRESETs");
  };
  ask_identity([=](bool ok) {
    if (!ok) return failed();
    const Identify again = Identify::parse(slots_.buffer(CommandSlots::internal));
    if (again.logical_sectors != identify_.logical_sectors || again.serial != identify_.serial)
      return give_up("another device answers after COMRESET");
    set_auto_activate();
    set_modes();
    script_.call([=] {
      ask_identity([=](bool still_ok) {
        if (!still_ok) return failed();
        take_identity();
        for (std::uint32_t left = late_ ? late_ : suspects_; left; left &= left - 1) {
          const auto slot = static_cast<unsigned>(__builtin_ctz(left));
          Request& request = *commands_[slot].request;
          if (++request.progress.tries >= parameters_.tries())
            fail_command(slot, late_ ? RequestStatus::timed_out : RequestStatus::bus_error);
        }
        end_recovery();
      });
    });
  });
}

/// The command in `slot` failed with these registers: for good, or is there another try (libata-eh.c, ata_eh_worth_retry)?
void AhciDriver::blame(unsigned slot, std::uint8_t status, std::uint8_t error, std::uint64_t lba) {
  if (!(suspects_ & 1u << slot)) return;
  Request& request = *commands_[slot].request;
  request.ata_status = status;
  request.ata_error = error;
  request.error_lba = lba << queue_.disk.lba_shift;
  const bool bus = (recovery_is_ & (PxIS_HBDS | PxIS_HBFS | PxIS_IFS)) || (error & wire::error::ICRC);
  const bool media = !bus && (error & (wire::error::UNC | wire::error::AMNF));
  if (media)
    fail_command(slot, RequestStatus::media_error);
  else if (++request.progress.tries >= parameters_.tries())
    fail_command(slot, bus ? RequestStatus::bus_error : RequestStatus::device_error);
}

void AhciDriver::fail_command(unsigned slot, RequestStatus status) {
  Request& request = *commands_[slot].request;
  suspects_ &= ~(1u << slot);
  if (tags_) tags_->at(port_, slot) = nullptr;
  request.status = status;
  request.progress.step_issued = true;  // nothing more of it is sent
  if (request.is_linked()) request.unlink();
  if (--request.progress.open == 0) queue_.end_step(request);
}

/// What is left of the suspects is issued again; what failed goes back to the programs.
void AhciDriver::end_recovery() {
  retry_ |= suspects_;  // some may still wait since the recovery before
  suspects_ = late_ = 0;
  queue_.set_state(State::running);
  queue_.deliver_failed();
  processor_.poke();
}

/// The device is dead: every request ends.
void AhciDriver::fail_everything() {
  const kit::Duration at = calendar_.now();
  const std::uint32_t open = queued_ | plain_ | retry_ | suspects_;
  queued_ = plain_ = retry_ = suspects_ = 0;
  for (std::uint32_t left = open; left; left &= left - 1) {
    const auto slot = static_cast<unsigned>(__builtin_ctz(left));
    Request& request = *commands_[slot].request;
    if (tags_) tags_->at(port_, slot) = nullptr;
    request.status = RequestStatus::gone;
    if (--request.progress.open == 0 && !request.is_linked()) queue_.finish(request, at);
  }
  queue_.fail_waiting(RequestStatus::gone);
}

}  // namespace ahcisim::host
