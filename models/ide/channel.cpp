// SPDX-License-Identifier: MIT
// The host's accesses to a channel's registers, and what they set off.
#include <ahcisim/models/ide/channel.hpp>

#include <algorithm>
#include <utility>

namespace ahcisim::ide {

using kit::Duration;
namespace status = wire::status;

namespace {
/// Nobody drives the bus: DD7 is pulled down, the rest floats high (ATA/ATAPI-6, electrical interface).
constexpr std::uint8_t floating = 0x7f;
constexpr std::uint8_t set_features = 0xef, execute_device_diagnostic = 0x90;
}  // namespace

Channel::Channel(unsigned number, std::string place, Shared& shared, wire::FrameInitiatorSocket& device0,
                 wire::FrameInitiatorSocket& device1)
    : number_{number},
      place_{std::move(place)},
      shared_{shared},
      calendar_{shared.context.calendar},
      timing_{shared.timing},
      master_{number, place_, shared.context, shared.statistics, shared.engine, shared.bus_master_bank},
      end_{End{this, 0, &device0, {}}, End{this, 1, &device1, {}}} {
  for (End& end : end_) {
    end.socket->on_nb_transport_bw<&End::receive>(&end);
    end.drive.r.status.on_read<&Channel::status_read>(this);
  }
  control_.alternate_status.on_read<&Channel::alternate_status_read>(this);
  control_.device_control.on_write<&Channel::device_control_written>(this);
  w_.features.on_write<&Channel::byte_written<TaskFile::features>>(this);
  w_.count.on_write<&Channel::byte_written<TaskFile::count>>(this);
  w_.lba_low.on_write<&Channel::byte_written<TaskFile::lba_low>>(this);
  w_.lba_mid.on_write<&Channel::byte_written<TaskFile::lba_mid>>(this);
  w_.lba_high.on_write<&Channel::byte_written<TaskFile::lba_high>>(this);
  w_.device.on_write<&Channel::device_written>(this);
  w_.command.on_write<&Channel::command_written>(this);
  master_.registers.command.on_write<&Channel::bus_master_written>(this);
}

void Channel::begin_access(Duration when) {
  if (!end_[0].drive.updates.empty() || !end_[1].drive.updates.empty()) catch_up(when);
  at_ = when;
  master_.update(when);
}

/// The controller's share and one cycle on the cable, at the speed of the device that is selected.
Duration Channel::register_time(Duration when) const {
  return when + timing_.register_access + timing_.register_cycle(end_[select_].drive.modes);
}

Duration Channel::read_command_block(unsigned offset, std::uint8_t* to, std::uint32_t bytes, Duration when) {
  begin_access(when);
  if (selected().drive.present) {
    selected().drive.r.bank.read(offset, to, bytes);
  } else {
    // Device 0 answers for a device 1 that is not there, with Status 00h (ATA/ATAPI-6, Device 0 only configurations).
    if (end_[0].drive.present)
      end_[0].drive.r.bank.peek(offset, to, bytes);
    else
      std::fill(to, to + bytes, floating);
    if (offset + bytes == 8) to[bytes - 1] = status_now();
  }
  return register_time(when);
}

Duration Channel::write_command_block(unsigned offset, const std::uint8_t* from, std::uint32_t bytes, Duration when) {
  begin_access(when);
  if (control_.device_control.HOB) {
    control_.device_control.HOB = 0;
    show_task_files();
  }
  w_.bank.write(offset, from, bytes);
  return register_time(when);
}

Duration Channel::read_control_block(unsigned offset, std::uint8_t* to, std::uint32_t bytes, Duration when) {
  begin_access(when);
  control_.read.read(offset, to, bytes);
  return register_time(when);
}

Duration Channel::write_control_block(unsigned offset, const std::uint8_t* from, std::uint32_t bytes, Duration when) {
  begin_access(when);
  control_.written.write(offset, from, bytes);
  return register_time(when);
}

bool Channel::peek_command_block(unsigned offset, std::uint8_t* to, std::uint32_t bytes) const {
  return end_[select_].drive.r.bank.peek(offset, to, bytes);
}
bool Channel::peek_control_block(unsigned offset, std::uint8_t* to, std::uint32_t bytes) const {
  if (!control_.read.peek(offset, to, bytes)) return false;
  if (offset <= 2 && offset + bytes > 2) to[2 - offset] = status_now();
  return true;
}

std::uint8_t Channel::status_now() const {
  const Drive& drive = end_[select_].drive;
  if (drive.present) return static_cast<std::uint8_t>(drive.r.status.value());
  return end_[0].drive.present ? 0 : floating;
}

/// Reading Status acknowledges the interrupt; reading Alternate Status does not.
void Channel::status_read() {
  bool& interrupt = selected().drive.interrupt;
  if (at_ < settled_ && !interrupt)
    diagnose("Status read within 400 ns of a write to Command or Device (ATA/ATAPI-6, Status register)");
  interrupt = false;
  drive_line(at_);
}
void Channel::alternate_status_read() { control_.alternate_status.set(status_now()); }

/// Both devices take what the host writes, unless they own their command block.
template <unsigned index>
void Channel::byte_written(const kit::Written& w) {
  if (selected().drive.busy())
    return diagnose("task file written while BSY or DRQ is one: ignored (ATA/ATAPI-6, bus idle protocol)");
  for (End& end : end_)
    if (!end.drive.busy()) end.drive.task_file.push(index, static_cast<std::uint8_t>(w.data));
  show_task_files();
}

void Channel::show_task_files() {
  for (End& end : end_) end.drive.show(control_.device_control.HOB);
}

void Channel::device_written(const kit::Written&) {
  const unsigned before = select_;
  select_ = w_.device.DEV;
  if (end_[before].drive.busy()) diagnose("Device written while BSY or DRQ is one (ATA/ATAPI-6, bus idle protocol)");
  for (End& end : end_)
    if (!end.drive.busy()) end.drive.r.device.set(w_.device.value());
  if (select_ == before) return;
  settled_ = at_ + timing_.settle;
  drive_line(at_);
  resume(at_);
}

void Channel::command_written(const kit::Written& w) {
  const auto opcode = static_cast<std::uint8_t>(w.data);
  settled_ = at_ + timing_.settle;
  if (opcode == execute_device_diagnostic) return execute_diagnostic();
  End& end = selected();
  if (!end.drive.present) return;
  if (end.drive.busy())
    return diagnose("Command written while BSY or DRQ is one: ignored (ATA/ATAPI-6, bus idle protocol)");
  if (control_.device_control.SRST)
    return diagnose("Command written while SRST is one: ignored (ATA/ATAPI-6, software reset protocol)");
  if (end_[1 - end.number].drive.busy())
    diagnose("command while the channel's other device is busy (ATA/ATAPI-6, bus idle protocol)");
  give_command(end, opcode);
}

/// BSY is set at once, INTRQ of the command before is gone, and the device has the task file.
void Channel::give_command(End& end, std::uint8_t opcode) {
  Drive& drive = end.drive;
  drive.interrupt = false;
  drive.r.status.set(status::BSY | (drive.r.status.value() & (status::DRDY | status::DSC)));
  drive_line(at_);
  const auto &now = drive.task_file.current, &before = drive.task_file.previous;
  wire::RegisterH2D fis;
  fis.flags = wire::RegisterH2D::C;
  fis.command = opcode;
  fis.features_7_0 = now[TaskFile::features], fis.features_15_8 = before[TaskFile::features];
  fis.count_7_0 = now[TaskFile::count], fis.count_15_8 = before[TaskFile::count];
  fis.lba_7_0 = now[TaskFile::lba_low], fis.lba_15_8 = now[TaskFile::lba_mid], fis.lba_23_16 = now[TaskFile::lba_high];
  fis.lba_31_24 = before[TaskFile::lba_low], fis.lba_39_32 = before[TaskFile::lba_mid],
  fis.lba_47_40 = before[TaskFile::lba_high];
  fis.device = static_cast<std::uint8_t>(drive.r.device.value());
  drive.sets_mode = opcode == set_features && fis.features_7_0 == 0x03;
  drive.mode_asked = fis.count_7_0;
  drive.tag = shared_.board ? shared_.board->at(number_, end.number) : nullptr;
  if (drive.tag) drive.tag->stamp(wire::Stage::fetched, at_.ps());
  shared_.statistics.commands.add();
  wire::Frame frame;
  frame.set(fis);
  frame.tag = drive.tag;
  send(end, frame, wire::SATA_FRAME, at_);
}

/// Both devices execute it, whichever is selected; device 0 reports for both (ATA/ATAPI-6, EXECUTE DEVICE DIAGNOSTIC).
void Channel::execute_diagnostic() {
  if (selected().drive.present && selected().drive.busy())
    return diagnose("Command written while BSY or DRQ is one: ignored (ATA/ATAPI-6, bus idle protocol)");
  select_ = 0;
  w_.device.set(0);
  for (End& end : end_) {
    if (!end.drive.present || end.drive.busy()) continue;
    end.drive.r.device.set(0);
    give_command(end, execute_device_diagnostic);
    end.drive.quiet = end.number == 1 && end_[0].drive.present;
  }
}

void Channel::device_control_written(const kit::Written& w) {
  DeviceControl& control = control_.device_control;
  show_task_files();
  const bool before = control.SRST.of(w.before), now = control.SRST;
  if (now && !before) begin_software_reset();
  if (now != before)
    for (End& end : end_)
      if (end.drive.present) send_control(end, now ? 0x04 : 0x00, at_);
  drive_line(at_);
}

/// ATA/ATAPI-6, software reset protocol: both devices stop what they do; Device is cleared, so that device 0 is
/// selected.
void Channel::begin_software_reset() {
  select_ = 0;
  w_.device.set(0);
  for (End& end : end_) {
    if (!end.drive.present) continue;
    end.drive.begin_reset();
    end.drive.r.device.set(0);
  }
}

/// INTRQ is the selected device's; its rising edge is what the bus master remembers.
void Channel::drive_line(Duration when) {
  const Drive& drive = selected().drive;
  const bool level = drive.present && drive.interrupt && !control_.device_control.nIEN;
  if (level == line_) return;
  line_ = level;
  if (level) {
    master_.interrupt();
    shared_.statistics.interrupts.add();
  }
  shared_.interrupt->set_interrupt(number_, level, calendar_.annotate(when + timing_.interrupt_delay));
}

void Channel::bus_master_written(const kit::Written& w) {
  const BMIC& command = master_.registers.command;
  const bool before = command.SSBM.of(w.before), now = command.SSBM;
  if (now && before && command.RWCON.of(w.before) != command.RWCON)
    diagnose("RWCON changed while SSBM is one (Bus Master IDE 1.0, Command Register)");
  if (now == before) return;
  if (!now) return master_.stop();
  master_.start(at_);
  resume(at_);
}

}  // namespace ahcisim::ide
