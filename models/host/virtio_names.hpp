// SPDX-License-Identifier: MIT
// The names a driver knows of virtio over PCI and virtio-blk: offsets and bits with the specification's spelling
// (VIRTIO 1.1).
#pragma once

#include <cstdint>

namespace ahcisim::host::virtio_name {

inline constexpr std::uint16_t vendor = 0x1af4, transitional_block = 0x1001, modern_block = 0x1042;  // 4.1.2, 5

/// Device status (2.1).
inline constexpr std::uint8_t ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, DEVICE_NEEDS_RESET = 64, FAILED = 128;
/// Feature bits (5.2.3, 6).
inline constexpr std::uint64_t BLK_F_SEG_MAX = 1ull << 2, BLK_F_BLK_SIZE = 1ull << 6, BLK_F_FLUSH = 1ull << 9,
                               BLK_F_CONFIG_WCE = 1ull << 11, BLK_F_MQ = 1ull << 12, BLK_F_DISCARD = 1ull << 13,
                               F_RING_INDIRECT_DESC = 1ull << 28, F_RING_EVENT_IDX = 1ull << 29, F_VERSION_1 = 1ull << 32;

/// Capabilities (4.1.4): cfg_type, and where the fields of struct virtio_pci_cap lie.
inline constexpr unsigned COMMON_CFG = 1, NOTIFY_CFG = 2, ISR_CFG = 3, DEVICE_CFG = 4;
inline constexpr unsigned cap_cfg_type = 3, cap_bar = 4, cap_offset = 8, cap_length = 12, cap_notify_off_multiplier = 16;
/// struct virtio_pci_common_cfg (4.1.4.3).
inline constexpr unsigned device_feature_select = 0x00, device_feature = 0x04, driver_feature_select = 0x08, driver_feature = 0x0c,
                          config_msix_vector = 0x10, device_status = 0x14, config_generation = 0x15, queue_select = 0x16,
                          queue_size = 0x18, queue_msix_vector = 0x1a, queue_enable = 0x1c, queue_notify_off = 0x1e,
                          queue_desc = 0x20, queue_driver = 0x28, queue_device = 0x30, common_size = 0x38;
/// The legacy header in I/O BAR 0 (4.1.4.8); the device configuration follows it.
namespace legacy {
inline constexpr unsigned device_features = 0x00, driver_features = 0x04, queue_address = 0x08, queue_size = 0x0c, queue_select = 0x0e,
                          queue_notify = 0x10, device_status = 0x12, isr_status = 0x13, config_msix_vector = 0x14,
                          queue_msix_vector = 0x16, size = 0x14, size_with_vectors = 0x18;
}
inline constexpr std::uint16_t NO_VECTOR = 0xffff;
inline constexpr std::uint8_t ISR_queue = 1;

/// struct virtio_blk_config (5.2.4).
inline constexpr unsigned blk_capacity = 0, blk_seg_max = 12, blk_blk_size = 20, blk_writeback = 32, blk_num_queues = 34,
                          blk_max_discard_sectors = 36;
/// Requests (5.2.6).
inline constexpr std::uint32_t BLK_T_IN = 0, BLK_T_OUT = 1, BLK_T_FLUSH = 4, BLK_T_DISCARD = 11;
inline constexpr std::uint8_t BLK_S_OK = 0, BLK_S_IOERR = 1, BLK_S_UNSUPP = 2;

/// Split virtqueues (2.6).
inline constexpr std::uint16_t DESC_F_NEXT = 1, DESC_F_WRITE = 2, DESC_F_INDIRECT = 4;
inline constexpr std::uint16_t AVAIL_F_NO_INTERRUPT = 1, USED_F_NO_NOTIFY = 1;

}  // namespace ahcisim::host::virtio_name
