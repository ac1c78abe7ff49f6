// SPDX-License-Identifier: MIT
// A command inside the ATA device: its row in the command table, its registers, and how far its data has moved.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include <ahcisim/models/disk/ata/chs.hpp>
#include <ahcisim/models/disk/medium.hpp>
#include <ahcisim/models/kit/units.hpp>
#include <ahcisim/tlm/fis.hpp>
#include <ahcisim/tlm/request_tag.hpp>

namespace ahcisim::disk {

class AtaDevice;
struct Command;

/// ACS-3, and Serial ATA 3.x, chapter 11: how a command's data and status pass.
enum class AtaProtocol : std::uint8_t { non_data, pio_in, pio_out, dma_in, dma_out, fpdma_in, fpdma_out, diagnostic };

/// One row of the command table.
struct CommandRow {
  std::uint8_t opcode;
  const char* name;      ///< as in ACS-3, table of command codes
  AtaProtocol protocol;
  bool ext;              ///< 48-bit addresses and 16-bit counts (ACS-3)
  void (AtaDevice::*handler)(Command&);
  bool multiple = false; ///< DRQ blocks of several sectors (SET MULTIPLE MODE)
  bool fua = false;      ///< WRITE … FUA EXT
};
/// The row of a command code; nullptr where the device does not know it.
const CommandRow* find_command(std::uint8_t opcode);

/// One of the 32 queued commands, or the one that is not queued.
struct Command {
  MediaRequest media;                 ///< media.index is the command's own index
  const CommandRow* row = nullptr;
  wire::RegisterH2D fis;
  wire::RequestTag* tag = nullptr;
  std::uint64_t number = 0;           ///< which command of the device's life it is: ErrorLog::note()
  kit::Duration received;             ///< when the command FIS had arrived
  kit::Duration done_at;              ///< when the medium says it may be reported
  std::uint64_t lba = 0;              ///< first sector of the data, where it comes from the medium
  std::uint32_t bytes = 0;            ///< data to move in all
  std::uint32_t moved = 0;            ///< data moved so far
  std::uint32_t begin = 0, end = 0;   ///< the part of the data that the present data phase moves
  std::uint32_t fail_at = UINT32_MAX; ///< where an unreadable sector begins, counted from the first byte
  bool chs = false;                   ///< its address is a cylinder, a head and a sector
  bool at_medium = false;             ///< between Medium::submit() and MediumClient::complete()
  std::uint8_t* buffer = nullptr;     ///< where the data is the device's own (IDENTIFY, logs, TRIM), not the medium's
  std::vector<LbaRange> trims;        ///< what a TRIM names
  std::vector<std::uint8_t> own;      ///< the buffer of a queued command

  bool writes() const {
    return row->protocol == AtaProtocol::pio_out || row->protocol == AtaProtocol::dma_out || row->protocol == AtaProtocol::fpdma_out;
  }
  bool queued() const { return row->protocol == AtaProtocol::fpdma_in || row->protocol == AtaProtocol::fpdma_out; }
  /// The first LBA in the form that the command's registers have.
  std::uint64_t lba_field() const {
    return row->ext ? fis.lba48() : (fis.lba48() & 0xff'ffff) | std::uint64_t{fis.device & 0xfu} << 24;
  }
  /// Count in its command's form: 0 means 256, or 65536 with EXT.
  std::uint32_t count_field() const {
    const std::uint32_t count = row->ext ? fis.count() : fis.count_7_0;
    return count != 0 ? count : row->ext ? 65536u : 256u;
  }
};

/// Commands in the order of a time. Times come nearly in order, so an insertion from behind touches few entries.
class Agenda {
 public:
  struct Entry {
    kit::Duration when;
    unsigned index;
  };
  bool empty() const { return first_ == last_; }
  const Entry& front() const { return entries_[first_]; }
  void add(kit::Duration when, unsigned index) {
    if (last_ == entries_.size()) compact();
    unsigned place = last_++;
    for (; place > first_ && when < entries_[place - 1].when; --place) entries_[place] = entries_[place - 1];
    entries_[place] = {when, index};
  }
  void pop() {
    if (++first_ == last_) first_ = last_ = 0;
  }
  void clear() { first_ = last_ = 0; }

 private:
  void compact() {
    std::copy(entries_.begin() + first_, entries_.begin() + last_, entries_.begin());
    last_ -= first_;
    first_ = 0;
  }
  std::array<Entry, 128> entries_{};  // of which at most 33 are live
  unsigned first_ = 0, last_ = 0;
};

/// What SET FEATURES and its kin change (ACS-3, SET FEATURES; Serial ATA 3.x, 13.3).
struct Settings {
  bool write_cache = true, look_ahead = true;
  bool write_cache_wanted = true;    ///< what SET FEATURES asked for, where SCT Feature Control forces another
  bool auto_activate = false, non_zero_offsets = false;
  bool preservation = true;          ///< software settings preservation: COMRESET keeps what is above and below
  bool revert_on_reset = false;      ///< SET FEATURES CCh: SRST reverts to the power-on defaults
  bool smart = true;
  std::uint8_t multiple = 16;        ///< sectors to a DRQ block of READ/WRITE MULTIPLE; 0 = disabled
  std::uint8_t multiword_dma = 0xff, ultra_dma = 6;  ///< the mode selected; 0xff = the other kind is
  ChsTranslation chs;                ///< INITIALIZE DEVICE PARAMETERS; software settings preservation keeps it
  std::uint8_t standby_timer = 0;    ///< the code of ACS-3, table "Standby timer periods"
};

}  // namespace ahcisim::disk
