// SPDX-License-Identifier: MIT
// The ATA commands of a device with the PACKET feature set, one row each (ACS-3, table "Command codes"). What has no row is aborted.
#include <ahcisim/models/disk/ata/identify_page.hpp>
#include <ahcisim/models/disk/optical/atapi_device.hpp>

namespace ahcisim::disk::optical {

namespace status = wire::status;

/// Access to the device's handlers for the table below. DEVICE RESET is not here: it is taken at any time.
struct AtapiTable {
  using D = AtapiDevice;
  static constexpr AtapiRow rows[] = {
      {0x00, "NOP", &D::do_abort},
      {0x20, "READ SECTOR(S)", &D::do_not_for_packet_devices},
      {0x90, "EXECUTE DEVICE DIAGNOSTIC", &D::do_diagnostic},
      {0xa0, "PACKET", &D::do_packet},
      {0xa1, "IDENTIFY PACKET DEVICE", &D::do_identify_packet},
      {0xe0, "STANDBY IMMEDIATE", &D::do_power},
      {0xe1, "IDLE IMMEDIATE", &D::do_power},
      {0xe5, "CHECK POWER MODE", &D::do_power},
      {0xe6, "SLEEP", &D::do_power},
      {0xec, "IDENTIFY DEVICE", &D::do_not_for_packet_devices},
      {0xef, "SET FEATURES", &D::do_set_features},
  };
  static constexpr std::array<const AtapiRow*, 256> by_opcode() {
    std::array<const AtapiRow*, 256> index{};
    for (const AtapiRow& row : rows) index[row.opcode] = &row;
    return index;
  }
};

const AtapiRow* find_atapi_command(std::uint8_t opcode) {
  static constexpr std::array<const AtapiRow*, 256> index = AtapiTable::by_opcode();
  return index[opcode];
}

/// The abort tells what the device is: the signature is in the registers (ACS-3, IDENTIFY DEVICE, outputs for PACKET devices).
void AtapiDevice::do_not_for_packet_devices() {
  result_.count_7_0 = result_.lba_7_0 = 1;
  result_.lba_15_8 = port_.signature().lba_15_8, result_.lba_23_16 = port_.signature().lba_23_16;
  abort();
}

/// The result is the signature (ACS-3, EXECUTE DEVICE DIAGNOSTIC).
void AtapiDevice::do_diagnostic() { port_.begin_reset(Reset::diagnostic); }

/// PIO data-in of one block, whose PIO Setup tells the ending status (Serial ATA 3.x, chapter 11).
void AtapiDevice::do_identify_packet() {
  write_identify_packet({parameters_, settings_, port_.speed()}, bounce_.data());
  wire::PioSetup setup;
  setup.flags = wire::PioSetup::D | wire::PioSetup::I;
  setup.status = status::DRDY | status::DSC | status::DRQ;
  setup.e_status = status::DRDY | status::DSC;
  setup.device = result_.device;
  setup.transfer_count_15_8 = 512 >> 8;
  wire::Frame frame;
  frame.set(setup);
  const std::uint64_t serial = serial_;
  kit::Duration when = port_.send(frame, calendar_.now());
  if (serial != serial_) return;
  wire::Frame data;
  data.fis[0] = static_cast<std::uint8_t>(wire::FisType::data);
  data.fis_bytes = sizeof(wire::OneDwordFis);
  data.payload = bounce_.data();
  data.payload_bytes = 512;
  when = port_.send(data, when);
  if (serial != serial_) return;
  if (data.verdict != wire::Verdict::r_ok) return link_refused(data.verdict, when);
  busy_ = false;
  phase_ = Phase::idle;
  statistics_.service.add(when - command_.arrival);
}

void AtapiDevice::do_set_features() {
  const wire::RegisterH2D& fis = command_.fis;
  constexpr std::uint8_t transfer_mode = 0x03, sata_on = 0x10, sata_off = 0x90, preservation = 0x06;
  bool known = false;
  if (fis.features_7_0 == transfer_mode) {
    known = fis.count_7_0 != (8 << 3 | 6) && select_transfer_mode(fis.count_7_0, settings_.multiword_dma, settings_.ultra_dma);
  } else if ((fis.features_7_0 == sata_on || fis.features_7_0 == sata_off) && fis.count_7_0 == preservation) {
    settings_.preservation = fis.features_7_0 == sata_on;
    known = true;
  }
  known ? end_well() : abort();
}

/// Power Management feature set (ACS-3): standby is a spindle at rest.
void AtapiDevice::do_power() {
  constexpr std::uint8_t idle_immediate = 0xe1, check = 0xe5, sleep = 0xe6;
  const std::uint8_t command = command_.fis.command;
  if (command == check) result_.count_7_0 = mechanism_.spinning() ? 0xff : 0x00;
  else if (command != idle_immediate) mechanism_.stop();
  end_well();
  asleep_ = command == sleep;
}

}  // namespace ahcisim::disk::optical
