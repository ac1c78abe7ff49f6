// SPDX-License-Identifier: MIT
// The pages of the IDENTIFY DEVICE data log. Every page begins with a header qword, every qword is valid with bit 63.
#include <ahcisim/models/disk/ata/identify_log.hpp>

#include <algorithm>

#include <ahcisim/tlm/little_endian.hpp>

namespace ahcisim::disk {
namespace {

constexpr std::uint64_t valid = std::uint64_t{1} << 63;

void put(std::uint8_t* to, unsigned offset, std::uint64_t value) {
  wire::store_le64(to + offset, value);
}
std::uint64_t bit(unsigned position, bool on = true) { return std::uint64_t{on} << position; }

void list_of_pages(const IdentifyInputs& in, std::uint8_t* to) {
  constexpr std::uint8_t pages[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x08};
  const unsigned count = std::size(pages) - in.parameters.parallel();  // the last is of Serial ATA
  to[8] = static_cast<std::uint8_t>(count);
  std::copy(pages, pages + count, to + 9);
}
void capacity(const IdentifyInputs& in, std::uint8_t* to) {
  put(to, 8, valid | in.facts.sectors);
  put(to, 16, valid | bit(62, in.facts.physical_exponent != 0) | std::uint64_t{in.facts.physical_exponent} << 16);
  if (in.facts.buffer_sectors) put(to, 32, valid | std::uint64_t{in.facts.buffer_sectors} * 512);  // nominal buffer size
}
void capabilities(const IdentifyInputs& in, std::uint8_t* to) {
  put(to, 8,
      valid | bit(2)                                // READ LOG DMA EXT, WRITE LOG DMA EXT
          | bit(7) | bit(8) | bit(23)               // SMART error logging, self-test, feature set
          | bit(11) | bit(12)                       // General Purpose Logging, WRITE … FUA EXT
          | bit(20) | bit(32)                       // 48-bit, 28-bit
          | bit(22) | bit(24) | bit(25) | bit(29)   // FLUSH CACHE EXT, write cache, look-ahead, NOP
          | bit(31, in.facts.trim) | bit(39, in.facts.trim));  // RZAT, DRAT
  put(to, 24, valid | in.facts.rotation_rate);
  put(to, 32, valid | in.facts.form_factor);
  put(to, 56, world_wide_name(in.parameters));
  put(to, 64, valid);  // bit 127 of the World Wide Name field
  put(to, 72, valid | bit(0, in.facts.trim));
  if (in.parameters.queued() > 0) put(to, 136, valid | static_cast<std::uint64_t>(in.parameters.queued() - 1));
}
void settings(const IdentifyInputs& in, std::uint8_t* to) {
  put(to, 8, valid | bit(6, in.settings.smart) | bit(7, in.settings.look_ahead) | bit(11, in.settings.revert_on_reset) |
                 bit(13, in.settings.write_cache));
}
void strings(const IdentifyInputs& in, std::uint8_t* to) {
  write_ata_string(in.parameters.serial(), to + 8, 20);
  write_ata_string(in.parameters.firmware(), to + 32, 8);
  write_ata_string(in.parameters.model(), to + 48, 40);
}
void serial_ata(const IdentifyInputs& in, std::uint8_t* to) {
  const bool queues = in.parameters.queued() > 0;
  put(to, 8, valid | bit(0) | bit(1) | bit(2)             // Gen1, Gen2, Gen3
                 | bit(7, queues) | bit(11, queues && in.facts.priority)  // NCQ, its priority
                 | bit(14)                                // READ LOG DMA EXT as READ LOG EXT
                 | bit(17, queues && in.facts.trim)       // SEND FPDMA QUEUED
                 | bit(18, in.parameters.non_zero_offsets()) | bit(19, in.parameters.auto_activate()) |
                 bit(23));                                // software settings preservation
  put(to, 16, valid | in.speed | bit(3, in.settings.non_zero_offsets) | bit(4, in.settings.auto_activate) |
                  bit(8, in.settings.preservation));
}

}  // namespace

void write_identify_log(const IdentifyInputs& inputs, unsigned page, std::uint8_t* to) {
  using Writer = void (*)(const IdentifyInputs&, std::uint8_t*);
  constexpr Writer writers[identify_log_pages] = {list_of_pages, nullptr, capacity, capabilities, settings,
                                                  strings,       nullptr, nullptr,  serial_ata};
  std::fill(to, to + 512, std::uint8_t{0});
  if (page == 0x01) return write_identify(inputs, to);
  if (page >= identify_log_pages || !writers[page]) return;
  if (writers[page] == serial_ata && inputs.parameters.parallel()) return;
  put(to, 0, valid | std::uint64_t{page} << 16 | 1);  // page number, revision
  writers[page](inputs, to);
}

}  // namespace ahcisim::disk
