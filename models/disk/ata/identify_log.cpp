// SPDX-License-Identifier: MIT
// The pages of the IDENTIFY DEVICE data log. Every page begins with a header qword, every qword is valid with bit 63.
#include <ahcisim/models/disk/ata/identify_log.hpp>

#include <algorithm>

namespace ahcisim::disk {
namespace {

constexpr std::uint64_t valid = std::uint64_t{1} << 63;

void put(std::uint8_t* to, unsigned offset, std::uint64_t value) {
  for (unsigned i = 0; i < 8; ++i) to[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
}
std::uint64_t bit(unsigned position, bool on = true) { return std::uint64_t{on} << position; }

void list_of_pages(const IdentifyInputs&, std::uint8_t* to) {
  constexpr std::uint8_t pages[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x08};
  to[8] = std::size(pages);
  std::copy(std::begin(pages), std::end(pages), to + 9);
}
void capacity(const IdentifyInputs& in, std::uint8_t* to) {
  put(to, 8, valid | in.facts.sectors);
  const bool large = in.facts.physical_exponent != 0;
  put(to, 16, valid | bit(62, large) | std::uint64_t{in.facts.physical_exponent} << 16);
  put(to, 24, valid | 512);
}
void capabilities(const IdentifyInputs& in, std::uint8_t* to) {
  // Supported capabilities: the bits that this device has, in the order of the page's table.
  put(to, 8, valid | bit(2) | bit(5) | bit(6) | bit(9) | bit(14) | bit(16));
  put(to, 16, valid);
  put(to, 32, valid | in.facts.rotation_rate);
  put(to, 40, valid | in.facts.form_factor);
}
void settings(const IdentifyInputs& in, std::uint8_t* to) {
  put(to, 8, valid | bit(5, in.settings.write_cache) | bit(6, in.settings.look_ahead));
}
void strings(const IdentifyInputs& in, std::uint8_t* to) {
  put(to, 0, valid | 0x05u << 16 | 1);
  write_ata_string(in.parameters.serial(), to + 8, 20);
  write_ata_string(in.parameters.firmware(), to + 32, 8);
  write_ata_string(in.parameters.model(), to + 48, 40);
}
void serial_ata(const IdentifyInputs& in, std::uint8_t* to) {
  const bool queues = in.parameters.queue_depth() > 0;
  put(to, 8, valid | bit(0) | bit(1) | bit(2) | bit(4, queues));
  put(to, 16, valid | in.speed);
}

}  // namespace

void write_identify_log(const IdentifyInputs& inputs, unsigned page, std::uint8_t* to) {
  using Writer = void (*)(const IdentifyInputs&, std::uint8_t*);
  constexpr Writer writers[identify_log_pages] = {list_of_pages, nullptr, capacity, capabilities, settings,
                                                  strings,       nullptr, nullptr,  serial_ata};
  std::fill(to, to + 512, std::uint8_t{0});
  if (page == 0x01) return write_identify(inputs, to);
  if (page >= identify_log_pages || !writers[page]) return;
  put(to, 0, valid | std::uint64_t{page} << 16 | 1);  // page number, revision
  writers[page](inputs, to);
}

}  // namespace ahcisim::disk
