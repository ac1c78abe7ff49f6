// SPDX-License-Identifier: MIT
// Feature bits of a block device and of its rings (VIRTIO 1.1, 5.2.3 and 6). Plain C++.
#pragma once

#include <cstdint>

namespace ahcisim::virtio {

/// A set of features, one bit each, as device_feature and driver_feature carry it in two halves.
using Features = std::uint64_t;

constexpr Features feature(unsigned bit) { return Features{1} << bit; }

/// Block device (5.2.3).
inline constexpr Features VIRTIO_BLK_F_SIZE_MAX = feature(1);
inline constexpr Features VIRTIO_BLK_F_SEG_MAX = feature(2);
inline constexpr Features VIRTIO_BLK_F_GEOMETRY = feature(4);
inline constexpr Features VIRTIO_BLK_F_RO = feature(5);
inline constexpr Features VIRTIO_BLK_F_BLK_SIZE = feature(6);
inline constexpr Features VIRTIO_BLK_F_FLUSH = feature(9);
inline constexpr Features VIRTIO_BLK_F_TOPOLOGY = feature(10);
inline constexpr Features VIRTIO_BLK_F_CONFIG_WCE = feature(11);
inline constexpr Features VIRTIO_BLK_F_MQ = feature(12);
inline constexpr Features VIRTIO_BLK_F_DISCARD = feature(13);
inline constexpr Features VIRTIO_BLK_F_WRITE_ZEROES = feature(14);

/// Rings and transport (6, 6.3).
inline constexpr Features VIRTIO_F_NOTIFY_ON_EMPTY = feature(24);
inline constexpr Features VIRTIO_F_ANY_LAYOUT = feature(27);
inline constexpr Features VIRTIO_F_RING_INDIRECT_DESC = feature(28);
inline constexpr Features VIRTIO_F_RING_EVENT_IDX = feature(29);
inline constexpr Features VIRTIO_F_VERSION_1 = feature(32);

/// What only the legacy interface offers (6.3), and what it cannot: the upper half.
inline constexpr Features legacy_only = VIRTIO_F_NOTIFY_ON_EMPTY | VIRTIO_F_ANY_LAYOUT;
inline constexpr Features legacy_mask = 0xffff'ffff;

/// A legacy driver has not accepted VIRTIO_F_VERSION_1 (2.2.3).
constexpr bool is_legacy(Features accepted) { return !(accepted & VIRTIO_F_VERSION_1); }

}  // namespace ahcisim::virtio
