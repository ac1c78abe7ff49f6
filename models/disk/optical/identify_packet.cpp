// SPDX-License-Identifier: MIT
// The table of IDENTIFY PACKET DEVICE.
#include <ahcisim/models/disk/optical/identify_packet.hpp>

#include <ahcisim/models/disk/ata/identify_page.hpp>

namespace ahcisim::disk::optical {
namespace {

using In = IdentifyPacketInputs;
using Row = IdentifyField<In>;

template <std::uint64_t value> std::uint64_t always(const In&) { return value; }
constexpr auto one = &always<1>;
/// With DMADIR the DMA modes are told in word 62 instead.
std::uint64_t direct(const In& in) { return !in.parameters.dmadir(); }
std::uint64_t directed(const In& in) { return in.parameters.dmadir(); }
std::uint64_t selected(std::uint8_t mode, unsigned most) { return mode <= most ? std::uint64_t{1} << mode : 0; }

// Words and bits that are missing here read as zero: not supported. Word 125, what a byte count limit of 0 means: nothing.
const Row rows[] = {
    {0, 15, 14, "PACKET feature set", always<2>},
    {0, 12, 8, "CD or DVD device", always<5>},
    {0, 7, 7, "removable medium", one},
    {0, 6, 5, "asks for the packet within 50 us", always<2>},
    {0, 1, 0, "packets of 12 bytes", always<0>},
    {49, 11, 11, "IORDY supported", one},
    {49, 10, 10, "IORDY may be disabled", one},
    {49, 9, 9, "shall be one", one},
    {49, 8, 8, "DMA supported", direct},
    {50, 14, 14, "shall be one", one},
    {53, 2, 2, "word 88 is valid", one},
    {53, 1, 1, "words 70:64 are valid", one},
    {62, 15, 15, "DMADIR is required", directed},
    {62, 10, 10, "DMA supported", directed},
    {62, 9, 7, "Multiword DMA modes 0 to 2 supported", [](const In& in) { return 7 * directed(in); }},
    {62, 5, 0, "Ultra DMA modes 0 to 5 supported", [](const In& in) { return 0x3f * directed(in); }},
    {63, 10, 8, "Multiword DMA mode selected", [](const In& in) { return selected(in.settings.multiword_dma, 2); }},
    {63, 2, 0, "Multiword DMA modes 0 to 2 supported", [](const In& in) { return 7 * direct(in); }},
    {64, 1, 0, "PIO modes 3 and 4 supported", always<3>},
    {65, 15, 0, "shortest Multiword DMA cycle, ns", always<120>},
    {66, 15, 0, "recommended Multiword DMA cycle, ns", always<120>},
    {67, 15, 0, "shortest PIO cycle without flow control, ns", always<120>},
    {68, 15, 0, "shortest PIO cycle with IORDY, ns", always<120>},
    {76, 3, 1, "Serial ATA speeds, up to the one agreed on", [](const In& in) { return (std::uint64_t{1} << in.speed) - 1; }},
    {77, 3, 1, "speed negotiated", [](const In& in) { return std::uint64_t{in.speed}; }},
    {78, 6, 6, "software settings preservation", one},
    {79, 6, 6, "software settings preservation enabled", [](const In& in) { return std::uint64_t{in.settings.preservation}; }},
    {80, 10, 4, "major versions ATA/ATAPI-4 to ACS-3", always<0x7f>},
    {82, 14, 14, "NOP", one},
    {82, 9, 9, "DEVICE RESET", one},
    {82, 4, 4, "PACKET feature set", one},
    {82, 3, 3, "Power Management", one},
    {83, 14, 14, "shall be one", one},
    {84, 14, 14, "shall be one", one},
    {85, 14, 14, "NOP", one},
    {85, 9, 9, "DEVICE RESET", one},
    {85, 4, 4, "PACKET feature set", one},
    {85, 3, 3, "Power Management", one},
    {87, 14, 14, "shall be one", one},
    {88, 13, 8, "Ultra DMA mode selected", [](const In& in) { return selected(in.settings.ultra_dma, 5); }},
    {88, 5, 0, "Ultra DMA modes 0 to 5 supported", [](const In& in) { return 0x3f * direct(in); }},
    {222, 15, 12, "transport: serial", one},
    {222, 7, 1, "Serial ATA 1.0a to 3.2", always<0x7f>},
};

}  // namespace

void write_identify_packet(const IdentifyPacketInputs& inputs, std::uint8_t* to) { write_identify_page(rows, inputs, to); }

}  // namespace ahcisim::disk::optical
