// SPDX-License-Identifier: MIT
// Frame Information Structures as they lie on the wire and in memory (Serial ATA 3.x, 10.5).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include <ahcisim/tlm/little_endian.hpp>

namespace ahcisim::wire {

/// Serial ATA 3.x, 10.5.2: FIS Type field values.
enum class FisType : std::uint8_t {
  register_h2d = 0x27,
  register_d2h = 0x34,
  dma_activate = 0x39,
  dma_setup = 0x41,
  data = 0x46,
  bist_activate = 0x58,
  pio_setup = 0x5f,
  set_device_bits = 0xa1,
};

/// ATA Status bits (ACS-3, 6.1).
namespace status {
inline constexpr std::uint8_t BSY = 0x80, DRDY = 0x40, DF = 0x20, DSC = 0x10, DRQ = 0x08, CHK_SENSE = 0x02, ERR = 0x01;
}
/// ATA Error bits (ACS-3, 6.2).
namespace error {
inline constexpr std::uint8_t ICRC = 0x80, UNC = 0x40, MC = 0x20, IDNF = 0x10, MCR = 0x08, ABRT = 0x04, EOM = 0x02, AMNF = 0x01;
}

/// A 48-bit LBA into the six fields that Register FISes have for it.
template <class Fis> void spread_lba48(Fis& fis, std::uint64_t lba) {
  fis.lba_7_0 = static_cast<std::uint8_t>(lba), fis.lba_15_8 = static_cast<std::uint8_t>(lba >> 8);
  fis.lba_23_16 = static_cast<std::uint8_t>(lba >> 16), fis.lba_31_24 = static_cast<std::uint8_t>(lba >> 24);
  fis.lba_39_32 = static_cast<std::uint8_t>(lba >> 32), fis.lba_47_40 = static_cast<std::uint8_t>(lba >> 40);
}

/// Register Host to Device (10.5.5), 5 dwords.
struct RegisterH2D {
  std::uint8_t fis_type = static_cast<std::uint8_t>(FisType::register_h2d);
  std::uint8_t flags = 0;  ///< 7 C (Command register written), 3:0 PM Port
  std::uint8_t command = 0, features_7_0 = 0;
  std::uint8_t lba_7_0 = 0, lba_15_8 = 0, lba_23_16 = 0, device = 0;
  std::uint8_t lba_31_24 = 0, lba_39_32 = 0, lba_47_40 = 0, features_15_8 = 0;
  std::uint8_t count_7_0 = 0, count_15_8 = 0, icc = 0, control = 0;
  std::uint8_t auxiliary[4] = {};
  static constexpr std::uint8_t C = 0x80;
  std::uint64_t lba48() const {
    return lba_7_0 | std::uint64_t{lba_15_8} << 8 | std::uint64_t{lba_23_16} << 16 | std::uint64_t{lba_31_24} << 24 |
           std::uint64_t{lba_39_32} << 32 | std::uint64_t{lba_47_40} << 40;
  }
  void set_lba48(std::uint64_t lba) { spread_lba48(*this, lba); }
  std::uint16_t count() const { return static_cast<std::uint16_t>(count_7_0 | count_15_8 << 8); }
  std::uint16_t features() const { return static_cast<std::uint16_t>(features_7_0 | features_15_8 << 8); }
};
static_assert(sizeof(RegisterH2D) == 20);

/// Register Device to Host (10.5.6), 5 dwords; PIO Setup (10.5.11) has the same first three.
struct RegisterD2H {
  std::uint8_t fis_type = static_cast<std::uint8_t>(FisType::register_d2h);
  std::uint8_t flags = 0;  ///< 6 I (interrupt), 3:0 PM Port
  std::uint8_t status = 0, error = 0;
  std::uint8_t lba_7_0 = 0, lba_15_8 = 0, lba_23_16 = 0, device = 0;
  std::uint8_t lba_31_24 = 0, lba_39_32 = 0, lba_47_40 = 0, reserved_11 = 0;
  std::uint8_t count_7_0 = 0, count_15_8 = 0, reserved_14 = 0, reserved_15 = 0;
  std::uint8_t reserved_16[4] = {};
  static constexpr std::uint8_t I = 0x40;
  void set_lba48(std::uint64_t lba) { spread_lba48(*this, lba); }
};
static_assert(sizeof(RegisterD2H) == 20);

/// PIO Setup (10.5.11), 5 dwords.
struct PioSetup {
  std::uint8_t fis_type = static_cast<std::uint8_t>(FisType::pio_setup);
  std::uint8_t flags = 0;  ///< 6 I, 5 D (1 = device to host), 3:0 PM Port
  std::uint8_t status = 0, error = 0;
  std::uint8_t lba_7_0 = 0, lba_15_8 = 0, lba_23_16 = 0, device = 0;
  std::uint8_t lba_31_24 = 0, lba_39_32 = 0, lba_47_40 = 0, reserved_11 = 0;
  std::uint8_t count_7_0 = 0, count_15_8 = 0, reserved_14 = 0, e_status = 0;
  std::uint8_t transfer_count_7_0 = 0, transfer_count_15_8 = 0, reserved_18 = 0, reserved_19 = 0;
  static constexpr std::uint8_t I = 0x40, D = 0x20;
  std::uint16_t transfer_count() const { return static_cast<std::uint16_t>(transfer_count_7_0 | transfer_count_15_8 << 8); }
};
static_assert(sizeof(PioSetup) == 20);

/// DMA Setup (10.5.9), 7 dwords. For first-party DMA the buffer identifier is the tag.
struct DmaSetup {
  std::uint8_t fis_type = static_cast<std::uint8_t>(FisType::dma_setup);
  std::uint8_t flags = 0;  ///< 7 A (auto-activate), 6 I, 5 D (1 = device to host), 3:0 PM Port
  std::uint8_t reserved_2[2] = {};
  std::uint8_t buffer_identifier_low[4] = {};   ///< bits 4:0 of the first byte: TAG
  std::uint8_t buffer_identifier_high[4] = {};
  std::uint8_t reserved_12[4] = {};
  std::uint8_t buffer_offset[4] = {};           ///< bytes, dword aligned, little endian
  std::uint8_t transfer_count[4] = {};          ///< bytes, even, little endian
  std::uint8_t reserved_24[4] = {};
  static constexpr std::uint8_t A = 0x80, I = 0x40, D = 0x20;
};
static_assert(sizeof(DmaSetup) == 28);

/// Set Device Bits (10.5.7), 2 dwords.
struct SetDeviceBits {
  std::uint8_t fis_type = static_cast<std::uint8_t>(FisType::set_device_bits);
  std::uint8_t flags = 0;   ///< 7 N (notification), 6 I, 3:0 PM Port
  std::uint8_t status = 0;  ///< Status Hi in 6:4, Status Lo in 2:0
  std::uint8_t error = 0;
  std::uint8_t s_active[4] = {};  ///< NCQ: a 1 for each tag that is done (protocol specific)
  static constexpr std::uint8_t N = 0x80, I = 0x40;
};
static_assert(sizeof(SetDeviceBits) == 8);

/// DMA Activate (10.5.8) and the header of Data (10.5.12), 1 dword.
struct OneDwordFis {
  std::uint8_t fis_type = 0;
  std::uint8_t flags = 0;  ///< 3:0 PM Port
  std::uint8_t reserved_2[2] = {};
};
static_assert(sizeof(OneDwordFis) == 4);

/// Largest payload of one Data FIS, bytes (10.5.12: 2048 dwords).
inline constexpr std::uint32_t max_data_fis_bytes = 8192;

}  // namespace ahcisim::wire
