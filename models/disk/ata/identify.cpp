// SPDX-License-Identifier: MIT
// IDENTIFY DEVICE: the table of fields and the page made from it.
#include <ahcisim/models/disk/ata/identify.hpp>

#include <algorithm>

namespace ahcisim::disk {
namespace {

using In = IdentifyInputs;
constexpr std::uint64_t max_28 = 0x0fff'ffff;

// Fields that are always one: a feature this device has, or a bit that tells a word is valid.
std::uint64_t one(const In&) { return 1; }
bool queues(const In& in) { return in.parameters.queued() > 0; }
std::uint64_t serial(const In& in) { return !in.parameters.parallel(); }
std::uint64_t parallel(const In& in) { return in.parameters.parallel(); }
/// Words 93 and 222 are another thing on a cable than on a link.
std::uint64_t on_cable(const In& in, std::uint64_t value) { return in.parameters.parallel() ? value : 0; }

// ACS-3, table "IDENTIFY DEVICE data". Words and bits that are missing here read as zero: not supported.
const IdentifyRow rows[] = {
    {0, 6, 6, "obsolete: not removable (ATA-7), still read by firmware", one},
    {1, 15, 0, "obsolete: logical cylinders of the default translation",
     [](const In& in) { return std::max<std::uint64_t>(1, ChsTranslation{}.cylinders(in.facts.sectors)); }},
    {2, 15, 0, "specific configuration: complete, no SET FEATURES needed to spin up", [](const In&) { return std::uint64_t{0xc837}; }},
    {3, 15, 0, "obsolete: logical heads", [](const In&) { return std::uint64_t{ChsTranslation{}.heads}; }},
    {6, 15, 0, "obsolete: logical sectors to a track", [](const In&) { return std::uint64_t{ChsTranslation{}.sectors_per_track}; }},
    {47, 15, 8, "fixed", [](const In&) { return std::uint64_t{0x80}; }},
    {47, 7, 0, "READ/WRITE MULTIPLE: most sectors to a DRQ block", [](const In&) { return std::uint64_t{16}; }},
    {48, 14, 14, "shall be one", one},
    {49, 13, 13, "standby timer values as in the standard", one},
    {49, 11, 11, "IORDY supported", one},
    {49, 10, 10, "IORDY may be disabled", one},
    {49, 9, 9, "LBA supported", one},
    {49, 8, 8, "DMA supported", one},
    {50, 14, 14, "shall be one", one},
    {53, 2, 2, "word 88 is valid", one},
    {53, 1, 1, "words 70:64 are valid", one},
    {53, 0, 0, "obsolete: words 58:54 are valid", one},
    {54, 15, 0, "obsolete: logical cylinders now", [](const In& in) { return in.settings.chs.cylinders(in.facts.sectors); }},
    {55, 15, 0, "obsolete: logical heads now", [](const In& in) { return std::uint64_t{in.settings.chs.heads}; }},
    {56, 15, 0, "obsolete: logical sectors to a track now", [](const In& in) { return std::uint64_t{in.settings.chs.sectors_per_track}; }},
    {57, 31, 0, "obsolete: sectors that these reach", [](const In& in) { return in.settings.chs.reach(in.facts.sectors); }},
    {59, 8, 8, "bits 7:0 are valid", [](const In& in) { return std::uint64_t{in.settings.multiple != 0}; }},
    {59, 7, 0, "READ/WRITE MULTIPLE: sectors to a DRQ block now", [](const In& in) { return std::uint64_t{in.settings.multiple}; }},
    {60, 31, 0, "sectors addressable with 28 bits", [](const In& in) { return std::min(in.facts.sectors, max_28); }},
    {63, 10, 8, "Multiword DMA mode selected",
     [](const In& in) { return in.settings.multiword_dma <= 2 ? std::uint64_t{1} << in.settings.multiword_dma : 0; }},
    {63, 2, 0, "Multiword DMA modes 0 to 2 supported", [](const In&) { return std::uint64_t{7}; }},
    {64, 1, 0, "PIO modes 3 and 4 supported", [](const In&) { return std::uint64_t{3}; }},
    {65, 15, 0, "shortest Multiword DMA cycle, ns", [](const In&) { return std::uint64_t{120}; }},
    {66, 15, 0, "recommended Multiword DMA cycle, ns", [](const In&) { return std::uint64_t{120}; }},
    {67, 15, 0, "shortest PIO cycle without flow control, ns", [](const In&) { return std::uint64_t{120}; }},
    {68, 15, 0, "shortest PIO cycle with IORDY, ns", [](const In&) { return std::uint64_t{120}; }},
    {69, 14, 14, "trimmed sectors read the same every time", [](const In& in) { return std::uint64_t{in.facts.trim}; }},
    {69, 5, 5, "trimmed sectors read as zeros", [](const In& in) { return std::uint64_t{in.facts.trim}; }},
    {75, 4, 0, "queue depth less one",
     [](const In& in) { return queues(in) ? static_cast<std::uint64_t>(in.parameters.queued() - 1) : 0; }},
    {76, 15, 15, "READ LOG DMA EXT is as good as READ LOG EXT", serial},
    {76, 12, 12, "NCQ priority information", [](const In& in) { return std::uint64_t{queues(in) && in.facts.priority}; }},
    {76, 8, 8, "NCQ feature set", [](const In& in) { return std::uint64_t{queues(in)}; }},
    {76, 3, 1, "Serial ATA Gen1, Gen2 and Gen3 speed", [](const In& in) { return 7 * serial(in); }},
    {77, 6, 6, "SEND FPDMA QUEUED (RECEIVE FPDMA QUEUED has no subcommand)",
     [](const In& in) { return std::uint64_t{queues(in) && in.facts.trim}; }},
    {77, 3, 1, "speed negotiated", [](const In& in) { return std::uint64_t{in.speed}; }},
    {78, 6, 6, "software settings preservation", serial},
    {78, 2, 2, "DMA Setup auto-activate", [](const In& in) { return serial(in) & in.parameters.auto_activate(); }},
    {78, 1, 1, "non-zero buffer offsets", [](const In& in) { return serial(in) & in.parameters.non_zero_offsets(); }},
    {79, 6, 6, "software settings preservation enabled", [](const In& in) { return serial(in) & in.settings.preservation; }},
    {79, 2, 2, "DMA Setup auto-activate enabled", [](const In& in) { return std::uint64_t{in.settings.auto_activate}; }},
    {79, 1, 1, "non-zero buffer offsets enabled", [](const In& in) { return std::uint64_t{in.settings.non_zero_offsets}; }},
    {80, 10, 4, "major versions ATA/ATAPI-4 to ACS-3", [](const In&) { return std::uint64_t{0x7f}; }},
    {81, 15, 0, "minor version: ACS-3 revision 5", [](const In&) { return std::uint64_t{0x006d}; }},
    {82, 14, 14, "NOP", one},
    {82, 6, 6, "read look-ahead", one},
    {82, 5, 5, "volatile write cache", one},
    {82, 3, 3, "Power Management", one},
    {82, 0, 0, "SMART", one},
    {83, 14, 14, "shall be one", one},
    {83, 13, 13, "FLUSH CACHE EXT", one},
    {83, 12, 12, "FLUSH CACHE", one},
    {83, 10, 10, "48-bit addresses", one},
    {84, 14, 14, "shall be one", one},
    {84, 8, 8, "World Wide Name", one},
    {84, 6, 6, "WRITE DMA FUA EXT and WRITE MULTIPLE FUA EXT", one},
    {84, 5, 5, "General Purpose Logging", one},
    {84, 1, 1, "SMART self-test", one},
    {84, 0, 0, "SMART error logging", one},
    {85, 14, 14, "NOP", one},
    {85, 6, 6, "read look-ahead enabled", [](const In& in) { return std::uint64_t{in.settings.look_ahead}; }},
    {85, 5, 5, "volatile write cache enabled", [](const In& in) { return std::uint64_t{in.settings.write_cache}; }},
    {85, 3, 3, "Power Management", one},
    {85, 0, 0, "SMART enabled", [](const In& in) { return std::uint64_t{in.settings.smart}; }},
    {86, 15, 15, "words 119 and 120 are valid", one},
    {86, 13, 13, "FLUSH CACHE EXT", one},
    {86, 12, 12, "FLUSH CACHE", one},
    {86, 10, 10, "48-bit addresses", one},
    {87, 14, 14, "shall be one", one},
    {87, 8, 8, "World Wide Name", one},
    {87, 6, 6, "WRITE DMA FUA EXT and WRITE MULTIPLE FUA EXT", one},
    {87, 5, 5, "General Purpose Logging", one},
    {87, 1, 1, "SMART self-test", one},
    {87, 0, 0, "SMART error logging", one},
    {88, 14, 8, "Ultra DMA mode selected",
     [](const In& in) { return in.settings.ultra_dma <= 6 ? std::uint64_t{1} << in.settings.ultra_dma : 0; }},
    {88, 6, 0, "Ultra DMA modes 0 to 6 supported", [](const In&) { return std::uint64_t{0x7f}; }},
    {93, 14, 14, "parallel or bridged: shall be one", [](const In& in) { return parallel(in) | std::uint64_t{in.parameters.bridge_quirk()}; }},
    {93, 13, 13, "parallel or bridged: a cable of 80 conductors",
     [](const In& in) { return on_cable(in, in.cable80) | std::uint64_t{in.parameters.bridge_quirk()}; }},
    {93, 12, 8, "parallel, device 1: passed PDIAG-, cable select, shall be one",
     [](const In& in) { return on_cable(in, in.position == 1 ? 0x0d : 0); }},
    {93, 7, 0, "device 0: passed its diagnostic, cable select, shall be one",
     [](const In& in) { return on_cable(in, in.position == 0 ? 0x0d : 0) | std::uint64_t{in.parameters.bridge_quirk()}; }},
    {100, 63, 0, "sectors addressable with 48 bits", [](const In& in) { return in.facts.sectors; }},
    {105, 15, 0, "most 512-byte blocks to a DATA SET MANAGEMENT", [](const In& in) { return std::uint64_t{in.facts.trim ? 8u : 0u}; }},
    {106, 14, 14, "the word is valid", one},
    {106, 13, 13, "several logical sectors to a physical one", [](const In& in) { return std::uint64_t{in.facts.physical_exponent != 0}; }},
    {106, 3, 0, "logical sectors to a physical one, power of two", [](const In& in) { return std::uint64_t{in.facts.physical_exponent}; }},
    {108, 15, 0, "World Wide Name 63:48", [](const In& in) { return world_wide_name(in.parameters) >> 48; }},
    {109, 15, 0, "World Wide Name 47:32", [](const In& in) { return world_wide_name(in.parameters) >> 32; }},
    {110, 15, 0, "World Wide Name 31:16", [](const In& in) { return world_wide_name(in.parameters) >> 16; }},
    {111, 15, 0, "World Wide Name 15:0", [](const In& in) { return world_wide_name(in.parameters); }},
    {119, 14, 14, "shall be one", one},
    {119, 3, 3, "READ LOG DMA EXT and WRITE LOG DMA EXT", one},
    {120, 14, 14, "shall be one", one},
    {120, 3, 3, "READ LOG DMA EXT and WRITE LOG DMA EXT", one},
    {168, 3, 0, "form factor", [](const In& in) { return std::uint64_t{in.facts.form_factor}; }},
    {169, 0, 0, "DATA SET MANAGEMENT with TRIM", [](const In& in) { return std::uint64_t{in.facts.trim}; }},
    {206, 5, 5, "SCT Data Tables", one},
    {206, 4, 4, "SCT Feature Control", one},
    {206, 3, 3, "SCT Error Recovery Control", one},
    {206, 0, 0, "SCT Command Transport", one},
    {209, 14, 14, "alignment: the word is valid, sector 0 begins a physical one", one},
    {217, 15, 0, "1 = does not rotate, else rpm", [](const In& in) { return std::uint64_t{in.facts.rotation_rate}; }},
    {222, 15, 12, "transport: 0 parallel, 1 serial", serial},
    {222, 7, 1, "Serial ATA 1.0a to 3.2; parallel: ATA/ATAPI-7", [](const In& in) { return on_cable(in, 1) + 0x7f * serial(in); }},
};

}  // namespace

const IdentifyRow* identify_rows(std::size_t& count) {
  count = std::size(rows);
  return rows;
}

void write_identify(const IdentifyInputs& inputs, std::uint8_t* to) { write_identify_page(rows, inputs, to); }

std::uint64_t world_wide_name(const AtaParameters& parameters) {
  std::uint64_t hash = 1469598103934665603u;
  for (const char letter : parameters.serial()) hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211u;
  return std::uint64_t{5} << 60 | std::uint64_t{0x00a5c1} << 36 | (hash & 0xf'ffff'ffff);
}

}  // namespace ahcisim::disk
