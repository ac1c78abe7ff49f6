// SPDX-License-Identifier: MIT
// What the driver keeps in memory for the HBA: command list, received FISes, command tables, and a buffer for each slot.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include <ahcisim/models/host/ahci_names.hpp>
#include <ahcisim/models/host/memory.hpp>
#include <ahcisim/tlm/fis.hpp>

namespace ahcisim::host {

class CommandSlots {
 public:
  static constexpr unsigned count = 32;
  /// A table and a buffer of 512 bytes for the driver's own commands, which go through slot 0 of the command list.
  static constexpr unsigned internal = 32;
  /// PRDs of one command table: as many as Linux gives it (ahci.h AHCI_MAX_SG).
  static constexpr unsigned max_prds = 168;

  /// Takes the memory. `buffer_bytes` for each slot, `segment` bytes for each PRD of these buffers.
  CommandSlots(Memory& memory, std::uint32_t buffer_bytes, std::uint32_t segment);

  std::uint64_t command_list() const { return command_list_; }
  std::uint64_t received_fis() const { return received_; }
  const std::uint8_t* received_fis_data() const { return received_data_; }
  /// What the last Register FIS received says about the first logical sector in error of the slot's command, which was not
  /// queued (ACS-3, the error outputs of the commands); 0 where none has come (AHCI 1.3.1, 4.2.1).
  std::uint64_t first_bad_lba(unsigned slot) const {
    wire::RegisterD2H fis;
    std::memcpy(&fis, received_data_ + ahci_name::RFIS, sizeof fis);
    if (fis.fis_type != static_cast<std::uint8_t>(wire::FisType::register_d2h)) return 0;
    const std::uint8_t command = slots_[slot].table[2];
    const std::uint64_t low = fis.lba_7_0 | std::uint64_t{fis.lba_15_8} << 8 | std::uint64_t{fis.lba_23_16} << 16;
    // A command of 28 bits has the highest four in DEVICE.
    if (command == ata_command::READ_DMA || command == ata_command::WRITE_DMA)
      return low | std::uint64_t{fis.device & 0xfu} << 24;
    return low | std::uint64_t{fis.lba_31_24} << 24 | std::uint64_t{fis.lba_39_32} << 32 | std::uint64_t{fis.lba_47_40} << 40;
  }
  std::uint8_t* buffer(unsigned slot) { return slots_[slot].buffer; }
  std::uint32_t buffer_bytes() const { return buffer_bytes_; }

  /// Begins a PRDT.
  void clear_prds(unsigned slot) { slots_[slot].prds = 0; }
  /// Adds an entry (AHCI 1.3.1, 4.2.3.3); false where the table is full. Range of bytes: 1 … 4 MiB.
  bool add_prd(unsigned slot, std::uint64_t address, std::uint32_t bytes) {
    Slot& here = slots_[slot];
    if (here.prds == max_prds) return false;
    std::uint8_t* const entry = here.table + 0x80 + 16 * here.prds++;
    wire::store_le32(entry, static_cast<std::uint32_t>(address));
    wire::store_le32(entry + 4, static_cast<std::uint32_t>(address >> 32));
    wire::store_le32(entry + 8, 0);
    wire::store_le32(entry + 12, bytes - 1);
    return true;
  }
  /// The PRDT covers the first `bytes` of the slot's own buffer.
  void use_buffer(unsigned slot, std::uint32_t bytes) {
    clear_prds(slot);
    for (std::uint32_t done = 0; done < bytes; done += segment_)
      add_prd(slot, slots_[slot].buffer_address + done, bytes - done < segment_ ? bytes - done : segment_);
  }
  /// Command FIS and command header; the PRDT is made before.
  void put(unsigned slot, const wire::RegisterH2D& fis, bool write) {
    const Slot& here = slots_[slot];
    std::memcpy(here.table, &fis, sizeof fis);
    fis_dwords_[slot] = sizeof fis / 4 | (write ? ahci_name::CH_write : 0) | here.prds << 16;
    prepare_again(slot);
  }
  /// The header once more, for a command that is issued again.
  void prepare_again(unsigned slot) {
    const Slot& here = slots_[slot];
    wire::store_le32(here.header, fis_dwords_[slot]);
    wire::store_le32(here.header + 4, 0);
    wire::store_le32(here.header + 8, static_cast<std::uint32_t>(here.table_address));
    wire::store_le32(here.header + 12, static_cast<std::uint32_t>(here.table_address >> 32));
  }

 private:
  struct Slot {
    std::uint8_t *header, *table, *buffer;
    std::uint64_t table_address, buffer_address;
    unsigned prds = 0;
  };
  std::uint64_t command_list_ = 0, received_ = 0;
  const std::uint8_t* received_data_ = nullptr;
  std::uint32_t buffer_bytes_, segment_;
  std::array<Slot, count + 1> slots_{};
  std::array<std::uint32_t, count + 1> fis_dwords_{};
};

}  // namespace ahcisim::host
