// SPDX-License-Identifier: MIT
// The IDE driver's error handling after libata: what the device says, software reset where it says nothing, another
// try.
#include <ahcisim/models/host/ide_driver.hpp>

#include <initializer_list>
#include <string>

#include <ahcisim/models/host/ata_commands.hpp>

namespace ahcisim::host {

using namespace ide_name;

namespace {
/// Recoveries in a row without one command done in between, after which the device is given up.
constexpr unsigned most_recoveries_in_row = 20;
}  // namespace

void IdeDriver::begin_recovery(Fault fault, std::uint8_t status, bool late) {
  queue_.set_state(State::recovering);
  statistics_.recoveries.add();
  fault_ = fault;
  fault_status_ = status;
  late_ = late;
  suspect_ = true;
  phase_ = Phase::idle;
  task_at_ = kit::Duration::never();
  if (tags_) tags_->at(channel_, device_) = nullptr;
  if (++recoveries_in_row_ > most_recoveries_in_row) {
    script_.call([this] { give_up("errors without end: the device is given up"); });
  } else if (fault == Fault::protocol) {
    script_.call([this] { recover_with_reset(1); });
  } else {
    script_.call([this] { read_error(); });
  }
  processor_.poke();
}

/// The device reported an error and is alive: its registers say which (ata_sff_tf_read).
void IdeDriver::read_error() {
  script_.read(port(Status), [this](std::uint32_t status) {
    if (status & busy_bits) return recover_with_reset(1);
    unsigned next = 0;
    const auto read = [&](std::initializer_list<unsigned> registers) {
      for (const unsigned each : registers) {
        script_.read(port(each), [this, next](std::uint32_t value) { error_registers_[next] = static_cast<std::uint8_t>(value); }, 1);
        ++next;
      }
    };
    read({Error, LBALow, LBAMid, LBAHigh, Device});
    if (ata_command::is_extended(command_.task_file.command)) {
      script_.write(control_, DeviceControl_obsolete | DeviceControl_HOB, 1);
      read({LBALow, LBAMid, LBAHigh});
      script_.write(control_, DeviceControl_obsolete, 1);
    }
    script_.call([this, status] { error_is_read(static_cast<std::uint8_t>(status)); });
  }, 1);
}

/// A command of 28 bits has the highest four in DEVICE; one of 48 bits the rest behind HOB.
void IdeDriver::error_is_read(std::uint8_t status) {
  const auto& [error, low, mid, high, device, low2, mid2, high2] = error_registers_;
  const std::uint64_t lower = low | std::uint64_t{mid} << 8 | std::uint64_t{high} << 16;
  const std::uint64_t upper = ata_command::is_extended(command_.task_file.command)
                                  ? low2 | std::uint64_t{mid2} << 8 | std::uint64_t{high2} << 16 : device & 0xfu;
  blame(true, status, error, lower | upper << 24);
  end_recovery();
}

/// The bus master is stopped, the channel reset, as often as it takes (ata_bmdma_error_handler, ata_sff_softreset).
void IdeDriver::recover_with_reset(unsigned attempt) {
  if (bus_master_) {
    script_.read(bus_master(BMICX), [this](std::uint32_t command) {
      script_.write(bus_master(BMICX), command & ~std::uint32_t{BMICX_SSBM}, 1);
    }, 1);
    script_.read(bus_master(BMISX), [this](std::uint32_t status) { script_.write(bus_master(BMISX), status, 1); }, 1);
  }
  script_.write(control_, DeviceControl_obsolete | DeviceControl_nIEN, 1);
  script_.call([=] {
    check_presence(0);
    check_presence(1);
    script_.call([=] {
      present_[device_] = true;  // it was there, and may be too busy to be seen
      soft_reset([=] {
        if (present_[device_]) return revalidate(attempt);
        if (attempt >= static_cast<unsigned>(parameters_.probe.reset_tries()))
          return give_up("no device answers after " + std::to_string(attempt) + " resets of IDE channel " + std::to_string(channel_));
        recover_with_reset(attempt + 1);
      });
    });
  });
}

/// The device may have changed, and the reset took settings: libata identifies, configures and identifies once more.
void IdeDriver::revalidate(unsigned attempt) {
  const auto failed = [=] {
    if (attempt < static_cast<unsigned>(parameters_.probe.reset_tries())) return recover_with_reset(attempt + 1);
    give_up("IDENTIFY DEVICE failed after each of " + std::to_string(attempt) + " resets");
  };
  ask_identity([=](bool ok) {
    if (!ok) return failed();
    const Identify again = Identify::parse(identity_.data());
    if (again.logical_sectors != identify_.logical_sectors || again.serial != identify_.serial)
      return give_up("another device answers after a reset");
    set_modes();
    script_.call([=] {
      ask_identity([=](bool still_ok) {
        if (!still_ok) return failed();
        take_identity();
        enable_interrupts();
        script_.call([this] {
          blame(false, fault_status_, 0, 0);
          end_recovery();
        });
      });
    });
  });
}

/// The command failed: for good, or is there another try (libata-eh.c, ata_eh_worth_retry)?
void IdeDriver::blame(bool device_reported, std::uint8_t status, std::uint8_t error, std::uint64_t lba) {
  Request& request = *command_.request;
  const bool bus = fault_ != Fault::device || (error & wire::error::ICRC);
  if (device_reported) {
    request.ata_status = status;
    request.ata_error = error;
    request.error_lba = lba << queue_.disk.lba_shift;
    if (!bus && (error & (wire::error::UNC | wire::error::AMNF))) return fail_command(RequestStatus::media_error);
  }
  if (++request.progress.tries >= parameters_.tries())
    fail_command(late_ ? RequestStatus::timed_out : bus ? RequestStatus::bus_error : RequestStatus::device_error);
}

void IdeDriver::fail_command(RequestStatus status) {
  Request& request = *command_.request;
  suspect_ = false;
  request.status = status;
  request.progress.step_issued = true;  // nothing more of it is sent
  if (request.is_linked()) request.unlink();
  --request.progress.open;
  queue_.end_step(request);
}

/// What was not failed is issued again; what failed goes back to its program.
void IdeDriver::end_recovery() {
  retry_ = suspect_;
  suspect_ = late_ = false;
  queue_.set_state(State::running);
  queue_.deliver_failed();
  processor_.poke();
}

/// The device is dead: every request ends.
void IdeDriver::fail_everything() {
  const bool open = phase_ != Phase::idle || retry_ || suspect_;
  phase_ = Phase::idle;
  retry_ = suspect_ = false;
  if (open) {
    Request& request = *command_.request;
    request.status = RequestStatus::gone;
    --request.progress.open;
    if (!request.is_linked()) queue_.finish(request, calendar_.now());
  }
  queue_.fail_waiting(RequestStatus::gone);
}

}  // namespace ahcisim::host
