// SPDX-License-Identifier: MIT
// The commands of the ATA device, one row each (ACS-3, table "Command codes"). What has no row is aborted.
#include <array>

#include <ahcisim/models/disk/ata_device.hpp>

namespace ahcisim::disk {

/// Access to the device's handlers for the table below.
struct CommandTable {
  using D = AtaDevice;
  using P = AtaProtocol;
  static constexpr bool ext = true, multiple = true, fua = true;
  // opcode, name, protocol, 48-bit, handler, DRQ blocks of several sectors, FUA
  static constexpr CommandRow rows[] = {
      {0x00, "NOP", P::non_data, false, &D::do_abort},
      {0x06, "DATA SET MANAGEMENT", P::dma_out, ext, &D::do_trim},
      {0x10, "RECALIBRATE", P::non_data, false, &D::do_nothing},
      {0x20, "READ SECTOR(S)", P::pio_in, false, &D::do_read},
      {0x24, "READ SECTOR(S) EXT", P::pio_in, ext, &D::do_read},
      {0x25, "READ DMA EXT", P::dma_in, ext, &D::do_read},
      {0x27, "READ NATIVE MAX ADDRESS EXT", P::non_data, ext, &D::do_read_native_max},
      {0x29, "READ MULTIPLE EXT", P::pio_in, ext, &D::do_read, multiple},
      {0x2f, "READ LOG EXT", P::pio_in, ext, &D::do_read_log},
      {0x30, "WRITE SECTOR(S)", P::pio_out, false, &D::do_write},
      {0x34, "WRITE SECTOR(S) EXT", P::pio_out, ext, &D::do_write},
      {0x35, "WRITE DMA EXT", P::dma_out, ext, &D::do_write},
      {0x39, "WRITE MULTIPLE EXT", P::pio_out, ext, &D::do_write, multiple},
      {0x3d, "WRITE DMA FUA EXT", P::dma_out, ext, &D::do_write, false, fua},
      {0x3f, "WRITE LOG EXT", P::pio_out, ext, &D::do_write_log},
      {0x40, "READ VERIFY SECTOR(S)", P::non_data, false, &D::do_verify},
      {0x42, "READ VERIFY SECTOR(S) EXT", P::non_data, ext, &D::do_verify},
      {0x47, "READ LOG DMA EXT", P::dma_in, ext, &D::do_read_log},
      {0x57, "WRITE LOG DMA EXT", P::dma_out, ext, &D::do_write_log},
      {0x60, "READ FPDMA QUEUED", P::fpdma_in, ext, &D::do_queued},
      {0x61, "WRITE FPDMA QUEUED", P::fpdma_out, ext, &D::do_queued},
      {0x64, "SEND FPDMA QUEUED", P::fpdma_out, ext, &D::do_send_queued},
      {0x70, "SEEK", P::non_data, false, &D::do_nothing},
      {0x90, "EXECUTE DEVICE DIAGNOSTIC", P::diagnostic, false, &D::do_diagnostic},
      {0x91, "INITIALIZE DEVICE PARAMETERS", P::non_data, false, &D::do_initialize_parameters},
      {0xb0, "SMART", P::non_data, false, &D::do_smart},
      {0xc4, "READ MULTIPLE", P::pio_in, false, &D::do_read, multiple},
      {0xc5, "WRITE MULTIPLE", P::pio_out, false, &D::do_write, multiple},
      {0xc6, "SET MULTIPLE MODE", P::non_data, false, &D::do_set_multiple},
      {0xc8, "READ DMA", P::dma_in, false, &D::do_read},
      {0xca, "WRITE DMA", P::dma_out, false, &D::do_write},
      {0xce, "WRITE MULTIPLE FUA EXT", P::pio_out, ext, &D::do_write, multiple, fua},
      {0xe0, "STANDBY IMMEDIATE", P::non_data, false, &D::do_power},
      {0xe1, "IDLE IMMEDIATE", P::non_data, false, &D::do_power},
      {0xe2, "STANDBY", P::non_data, false, &D::do_power},
      {0xe3, "IDLE", P::non_data, false, &D::do_power},
      {0xe5, "CHECK POWER MODE", P::non_data, false, &D::do_power},
      {0xe6, "SLEEP", P::non_data, false, &D::do_power},
      {0xe7, "FLUSH CACHE", P::non_data, false, &D::do_flush},
      {0xea, "FLUSH CACHE EXT", P::non_data, ext, &D::do_flush},
      {0xec, "IDENTIFY DEVICE", P::pio_in, false, &D::do_identify},
      {0xef, "SET FEATURES", P::non_data, false, &D::do_set_features},
      {0xf8, "READ NATIVE MAX ADDRESS", P::non_data, false, &D::do_read_native_max},
  };
  static constexpr std::array<const CommandRow*, 256> by_opcode() {
    std::array<const CommandRow*, 256> index{};
    for (const CommandRow& row : rows) index[row.opcode] = &row;
    return index;
  }
};

const CommandRow* find_command(std::uint8_t opcode) {
  static constexpr std::array<const CommandRow*, 256> index = CommandTable::by_opcode();
  return index[opcode];
}

}  // namespace ahcisim::disk
