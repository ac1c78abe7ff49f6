// SPDX-License-Identifier: MIT
// The names a driver knows of PCI, AHCI and ATA: offsets and bits with the specifications' spelling. No behaviour.
#pragma once

#include <cstdint>

namespace ahcisim::host {

/// PCI Local Bus 3.0, chapter 6 and PCI Express Base, 7.5.
namespace pci {
inline constexpr unsigned VID = 0x00, CMD = 0x04, STS = 0x06, CC = 0x08, HTYPE = 0x0e, BARS = 0x10, CAP_PTR = 0x34;
inline constexpr std::uint32_t CMD_IOSE = 1u << 0, CMD_MSE = 1u << 1, CMD_BME = 1u << 2, CMD_ID = 1u << 10;
inline constexpr std::uint32_t STS_CL = 1u << 4;
inline constexpr std::uint32_t class_sata_ahci = 0x010601;  // AHCI 1.3.1, 2.1.5
inline constexpr std::uint8_t cap_power_management = 0x01, cap_msi = 0x05, cap_vendor = 0x09, cap_express = 0x10, cap_msix = 0x11;
/// Device Capabilities and Device Control, 4 and 8 bytes into the PCI Express capability.
inline constexpr std::uint32_t DEVCAP_EXT_TAG = 1u << 5, DEVCTL_EXT_TAG = 1u << 8;
}  // namespace pci

/// AHCI 1.3.1, chapter 3.
namespace ahci_name {
inline constexpr unsigned CAP = 0x00, GHC = 0x04, IS = 0x08, PI = 0x0c, VS = 0x10, EM_LOC = 0x1c, EM_CTL = 0x20, CAP2 = 0x24;
inline constexpr std::uint32_t CAP_EMS = 1u << 6, CAP_SSS = 1u << 27, CAP_SSNTF = 1u << 29, CAP_SNCQ = 1u << 30,
                               CAP_SCLO = 1u << 24, CAP_S64A = 1u << 31;
inline constexpr std::uint32_t GHC_HR = 1u << 0, GHC_IE = 1u << 1, GHC_MRSM = 1u << 2, GHC_AE = 1u << 31;

inline constexpr unsigned port_base = 0x100, port_stride = 0x80;
inline constexpr unsigned PxCLB = 0x00, PxCLBU = 0x04, PxFB = 0x08, PxFBU = 0x0c, PxIS = 0x10, PxIE = 0x14, PxCMD = 0x18,
                          PxTFD = 0x20, PxSIG = 0x24, PxSSTS = 0x28, PxSCTL = 0x2c, PxSERR = 0x30, PxSACT = 0x34,
                          PxCI = 0x38, PxSNTF = 0x3c;
inline constexpr std::uint32_t PxCMD_ST = 1u << 0, PxCMD_SUD = 1u << 1, PxCMD_CLO = 1u << 3, PxCMD_FRE = 1u << 4,
                               PxCMD_FR = 1u << 14, PxCMD_CR = 1u << 15, PxCMD_ICC_active = 1u << 28;
inline constexpr std::uint32_t PxIS_SDBS = 1u << 3, PxIS_UFS = 1u << 4, PxIS_PCS = 1u << 6, PxIS_PRCS = 1u << 22,
                               PxIS_IPMS = 1u << 23, PxIS_OFS = 1u << 24, PxIS_INFS = 1u << 26, PxIS_IFS = 1u << 27,
                               PxIS_HBDS = 1u << 28, PxIS_HBFS = 1u << 29, PxIS_TFES = 1u << 30;
/// What freezes the port, what is an error at all, and what is enabled (Linux, drivers/ata/ahci.h).
inline constexpr std::uint32_t PxIS_freeze = PxIS_HBFS | PxIS_IFS | PxIS_PCS | PxIS_PRCS | PxIS_UFS | PxIS_IPMS;
inline constexpr std::uint32_t PxIS_error = PxIS_freeze | PxIS_TFES | PxIS_HBDS;
inline constexpr std::uint32_t PxIE_default = 0x78c0007f;
inline constexpr std::uint32_t signature_ata = 0x00000101;
inline constexpr std::uint32_t CH_write = 1u << 6, CH_clear_busy = 1u << 10;
/// The received FIS structure (4.2.1).
inline constexpr unsigned RFIS = 0x40, SDBFIS = 0x58;
}  // namespace ahci_name

/// ACS-3, 7.1: command codes.
namespace ata_command {
inline constexpr std::uint8_t DATA_SET_MANAGEMENT = 0x06, READ_SECTORS = 0x20, READ_SECTORS_EXT = 0x24, READ_DMA_EXT = 0x25,
                              READ_MULTIPLE_EXT = 0x29, READ_LOG_EXT = 0x2f, WRITE_SECTORS = 0x30, WRITE_SECTORS_EXT = 0x34,
                              WRITE_DMA_EXT = 0x35, WRITE_MULTIPLE_EXT = 0x39, WRITE_DMA_FUA_EXT = 0x3d,
                              READ_LOG_DMA_EXT = 0x47, READ_FPDMA_QUEUED = 0x60, WRITE_FPDMA_QUEUED = 0x61, READ_MULTIPLE = 0xc4,
                              WRITE_MULTIPLE = 0xc5, SET_MULTIPLE_MODE = 0xc6, READ_DMA = 0xc8, WRITE_DMA = 0xca,
                              FLUSH_CACHE = 0xe7, FLUSH_CACHE_EXT = 0xea, IDENTIFY_DEVICE = 0xec, SET_FEATURES = 0xef;
}
/// ACS-3, 7.45: SET FEATURES subcommands.
namespace ata_feature {
inline constexpr std::uint8_t enable_write_cache = 0x02, transfer_mode = 0x03, enable_sata = 0x10, disable_look_ahead = 0x55,
                              disable_write_cache = 0x82, enable_look_ahead = 0xaa;
inline constexpr std::uint8_t sata_dma_auto_activate = 0x02;
}

}  // namespace ahcisim::host
